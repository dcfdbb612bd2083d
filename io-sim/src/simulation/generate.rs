//! Scenarios drawn from a seed: a few releases, what their users do with them, and what goes wrong meanwhile.
//!
//! Each seed draws another selection of classes (swarm testing). Whatever is disturbed is put right again before the
//! end: only what can be recovered from is drawn.

mod disturb;
mod plan;
mod requests;
mod users;

use std::collections::BTreeSet;

use super::FaultClass;
use crate::rng::Rng;
use crate::scenario::{
    ChartVersion, Edit, Knob, Scenario, Settings, SourceState, Span, State, Statement, Target, Value,
    ValuesKind,
};

const NAMES: [&str; 4] = ["app", "db", "web", "queue"];
const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "2.0.0"];
/// Turns a seed into that of what was added later.
const LATER: u64 = 0x6c61_7465_7200_0000;
const HOOKS: [&str; 6] =
    ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-delete", "pre-rollback"];

/// A release of the scenario as it is drawn.
#[derive(Debug, Clone)]
struct Planned {
    name: &'static str,
    /// Its spec without values.
    base: Settings,
    /// Its values.
    values: Settings,
    /// The source of values it has, if any.
    from: Option<(ValuesKind, String)>,
    hooks: bool,
    test: bool,
    workloads: i32,
    secret: bool,
    crds: bool,
    version: usize,
    /// Whether somebody deletes it while things still go wrong, and for good.
    given_up: bool,
}

impl Planned {
    /// The release that it depends on.
    fn dependency(&self) -> Option<&str> {
        self.base.iter().find_map(|(knob, value)| match value {
            Value::Words(names) if *knob == Knob::DependsOn => names.first().map(String::as_str),
            _ => None,
        })
    }
}

/// A scenario on the way.
struct Draft {
    rng: Rng,
    /// Draws what was added later, so that a seed stays the same scenario apart from it.
    later: Rng,
    releases: Vec<Planned>,
    /// Milliseconds until nothing is disturbed any more.
    horizon: u32,
    /// What happens, with its moment in milliseconds, and in which state from then on.
    events: Vec<(u32, Option<State>, Statement)>,
    /// What puts right again, in this order.
    repairs: Vec<Statement>,
    /// Whether the specs have to change in the end for everything to become ready.
    nudge: bool,
    /// Whether there may be Pods that become ready late: slow ones, or, when the clock has gone back, those from before.
    slow: bool,
    /// How many operators there are.
    shards: u64,
    /// How many there are of which one leads.
    replicas: u64,
    /// Texts that tell changes apart.
    counter: u32,
}

/// The scenario of a seed, with disturbances of these classes.
#[must_use]
pub fn generate(seed: u64, classes: &BTreeSet<FaultClass>) -> Scenario {
    generate_by(Rng::new(seed), Rng::new(seed ^ LATER), seed, classes)
}

