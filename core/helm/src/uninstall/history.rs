//! What becomes of the history of an uninstalled release: it is deleted, or kept and closed.

use std::collections::VecDeque;
use std::sync::Arc;

use pilothouse_machine::Context;
use pilothouse_release::{ReleaseRecord, ReleaseStatus, StorageKey};

use crate::HelmError;
use crate::action::warn;
use crate::storage::{DeleteRelease, ListReleases, Storage, UpdateRelease};

/// Deletes or closes the history.
#[derive(Debug)]
pub(crate) struct CloseHistory {
    /// The last revision as it is to be stored.
    record: Arc<ReleaseRecord>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// `None` between two of them.
    Purging {
        current: Option<DeleteRelease>,
        rest: VecDeque<u32>,
    },
    ListingDeployed(ListReleases),
    /// `None` between two of them.
    Superseding {
        current: Option<UpdateRelease>,
        rest: VecDeque<Arc<ReleaseRecord>>,
    },
    RecordingEnd(UpdateRelease),
}

impl CloseHistory {
    /// Deletes these revisions; the first error ends it.
    pub(crate) fn purge(history: &[Arc<ReleaseRecord>], record: Arc<ReleaseRecord>) -> Self {
        let rest = history.iter().map(|record| record.version).collect();
        Self { record, state: State::Purging { current: None, rest } }
    }

    /// Stores that older revisions are superseded, and then the last one as it is now. Helm begins with the last one and
    /// goes on when one of them cannot be stored: nobody comes back to the others then.
    pub(crate) fn keep(record: Arc<ReleaseRecord>) -> Self {
        let state = State::ListingDeployed(ListReleases::new(&record.name));
        Self { record, state }
    }

    /// Goes as far as it can.
    pub(crate) fn poll(
        &mut self,
        storage: &mut Storage,
        context: &mut Context,
    ) -> Option<Result<(), HelmError>> {
        loop {
            match &mut self.state {
                State::Purging { current: Some(delete), rest } => {
                    if let Err(error) = delete.poll(storage, context)? {
                        return Some(Err(error.context("uninstall: Failed to purge the release")));
                    }
                    self.state = State::Purging { current: None, rest: std::mem::take(rest) };
                }
                State::Purging { current, rest } => {
                    let Some(version) = rest.pop_front() else { return Some(Ok(())) };
                    *current = Some(DeleteRelease::new(StorageKey::new(self.record.name.clone(), version)));
                }
                State::ListingDeployed(list) => match list.poll(storage, context)? {
                    Ok(records) => self.state = self.supersede_deployed(records),
                    Err(error) => return Some(Err(error)),
                },
                State::Superseding { current: Some(update), rest } => {
                    if let Err(error) = update.poll(storage, context)? {
                        return Some(Err(error.context("uninstall: Failed to store superseded release")));
                    }
                    self.state = State::Superseding { current: None, rest: std::mem::take(rest) };
                }
                State::Superseding { current, rest } => match rest.pop_front() {
                    Some(mut record) => {
                        Arc::make_mut(&mut record).info.status = ReleaseStatus::Superseded;
                        *current = Some(UpdateRelease::new(record));
                    }
                    None => self.state = State::RecordingEnd(UpdateRelease::new(Arc::clone(&self.record))),
                },
                State::RecordingEnd(update) => {
                    let result = update.poll(storage, context)?;
                    return Some(
                        result.map_err(|error| error.context("uninstall: Failed to store updated release")),
                    );
                }
            }
        }
    }

    fn supersede_deployed(&self, records: Vec<Arc<ReleaseRecord>>) -> State {
        let is_deployed = |record: &Arc<ReleaseRecord>| {
            record.version != self.record.version && record.info.status == ReleaseStatus::Deployed
        };
        State::Superseding { current: None, rest: records.into_iter().filter(is_deployed).collect() }
    }

    /// What it is doing, for progress displays.
    pub(crate) fn describe(&self) -> String {
        match &self.state {
            State::Purging { .. } => "deleting the history",
            State::RecordingEnd(_) => "storing that the release is uninstalled",
            State::ListingDeployed(_) => "reading the deployed revisions",
            State::Superseding { .. } => "storing superseded revisions",
        }
        .to_owned()
    }
}

/// Says in Helm's log that a revision could not be stored, where the uninstall goes on.
pub(crate) fn warn_not_stored(result: Result<(), HelmError>, context: &mut Context) {
    if let Err(error) = result {
        warn(context, "uninstall: Failed to store updated release", &[("error", &error.to_string())]);
    }
}
