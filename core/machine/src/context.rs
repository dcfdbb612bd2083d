//! What a task can see and do: time, replies, observations, deadlines, the outbox.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_protocol::{
    Action, Deadline, Discovery, Failure, Identity, LogEntry, LogLevel, Monotonic, Now, Object, ObjectRef,
    Observation, Reply, Request, RequestId, WatchId, WatchTarget, Why,
};

use crate::{HelmLog, Random, Secrets};

/// Why a running wait should end early. It is no failure of what was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupt {
    /// An input changed; text names the object.
    Changed(String),
    /// The process is about to end.
    Shutdown,
}

/// The surroundings of the tasks of one release.
#[derive(Debug)]
pub struct Context {
    /// The clocks at this input.
    pub now: Now,
    /// Who asks in the target cluster.
    pub identity: Identity,
    /// Lines that Helm would log; the newest are quoted in events.
    pub helm_log: HelmLog,
    /// Fields that an apply has left to other managers, with their objects and managers; quoted in events.
    pub left_fields: Vec<String>,
    /// The source of everything random.
    pub random: Random,
    /// The source of what charts make passwords and keys of; without one it is `random`.
    pub chart_random: Option<Random>,
    /// What must not be shown in conditions, events and log lines.
    pub secrets: Secrets,
    /// What the target cluster serves, once asked for.
    pub discovery: Option<Arc<Discovery>>,
    interrupt: Option<Interrupt>,
    outbox: VecDeque<Action>,
    next_id: u64,
    /// The requests whose replies are awaited, with whether a reply shows an object as it is stored.
    in_flight: BTreeMap<RequestId, bool>,
    replies: BTreeMap<RequestId, Reply>,
    watches: BTreeMap<WatchId, Watched>,
    server_away: bool,
    deadlines: BTreeSet<Deadline>,
}

/// What one watch has seen.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// The objects, once the first snapshot has come.
    pub objects: Option<BTreeMap<ObjectRef, Object>>,
    /// Why the watch ended.
    pub failure: Option<Failure>,
}

