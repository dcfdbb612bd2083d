//! No write by an operator after its lease was lost.

use pilothouse_protocol::Monotonic;
use serde_json::Value;

use crate::clock::SECOND;

/// The Lease as it is on the server.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    holder: String,
    renewed: String,
    /// When it was written last.
    at: Monotonic,
    /// Nanoseconds after which another one may take it.
    duration: u64,
}

impl Lease {
    /// Looks at the Lease.
    pub(crate) fn see(&mut self, now: Monotonic, lease: Option<&Value>) {
        let text = |field: &str| {
            lease.and_then(|lease| lease["spec"][field].as_str()).unwrap_or_default().to_owned()
        };
        let (holder, renewed) = (text("holderIdentity"), text("renewTime"));
        if (&holder, &renewed) != (&self.holder, &self.renewed) {
            (self.holder, self.renewed, self.at) = (holder, renewed, now);
        }
        let seconds = lease.and_then(|lease| lease["spec"]["leaseDurationSeconds"].as_u64());
        self.duration = seconds.unwrap_or_default() * SECOND;
    }

    /// What is wrong with a write that is sent at a moment. What was sent before the lease was lost may still arrive.
    pub(crate) fn check(&self, at: Monotonic, writer: &str, what: &str) -> Option<String> {
        if self.holder != writer {
            let holder = if self.holder.is_empty() { "nobody" } else { &self.holder };
            return Some(format!("lease: {what} of {writer}, and {holder} leads"));
        }
        // The server has seen the renewal after it was sent: by the clock of who sent it the lease ends earlier.
        let over = at.nanos_since(self.at) > self.duration;
        over.then(|| format!("lease: {what} of {writer}, whose lease has run out"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_who_leads_writes_and_only_as_long_as_its_lease_lasts() {
        let at = |seconds: u64| Monotonic(seconds * SECOND);
        let held = |holder: &str, renewed: &str| json!({"spec": {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 35}});
        let mut lease = Lease::default();
        assert!(lease.check(at(0), "a", "status").is_some(), "nobody leads");
        lease.see(at(1), Some(&held("a", "1")));
        assert_eq!(lease.check(at(2), "a", "status"), None);
        assert!(lease.check(at(2), "b", "status").is_some());
        lease.see(at(30), Some(&held("a", "1")));
        assert_eq!(lease.check(at(36), "a", "status"), None);
        assert!(lease.check(at(37), "a", "status").is_some_and(|said| said.ends_with("has run out")));
        lease.see(at(37), Some(&held("a", "2")));
        assert_eq!(lease.check(at(60), "a", "status"), None);
        lease.see(at(61), Some(&held("b", "3")));
        assert!(lease.check(at(61), "a", "status").is_some_and(|said| said.ends_with("b leads")));
    }
}
