//! Who may write the Lease next, and what: the decisions of client-go's `leaderelection` package (`tryAcquireOrRenew`,
//! `release`).

use std::time::Duration;

use pilothouse_encoding::timestamp::Civil;
use pilothouse_protocol::{Monotonic, metadata};
use serde_json::{Value, json};

use crate::nanos;

/// The claim of one candidate.
#[derive(Debug)]
pub(super) struct Claim {
    namespace: String,
    name: String,
    identity: String,
    lease_duration: Duration,
    seen: Option<Seen>,
}

/// The Lease as it was last seen or written.
#[derive(Debug)]
struct Seen {
    lease: Value,
    /// When it was first seen like that. The times in it are of another host's clock and say nothing here.
    at: Monotonic,
}

/// What to do about the Lease.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// POST this.
    Create(Value),
    /// PUT this; its resource version guards it.
    Update(Value),
    /// Somebody else holds it.
    Wait,
}

impl Claim {
    /// The claim of `identity` on a Lease.
    pub(super) fn new(namespace: String, name: String, identity: String, lease_duration: Duration) -> Self {
        Self { namespace, name, identity, lease_duration, seen: None }
    }

    /// Whether the Lease, as last seen, names this candidate.
    pub(super) fn is_held(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| holder(&seen.lease) == self.identity)
    }

    /// Who holds the Lease, as last seen.
    pub(super) fn holder(&self) -> &str {
        self.seen.as_ref().map(|seen| holder(&seen.lease)).unwrap_or_default()
    }

    /// Who this candidate is.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// The Lease as it was last seen or written.
    pub(super) fn last_seen(&self) -> Option<&Value> {
        self.seen.as_ref().map(|seen| &seen.lease)
    }

    /// A leader whose claim is fresh writes without reading first.
    pub(super) fn renewal(&self, now: Monotonic, wall: i64) -> Option<Value> {
        let seen = self.seen.as_ref().filter(|seen| self.is_held() && self.is_valid(seen, now))?;
        Some(self.lease(&seen.lease, wall))
    }

    /// After the Lease was read; `None` when there is none.
    pub(super) fn next(&mut self, now: Monotonic, wall: i64, read: Option<Value>) -> Next {
        let Some(read) = read else { return Next::Create(self.lease(&Value::Null, wall)) };
        if self.seen.as_ref().is_none_or(|seen| seen.lease != read) {
            self.seen = Some(Seen { lease: read.clone(), at: now });
        }
        let is_free = holder(&read).is_empty() || holder(&read) == self.identity;
        let is_taken = self.seen.as_ref().is_some_and(|seen| self.is_valid(seen, now));
        if is_taken && !is_free { Next::Wait } else { Next::Update(self.lease(&read, wall)) }
    }

    /// After the Lease was written; `lease` is the answer.
    pub(super) fn written(&mut self, now: Monotonic, lease: Value) {
        self.seen = Some(Seen { lease, at: now });
    }

    /// What gives the Lease back; `None` when it is not held.
    pub(super) fn release(&self, wall: i64) -> Option<Value> {
        let seen = self.seen.as_ref().filter(|_| self.is_held())?;
        let mut lease = self.lease(&seen.lease, wall);
        lease["spec"]["holderIdentity"] = json!("");
        lease["spec"]["leaseDurationSeconds"] = json!(1);
        lease["spec"]["acquireTime"] = lease["spec"]["renewTime"].clone();
        Some(lease)
    }

    /// Whether the holder's time has not run out. The holder says how long that is.
    fn is_valid(&self, seen: &Seen, now: Monotonic) -> bool {
        let seconds = seen.lease["spec"]["leaseDurationSeconds"].as_u64();
        let duration = seconds.map_or(self.lease_duration, Duration::from_secs);
        now.nanos_since(seen.at) < nanos(duration)
    }

    /// The Lease with this candidate as its holder.
    fn lease(&self, former: &Value, wall: i64) -> Value {
        let now = json!(micro_time(wall));
        let spec = &former["spec"];
        let is_own = holder(former) == self.identity;
        let transitions = spec["leaseTransitions"].as_u64().unwrap_or_default();
        let transitions = if is_own || former.is_null() { transitions } else { transitions + 1 };
        let acquired = if is_own { spec["acquireTime"].clone() } else { now.clone() };
        let mut meta = json!({"namespace": self.namespace, "name": self.name});
        if !former.is_null() {
            meta = former["metadata"].clone();
            if let Some(fields) = meta.as_object_mut() {
                fields.remove("managedFields");
            }
        }
        let mut spec = if spec.is_object() { spec.clone() } else { json!({}) };
        spec["holderIdentity"] = json!(self.identity);
        spec["leaseDurationSeconds"] = json!(self.lease_duration.as_secs().max(1));
        spec["acquireTime"] = acquired;
        spec["renewTime"] = now;
        spec["leaseTransitions"] = json!(transitions);
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})
    }
}

