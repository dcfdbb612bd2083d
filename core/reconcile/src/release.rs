//! The machine of one HelmRelease.
//!
//! The contract: feed an [`Input`] with [`Release::handle`], drain [`Release::poll_action`] until it is empty, then ask
//! [`Release::poll_timeout`] for the next deadline. A pass begins only with [`Release::start`], so that the operator
//! decides who may run. Dropping a machine at any moment is safe: a new one is rebuilt from the API server alone.

mod known;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pilothouse_machine::{Context, Interrupt, Random, SECOND};
use pilothouse_protocol::{
    Action, Deadline, Input, LogLevel, Monotonic, Now, Object, ObjectRef, ReleaseKey, Reply, StoredVersions,
    Trigger, Why,
};

use known::KnownObject;

use crate::backoff::Backoff;
use crate::charts::Charts;
use crate::drift_watch::{DriftWatch, Findings};
use crate::memory::Memory;
use crate::pass::Pass;
use crate::phases::drift::detects_drift;
use crate::phases::source::source_reference;
use crate::phases::terminal::TerminalError;
use crate::settled::{Quiet, Settled};
use crate::source_events::keep_newer;
use crate::{Config, Ending, PassResult, Subject};

/// A pass whose request is not answered for this long is dropped and begun again. Longer than any download takes.
const PATIENCE: u64 = 1800 * SECOND;

/// The machine of one HelmRelease.
#[derive(Debug)]
pub struct Release {
    key: ReleaseKey,
    config: Arc<Config>,
    charts: Charts,
    context: Context,
    object: Option<KnownObject>,
    sources: BTreeMap<ObjectRef, Object>,
    /// Sources that went while a pass was under way, which knows them still.
    gone_sources: BTreeSet<ObjectRef>,
    memory: Option<Memory>,
    /// What the last pass has found, if it found nothing left to do and no more than can be compared.
    settled: Option<Settled>,
    /// What a watch shows of the storage.
    stored: Option<Arc<StoredVersions>>,
    /// Watches of the objects of a release whose drift is looked for.
    drift_watch: DriftWatch,
    /// Whether the pass that is due was asked for by nobody, only by the clock.
    by_clock: bool,
    /// The uid of an object that was seen to its end: a late watch may still show it.
    gone: Option<String>,
    pass: Option<Box<Pass>>,
    /// How the last pass has ended.
    last: Option<PassResult>,
    queued: bool,
    dependency_changed: bool,
    dependency_cycle: Vec<ReleaseKey>,
    shutting_down: bool,
    /// When the pass last got on.
    active: Monotonic,
    next: Option<Deadline>,
    backoff: Backoff,
}

impl Release {
    /// A machine that knows nothing yet.
    #[must_use]
    pub fn new(key: ReleaseKey, config: Arc<Config>, random: Random) -> Self {
        Self {
            key,
            config,
            charts: Charts::default(),
            context: Context::with_random(random),
            object: None,
            sources: BTreeMap::new(),
            gone_sources: BTreeSet::new(),
            memory: None,
            settled: None,
            stored: None,
            drift_watch: DriftWatch::default(),
            by_clock: false,
            gone: None,
            pass: None,
            last: None,
            queued: false,
            dependency_changed: false,
            dependency_cycle: Vec::new(),
            shutting_down: false,
            active: Monotonic::default(),
            next: None,
            backoff: Backoff::default(),
        }
    }

    /// Shares the charts that are open with other releases.
    #[must_use]
    pub fn with_charts(mut self, charts: Charts) -> Self {
        self.charts = charts;
        self
    }

    /// What charts make passwords and keys of comes from a generator of its own.
    #[must_use]
    pub fn with_chart_random(mut self, random: Option<Random>) -> Self {
        self.context.chart_random = random;
        self
    }

    /// Numbers requests and watches from a number on.
    #[must_use]
    pub fn numbering_from(mut self, first: u64) -> Self {
        self.context.number_from(first);
        self
    }

