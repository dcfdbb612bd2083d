//! Whatever happens between us and the storage, the observer never claims what is not so.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{MemoryDriver, SecretDriver, release_json};

const NAME: &str = "app";
const REVISIONS: u32 = 3;

/// One thing that happens. Operations in flight are chosen by an index modulo their number.
#[derive(Debug, Clone)]
enum Step {
    Create(u32, u8),
    Update(u32, u8),
    Delete(u32),
    Get(u32),
    History,
    List,
    Deployed,
    /// The storage performs the request.
    Serve(usize),
    /// The reply arrives; without having been served it says that the server was not reached.
    Deliver(usize),
    /// The reply is given up. A request that was not served is never served.
    GiveUp(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let revision = || 1..=REVISIONS;
    let index = || 0usize..8;
    prop_oneof![
        (revision(), 0u8..4).prop_map(|(revision, content)| Step::Create(revision, content)),
        (revision(), 0u8..4).prop_map(|(revision, content)| Step::Update(revision, content)),
        revision().prop_map(Step::Delete),
        revision().prop_map(Step::Get),
        Just(Step::History),
        Just(Step::List),
        Just(Step::Deployed),
        index().prop_map(Step::Serve),
        index().prop_map(Step::Serve),
        index().prop_map(Step::Serve),
        index().prop_map(Step::Deliver),
        index().prop_map(Step::Deliver),
        index().prop_map(Step::Deliver),
        index().prop_map(Step::GiveUp),
    ]
}

/// A request on its way.
struct Sent {
    ticket: Ticket,
    request: Request,
    reply: Option<Reply>,
    given_up: bool,
}

struct World {
    observer: Observer<SecretDriver>,
    storage: MemoryDriver,
    sent: Vec<Sent>,
}

impl World {
    fn new() -> Self {
        Self {
            observer: Observer::new(SecretDriver::new("ns")),
            storage: MemoryDriver::new("ns"),
            sent: Vec::new(),
        }
    }

    fn begin(&mut self, operation: StorageOperation) {
        let (ticket, request) = self.observer.begin(operation, 0).unwrap();
        self.sent.push(Sent { ticket, request, reply: None, given_up: false });
    }

    fn take(&mut self, step: &Step) {
        let record = |revision: u32, content: u8| Arc::new(record(revision, content));
        let key = |revision: u32| StorageKey::new(NAME, revision);
        match step {
            Step::Create(revision, content) => {
                self.begin(StorageOperation::Create { record: record(*revision, *content) })
            }
            Step::Update(revision, content) => {
                self.begin(StorageOperation::Update { record: record(*revision, *content) })
            }
            Step::Delete(revision) => self.begin(StorageOperation::Delete { key: key(*revision) }),
            Step::Get(revision) => self.begin(StorageOperation::Get { key: key(*revision) }),
            Step::History => self.begin(StorageOperation::history(NAME)),
            Step::List => self.begin(StorageOperation::List { name: NAME.to_owned() }),
            Step::Deployed => self.begin(StorageOperation::deployed(NAME)),
            Step::Serve(index) => self.serve(*index),
            Step::Deliver(index) => self.deliver(*index),
            Step::GiveUp(index) => self.give_up(*index),
        }
    }

    fn serve(&mut self, index: usize) {
        let waiting = self.sent.iter_mut().filter(|sent| sent.reply.is_none() && !sent.given_up);
        let mut waiting: Vec<&mut Sent> = waiting.collect();
        let count = waiting.len().max(1);
        if let Some(sent) = waiting.get_mut(index % count) {
            sent.reply = Some(self.storage.answer(&sent.request));
        }
    }

    fn deliver(&mut self, index: usize) {
        if self.sent.is_empty() {
            return;
        }
        let sent = self.sent.remove(index % self.sent.len());
        let unreachable = Reply::Failed(Failure::Unreachable("refused".to_owned()));
        let waited_for = self.observer.finish(sent.ticket, &sent.reply.unwrap_or(unreachable)).is_some();
        assert_eq!(waited_for, !sent.given_up);
    }

    fn give_up(&mut self, index: usize) {
        let count = self.sent.len().max(1);
        if let Some(sent) = self.sent.get_mut(index % count) {
            assert_eq!(self.observer.give_up(sent.ticket).is_some(), !sent.given_up);
            sent.given_up = true;
        }
    }

    /// What the storage holds, as text.
    fn stored(&mut self) -> BTreeMap<StorageKey, String> {
        let all = self.storage.perform(&StorageOperation::List { name: NAME.to_owned() }, 0).unwrap();
        all.records().iter().map(|record| (record.key(), release_json(record).unwrap())).collect()
    }

    fn claims_only_what_is_so(&mut self) {
        let stored = self.stored();
        for revision in 1..=REVISIONS {
            let key = StorageKey::new(NAME, revision);
            match self.observer.knowledge(&key) {
                Knowledge::Present(record) => {
                    assert_eq!(stored.get(&key), Some(&release_json(&record).unwrap()))
                }
                Knowledge::Absent => assert_eq!(stored.get(&key), None),
                Knowledge::Unknown => {}
            }
        }
    }
}

fn record(revision: u32, content: u8) -> ReleaseRecord {
    let mut record = ReleaseRecord { name: NAME.to_owned(), version: revision, ..ReleaseRecord::default() };
    record.manifest = content.to_string();
    let status = if content.is_multiple_of(2) { "deployed" } else { "failed" };
    record.set_status(crate::ReleaseStatus::parse(status), "");
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn knowledge_is_never_wrong_and_complete_after_a_read(steps in proptest::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.claims_only_what_is_so();
        }
        while !world.sent.is_empty() {
            world.deliver(0);
            world.claims_only_what_is_so();
        }
        world.begin(StorageOperation::history(NAME));
        world.serve(0);
        world.deliver(0);
        world.claims_only_what_is_so();
        prop_assert!(world.observer.unresolved().is_empty());
        for entry in world.observer.journal() {
            prop_assert!(world.observer.knowledge(&entry.key) != Knowledge::Unknown);
            prop_assert!(entry.state != EntryState::Unknown);
        }
    }

    #[test]
    fn without_losses_the_journal_is_every_write_in_order(steps in proptest::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        let mut expected = Vec::new();
        for step in steps.iter().filter(|step| !matches!(step, Step::Serve(_) | Step::Deliver(_) | Step::GiveUp(_))) {
            let before = world.stored();
            world.take(step);
            let sent = world.sent.remove(0);
            let reply = world.storage.answer(&sent.request);
            let succeeded = world.observer.finish(sent.ticket, &reply).unwrap().is_ok();
            let written = match step {
                Step::Create(revision, _) | Step::Update(revision, _) => Some((*revision, world.stored())),
                Step::Delete(revision) => Some((*revision, before)),
                _ => None,
            };
            if let Some((revision, stored)) = written.filter(|_| succeeded) {
                expected.extend(stored.get_key_value(&StorageKey::new(NAME, revision)).map(owned));
            }
            for (key, text) in world.stored() {
                let observed = world.observer.observed(&key).map(|record| release_json(&record).unwrap());
                prop_assert_eq!(observed, Some(text));
            }
        }
        let text = |record: &Arc<ReleaseRecord>| (record.key(), release_json(record).unwrap());
        prop_assert_eq!(world.observer.acknowledged().map(text).collect::<Vec<_>>(), expected);
        prop_assert!(world.observer.divergences().is_empty());
    }
}

fn owned((key, text): (&StorageKey, &String)) -> (StorageKey, String) {
    (key.clone(), text.clone())
}
