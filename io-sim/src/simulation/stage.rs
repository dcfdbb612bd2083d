//! The stage on which a scenario is played: its statements, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pilothouse_protocol::{Monotonic, ObjectRef, ReleaseKey};
use serde_json::{Value, json};

use super::cluster::merge;
use super::driven::{Driven, Ledger};
use super::spec::NAMESPACE;
use super::{FaultClass, Finding, RunOptions, classes_of, cluster, replicas};
use crate::clock::MILLISECOND;
use crate::oracles::{Lease, Oracles};
use crate::scenario::{ChartVersion, Scenario, Settings, SourceState, State, Statement, Step, Target};
use crate::world::{Progress, World};

/// The field manager of whoever writes the inputs.
pub(super) const SOMEBODY: &str = "somebody";
/// Nanoseconds from the end of one version of the operator to the start of another.
const RESTART: u64 = 100 * MILLISECOND;
/// After how many happenings it is asked whether there is time left.
const ASKED_EVERY: u32 = 64;
/// A finalizer that nobody serves.
const HELD: &str = "example.com/held";

/// What a source offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) chart: ChartVersion,
    pub(super) state: SourceState,
}

/// A world in which a scenario is played.
pub(super) struct Stage<'a> {
    pub(super) world: World<Driven>,
    pub(super) ledger: Rc<Ledger>,
    pub(super) oracles: Oracles,
    lease: Lease,
    scenario: &'a Scenario,
    options: &'a RunOptions,
    more: &'a dyn Fn() -> bool,
    pub(super) charts: BTreeMap<ChartVersion, Settings>,
    pub(super) sources: BTreeMap<String, Offer>,
    pub(super) values: BTreeMap<(String, String), Settings>,
    /// The HelmReleases that were ever applied; `None` for those that were deleted since.
    pub(super) declared: BTreeMap<String, Option<Settings>>,
    /// Everything that HelmReleases were ever declared as.
    pub(super) applied: Vec<(String, Settings)>,
    /// Objects that somebody has changed.
    pub(super) edited: BTreeSet<(String, String)>,
    /// HelmReleases whose storage somebody has changed.
    pub(super) meddled: BTreeSet<String>,
    pub(super) steps: Vec<(Monotonic, String)>,
    pub(super) fired: BTreeMap<FaultClass, u64>,
    pub(super) pairs: BTreeSet<(State, FaultClass)>,
    pub(super) recoveries: Vec<u64>,
    /// Steps that wait for a state.
    pub(super) waiting: Vec<Step>,
    pub(super) happenings: u32,
    pub(super) tokens: u32,
}

impl<'a> Stage<'a> {
    pub(super) fn new(scenario: &'a Scenario, options: &'a RunOptions, more: &'a dyn Fn() -> bool) -> Self {
        let ledger = Rc::new(Ledger::default());
        let mut world = cluster::world(scenario, options, &ledger);
        world.start();
        Self {
            world,
            ledger,
            oracles: Oracles::default(),
            lease: Lease::default(),
            scenario,
            options,
            more,
            charts: BTreeMap::new(),
            sources: BTreeMap::new(),
            values: BTreeMap::new(),
            declared: BTreeMap::new(),
            applied: Vec::new(),
            edited: BTreeSet::new(),
            meddled: BTreeSet::new(),
            steps: Vec::new(),
            fired: BTreeMap::new(),
            pairs: BTreeSet::new(),
            recoveries: Vec::new(),
            waiting: Vec::new(),
            happenings: 0,
            tokens: 0,
        }
    }

