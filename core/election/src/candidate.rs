//! One candidate: a try after the other to get the Lease, or to keep it.

use pilothouse_protocol::{Failure, Monotonic};
use serde_json::Value;

use crate::claim::{Claim, Next};
use crate::{Fence, Times, nanos};

/// One candidate. While it leads, its fence is open.
#[derive(Debug)]
pub struct Candidate {
    claim: Claim,
    times: Times,
    fence: Fence,
    leads: bool,
    /// The moment before the last successful write was sent.
    renewed: Monotonic,
    /// The moment before the write that is under way was sent, if it is one; otherwise the Lease is read.
    writing: Option<Writing>,
}

/// A write of the Lease that is under way.
#[derive(Debug, Clone, Copy)]
struct Writing {
    began: Monotonic,
    /// Whether the Lease was read before; when not, a failure is no reason to give up.
    is_read: bool,
}

/// What is wanted of the Lease.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// GET it.
    Read,
    /// POST it.
    Create(Value),
    /// PUT it; its resource version guards it.
    Update(Value),
}

/// What follows from an answer.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// This is to be sent next.
    Ask(Wish),
    /// This candidate leads. It tries to renew after the retry period.
    Leads,
    /// It does not lead, or could not renew this time, for this reason if there is any but that somebody else leads. It
    /// tries again after the retry period.
    Waits(Option<Failure>),
    /// It has led, and does not any more. The fence is closed.
    Lost(Failure),
}

impl Candidate {
    /// A candidate for the Lease `namespace/name`.
    #[must_use]
    pub fn new((namespace, name): (&str, &str), identity: String, times: Times, fence: Fence) -> Self {
        let claim = Claim::new(namespace.to_owned(), name.to_owned(), identity, times.lease);
        Self { claim, times, fence, leads: false, renewed: Monotonic(0), writing: None }
    }

    /// Who leads, as last seen; empty for nobody.
    #[must_use]
    pub fn holder(&self) -> &str {
        self.claim.holder()
    }

