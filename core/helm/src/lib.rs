//! What Helm does: install, upgrade, roll back, uninstall, test, unlock, as tasks.
//!
//! The behaviour is that of Helm v4.2.4's package `action` as helm-controller v1.6.3 drives it (spec 05), the sequence
//! of storage writes that of spec 04 §2.1. An action owns its [`Storage`] while it runs and hands it back with its
//! outcome; what was persisted is read from the journal of the storage, never from the outcome.

mod action;
mod adopt;
mod call;
mod clean_hooks;
mod config;
mod crds;
mod delete_hook;
mod discover;
mod error;
mod failed_revisions;
#[cfg(test)]
mod fake;
mod holder;
mod hooks;
mod install;
mod lookup;
mod namespace;
mod options;
mod preflight;
mod render;
mod rollback;
mod rollout;
mod served;
mod storage;
mod stored_chart;
mod test;
mod uninstall;
mod uninstall_order;
mod unlock;
mod upgrade;

pub use action::{ActionResult, was_interrupted};
pub use config::ActionConfig;
pub use discover::Discover;
pub use error::HelmError;
pub use holder::{Hold, Holder};
pub use install::{Install, InstallOptions};
pub use options::{CrdsPolicy, ServerSideApply, WaitOptions, WaitStrategy};
pub use render::RenderOptions;
pub use rollback::{Rollback, RollbackOptions};
pub use storage::{
    CreateRelease, DeleteRelease, GetRelease, JournalMark, ListReleases, Storage, UpdateRelease,
    is_confirmed, list_versions,
};
pub use stored_chart::preserved_values;
pub use test::{TestFilters, TestOptions, TestRelease};
pub use uninstall::{Uninstall, UninstallOptions};
pub use unlock::Unlock;
pub use upgrade::{Upgrade, UpgradeOptions};
