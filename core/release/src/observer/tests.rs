use pilothouse_protocol::ApiError;
use serde_json::Value;

use super::*;
use crate::{MemoryDriver, ReleaseStatus, decode, encode};

fn record(version: u32, manifest: &str) -> Arc<ReleaseRecord> {
    let mut record = ReleaseRecord { name: "app".to_owned(), version, ..ReleaseRecord::default() };
    manifest.clone_into(&mut record.manifest);
    record.set_status(ReleaseStatus::Deployed, "");
    Arc::new(record)
}

fn key(version: u32) -> StorageKey {
    StorageKey::new("app", version)
}

fn create(version: u32, manifest: &str) -> StorageOperation {
    StorageOperation::Create { record: record(version, manifest) }
}

fn update(version: u32, manifest: &str) -> StorageOperation {
    StorageOperation::Update { record: record(version, manifest) }
}

fn observer() -> Observer<MemoryDriver> {
    Observer::new(MemoryDriver::new("ns"))
}

/// Begins, serves and finishes an operation.
fn perform(
    observer: &mut Observer<MemoryDriver>,
    operation: StorageOperation,
) -> Result<StorageResult, StorageError> {
    let (ticket, request) = observer.begin(operation, 7).unwrap();
    let reply = observer.driver_mut().answer(&request);
    observer.finish(ticket, &reply).unwrap()
}

/// The server performs an operation, its reply is lost.
fn lose(observer: &mut Observer<MemoryDriver>, operation: StorageOperation) -> (Ticket, Reply) {
    let (ticket, request) = observer.begin(operation, 7).unwrap();
    let reply = observer.driver_mut().answer(&request);
    let error = observer.give_up(ticket).unwrap().unwrap_err();
    assert!(error.effect_is_unknown());
    (ticket, reply)
}

fn states(observer: &Observer<MemoryDriver>) -> Vec<(Verb, EntryState)> {
    observer.journal().iter().map(|entry| (entry.verb, entry.state)).collect()
}

fn failure(code: u16, reason: &str) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(code, reason, "because")))
}

#[test]
fn acknowledged_writes_are_journalled_in_order() {
    let mut observer = observer();
    assert_eq!(observer.name(), "observer");
    perform(&mut observer, create(1, "a")).unwrap();
    perform(&mut observer, update(1, "b")).unwrap();
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "b");
    perform(&mut observer, StorageOperation::Delete { key: key(1) }).unwrap();
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Absent);
    let manifests: Vec<_> = observer.acknowledged().map(|record| record.manifest.as_str()).collect();
    assert_eq!(manifests, ["a", "b", "b"]);
    let acknowledged = EntryState::Acknowledged;
    assert_eq!(
        states(&observer),
        [(Verb::Create, acknowledged), (Verb::Update, acknowledged), (Verb::Delete, acknowledged)]
    );
}

#[test]
fn a_refused_write_leaves_what_was_known() {
    let mut observer = observer();
    perform(&mut observer, create(1, "a")).unwrap();
    for reply in [failure(403, "Forbidden"), Reply::Failed(Failure::Unreachable("no route".to_owned()))] {
        let (ticket, _) = observer.begin(update(1, "b"), 7).unwrap();
        assert_eq!(observer.knowledge(&key(1)), Knowledge::Unknown, "it may take effect at any time");
        assert!(observer.finish(ticket, &reply).unwrap().is_err());
        assert_eq!(observer.observed(&key(1)).unwrap().manifest, "a");
    }
    assert_eq!(observer.journal().len(), 1);
}

