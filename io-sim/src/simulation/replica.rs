//! One process of several of which one leads.

use std::collections::BTreeSet;

use pilothouse_election::{Candidate, Fence};
use pilothouse_operator::{Operator, OperatorInput};
use pilothouse_protocol::{Action, Monotonic, ReleaseKey, WatchId};

use super::replicas::{TIMES, lease};

/// A process, and those that come after it in its place.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) candidate: Candidate,
    pub(super) fence: Fence,
    /// There is one while it leads.
    pub(super) operator: Option<Operator>,
    /// The how manyth of those that have led it is, or was.
    pub(super) term: u64,
    /// The request for the Lease that is under way, and until when it is waited for.
    pub(super) asked: Option<(u64, Monotonic)>,
    pub(super) next_try: Option<Monotonic>,
    pub(super) next_start: Option<Monotonic>,
    /// Until when it stands still, and what waits for it.
    pub(super) paused: Option<Monotonic>,
    pub(super) held: Vec<OperatorInput>,
    watches: BTreeSet<(ReleaseKey, WatchId)>,
    requests: u64,
}

impl Replica {
    /// A process that tries to lead at once.
    pub(super) fn new(identity: String, now: Monotonic) -> Self {
        let (candidate, fence) = candidate(identity);
        Self {
            candidate,
            fence,
            operator: None,
            term: 0,
            asked: None,
            next_try: Some(now),
            next_start: None,
            paused: None,
            held: Vec::new(),
            watches: BTreeSet::new(),
            requests: 0,
        }
    }

    /// When something is due.
    pub(super) fn due(&self) -> Option<Monotonic> {
        if self.paused.is_some() {
            return self.paused;
        }
        let operator = self.operator.as_ref().and_then(Operator::poll_timeout).map(|deadline| deadline.at);
        let asked = self.asked.map(|(_, deadline)| deadline);
        [operator, asked, self.next_try, self.next_start].into_iter().flatten().min()
    }

    /// The number of a request for the Lease that is sent now.
    pub(super) fn ask(&mut self, now: Monotonic) -> u64 {
        self.requests += 1;
        self.asked = Some((self.requests, self.candidate.deadline(now)));
        self.requests
    }

    /// Notes which watches the operator has.
    pub(super) fn note(&mut self, key: &ReleaseKey, action: &Action) {
        match action {
            Action::Watch { id, .. } => self.watches.insert((key.clone(), *id)),
            Action::Unwatch { id } => self.watches.remove(&(key.clone(), *id)),
            _ => false,
        };
    }

    /// The process ends; the next one starts at a moment. Returns the watches that end with it.
    pub(super) fn end(&mut self, next_start: Monotonic) -> BTreeSet<(ReleaseKey, WatchId)> {
        self.operator = None;
        self.next_try = None;
        self.next_start = Some(next_start);
        std::mem::take(&mut self.watches)
    }

    /// Another process begins in its place.
    pub(super) fn begin(&mut self, identity: String, now: Monotonic) {
        (self.candidate, self.fence) = candidate(identity);
        self.next_start = None;
        self.next_try = Some(now);
    }
}

fn candidate(identity: String) -> (Candidate, Fence) {
    let (fence, lease) = (Fence::closed(), lease());
    let place = (lease.namespace.as_deref().unwrap_or_default(), lease.name.as_str());
    (Candidate::new(place, identity, TIMES, fence.clone()), fence)
}