impl Context {
    /// A context without anything in flight, from a short seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_random(Random::new(seed))
    }

    /// A context without anything in flight.
    #[must_use]
    pub fn with_random(random: Random) -> Self {
        Self {
            now: Now::default(),
            identity: Identity::Controller,
            helm_log: HelmLog::default(),
            left_fields: Vec::new(),
            random,
            chart_random: None,
            secrets: Secrets::default(),
            discovery: None,
            interrupt: None,
            outbox: VecDeque::new(),
            next_id: 1,
            in_flight: BTreeMap::new(),
            replies: BTreeMap::new(),
            watches: BTreeMap::new(),
            server_away: false,
            deadlines: BTreeSet::new(),
        }
    }

    /// Numbers requests and watches from here on: for a machine that follows another one, whose late replies are none
    /// of its own.
    pub fn number_from(&mut self, first: u64) {
        self.next_id = self.next_id.max(first);
    }

    /// The number that the next request or watch gets.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.next_id
    }

    /// Entropy for one render.
    pub fn chart_entropy(&mut self) -> [u8; 32] {
        let block = self.random.next_block();
        self.chart_random.as_mut().map_or(block, Random::next_block)
    }

    /// The wall clock.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        Timestamp::from_unix_nanos(self.now.wall)
    }

    /// Acts as somebody from here on. What another cluster serves is not known.
    pub fn act_as(&mut self, identity: Identity) {
        if identity.cluster() != self.identity.cluster() {
            self.discovery = None;
        }
        self.identity = identity;
    }

    /// Sends a request as the target cluster's identity.
    pub fn request(&mut self, request: Request) -> RequestId {
        let identity = self.identity.clone();
        self.request_as(identity, request)
    }

    /// Sends a request as somebody.
    pub fn request_as(&mut self, identity: Identity, request: Request) -> RequestId {
        let id = RequestId(self.new_id());
        self.in_flight.insert(id, shows_object(&request));
        self.outbox.push_back(Action::Request { id, identity, request });
        id
    }

    /// Sends a request as the operator itself.
    pub fn request_as_controller(&mut self, request: Request) -> RequestId {
        self.request_as(Identity::Controller, request)
    }

    /// The reply to a request, once; `None` while it has not come.
    pub fn take(&mut self, id: RequestId) -> Option<Reply> {
        self.replies.remove(&id)
    }

    /// Waits for a reply no longer: it is late from now on.
    pub fn give_up(&mut self, id: RequestId) {
        self.in_flight.remove(&id);
    }

    /// Starts a watch as the target cluster's identity.
    pub fn watch(&mut self, target: WatchTarget) -> WatchId {
        let id = self.watch_apart(self.identity.clone(), target);
        self.watches.insert(id, Watched::default());
        id
    }

    /// Starts a watch of which the context knows nothing: whoever starts it takes its observations, and ends it.
    pub fn watch_apart(&mut self, identity: Identity, target: WatchTarget) -> WatchId {
        let id = WatchId(self.new_id());
        self.outbox.push_back(Action::Watch { id, identity, target });
        id
    }

    /// Ends a watch that was started apart.
    pub fn unwatch_apart(&mut self, id: WatchId) {
        self.outbox.push_back(Action::Unwatch { id });
    }

    /// What a watch has seen; `None` for a watch that was ended.
    #[must_use]
    pub fn watched(&self, id: WatchId) -> Option<&Watched> {
        self.watches.get(&id)
    }

    /// Ends a watch.
    pub fn unwatch(&mut self, id: WatchId) {
        if self.watches.remove(&id).is_some() {
            self.outbox.push_back(Action::Unwatch { id });
        }
    }

    /// Enters a deadline. Deadlines last until the next poll, which enters again those that still matter.
    /// Returns whether the moment has come already.
    pub fn wait_until(&mut self, at: Monotonic, why: Why) -> bool {
        if at <= self.now.monotonic {
            return true;
        }
        self.deadlines.insert(Deadline { at, why });
        false
    }

    /// Whether what is waited for should be given up.
    #[must_use]
    pub fn interrupt(&self) -> Option<&Interrupt> {
        self.interrupt.as_ref()
    }

    /// Asks the running waits to end; the first reason counts, a shutdown always.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        if self.interrupt.is_none() || interrupt == Interrupt::Shutdown {
            self.interrupt = Some(interrupt);
        }
    }

    /// Forgets an interruption, when a new pass begins.
    pub fn clear_interrupt(&mut self) {
        self.interrupt = None;
    }

    /// Writes a log line about the HelmRelease.
    pub fn log(&mut self, level: LogLevel, message: impl Into<String>) {
        self.log_with(level, message, BTreeMap::new());
    }

    /// Writes a log line with fields.
    pub fn log_with(
        &mut self,
        level: LogLevel,
        message: impl Into<String>,
        mut fields: BTreeMap<String, String>,
    ) {
        let message = self.secrets.mask(&message.into());
        fields.values_mut().for_each(|value| *value = self.secrets.mask(value));
        self.outbox.push_back(Action::Log(LogEntry { level, message, fields }));
    }

    /// Writes a log line about an error.
    pub fn log_error(&mut self, message: impl Into<String>, error: impl ToString) {
        let fields = BTreeMap::from([("error".to_owned(), error.to_string())]);
        self.outbox.push_back(Action::Log(LogEntry {
            level: LogLevel::Error,
            message: message.into(),
            fields,
        }));
    }

    /// Adds an action.
    pub fn act(&mut self, action: Action) {
        self.outbox.push_back(action);
    }

    /// The next action.
    #[must_use]
    pub fn next_action(&mut self) -> Option<Action> {
        let next = self.outbox.pop_front();
        if next.is_none() {
            // Most of the time nothing is under way: then it takes no room.
            self.outbox = VecDeque::new();
        }
        next
    }

    /// Before the tasks are polled: the clocks of this input, no deadlines.
    pub fn begin(&mut self, now: Now) {
        self.now = now;
        self.deadlines.clear();
    }

    /// Forgets deadlines entered by a task that has ended, before the next one is polled.
    pub fn clear_deadlines(&mut self) {
        self.deadlines.clear();
    }

    /// The earliest deadline entered.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadlines.first().copied()
    }

    /// Whether the reply to a request is awaited.
    #[must_use]
    pub fn is_requesting(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether the newest reply was none of the server's: what fails at such a moment says nothing about the release.
    #[must_use]
    pub fn server_is_away(&self) -> bool {
        self.server_away
    }

    /// Whether a reply to this request is awaited and shows an object as it is stored.
    #[must_use]
    pub fn awaits_object(&self, id: RequestId) -> bool {
        self.in_flight.get(&id).copied().unwrap_or_default()
    }

    /// Takes in a reply; late and repeated ones are ignored.
    pub fn reply(&mut self, id: RequestId, reply: Reply) {
        if self.in_flight.remove(&id).is_some() {
            self.server_away = matches!(&reply, Reply::Failed(Failure::Unreachable(_) | Failure::Unknown(_)));
            self.replies.insert(id, reply);
        }
    }

    /// Takes in an observation; those of ended watches are ignored.
    pub fn observe(&mut self, id: WatchId, observation: Observation) {
        let Some(watched) = self.watches.get_mut(&id) else { return };
        match observation {
            Observation::Snapshot(objects) => {
                watched.objects =
                    Some(objects.into_iter().map(|object| (ObjectRef::of(&object), object)).collect());
            }
            Observation::Changed(object) => {
                watched.objects.get_or_insert_default().insert(ObjectRef::of(&object), object);
            }
            Observation::Gone(object) => {
                watched.objects.get_or_insert_default().remove(&object);
            }
            Observation::Failed(failure) => watched.failure = Some(failure),
        }
    }

    /// Forgets everything in flight and ends all watches: the tasks were dropped.
    pub fn abandon(&mut self) {
        self.helm_log.clear();
        self.left_fields = Vec::new();
        self.in_flight.clear();
        self.replies.clear();
        self.deadlines.clear();
        for id in std::mem::take(&mut self.watches).into_keys() {
            self.outbox.push_back(Action::Unwatch { id });
        }
    }

    fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }
}

/// Whether the reply to a request is an object as it is stored: not one that would be, and not a part.
fn shows_object(request: &Request) -> bool {
    match request {
        Request::Get { .. } | Request::Create { .. } | Request::Update { .. } => true,
        Request::Patch { dry_run, status, .. } => !dry_run && !status,
        Request::List { .. }
        | Request::ListMetadata { .. }
        | Request::Delete { .. }
        | Request::Discover { .. }
        | Request::Fetch { .. } => false,
    }
}
