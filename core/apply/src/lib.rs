//! Objects of a manifest: apply, delete, and wait until they are ready or gone.
