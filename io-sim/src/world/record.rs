//! What a run leaves behind: events, log lines, the journal of requests.

use std::collections::BTreeMap;

use pilothouse_protocol::{
    Event, Identity, LogEntry, Monotonic, ObjectRef, ReleaseKey, Reply, Request, RequestId,
};

use crate::faults::{Fault, FaultClass};

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Counted from zero over the whole run.
    pub number: u64,
    /// Which life of the operator asked.
    pub incarnation: u64,
    /// The how manyth of those that have led in this life, where several take turns.
    pub term: u64,
    /// When it was asked.
    pub at: Monotonic,
    /// The machine.
    pub key: ReleaseKey,
    /// The machine's own number.
    pub id: RequestId,
    /// Who asked.
    pub identity: Identity,
    /// What.
    pub request: Request,
    /// What went wrong on purpose.
    pub fault: Option<Fault>,
    /// What the server answered, seen or not; `None` when the request did not reach it, or has not yet.
    pub reply: Option<Reply>,
    /// When the request reached the server, if another process was at work by then.
    pub late: Option<Monotonic>,
}

/// An event with the number of times it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// As first recorded.
    pub event: Event,
    /// How often.
    pub count: u64,
    /// First time.
    pub first: Monotonic,
    /// Last time.
    pub last: Monotonic,
}

/// What a run leaves behind.
#[derive(Debug, Default)]
pub struct Record {
    /// Every request in the order asked, when the journal is kept.
    pub exchanges: Vec<Exchange>,
    /// Events in the order of their first occurrence.
    pub events: Vec<RecordedEvent>,
    /// Log lines.
    pub logs: Vec<(Monotonic, ReleaseKey, LogEntry)>,
    /// How often each class of fault happened.
    pub faults: BTreeMap<FaultClass, u64>,
    /// Requests performed, journal or not.
    pub requests: u64,
    /// Inputs given to machines.
    pub inputs: u64,
    /// Crashes.
    pub crashes: u64,
    seen: BTreeMap<(ObjectRef, String, String), usize>,
}

impl Record {
    /// Counts an event; equal ones (object, reason, message) are one record, as in Kubernetes.
    pub fn emit(&mut self, at: Monotonic, event: Event) {
        let same = (event.regarding.clone(), event.reason.clone(), event.message.clone());
        if let Some(known) = self.seen.get(&same).and_then(|index| self.events.get_mut(*index)) {
            known.count += 1;
            known.last = at;
            return;
        }
        self.seen.insert(same, self.events.len());
        self.events.push(RecordedEvent { event, count: 1, first: at, last: at });
    }

    /// Counts a fault.
    pub fn hit(&mut self, class: FaultClass) {
        *self.faults.entry(class).or_default() += 1;
    }
}
