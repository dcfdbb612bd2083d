//! Operators of which one leads, on one cluster: they all see everything, and take each other's place.
//!
//! Each has the leader election of the operator (`pilothouse-election`) around it. A process that has led and lost its
//! lease ends, and starts anew as another candidate, as one in a Pod does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pilothouse_election::{JITTER, LEASE_NAME, Step, Times, Wish, nanos};
use pilothouse_operator::{Config, Holder, Operator, OperatorAction, OperatorInput};
use pilothouse_protocol::{
    Action, Deadline, Failure, Identity, Monotonic, Now, Object, ObjectRef, ReleaseKey, Reply, Request,
    RequestId, WatchId, Why,
};
use serde_json::Value;

use super::replica::Replica;
use super::spec::NAMESPACE;
use crate::clock::SECOND;
use crate::rng::Rng;

/// The times of `pilothouse run` by default.
pub(super) const TIMES: Times =
    Times { lease: Duration::from_secs(35), renew: Duration::from_secs(30), retry: Duration::from_secs(5) };
/// Nanoseconds from the end of a process that has lost its lease to the next one.
const RESTART: u64 = 2 * SECOND;
/// The requests of two processes have numbers that are so far from each other.
const NUMBERS: u64 = 1 << 24;
/// Nanoseconds for which somebody leads before that is called settled.
const SETTLED: u64 = 20 * SECOND;

/// Operators of which one leads.
#[derive(Debug)]
pub(super) struct Replicas {
    replicas: Vec<Replica>,
    known: Known,
    out: VecDeque<OperatorAction>,
    /// How many processes have led.
    terms: u64,
    /// Since when the newest of them leads.
    since: Monotonic,
    /// How many processes there were.
    processes: u64,
    config: Config,
    pod: String,
    rng: Rng,
}

/// What the watches have shown.
#[derive(Debug, Default)]
struct Known {
    sources: BTreeMap<ObjectRef, Object>,
    releases: BTreeMap<ReleaseKey, Object>,
    storage: BTreeMap<ObjectRef, u64>,
    watched: bool,
    synced: bool,
}

/// The Lease.
pub(super) fn lease() -> ObjectRef {
    ObjectRef::namespaced("coordination.k8s.io/v1", "Lease", NAMESPACE, LEASE_NAME)
}

/// Whose requests those for the Lease are: no release is called so.
fn lease_key() -> ReleaseKey {
    ReleaseKey::new("", LEASE_NAME)
}

impl Replicas {
    /// So many operators with this configuration, of which none leads yet. `pod` begins the names of all.
    pub(super) fn new(count: u64, config: Config, pod: String, seed: u64, now: Now) -> Self {
        let mut all = Self {
            replicas: Vec::new(),
            known: Known::default(),
            out: VecDeque::new(),
            terms: 0,
            since: now.monotonic,
            processes: 0,
            config,
            pod,
            rng: Rng::new(seed),
        };
        for _ in 0..count {
            let replica = Replica::new(all.name(), now.monotonic);
            all.replicas.push(replica);
        }
        all
    }

    /// Gives an input to those whom it concerns, and lets them do what is due.
    pub(super) fn handle(&mut self, now: Now, input: OperatorInput) {
        match input {
            OperatorInput::Reply { key, id, reply } => {
                let (at, id) = self.split(id.0);
                self.offer(at, now, OperatorInput::Reply { key, id: RequestId(id), reply });
            }
            OperatorInput::Observed { key, watch, observation } => {
                let (at, id) = self.split(watch.0);
                self.offer(at, now, OperatorInput::Observed { key, watch: WatchId(id), observation });
            }
            OperatorInput::Timer => (0..self.replicas.len()).for_each(|at| self.wake(at, now)),
            shared => {
                self.known.note(&shared);
                (0..self.replicas.len()).for_each(|at| self.offer(at, now, shared.clone()));
            }
        }
    }

    /// The next action, with numbers that no two operators share.
    pub(super) fn poll_action(&mut self) -> Option<OperatorAction> {
        self.out.pop_front()
    }