    /// Who this candidate is.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.claim.identity()
    }

    /// The Lease as it was last seen or written.
    #[must_use]
    pub fn last_seen(&self) -> Option<&Value> {
        self.claim.last_seen()
    }

    /// Whether it leads, as far as it knows.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// When answers to a try that begins now are waited for no longer.
    #[must_use]
    pub fn deadline(&self, now: Monotonic) -> Monotonic {
        let renew = nanos(self.times.renew);
        if self.leads { self.renewed.after_nanos(renew) } else { now.after_nanos(renew / 2) }
    }

    /// Begins a try. A leader whose claim is fresh writes without reading first.
    pub fn begin(&mut self, now: Monotonic, wall: i64) -> Wish {
        let renewal = self.claim.renewal(now, wall);
        self.writing = renewal.is_some().then_some(Writing { began: now, is_read: false });
        renewal.map_or(Wish::Read, Wish::Update)
    }

    /// Takes the answer to what was asked last: the Lease, `None` when there is none.
    ///
    /// The claim counts from the moment before it was sent: nobody can have seen it earlier.
    pub fn answer(&mut self, now: Monotonic, wall: i64, answer: Result<Option<Value>, Failure>) -> Step {
        match (self.writing.take(), answer) {
            (Some(Writing { began, .. }), Ok(Some(written))) => self.won(began, written),
            (Some(Writing { is_read: false, .. }), _) => Step::Ask(Wish::Read),
            (Some(_), Ok(None)) => self.failed(now, Failure::Unknown("no Lease in the answer".to_owned())),
            (_, Err(failure)) => self.failed(now, failure),
            (None, Ok(read)) => {
                let wish = match self.claim.next(now, wall, read) {
                    Next::Wait => return self.refused(),
                    Next::Create(lease) => Wish::Create(lease),
                    Next::Update(lease) => Wish::Update(lease),
                };
                self.writing = Some(Writing { began: now, is_read: true });
                Step::Ask(wish)
            }
        }
    }

    /// Closes the fence. What gives the Lease back; `None` when it is not held.
    pub fn release(&mut self, wall: i64) -> Option<Value> {
        self.resign();
        self.claim.release(wall)
    }

    fn won(&mut self, began: Monotonic, written: Value) -> Step {
        self.claim.written(began, written);
        self.renewed = began;
        self.leads = true;
        self.fence.extend(began.after_nanos(nanos(self.times.renew)));
        Step::Leads
    }

    /// Somebody else holds the Lease.
    fn refused(&mut self) -> Step {
        if !self.leads {
            return Step::Waits(None);
        }
        self.resign();
        Step::Lost(Failure::Unreachable(format!("{} leads", self.claim.holder())))
    }

    /// A leader gives up when the next try would come too late.
    fn failed(&mut self, now: Monotonic, failure: Failure) -> Step {
        let next = now.after_nanos(nanos(self.times.retry));
        if self.leads && next >= self.deadline(now) {
            self.resign();
            return Step::Lost(failure);
        }
        Step::Waits(Some(failure))
    }

    fn resign(&mut self) {
        self.leads = false;
        self.fence.close();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const TIMES: Times = Times {
        lease: Duration::from_secs(35),
        renew: Duration::from_secs(30),
        retry: Duration::from_secs(5),
    };

    fn at(seconds: u64) -> Monotonic {
        Monotonic(seconds * SECOND)
    }

    fn candidate(identity: &str) -> (Candidate, Fence) {
        let fence = Fence::closed();
        (Candidate::new(("ns", "l"), identity.to_owned(), TIMES, fence.clone()), fence)
    }

    /// Tries at a moment, with an API server that answers at once and keeps the Lease.
    fn try_at(candidate: &mut Candidate, now: Monotonic, stored: &mut Option<Value>) -> Step {
        let mut wish = candidate.begin(now, 0);
        loop {
            let answer = match wish {
                Wish::Read => stored.clone(),
                Wish::Create(lease) | Wish::Update(lease) => stored.insert(lease).clone().into(),
            };
            match candidate.answer(now, 0, Ok(answer)) {
                Step::Ask(next) => wish = next,
                step => return step,
            }
        }
    }

    fn unreachable() -> Failure {
        Failure::Unreachable("away".to_owned())
    }

    #[test]
    fn who_stood_still_finds_that_another_one_leads() {
        let ((mut first, fence), (mut second, other)) = (candidate("a"), candidate("b"));
        let mut stored = None;
        assert_eq!(try_at(&mut first, at(0), &mut stored), Step::Leads);
        assert!(first.leads() && fence.is_open(at(29)) && !fence.is_open(at(30)));
        assert_eq!(try_at(&mut second, at(1), &mut stored), Step::Waits(None));
        assert_eq!(second.holder(), "a");
        assert_eq!(try_at(&mut second, at(37), &mut stored), Step::Leads);
        assert!(other.is_open(at(40)) && !fence.is_open(at(40)));
        let lost = try_at(&mut first, at(60), &mut stored);
        assert_eq!(lost, Step::Lost(Failure::Unreachable("b leads".to_owned())));
        assert!(!first.leads());
    }

    #[test]
    fn a_leader_gives_up_before_the_claim_has_run_out() {
        let (mut first, fence) = candidate("a");
        assert_eq!(try_at(&mut first, at(0), &mut None), Step::Leads);
        assert!(matches!(first.begin(at(5), 0), Wish::Update(_)));
        assert_eq!(first.deadline(at(5)), at(30));
        // A renewal without a reading before it may have met another version.
        assert_eq!(first.answer(at(5), 0, Err(unreachable())), Step::Ask(Wish::Read));
        assert_eq!(first.answer(at(5), 0, Err(unreachable())), Step::Waits(Some(unreachable())));
        first.begin(at(25), 0);
        first.answer(at(25), 0, Err(unreachable()));
        assert_eq!(first.answer(at(25), 0, Err(unreachable())), Step::Lost(unreachable()));
        assert!(!fence.is_open(at(25)));
    }

    #[test]
    fn what_is_given_back_is_free() {
        let ((mut first, fence), (mut second, _)) = (candidate("a"), candidate("b"));
        let mut stored = None;
        try_at(&mut first, at(0), &mut stored);
        stored = first.release(0);
        assert!(!fence.is_open(at(1)));
        assert_eq!(stored.as_ref().map(|lease| &lease["spec"]["holderIdentity"]), Some(&json!("")));
        assert_eq!(try_at(&mut second, at(1), &mut stored), Step::Leads);
        assert!(second.release(0).is_some() && candidate("c").0.release(0).is_none());
    }
}