    /// Does one step of the scenario.
    ///
    /// # Errors
    /// What an oracle has found.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), Finding> {
        if let Some(at) = step.at {
            let left = at.nanos().saturating_sub(self.world.now().monotonic.0);
            self.pass(left)?;
        }
        match step.during {
            Some(state) if !self.reaches(&step.what, state) => self.waiting.push(step.clone()),
            _ => self.happen(step)?,
        }
        Ok(())
    }

    /// Does a step now.
    fn happen(&mut self, step: &Step) -> Result<(), Finding> {
        self.steps.push((self.world.now().monotonic, step.to_string()));
        let classes = classes_of(step, self.scenario).into_iter();
        let struck: Vec<_> = classes.map(|class| (class, self.struck(class, &step.what))).collect();
        let revision = self.world.server().revision();
        self.perform(&step.what)?;
        let is_changed = self.world.server().revision() != revision;
        for (class, states) in struck {
            // Who changes what is not there does nothing.
            if is_changed || !class.is_change() {
                *self.fired.entry(class).or_default() += 1;
                self.pairs.extend(states.into_iter().map(|state| (state, class)));
            }
        }
        self.look()
    }

    fn perform(&mut self, statement: &Statement) -> Result<(), Finding> {
        match statement {
            Statement::Seed(_) | Statement::Shards(_) | Statement::Replicas(_) => {}
            Statement::Chart { chart, settings } => {
                self.charts.insert(chart.clone(), settings.clone());
            }
            Statement::Source { name, chart, state } => return self.offer(name, chart, *state),
            Statement::Release { name, settings } => self.apply_release(name, settings),
            Statement::Values { kind, name, settings } => self.apply_values(*kind, name, settings),
            Statement::Request { name, force, reset } => self.request(name, *force, *reset),
            Statement::Delete(target) => self.delete(target),
            Statement::Edit(target, edit) => self.edit(target, edit),
            Statement::Hold(target) => self.hold(target, &json!([HELD])),
            Statement::Unhold(target) => self.hold(target, &Value::Null),
            Statement::Helm(command, release) => self.helm(*command, release),
            Statement::ForgetStatus { name, field } => {
                // Who does not know what was tried last tries once more.
                self.oracles.force(ReleaseKey::new(NAMESPACE, name));
                self.oracles.forget(ReleaseKey::new(NAMESPACE, name), self.world.now().monotonic);
                merge(&mut self.world, SOMEBODY, &release_ref(name), json!({"status": {field: null}}), true);
                // It is another version that comes now and finds it so.
                self.world.options().restart = RESTART;
                self.world.crash();
            }
            Statement::Fault(word, aim) => self.arm(*word, aim),
            Statement::Wait(span) => return self.pass(span.nanos()),
            Statement::Settle => return self.settle(),
            Statement::Expect(expectation) => return self.expect(expectation),
            disturbance => return self.disturb(disturbance),
        }
        Ok(())
    }

    /// Does the steps that have waited for the present state.
    fn happen_now(&mut self) -> Result<(), Finding> {
        while let Some(index) = self
            .waiting
            .iter()
            .position(|step| step.during.is_some_and(|state| self.reaches(&step.what, state)))
        {
            let step = self.waiting.remove(index);
            self.happen(&step)?;
        }
        Ok(())
    }

    /// Lets time pass, looking after everything that happens.
    pub(super) fn pass(&mut self, nanos: u64) -> Result<(), Finding> {
        let end = self.world.now().monotonic.after_nanos(nanos);
        loop {
            let left = end.nanos_since(self.world.now().monotonic);
            let mut first = true;
            let progress = self.world.run_until(|_| !std::mem::take(&mut first), left);
            self.happenings += 1;
            if self.happenings.is_multiple_of(ASKED_EVERY) && !(self.more)() {
                return Err(self.finding("interrupted: there is no time left"));
            }
            match progress {
                Progress::Livelock => return Err(self.finding("livelock: timers are asked for without end")),
                Progress::Stepped | Progress::Reached => {
                    self.look()?;
                    self.happen_now()?;
                }
                Progress::Idle | Progress::TimeIsUp => {
                    self.world.run_for(end.nanos_since(self.world.now().monotonic));
                    return self.look();
                }
            }
            if self.happenings > self.options.happenings {
                return Err(self.finding("endless: more happens than in any run that comes to rest"));
            }
        }
    }

    pub(super) fn look(&mut self) -> Result<(), Finding> {
        let said = self.oracles.look(&self.world).or_else(|| self.look_at_lease());
        said.map_or(Ok(()), |what| Err(self.finding(&what)))
    }

    /// Looks at the writes of operators that take turns, by the Lease as it was when they were sent: it changes at no
    /// moment at which something is sent.
    fn look_at_lease(&mut self) -> Option<String> {
        if self.scenario.replicas() < 2 {
            return None;
        }
        let lease = self.world.get(&replicas::lease());
        self.lease.see(self.world.now().monotonic, lease.as_deref());
        let writes = self.ledger.take_writes();
        writes.iter().find_map(|write| self.lease.check(write.at, &write.writer, &write.what))
    }

    pub(super) fn finding(&self, what: &str) -> Finding {
        Finding { at: self.world.now().monotonic, what: what.to_owned() }
    }
}

/// A HelmRelease of the scenario.
pub(super) fn release_ref(name: &str) -> ObjectRef {
    ObjectRef::namespaced(pilothouse_api::API_VERSION, pilothouse_api::KIND, NAMESPACE, name)
}

/// The object that a statement names.
pub(super) fn reference(target: &Target) -> ObjectRef {
    let (namespace, name) = target.name.split_once('/').unwrap_or((NAMESPACE, &target.name));
    let kind = kind_of(&target.kind);
    let version = match kind {
        "HelmRelease" => pilothouse_api::API_VERSION,
        "OCIRepository" => "source.toolkit.fluxcd.io/v1",
        "Deployment" => "apps/v1",
        "Job" => "batch/v1",
        _ => "v1",
    };
    ObjectRef::namespaced(version, kind, namespace, name)
}

/// The kind that a word of scenarios names.
pub(super) fn kind_of(word: &str) -> &str {
    match word {
        "release" => pilothouse_api::KIND,
        "source" => "OCIRepository",
        kind => kind,
    }
}