    /// The first deadline of all.
    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        let first = self.replicas.iter().filter_map(Replica::due).min()?;
        Some(Deadline { at: first, why: Why::Interval })
    }

    /// Whether a pass over a release is under way.
    pub(super) fn is_in_pass(&self, key: &ReleaseKey) -> bool {
        self.replicas.iter().any(|replica| replica.operator.as_ref().is_some_and(|one| one.is_in_pass(key)))
    }

    /// Lets the leader stand still for so many nanoseconds; without one, nobody.
    pub(super) fn pause_leader(&mut self, now: Monotonic, nanos: u64) {
        if let Some(leader) = self.replicas.iter_mut().find(|replica| replica.candidate.leads()) {
            leader.paused = Some(now.after_nanos(nanos));
        }
    }

    /// The process that a request is of.
    pub(super) fn sender(&self, id: RequestId) -> &str {
        let (at, _) = self.split(id.0);
        self.replicas[at].candidate.identity()
    }

    /// The how manyth of those that have led a request is of.
    pub(super) fn term(&self, key: &ReleaseKey, id: RequestId) -> u64 {
        let (at, _) = self.split(id.0);
        if *key == lease_key() { self.terms } else { self.replicas[at].term }
    }

    /// Whether somebody has led for a while, and nobody stands still or waits for an answer about the Lease, which may be
    /// late.
    pub(super) fn is_settled(&self, now: Monotonic) -> bool {
        let leads = self.replicas.iter().any(|replica| replica.candidate.leads());
        let waits = self.replicas.iter().any(|replica| replica.paused.is_some() || replica.asked.is_some());
        leads && !waits && now.nanos_since(self.since) >= SETTLED
    }

    fn name(&mut self) -> String {
        self.processes += 1;
        format!("{}-{}", self.pod, self.processes)
    }

    /// Gives an input to a process, when it stands still as soon as it goes on.
    fn offer(&mut self, at: usize, now: Now, input: OperatorInput) {
        let replica = &mut self.replicas[at];
        match replica.paused {
            Some(_) => replica.held.push(input),
            None => self.give(at, now, input),
        }
    }

    fn give(&mut self, at: usize, now: Now, input: OperatorInput) {
        match input {
            OperatorInput::Reply { key, id, reply } if key == lease_key() => {
                if self.replicas[at].asked.take_if(|(asked, _)| *asked == id.0).is_some() {
                    self.answer(at, now, of_lease(reply));
                }
            }
            input => {
                let Some(operator) = self.replicas[at].operator.as_mut() else { return };
                operator.handle(now, input);
                self.drain(at, now);
            }
        }
    }

    /// Lets a process do what is due. What it had to do while it stood still comes before it looks at its lease.
    fn wake(&mut self, at: usize, now: Now) {
        let replica = &mut self.replicas[at];
        if replica.paused.is_some_and(|until| until > now.monotonic) {
            return;
        }
        replica.paused = None;
        for input in std::mem::take(&mut replica.held) {
            self.give(at, now, input);
        }
        self.give(at, now, OperatorInput::Timer);
        let is_due = |moment: Option<Monotonic>| moment.is_some_and(|moment| moment <= now.monotonic);
        if is_due(self.replicas[at].asked.map(|(_, deadline)| deadline)) {
            self.replicas[at].asked = None;
            let late = Failure::Unknown("no answer of the API server in time".to_owned());
            self.answer(at, now, Err(late));
        }
        if is_due(self.replicas[at].next_start) {
            let name = self.name();
            self.replicas[at].begin(name, now.monotonic);
        }
        if is_due(self.replicas[at].next_try) {
            self.replicas[at].next_try = None;
            let wish = self.replicas[at].candidate.begin(now.monotonic, now.wall);
            self.ask(at, now, wish);
        }
    }

    fn ask(&mut self, at: usize, now: Now, wish: Wish) {
        let request = match wish {
            Wish::Read => Request::Get { object: lease() },
            Wish::Create(body) => Request::Create { body: body.into() },
            Wish::Update(body) => Request::Update { body: body.into() },
        };
        let id = self.replicas[at].ask(now.monotonic);
        let action = Action::Request { id: RequestId(id), identity: Identity::Controller, request };
        self.send(at, OperatorAction { key: lease_key(), action });
    }

    fn answer(&mut self, at: usize, now: Now, answer: Result<Option<Value>, Failure>) {
        let retry = nanos(TIMES.retry);
        let led = self.replicas[at].candidate.leads();
        match self.replicas[at].candidate.answer(now.monotonic, now.wall, answer) {
            Step::Ask(wish) => self.ask(at, now, wish),
            Step::Leads => {
                self.replicas[at].next_try = Some(now.monotonic.after_nanos(retry));
                if !led {
                    self.lead(at, now);
                }
            }
            Step::Waits(_) => {
                let spread = if led { 0 } else { self.rng.below((retry as f64 * JITTER) as u64) };
                self.replicas[at].next_try = Some(now.monotonic.after_nanos(retry + spread));
            }
            Step::Lost(_) => {
                for (key, id) in self.replicas[at].end(now.monotonic.after_nanos(RESTART)) {
                    self.send(at, OperatorAction { key, action: Action::Unwatch { id } });
                }
            }
        }
    }

    /// An operator begins, and sees all that exists.
    fn lead(&mut self, at: usize, now: Now) {
        self.terms += 1;
        self.since = now.monotonic;
        let holder = Holder::new(self.replicas[at].candidate.identity(), "flux-system.pilothouse");
        let config = Config { holder, ..self.config.clone() };
        let operator = Operator::new(config, self.rng.next_u64()).numbering_from(self.terms * NUMBERS);
        self.replicas[at].operator = Some(operator);
        self.replicas[at].term = self.terms;
        for input in self.known.all() {
            self.give(at, now, input);
        }
    }

    /// Takes over what an operator wants. What its fence holds back is refused at once.
    fn drain(&mut self, at: usize, now: Now) {
        loop {
            let replica = &mut self.replicas[at];
            let Some(operator) = replica.operator.as_mut() else { return };
            let Some(OperatorAction { key, action }) = operator.poll_action() else { return };
            if let Action::Request { id, request, .. } = &action
                && let Err(failure) = replica.fence.check(now.monotonic, request.is_write())
            {
                let input = OperatorInput::Reply { key, id: *id, reply: Reply::Failed(failure) };
                operator.handle(now, input);
                continue;
            }
            replica.note(&key, &action);
            self.send(at, OperatorAction { key, action });
        }
    }

    fn send(&mut self, at: usize, mut action: OperatorAction) {
        let (count, at) = (self.replicas.len() as u64, at as u64);
        match &mut action.action {
            Action::Request { id, .. } => id.0 = id.0 * count + at,
            Action::Watch { id, .. } | Action::Unwatch { id } => id.0 = id.0 * count + at,
            Action::Emit(_) | Action::Log(_) => {}
        }
        self.out.push_back(action);
    }

    /// Whose number it is, and what it is for that operator.
    fn split(&self, number: u64) -> (usize, u64) {
        let count = self.replicas.len() as u64;
        (usize::try_from(number % count).unwrap_or_default(), number / count)
    }
}

