//! Release records, their storage codec and drivers, the observer, digests and snapshots (spec 04).
//!
//! Nothing in here talks to an API server: a [`Driver`] turns a [`StorageOperation`] into a request and the reply into
//! a [`StorageResult`], and an [`Observer`] keeps the books of what the API server acknowledged.

mod codec;
mod digests;
mod driver;
mod inventory;
mod observation;
mod observer;
mod record;
mod snapshots;
mod verify;

pub use codec::{CodecError, Limits, check_size, decode, encode, release_json};
pub use digests::{DigestTape, Digests};
pub use driver::{
    ConfigMapDriver, Driver, FailingDriver, InjectedErrors, MemoryDriver, SecretDriver, StorageError,
    StorageOperation, StorageResult, Undecodable, deployed, deployed_all, last, prune,
};
pub use inventory::{InventoryError, InventoryResult, build_inventory};
pub use observation::{
    Observation, common_metadata_digest, config_digest, post_renderers_digest, values_checksum, verify_config,
};
pub use observer::{Divergence, EntryState, JournalEntry, Knowledge, Observer, Ticket, Verb};
pub use record::{ApplyMethod, Info, ReleaseRecord, ReleaseStatus, StorageKey, StoredChart};
pub use snapshots::{
    CollectedObservations, SnapshotError, observe_rollback, observe_test, observe_uninstall, observe_unlock,
    record_collected, snapshot_of, test_hooks,
};
pub use verify::{VerifyError, verify_desired, verify_object, verify_snapshot};