    /// The number that the next request or watch gets.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.context.next_number()
    }

    /// Takes in one input and goes as far as it can.
    pub fn handle(&mut self, now: Now, input: Input) {
        if let Input::Storage(stored) = input {
            // Looked at when a pass begins; until then nothing follows from it.
            self.stored = stored;
            return;
        }
        self.context.begin(now);
        match input {
            Input::Object(Some(object)) => self.see_object(object),
            Input::Object(None) => self.forget_object(),
            Input::Source { object, value } => self.see_source(object, value),
            Input::Wake(trigger) => self.wake(&trigger),
            Input::Reply { id, reply } => {
                self.active = now.monotonic;
                if let Reply::Object(object) = &reply
                    && self.context.awaits_object(id)
                {
                    self.drift_watch.look(object);
                }
                self.context.reply(id, reply);
            }
            Input::Observed { watch, observation } => {
                if !self.drift_watch.observe(watch, &observation, &mut self.context) {
                    self.context.observe(watch, observation);
                }
            }
            Input::Timer | Input::Storage(_) => {}
            Input::Shutdown => {
                self.shutting_down = true;
                self.context.set_interrupt(Interrupt::Shutdown);
            }
        }
        self.drive();
    }

    /// The next action; to be called until there is none before the next input is fed.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        self.context.next_action()
    }

    /// The next deadline with its reason. Feed [`Input::Timer`] then; earlier does no harm.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        if self.pass.is_some() {
            return self.context.deadline();
        }
        let drift = self.drift_watch.due().map(|at| Deadline { at, why: Why::Drift });
        self.next.into_iter().chain(drift).min().filter(|_| !self.queued)
    }

    /// Whether a pass is due and may be started.
    #[must_use]
    pub fn wants_to_start(&self) -> bool {
        self.queued && self.pass.is_none() && self.object.is_some() && !self.shutting_down
    }

    /// Tells the release by which dependencies it depends on itself, one after the other; none when it does not.
    pub fn set_dependency_cycle(&mut self, cycle: Vec<ReleaseKey>) {
        self.dependency_cycle = cycle;
    }

    /// Begins a pass. Without effect when none is due.
    pub fn start(&mut self, now: Now) {
        if !self.wants_to_start() {
            return;
        }
        self.context.begin(now);
        self.queued = false;
        self.next = None;
        self.gone_sources.clear();
        self.last = None;
        self.active = now.monotonic;
        self.context.clear_interrupt();
        match self.new_subject() {
            Ok(subject) => {
                self.drift_watch.begin_pass(detects_drift(&subject), now.monotonic);
                self.pass = Some(Box::new(Pass::new(subject)));
                self.drive();
            }
            Err(error) => {
                self.last = Some(PassResult::Terminal);
                self.context.log(LogLevel::Error, error);
            }
        }
    }

    /// Whether a pass is under way that needs the API server now, as against one that waits or none.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.pass.is_some() && self.context.is_requesting()
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pass.is_none()
    }

    /// How the last pass has ended; `None` before the first one has, and while one is under way.
    #[must_use]
    pub fn last_result(&self) -> Option<PassResult> {
        self.last
    }

    /// Whether the HelmRelease is known to exist.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.object.is_some()
    }

    /// What the machine is doing, for progress displays; a few words, no secrets.
    #[must_use]
    pub fn describe(&self) -> String {
        match (&self.pass, &self.next) {
            (Some(pass), _) => pass.describe(),
            (None, _) if self.queued => "queued".to_owned(),
            (None, Some(deadline)) => format!("waiting: {}", deadline.why.describe()),
            (None, None) => "idle".to_owned(),
        }
    }

    /// A pass is asked for: by somebody who may know more than what the watches have shown so far.
    fn ask(&mut self) {
        self.queued = true;
        self.by_clock = false;
    }

    fn wake(&mut self, trigger: &Trigger) {
        match trigger {
            // Only a release that waits for a dependency is woken by one.
            Trigger::Dependency(_) if self.pass.is_some() => self.dependency_changed = true,
            Trigger::Dependency(_) => {
                if self.next.is_some_and(|next| next.why == Why::Dependency) {
                    self.ask();
                }
            }
            Trigger::Config(object) => {
                self.input_changed();
                if self.pass.is_some() {
                    self.context.set_interrupt(Interrupt::Changed(object.to_string()));
                }
            }
        }
    }

    fn new_subject(&self) -> Result<Subject, String> {
        let known = self.object.as_ref().ok_or("no object")?;
        let mut subject = known.subject(Arc::clone(&self.config)).map_err(|error| error.to_string())?;
        if let Some(memory) = &self.memory {
            memory.restore(&mut subject);
        }
        subject.terminal_error = TerminalError::after(self.backoff.hopeless_in_a_row(), &subject.status);
        subject.dependency_cycle.clone_from(&self.dependency_cycle);
        if let Some(reference) = source_reference(&subject)
            && let Some(source) = self.sources.get(&reference)
        {
            subject.sources.insert(reference, Arc::clone(source));
        }
        subject.charts = self.charts.clone();
        let watched = self.stored.clone().filter(|_| self.by_clock);
        subject.quiet = Quiet::new(self.settled.clone(), watched, &subject);
        Ok(subject)
    }

    fn drive(&mut self) {
        if let Some(pass) = self.pass.as_mut() {
            self.context.clear_deadlines();
            let patience = self.active.after_nanos(PATIENCE);
            let ending = match pass.poll(&mut self.context) {
                None if self.context.is_requesting()
                    && self.context.wait_until(patience, Why::RequestTimeout) =>
                {
                    Some(Ending::Error("a request was never answered".to_owned()))
                }
                ending => ending,
            };
            if let Some(ending) = ending {
                let (memory, settled) = (pass.memory(), pass.take_settled());
                let mut learnt = pass.take_sources();
                learnt.retain(|reference, _| !self.gone_sources.contains(reference));
                let hopeless = pass.hopeless_in_a_row().filter(|_| !self.queued);
                let findings = Findings {
                    key: &self.key,
                    objects: pass.take_drift_objects(&ending),
                    interval: pass.interval(),
                };
                self.drift_watch.end_pass(findings, &mut self.context);
                self.pass = None;
                keep_newer(&mut self.sources, learnt);
                self.context.abandon();
                self.memory = Some(memory.after(self.memory.as_ref()));
                self.backoff.count(&ending, hopeless);
                self.settled = settled.filter(|_| matches!(ending, Ending::After { observed: true, .. }));
                self.last = Some(PassResult::from(&ending));
                self.finish(&ending);
            }
        } else if self.next.is_some_and(|next| next.at <= self.context.now.monotonic) {
            self.next = None;
            self.by_clock = !self.queued;
            self.queued = true;
        } else if self.drift_watch.due().is_some_and(|due| due <= self.context.now.monotonic) && !self.queued
        {
            self.drift_watch.announce(&mut self.context);
            self.ask();
        }
    }

    /// Enters the deadline of the next pass.
    fn finish(&mut self, ending: &Ending) {
        let now = self.context.now.monotonic;
        let dependency_changed = std::mem::take(&mut self.dependency_changed);
        if dependency_changed && matches!(ending, Ending::After { why: Why::Dependency, .. }) {
            self.ask();
        }
        match ending {
            Ending::Done => {}
            Ending::Gone => {
                self.gone = self.object.as_ref().map(|object| object.uid.clone());
                self.forget_object();
            }
            // As in the original: a time of nothing is none, not a loop without a pause.
            Ending::After { nanos: 0, .. } => {}
            Ending::After { nanos, why, .. } => {
                self.next = Some(Deadline { at: now.after_nanos(*nanos), why: *why })
            }
            Ending::Rate => self.next = Some(self.backed_off(now)),
            Ending::Error(message) => {
                self.context.log_error("Reconciler error", message);
                self.next = Some(self.backed_off(now));
            }
            Ending::Terminal(message) => {
                self.context.log_error("Reconciler error", message);
            }
            Ending::Interrupted => self.ask(),
        }
    }

    fn backed_off(&mut self, now: Monotonic) -> Deadline {
        let delay = self.backoff.delay(&self.config, &mut self.context.random);
        Deadline { at: now.after_nanos(delay), why: Why::Backoff }
    }
}
