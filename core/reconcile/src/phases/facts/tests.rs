//! What is still believed of the history when the newest release is somebody else's.

use pilothouse_api::TestHookStatus;

use super::*;
use crate::Config;

fn stored(version: u32, status: ReleaseStatus) -> Arc<ReleaseRecord> {
    let mut record = ReleaseRecord { name: "app".to_owned(), version, ..ReleaseRecord::default() };
    record.info.status = status;
    Arc::new(record)
}

/// The snapshot of a revision that was deployed, with a test that has run.
fn deployed(version: u32) -> Snapshot {
    let observation = Observation::of(&stored(version, ReleaseStatus::Deployed));
    let snapshot = snapshot_of(&observation, Config::default().digests()).unwrap();
    let hook = TestHookStatus { phase: "Succeeded".to_owned(), ..Default::default() };
    Snapshot { test_hooks: Some([("test".to_owned(), Some(hook))].into()), ..snapshot }
}

/// The statuses and tests of what is still known after revisions 1 and 3 were deployed; the newest is not believed.
fn remembered(first: Option<Arc<ReleaseRecord>>) -> Vec<(u32, String, bool)> {
    let mut history = History(vec![deployed(3), deployed(1)]);
    let records: Vec<_> = first.into_iter().chain([stored(3, ReleaseStatus::Deployed)]).collect();
    forget(&mut history, &records, &Config::default().digests());
    let known = history.0.into_iter();
    known.map(|snapshot| (snapshot.version, snapshot.status.clone(), snapshot.has_been_tested())).collect()
}

#[test]
fn an_older_revision_is_believed_as_far_as_it_is_stored_as_it_was() {
    let edited = |status| {
        let mut record = ReleaseRecord::clone(&stored(1, status));
        record.manifest = "kind: ConfigMap\n".to_owned();
        Some(Arc::new(record))
    };
    let known = |status: &str| vec![(1, status.to_owned(), true)];
    assert_eq!(remembered(Some(stored(1, ReleaseStatus::Deployed))), known("deployed"));
    assert_eq!(remembered(Some(stored(1, ReleaseStatus::Superseded))), known("superseded"));
    assert_eq!(remembered(Some(stored(1, ReleaseStatus::Failed))), []);
    assert_eq!(remembered(edited(ReleaseStatus::Deployed)), []);
    assert_eq!(remembered(edited(ReleaseStatus::Superseded)), []);
    assert_eq!(remembered(None), []);
}