/// The scenario that bytes stand for: they decide what is drawn. For fuzzing.
#[must_use]
pub fn decode(bytes: &[u8], classes: &BTreeSet<FaultClass>) -> Scenario {
    let sum = bytes.iter().fold(LATER, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    generate_by(Rng::scripted(bytes), Rng::new(sum), 0, classes)
}

fn generate_by(mut rng: Rng, later: Rng, seed: u64, classes: &BTreeSet<FaultClass>) -> Scenario {
    let horizon = u32::try_from(rng.between(20_000, 400_000)).unwrap_or(60_000);
    let mut draft = Draft {
        rng,
        later,
        releases: Vec::new(),
        horizon,
        events: Vec::new(),
        repairs: Vec::new(),
        nudge: false,
        slow: false,
        shards: 1,
        replicas: 1,
        counter: 0,
    };
    draft.plan();
    let mut scenario = draft.set_up(seed);
    draft.use_them();
    let share = u32::try_from(draft.rng.between(60, 350)).unwrap_or(100);
    let drawn: Vec<FaultClass> = classes.iter().copied().filter(|_| draft.rng.chance(share)).collect();
    // Whether releases get free without a new spec shows only where nothing asks for one.
    let gentle = draft.later.chance(200);
    for class in drawn.into_iter().filter(|class| !gentle || class.passes()) {
        for _ in 0..draft.rng.between(1, 3) {
            draft.disturb_in_a_state(class);
        }
    }
    if draft.replicas > 1 && classes.contains(&FaultClass::Takeover) {
        for _ in 0..draft.later.between(1, 3) {
            draft.disturb_leader(gentle);
        }
    }
    draft.give_up();
    draft.finish(&mut scenario);
    scenario
}

impl Draft {
    /// The charts, sources, values and releases as they are at first.
    fn set_up(&mut self, seed: u64) -> Scenario {
        let mut scenario = Scenario::default();
        scenario.push(None, Statement::Seed(seed));
        if self.shards > 1 {
            scenario.push(None, Statement::Shards(self.shards));
        }
        if self.replicas > 1 {
            scenario.push(None, Statement::Replicas(self.replicas));
        }
        for planned in self.releases.clone() {
            let hooks: Vec<String> = if planned.hooks {
                HOOKS.into_iter().filter(|_| self.rng.chance(300)).map(str::to_owned).collect()
            } else {
                Vec::new()
            };
            for version in VERSIONS {
                let mut settings: Settings = vec![(Knob::Workloads, Value::Number(planned.workloads))];
                if !hooks.is_empty() {
                    settings.push((Knob::Hooks, Value::Words(hooks.clone())));
                }
                for (knob, wanted) in
                    [(Knob::Test, planned.test), (Knob::Secret, planned.secret), (Knob::Crds, planned.crds)]
                {
                    if wanted {
                        settings.push((knob, Value::Flag(true)));
                    }
                }
                scenario.push(None, Statement::Chart { chart: chart(planned.name, version), settings });
            }
            let mut start = vec![source(planned.name, 0, SourceState::Whole)];
            start.extend(self.values_statement(&planned));
            start.push(release(&planned));
            // What is declared together may arrive in any order.
            if self.rng.chance(200) {
                start.rotate_left(1);
            }
            start.into_iter().for_each(|statement| scenario.push(None, statement));
        }
        scenario
    }

    fn values_statement(&mut self, planned: &Planned) -> Option<Statement> {
        let (kind, name) = planned.from.clone()?;
        self.counter += 1;
        let mut settings: Settings =
            vec![(Knob::Replicas, Value::Number(i32::try_from(self.rng.between(1, 3)).unwrap_or(1)))];
        if kind == ValuesKind::Secret {
            settings.push((Knob::Password, text(&format!("hidden-{}-{}", planned.name, self.counter))));
        }
        Some(Statement::Values { kind, name, settings })
    }

    /// Everything in order of time, then everything right again, and the end.
    fn finish(mut self, scenario: &mut Scenario) {
        self.events.sort_by_key(|(at, ..)| *at);
        for (at, during, statement) in std::mem::take(&mut self.events) {
            scenario.push_during(Some(Span::milliseconds(at)), during, statement);
        }
        scenario.push(Some(Span::milliseconds(self.horizon)), Statement::Calm);
        for statement in std::mem::take(&mut self.repairs) {
            scenario.push(None, statement);
        }
        for planned in self.releases.clone() {
            scenario.push(None, source(planned.name, planned.version, SourceState::Whole));
            if let Some(values) = self.values_statement(&planned) {
                scenario.push(None, values);
            }
        }
        for planned in self.releases.clone() {
            self.last(&planned, scenario);
        }
        scenario.push(None, Statement::Settle);
        self.disturb_the_end(scenario);
    }

    /// What becomes of a release in the end.
    fn last(&mut self, planned: &Planned, scenario: &mut Scenario) {
        let target = Target { kind: "release".to_owned(), name: planned.name.to_owned() };
        let is_needed = self.is_needed(planned.name);
        if planned.given_up || (!is_needed && self.rng.chance(150)) {
            return scenario.push(None, Statement::Delete(target));
        }
        if self.nudge || self.rng.chance(200) {
            let mut planned = planned.clone();
            // Whatever changes in a spec is news; slow Pods are replaced by those of another message only.
            if self.later.chance(300) && !self.slow {
                planned.base.retain(|(knob, _)| *knob != Knob::PostRender);
                planned.base.push((Knob::PostRender, text("last")));
            } else {
                planned.values = vec![(Knob::Message, text("last"))];
            }
            scenario.push(None, release(&planned));
        }
    }

    /// Whether another release depends on this one.
    fn is_needed(&self, name: &str) -> bool {
        self.releases.iter().any(|other| other.dependency() == Some(name))
    }

    /// Somebody changes what is corrected, after everything has come to rest.
    fn disturb_the_end(&mut self, scenario: &mut Scenario) {
        for planned in self.releases.clone() {
            let corrected = planned.base.contains(&(Knob::Drift, text("enabled")));
            if corrected && self.later.chance(300) {
                let config = self.object(&planned, "ConfigMap", "config");
                scenario.push(None, Statement::Edit(config, Edit::Message("edited".to_owned())));
                scenario.push(None, Statement::Settle);
            }
        }
    }

    fn pick(&mut self, count: usize) -> usize {
        self.rng.index(count)
    }

    /// Some moment before everything is put right.
    fn moment(&mut self) -> u32 {
        u32::try_from(self.rng.below(u64::from(self.horizon))).unwrap_or_default()
    }

    /// A moment soon after something of interest began: an event that is there already, or the start.
    fn busy_moment(&mut self) -> u32 {
        if self.rng.chance(300) {
            return self.moment();
        }
        let base = if self.rng.chance(300) { 0 } else { self.moment_of_an_event() };
        let soon = [50, 500, 5_000][self.pick(3)];
        let after = u32::try_from(self.rng.below(soon)).unwrap_or_default();
        base.saturating_add(after).min(self.horizon.saturating_sub(1))
    }

    fn moment_of_an_event(&mut self) -> u32 {
        let index = self.pick(self.events.len());
        self.events.get(index).map_or(0, |(at, ..)| *at)
    }

    fn at(&mut self, moment: u32, statement: Statement) {
        self.events.push((moment.min(self.horizon.saturating_sub(1)), None, statement));
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn chart(name: &str, version: &str) -> ChartVersion {
    ChartVersion { name: name.to_owned(), version: version.to_owned() }
}

fn source(name: &str, version: usize, state: SourceState) -> Statement {
    let chart = chart(name, VERSIONS[version % VERSIONS.len()]);
    Statement::Source { name: name.to_owned(), chart, state }
}

fn release(planned: &Planned) -> Statement {
    let mut settings = planned.base.clone();
    for (knob, value) in &planned.values {
        settings.retain(|(found, _)| found != knob);
        settings.push((*knob, value.clone()));
    }
    Statement::Release { name: planned.name.to_owned(), settings }
}

#[cfg(test)]
mod tests {
    use super::super::ALL_CLASSES;
    use super::*;

    #[test]
    fn whatever_is_drawn_reads_back() {
        let all: BTreeSet<FaultClass> = ALL_CLASSES.into_iter().collect();
        let mut seen = BTreeSet::new();
        for seed in 0..400 {
            let scenario = generate(seed, &all);
            let printed = scenario.to_string();
            assert_eq!(Scenario::parse(&printed).as_ref(), Ok(&scenario), "{printed}");
            assert_eq!(generate(seed, &all), scenario);
            seen.insert(printed);
        }
        assert_eq!(seen.len(), 400);
    }
}
