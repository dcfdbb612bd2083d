//! The operator: dispatches inputs to the machines of the releases, collects their actions, keeps their timers, and lets
//! no more than a bounded number of them work at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use pilothouse_api::{API_VERSION, HelmRelease, KIND};
use pilothouse_machine::Random;
use pilothouse_protocol::{Deadline, Input, Now, Object, ObjectRef, ReleaseKey, Trigger, metadata};
use pilothouse_reconcile::{Charts, Config, Release};
use serde_json::Value;

use crate::index::{Relation, configs_of, dependencies_of, expressions_of, source_of};
use crate::passes::{FinishedPass, Passes};
use crate::storage::{StorageIndex, StoragePlace};
use crate::timers::Timers;
use crate::{OperatorAction, OperatorInput};

/// All releases of one operator.
#[derive(Debug)]
pub struct Operator {
    config: Arc<Config>,
    random: Random,
    chart_random: Option<Random>,
    first_id: u64,
    synced: bool,
    shutting_down: bool,
    /// Boxed: a node of the map has room for eleven, and releases are large.
    releases: BTreeMap<ReleaseKey, Box<Release>>,
    sources: BTreeMap<ObjectRef, Object>,
    by_source: Relation<ObjectRef>,
    by_dependency: Relation<ReleaseKey>,
    /// The part of `by_dependency` where an expression decides.
    by_expression: Relation<ReleaseKey>,
    by_config: Relation<ObjectRef>,
    storage: StorageIndex,
    charts: Charts,
    /// Uid and generation of each HelmRelease when it was indexed.
    indexed: BTreeMap<ReleaseKey, (String, i64)>,
    readiness: BTreeMap<ReleaseKey, Value>,
    queue: VecDeque<ReleaseKey>,
    queued: BTreeSet<ReleaseKey>,
    working: BTreeSet<ReleaseKey>,
    timers: Timers,
    outbox: VecDeque<OperatorAction>,
    passes: Passes,
}

/// What a release is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The release.
    pub key: ReleaseKey,
    /// A few words.
    pub doing: String,
    /// What happens at its next deadline.
    pub deadline: Option<Deadline>,
}