#[test]
fn a_lost_acknowledgement_is_unknown_until_read_back() {
    for (stored, state, known) in [(true, EntryState::Confirmed, "b"), (false, EntryState::Refuted, "a")] {
        let mut observer = observer();
        perform(&mut observer, create(1, "a")).unwrap();
        if stored {
            lose(&mut observer, update(1, "b"));
        } else {
            let (ticket, _) = observer.begin(update(1, "b"), 7).unwrap();
            observer.finish(ticket, &failure(504, "Timeout"));
        }
        assert_eq!(observer.observed(&key(1)), None);
        assert_eq!(observer.journal()[1].persisted, None, "nobody knows what is stored");
        assert_eq!(observer.unresolved(), [key(1)]);
        perform(&mut observer, StorageOperation::history("app")).unwrap();
        assert_eq!(observer.observed(&key(1)).unwrap().manifest, known);
        assert_eq!(states(&observer)[1], (Verb::Update, state));
        assert!(observer.unresolved().is_empty());
    }
}

#[test]
fn a_lost_creation_is_found_by_its_repetition() {
    let mut observer = observer();
    lose(&mut observer, create(1, "a"));
    let error = perform(&mut observer, create(1, "a")).unwrap_err();
    assert_eq!(error.to_string(), "release: already exists");
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Unknown);
    perform(&mut observer, StorageOperation::Get { key: key(1) }).unwrap();
    assert_eq!(states(&observer), [(Verb::Create, EntryState::Confirmed)]);
}

#[test]
fn a_lost_deletion_is_found_by_its_repetition() {
    let mut observer = observer();
    perform(&mut observer, create(1, "a")).unwrap();
    lose(&mut observer, StorageOperation::Delete { key: key(1) });
    assert!(perform(&mut observer, StorageOperation::Delete { key: key(1) }).is_err());
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Absent);
    assert_eq!(states(&observer)[1], (Verb::Delete, EntryState::Confirmed));
    let manifests: Vec<_> = observer.acknowledged().map(|record| record.manifest.as_str()).collect();
    assert_eq!(manifests, ["a", "a"], "what was deleted is known from before");
}

#[test]
fn a_late_acknowledgement_is_learnt() {
    let mut observer = observer();
    let (ticket, reply) = lose(&mut observer, create(1, "a"));
    assert!(observer.finish(ticket, &reply).is_none());
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "a");
    assert_eq!(states(&observer), [(Verb::Create, EntryState::Confirmed)]);
    assert!(observer.finish(ticket, &reply).is_none(), "repeated");
    assert_eq!(observer.journal().len(), 1);
}

#[test]
fn a_late_refusal_is_learnt() {
    let mut observer = observer();
    perform(&mut observer, create(1, "a")).unwrap();
    let (ticket, _) = observer.begin(update(1, "b"), 7).unwrap();
    assert!(observer.give_up(ticket).unwrap().is_err());
    assert!(observer.finish(ticket, &failure(504, "Timeout")).is_none());
    assert_eq!(states(&observer)[1], (Verb::Update, EntryState::Unknown));
    assert!(observer.finish(ticket, &failure(403, "Forbidden")).is_none());
    assert_eq!(states(&observer)[1], (Verb::Update, EntryState::Refuted));
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "a");
    assert!(observer.unresolved().is_empty());
}

#[test]
fn a_late_acknowledgement_of_one_of_two_writes_does_not_say_which_came_last() {
    let mut observer = observer();
    perform(&mut observer, create(1, "a")).unwrap();
    let (first, first_request) = observer.begin(update(1, "b"), 7).unwrap();
    let (second, second_request) = observer.begin(update(1, "c"), 7).unwrap();
    let late = observer.driver_mut().answer(&first_request);
    let reply = observer.driver_mut().answer(&second_request);
    observer.finish(second, &reply).unwrap().unwrap();
    assert!(observer.give_up(first).unwrap().is_err());
    assert!(observer.finish(first, &late).is_none());
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Unknown);
    assert_eq!(states(&observer)[2], (Verb::Update, EntryState::Confirmed));
    perform(&mut observer, StorageOperation::Get { key: key(1) }).unwrap();
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "c");
}

