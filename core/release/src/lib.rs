//! Release records, their storage codec and drivers, the observer, digests and snapshots.
