use super::*;
use crate::fake::{Fake, config, revision, storage};

#[test]
fn only_a_pending_release_is_unlocked() {
    let cases = [
        (
            ReleaseStatus::PendingUpgrade,
            vec!["Update 1 failed: Release unlocked from stale 'pending-upgrade' state"],
        ),
        (ReleaseStatus::Deployed, vec![]),
    ];
    for (status, expected) in cases {
        let mut fake = Fake::new();
        fake.store(vec![revision(1, status, "x", &[])]);
        let (writes, result) = fake.act(Unlock::new(config(), storage()));
        assert_eq!(writes, expected);
        assert_eq!(result.persisted(), !expected.is_empty());
        assert!(result.outcome.is_ok());
    }
}

#[test]
fn nothing_to_unlock() {
    let (_, result) = Fake::new().act(Unlock::new(config(), storage()));
    assert!(result.outcome.is_err_and(|error| error.is_release_not_found()));
}