#[test]
fn a_creation_of_what_was_held_to_be_absent_shows_that_it_is_not() {
    let mut observer = observer();
    let absent = perform(&mut observer, StorageOperation::Get { key: key(1) });
    assert!(matches!(absent, Err(StorageError::NotFound)));
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Absent);
    observer.driver_mut().perform(&create(1, "theirs"), 8).unwrap();
    assert!(matches!(perform(&mut observer, create(1, "a")), Err(StorageError::AlreadyExists)));
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Unknown);
    perform(&mut observer, create(2, "b")).unwrap();
    assert!(perform(&mut observer, create(2, "b")).is_err());
    assert_eq!(observer.observed(&key(2)).unwrap().manifest, "b", "what was known to exist is known still");
}

#[test]
fn a_read_that_began_before_a_write_says_nothing() {
    let mut observer = observer();
    let (read, request) = observer.begin(StorageOperation::history("app"), 7).unwrap();
    let stale = observer.driver_mut().answer(&request);
    perform(&mut observer, create(1, "a")).unwrap();
    assert!(matches!(observer.finish(read, &stale), Some(Err(StorageError::NotFound))));
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "a");
}

#[test]
fn a_failed_read_is_no_evidence_of_absence() {
    let mut observer = observer();
    perform(&mut observer, create(1, "a")).unwrap();
    let (read, _) = observer.begin(StorageOperation::history("app"), 7).unwrap();
    assert!(observer.finish(read, &failure(500, "InternalError")).unwrap().is_err());
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "a");
}

#[test]
fn what_a_third_party_changes_is_learnt_from_reads() {
    let mut observer = observer();
    perform(&mut observer, create(1, "a")).unwrap();
    perform(&mut observer, create(2, "b")).unwrap();
    observer.driver_mut().perform(&update(1, "theirs"), 8).unwrap();
    observer.driver_mut().perform(&StorageOperation::Delete { key: key(2) }, 8).unwrap();
    perform(&mut observer, StorageOperation::deployed("app")).unwrap();
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "theirs");
    assert!(observer.observed(&key(2)).is_some(), "a partial list does not show absence");
    perform(&mut observer, StorageOperation::history("app")).unwrap();
    assert_eq!(observer.knowledge(&key(2)), Knowledge::Absent);
}

#[test]
fn what_something_in_between_changes_is_a_divergence() {
    let mut observer = observer();
    let (ticket, request) = observer.begin(create(1, "a"), 7).unwrap();
    let Request::Create { body } = request else { panic!("{request:?}") };
    let mut mutated = Value::clone(&body);
    mutated["data"]["release"] = encoded(&record(1, "injected"));
    observer.finish(ticket, &Reply::Object(Arc::new(mutated))).unwrap().unwrap();
    assert_eq!(observer.observed(&key(1)).unwrap().manifest, "injected");
    let divergence = Divergence { key: key(1), verb: Verb::Create, fields: vec!["manifest".to_owned()] };
    assert_eq!(observer.divergences(), [divergence]);
}

#[test]
fn an_acknowledgement_without_a_readable_release_is_no_knowledge() {
    let mut observer = observer();
    let (ticket, _) = observer.begin(create(1, "a"), 7).unwrap();
    let reply = Reply::Object(Arc::new(serde_json::json!({ "metadata": { "name": "x" } })));
    assert!(matches!(observer.finish(ticket, &reply), Some(Ok(StorageResult::Unreadable(_)))));
    assert_eq!(observer.knowledge(&key(1)), Knowledge::Unknown);
    assert_eq!(observer.acknowledged().count(), 0);
}

#[test]
fn an_operation_that_cannot_be_encoded_changes_nothing() {
    let limits = crate::Limits { encoded: 10, ..crate::Limits::default() };
    let mut observer = Observer::new(crate::SecretDriver::with_limits("ns", limits));
    assert!(observer.begin(create(1, "a"), 7).is_err());
    assert!(observer.journal().is_empty());
}

fn encoded(record: &ReleaseRecord) -> Value {
    use base64::Engine as _;
    let text = encode(record, &crate::Limits::default()).unwrap();
    assert_eq!(decode(&text, &crate::Limits::default()).unwrap(), *record);
    Value::String(base64::engine::general_purpose::STANDARD.encode(text))
}