impl Known {
    fn note(&mut self, input: &OperatorInput) {
        match input {
            OperatorInput::Release { key, object } => set(&mut self.releases, key, object.clone()),
            OperatorInput::Source { object, value } => set(&mut self.sources, object, value.clone()),
            OperatorInput::Storage { object, version } => set(&mut self.storage, object, *version),
            OperatorInput::StorageWatched(watched) => self.watched = *watched,
            OperatorInput::Synced => self.synced = true,
            _ => {}
        }
    }

    /// What who begins now is shown.
    fn all(&self) -> Vec<OperatorInput> {
        let releases = self.releases.iter();
        let releases = releases
            .map(|(key, object)| OperatorInput::Release { key: key.clone(), object: Some(object.clone()) });
        let sources = self.sources.iter();
        let sources = sources.map(|(object, value)| OperatorInput::Source {
            object: object.clone(),
            value: Some(value.clone()),
        });
        let storage = self.storage.iter();
        let storage = storage.map(|(object, version)| OperatorInput::Storage {
            object: object.clone(),
            version: Some(*version),
        });
        let watched = self.watched.then_some(OperatorInput::StorageWatched(true));
        let synced = self.synced.then_some(OperatorInput::Synced);
        releases.chain(sources).chain(storage).chain(watched).chain(synced).collect()
    }
}

fn set<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, key: &K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key.clone(), value),
        None => map.remove(key),
    };
}

/// The Lease in a reply; `None` when there is none.
fn of_lease(reply: Reply) -> Result<Option<Value>, Failure> {
    match reply {
        Reply::Object(lease) => Ok(Some((*lease).clone())),
        Reply::Failed(failure) if failure.is_not_found() => Ok(None),
        Reply::Failed(failure) => Err(failure),
        _ => Err(Failure::Unknown("no Lease in the answer".to_owned())),
    }
}
