//! Closing a revision that was left pending (spec 04 §2.1: the original's own action, not one of Helm).

use std::sync::Arc;

use pilothouse_machine::{Context, Task};
use pilothouse_release::{ReleaseRecord, ReleaseStatus};

use crate::action::Session;
use crate::storage::{ListReleases, UpdateRelease};
use crate::{ActionConfig, ActionResult, HelmError, Storage};

/// Marks the last revision as failed if it is pending or being uninstalled.
///
/// The outcome is the revision as it is meant to be: unchanged, and nothing in the journal, if it was neither;
/// [`HelmError::ReleaseNotFound`] if there is none.
#[derive(Debug)]
pub struct Unlock {
    session: Session,
    record: Arc<ReleaseRecord>,
    state: State,
}

#[derive(Debug)]
enum State {
    ListingReleases(ListReleases),
    Recording(UpdateRelease),
}

impl Unlock {
    /// Unlocks the release of `config`; `storage` comes back with the result.
    #[must_use]
    pub fn new(config: impl Into<Arc<ActionConfig>>, storage: Storage) -> Self {
        let config = config.into();
        let list = ListReleases::new(&config.release_name);
        Self {
            session: Session::new(config, storage),
            record: Arc::default(),
            state: State::ListingReleases(list),
        }
    }

    fn poll_outcome(&mut self, context: &mut Context) -> Option<Result<Arc<ReleaseRecord>, HelmError>> {
        loop {
            match &mut self.state {
                State::ListingReleases(list) => {
                    let last = match list.poll(&mut self.session.storage, context)? {
                        Ok(records) => records.into_iter().next_back(),
                        Err(error) => return Some(Err(error)),
                    };
                    let Some(last) = last else { return Some(Err(HelmError::ReleaseNotFound)) };
                    let status = &last.info.status;
                    if !status.is_pending() && *status != ReleaseStatus::Uninstalling {
                        return Some(Ok(last));
                    }
                    let mut record = ReleaseRecord::clone(&last);
                    let description = format!("Release unlocked from stale '{}' state", last.info.status);
                    record.set_status(ReleaseStatus::Failed, description);
                    self.record = Arc::new(record);
                    self.state = State::Recording(UpdateRelease::new(self.record.clone()));
                }
                State::Recording(update) => {
                    let result = update.poll(&mut self.session.storage, context)?;
                    return Some(result.map(|()| self.record.clone()));
                }
            }
        }
    }
}

impl Task for Unlock {
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let outcome = self.poll_outcome(context)?;
        Some(self.session.end(outcome))
    }

    fn describe(&self) -> String {
        match &self.state {
            State::ListingReleases(_) => "reading the history".to_owned(),
            State::Recording(_) => "storing that the release is unlocked".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