/// `spec.holderIdentity`; empty for nobody.
fn holder(lease: &Value) -> &str {
    debug_assert!(lease.is_null() || !metadata::text(lease, "name").is_empty());
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default()
}

/// Kubernetes' `metav1.MicroTime` of nanoseconds since the Unix epoch.
fn micro_time(wall: i64) -> String {
    let Civil { year, month, day, hour, minute, second, .. } =
        Civil::from_unix_seconds(wall.div_euclid(1_000_000_000));
    let micros = wall.rem_euclid(1_000_000_000) / 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Monotonic, seconds: u64) -> Monotonic {
        start.after_nanos(seconds * 1_000_000_000)
    }

    fn claim(identity: &str) -> Claim {
        Claim::new("ns".to_owned(), "l".to_owned(), identity.to_owned(), Duration::from_secs(35))
    }

    fn lease(next: Next) -> Value {
        match next {
            Next::Create(lease) | Next::Update(lease) => lease,
            Next::Wait => panic!("held by somebody else"),
        }
    }

    #[test]
    fn a_lease_is_created_renewed_and_given_back() {
        let (mut claim, start) = (claim("a"), Monotonic(7));
        let created = lease(claim.next(start, 1_000_000_000, None));
        assert_eq!(created["metadata"], json!({"namespace": "ns", "name": "l"}));
        assert_eq!(
            created["spec"],
            json!({"holderIdentity": "a", "leaseDurationSeconds": 35, "leaseTransitions": 0,
                "acquireTime": "1970-01-01T00:00:01.000000Z", "renewTime": "1970-01-01T00:00:01.000000Z"})
        );
        assert!(!claim.is_held() && claim.release(0).is_none());
        claim.written(start, created);
        assert!(claim.is_held());
        let renewed = claim.renewal(after(start, 34), 2_000_001_000).unwrap();
        assert_eq!(renewed["spec"]["renewTime"], "1970-01-01T00:00:02.000001Z");
        assert_eq!(renewed["spec"]["acquireTime"], "1970-01-01T00:00:01.000000Z");
        assert!(claim.renewal(after(start, 35), 0).is_none());
        let released = claim.release(3_000_000_000).unwrap();
        assert_eq!(released["spec"]["holderIdentity"], "");
        assert_eq!(released["spec"]["leaseDurationSeconds"], 1);
    }

    #[test]
    fn a_foreign_lease_is_taken_when_it_was_not_renewed_for_its_duration() {
        let (mut mine, start) = (claim("b"), Monotonic(7));
        let mut foreign = lease(claim("a").next(start, 0, None));
        foreign["spec"]["leaseDurationSeconds"] = json!(10);
        assert_eq!(mine.next(start, 0, Some(foreign.clone())), Next::Wait);
        assert_eq!(mine.holder(), "a");
        // A renewal starts its time anew.
        foreign["spec"]["renewTime"] = json!("1970-01-01T00:00:09.000000Z");
        assert_eq!(mine.next(after(start, 9), 0, Some(foreign.clone())), Next::Wait);
        assert_eq!(mine.next(after(start, 18), 0, Some(foreign.clone())), Next::Wait);
        let taken = lease(mine.next(after(start, 19), 7_000_000_000, Some(foreign)));
        assert_eq!(taken["spec"]["holderIdentity"], "b");
        assert_eq!(taken["spec"]["leaseTransitions"], 1);
        assert_eq!(taken["spec"]["acquireTime"], "1970-01-01T00:00:07.000000Z");
    }

    #[test]
    fn a_lease_that_was_given_back_is_taken_at_once() {
        let (mut first, mut second, start) = (claim("a"), claim("b"), Monotonic(7));
        let created = lease(first.next(start, 0, None));
        first.written(start, created);
        let released = first.release(0).unwrap();
        assert!(matches!(second.next(start, 0, Some(released)), Next::Update(_)));
    }
}