impl Operator {
    /// An operator that knows nothing yet, from a short seed: for simulation and tests.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self::with_random(config, Random::new(seed))
    }

    /// An operator that knows nothing yet. All that is random in it comes from `random`.
    #[must_use]
    pub fn with_random(config: Config, random: Random) -> Self {
        Self {
            config: Arc::new(config),
            random,
            chart_random: None,
            first_id: 0,
            synced: false,
            shutting_down: false,
            releases: BTreeMap::new(),
            sources: BTreeMap::new(),
            by_source: Relation::default(),
            by_dependency: Relation::default(),
            by_expression: Relation::default(),
            by_config: Relation::default(),
            storage: StorageIndex::default(),
            charts: Charts::default(),
            indexed: BTreeMap::new(),
            readiness: BTreeMap::new(),
            queue: VecDeque::new(),
            queued: BTreeSet::new(),
            working: BTreeSet::new(),
            timers: Timers::default(),
            outbox: VecDeque::new(),
            passes: Passes::default(),
        }
    }

    /// What charts make passwords and keys of comes from a generator of its own, so that the other one, which delays come
    /// from, may be known.
    #[must_use]
    pub fn with_chart_random(mut self, random: Random) -> Self {
        self.chart_random = Some(random);
        self
    }

    /// Numbers requests and watches from a number on: for an operator that takes the place of another one, whose late
    /// replies are none of its own.
    #[must_use]
    pub fn numbering_from(mut self, first: u64) -> Self {
        self.first_id = first;
        self
    }

    /// Takes in one input and goes as far as it can.
    pub fn handle(&mut self, now: Now, input: OperatorInput) {
        match input {
            OperatorInput::Release { key, object } => self.see_release(now, &key, object),
            OperatorInput::Source { object, value } => self.see_source(now, object, value),
            OperatorInput::Synced => self.synced = true,
            OperatorInput::Config { object } => {
                for key in self.by_config.releases(&object) {
                    self.feed(now, &key, Input::Wake(Trigger::Config(object.clone())));
                }
            }
            OperatorInput::Storage { object, version } => self.see_storage(now, &object, version),
            OperatorInput::StorageWatched(watched) => self.watch_storage(now, watched),
            OperatorInput::Reply { key, id, reply } => self.feed(now, &key, Input::Reply { id, reply }),
            OperatorInput::Observed { key, watch, observation } => {
                self.feed(now, &key, Input::Observed { watch, observation });
            }
            OperatorInput::Timer => self.fire(now),
            OperatorInput::Shutdown => {
                self.shutting_down = true;
                for key in self.releases.keys().cloned().collect::<Vec<_>>() {
                    self.feed(now, &key, Input::Shutdown);
                }
            }
        }
        self.start_queued(now);
    }

    /// The next action; to be called until there is none before the next input is fed.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<OperatorAction> {
        self.outbox.pop_front()
    }

    /// The next deadline. Feed [`OperatorInput::Timer`] then.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.timers.first()
    }

    /// Whether no release is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.releases.values().all(|release| release.is_idle())
    }

    /// The next ended pass that was not taken yet, for metrics. The oldest are forgotten when nobody takes them.
    #[must_use]
    pub fn take_finished_pass(&mut self) -> Option<FinishedPass> {
        self.passes.take()
    }

    /// The next release whose pass has begun and was not taken yet. The oldest are forgotten when nobody takes them.
    #[must_use]
    pub fn take_started_pass(&mut self) -> Option<ReleaseKey> {
        self.passes.take_started()
    }

    /// How many releases are at work, as against waiting.
    #[must_use]
    pub fn working(&self) -> usize {
        self.working.len()
    }

    /// How many releases wait for their turn.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How often a release has come to wait for its turn.
    #[must_use]
    pub fn adds(&self) -> u64 {
        self.passes.adds()
    }

    /// Whether a pass over a release is under way.
    #[must_use]
    pub fn is_in_pass(&self, key: &ReleaseKey) -> bool {
        self.releases.get(key).is_some_and(|release| !release.is_idle())
    }

    /// What a release is doing, in a few words; `None` for one that is not known.
    #[must_use]
    pub fn describe(&self, key: &ReleaseKey) -> Option<String> {
        self.releases.get(key).map(|release| release.describe())
    }

    /// What every release is doing.
    #[must_use]
    pub fn progress(&self) -> Vec<Progress> {
        let progress = |key: &ReleaseKey, release: &Release| Progress {
            key: key.clone(),
            doing: release.describe(),
            deadline: release.poll_timeout(),
        };
        self.releases.iter().map(|(key, release)| progress(key, release)).collect()
    }

    fn see_release(&mut self, now: Now, key: &ReleaseKey, object: Option<Object>) {
        let Some(object) = object else {
            self.feed(now, key, Input::Object(None));
            self.forget(key);
            self.wake(now, key, self.by_dependency.releases(key));
            return;
        };
        let indexed = (metadata::text(&object, "uid").to_owned(), metadata::generation(&object));
        if self.indexed.get(key) != Some(&indexed) {
            self.index(now, key, &object);
            self.indexed.insert(key.clone(), indexed);
        }
        let readiness = readiness(&object);
        self.feed(now, key, Input::Object(Some(object)));
        let changed = self.readiness.get(key) != Some(&readiness);
        if changed {
            self.readiness.insert(key.clone(), readiness);
        }
        let concerned = if changed { &self.by_dependency } else { &self.by_expression }.releases(key);
        self.wake(now, key, concerned);
    }

    /// Enters what a HelmRelease names, which only its spec says.
    fn index(&mut self, now: Now, key: &ReleaseKey, object: &Object) {
        let release = HelmRelease::from_object(object).unwrap_or_default();
        let source = source_of(&release);
        self.by_source.set(key, source.iter().cloned().collect());
        self.by_dependency.set(key, dependencies_of(&release));
        self.by_expression.set(key, expressions_of(&release));
        self.by_config.set(key, configs_of(&release));
        let place = StoragePlace::of(&release);
        if !self.releases.contains_key(key) {
            let machine = Release::new(
                key.clone(),
                Arc::clone(&self.config),
                self.random.derive(key.to_string().as_bytes()),
            );
            let chart_random =
                self.chart_random.as_ref().map(|random| random.derive(key.to_string().as_bytes()));
            let machine = machine.with_charts(self.charts.clone()).with_chart_random(chart_random);
            self.releases.insert(key.clone(), Box::new(machine.numbering_from(self.first_id)));
        }
        if self.storage.set(key, place) {
            let stored = self.storage.of(key);
            self.feed(now, key, Input::Storage(stored));
        }
        if let Some((object, value)) = source.and_then(|source| self.sources.get_key_value(&source)) {
            let input = Input::Source { object: object.clone(), value: Some(Arc::clone(value)) };
            self.feed(now, key, input);
        }
    }

    fn see_source(&mut self, now: Now, object: ObjectRef, value: Option<Object>) {
        match &value {
            Some(value) => self.sources.insert(object.clone(), Arc::clone(value)),
            None => self.sources.remove(&object),
        };
        for key in self.by_source.releases(&object) {
            self.feed(now, &key, Input::Source { object: object.clone(), value: value.clone() });
        }
    }

    fn see_storage(&mut self, now: Now, object: &ObjectRef, version: Option<u64>) {
        for key in self.storage.see(object, version) {
            let stored = self.storage.of(&key);
            self.feed(now, &key, Input::Storage(stored));
        }
    }

    fn watch_storage(&mut self, now: Now, watched: bool) {
        if self.storage.watch(watched) {
            for key in self.releases.keys().cloned().collect::<Vec<_>>() {
                let stored = self.storage.of(&key);
                self.feed(now, &key, Input::Storage(stored));
            }
        }
    }

    /// Tells releases that a dependency of theirs has changed.
    fn wake(&mut self, now: Now, key: &ReleaseKey, dependents: Vec<ReleaseKey>) {
        let object = ObjectRef::namespaced(API_VERSION, KIND, key.namespace.clone(), key.name.clone());
        for dependent in dependents {
            self.feed(now, &dependent, Input::Wake(Trigger::Dependency(object.clone())));
        }
    }

    fn fire(&mut self, now: Now) {
        for key in self.timers.due(now.monotonic) {
            self.feed(now, &key, Input::Timer);
        }
    }

    fn feed(&mut self, now: Now, key: &ReleaseKey, input: Input) {
        if let Some(release) = self.releases.get_mut(key) {
            release.handle(now, input);
            self.settle(now, key);
        }
    }

    /// Takes over what a machine wants after it was driven.
    fn settle(&mut self, now: Now, key: &ReleaseKey) {
        let Some(release) = self.releases.get_mut(key) else { return };
        while let Some(action) = release.poll_action() {
            self.outbox.push_back(OperatorAction { key: key.clone(), action });
        }
        self.timers.set(key, release.poll_timeout());
        if release.is_working() {
            self.working.insert(key.clone());
        } else {
            self.working.remove(key);
        }
        if let Some(result) = release.last_result().filter(|_| release.is_idle()) {
            self.passes.ended(key, now.monotonic, result, !release.exists());
        }
        if release.wants_to_start() && self.queued.insert(key.clone()) {
            self.queue.push_back(key.clone());
            self.passes.queued(key, now.monotonic);
        }
    }

    fn start_queued(&mut self, now: Now) {
        while self.synced && !self.shutting_down && self.working.len() < self.config.concurrent.max(1) {
            let Some(key) = self.queue.pop_front() else { return };
            self.queued.remove(&key);
            if let Some(release) = self.releases.get_mut(&key) {
                release.set_dependency_cycle(self.by_dependency.cycle(&key));
                if release.wants_to_start() {
                    self.passes.started(&key, now.monotonic);
                }
                release.start(now);
                self.settle(now, &key);
            }
        }
    }

    fn forget(&mut self, key: &ReleaseKey) {
        if let Some(release) = self.releases.remove(key) {
            // What is still on its way to it is no reply to another one with its name.
            self.first_id = self.first_id.max(release.next_number());
        }
        self.indexed.remove(key);
        self.readiness.remove(key);
        self.timers.set(key, None);
        self.working.remove(key);
        self.passes.forget(key);
        self.by_source.set(key, BTreeSet::new());
        self.by_dependency.set(key, BTreeSet::new());
        self.by_expression.set(key, BTreeSet::new());
        self.by_config.set(key, BTreeSet::new());
        self.storage.forget(key);
    }
}

/// The part of a HelmRelease that decides whether those who depend on it may go on.
fn readiness(object: &Value) -> Value {
    let of_status = &object["status"];
    let conditions = of_status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
    let status = ready.map_or(&Value::Null, |ready| &ready["status"]);
    [&object["metadata"]["generation"], &of_status["observedGeneration"], status]
        .into_iter()
        .cloned()
        .collect()
}
