//! The statements of a scenario.

use super::{
    FaultWord, HelmCommand, Knob, Place, Settings, SourceState, Span, State, Value, ValuesKind, Verb,
};

/// The most operators of a scenario.
const OPERATORS_MAX: u64 = 8;

/// A scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Nothing.
    Blank,
    /// What stands behind `#`.
    Comment(String),
    /// Something that happens.
    Step(Step),
}

/// Something that happens, with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, since the start; a time that is over means at once. `None`: right after the step before.
    pub at: Option<Span>,
    /// From then on it waits for this state of the release that it is about, or of any, while others happen; what still
    /// waits when calm comes does not happen.
    pub during: Option<State>,
    /// What.
    pub what: Statement,
}

/// Name and version of a chart, `web@1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChartVersion {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
}

/// An object by kind and name. It is in the namespace of the scenario unless the name says `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind; `release` for HelmRelease.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// What somebody changes in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// `spec.replicas`, as an autoscaler does.
    Replicas(i32),
    /// `data.message`.
    Message(String),
    /// A label.
    Label(String),
}

/// Which requests a fault hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// Those of a verb, of a kind if one is given; the first `skip` are let through, then `times` are hit.
    Next {
        /// What they do.
        verb: Verb,
        /// The kind of their object.
        kind: Option<String>,
        /// How many are let through.
        skip: u32,
        /// How many are hit.
        times: u32,
    },
    /// The one with this number, counted from zero over the whole run.
    Number(u32),
}

/// Where a crash happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// Right now.
    Now,
    /// At a request, counted from zero over the whole run.
    Request(u32, Place),
}

/// What has to be the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Conditions of a release with their status, `absent` when they must not be there.
    Release {
        /// The release.
        name: String,
        /// Type and status, with `/reason` if wanted.
        conditions: Vec<(String, String)>,
    },
    /// The revisions of a release in Helm's storage with their status, in order; nothing when none is there.
    Stored {
        /// The release.
        name: String,
        /// Number and status.
        revisions: Vec<(u32, String)>,
    },
    /// An object exists.
    Exists(Target),
    /// An object does not exist.
    Absent(Target),
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `seed 7`: of everything that is drawn. Stands first.
    Seed(u64),
    /// How many operators there are, one for each shard.
    Shards(u64),
    /// How many operators there are that see everything, and of which one leads. Then there is no other shard.
    Replicas(u64),
    /// `chart web 1.0.0 workloads=2`: a chart that sources can offer.
    Chart {
        /// Which.
        chart: ChartVersion,
        /// What is in it.
        settings: Settings,
    },
    /// `source web chart=web@1.0.0 state=missing`: a source appears or changes.
    Source {
        /// The source.
        name: String,
        /// What it offers.
        chart: ChartVersion,
        /// How.
        state: SourceState,
    },
    /// `apply release app source=web`: a HelmRelease with exactly this spec.
    Release {
        /// Its name.
        name: String,
        /// Its spec.
        settings: Settings,
    },
    /// `apply values Secret app-values password=x`: a ConfigMap or Secret with values.
    Values {
        /// Which kind.
        kind: ValuesKind,
        /// Its name.
        name: String,
        /// The values.
        settings: Settings,
    },
    /// `request app force reset`: a pass is asked for with annotations.
    Request {
        /// The release.
        name: String,
        /// With `forceAt`.
        force: bool,
        /// With `resetAt`.
        reset: bool,
    },
    /// `delete release app`: somebody deletes an object.
    Delete(Target),
    /// `edit Deployment app-web-0 replicas=9`: somebody changes an object.
    Edit(Target, Edit),
    /// `hold ConfigMap app-config`: a finalizer that nobody serves.
    Hold(Target),
    /// `unhold ConfigMap app-config`: the finalizer goes.
    Unhold(Target),
    /// `helm uninstall app`: somebody else uses Helm.
    Helm(HelmCommand, String),
    /// `forget-status app storageNamespace`: a field of a status is gone, as after another version of the operator.
    ForgetStatus {
        /// The release.
        name: String,
        /// The field of its status.
        field: String,
    },
    /// `fault lost-acknowledgement create Secret skip=1 times=2`.
    Fault(FaultWord, Aim),
    /// `crash after=500ms`, `crash request 31 before after=500ms`: the process ends without a warning and starts again.
    Crash {
        /// Where.
        point: CrashPoint,
        /// From the end to the next start.
        after: Span,
    },
    /// `restart grace=2s after=1s`: the process is told to end, ends after the grace, and starts again.
    Restart {
        /// From the signal to the end.
        grace: Span,
        /// From the end to the next start.
        after: Span,
    },
    /// `takeover late=5s after=1s`: another process takes over; what this one has sent arrives up to so much later.
    Takeover {
        /// How late requests on the wire arrive at most.
        late: Span,
        /// From the end of this process to the start of the other.
        after: Span,
    },
    /// `pause 30s`: the process stands still; what reaches it waits.
    Pause(Span),
    /// `clock forward 5m`, `clock back 5m`: the wall clock is set.
    Clock {
        /// Whether forward.
        forward: bool,
        /// By how much.
        by: Span,
    },
    /// `tick`: a timer fires that nothing is due for.
    Tick,
    /// `lag 5s 20s`, `lag 5s 20s HelmRelease`: watches are late by something in this range from now on.
    Lag {
        /// At least.
        least: Span,
        /// At most.
        most: Span,
        /// Only those of this kind.
        kind: Option<String>,
    },
    /// `rewind 30s 5s`: the watches show what was so long ago, and after the second time go on from there.
    Rewind {
        /// How far back.
        by: Span,
        /// For how long.
        during: Span,
    },
    /// `relist`: all watches begin anew, as after 410 Gone.
    Relist,
    /// `repeat`: all watches deliver what they have delivered once more.
    Repeat,
    /// `gap 20s`: watches deliver nothing for so long, and then only how things ended.
    Gap(Span),
    /// `slow 60s`: Pods take so long to become ready from now on.
    Slow(Span),
    /// `calm`: no faults, no lag, nothing slow from now on.
    Calm,
    /// `wait 30s`.
    Wait(Span),
    /// `settle`: calm, then everything has to come to rest where it should.
    Settle,
    /// `expect release app Ready=True`.
    Expect(Expectation),
}

impl Scenario {
    /// The steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.lines.iter().filter_map(|line| match line {
            Line::Step(step) => Some(step),
            Line::Blank | Line::Comment(_) => None,
        })
    }

    /// The seed; zero when none is given.
    #[must_use]
    pub fn seed(&self) -> u64 {
        let seed = |step: &Step| if let Statement::Seed(seed) = step.what { Some(seed) } else { None };
        self.steps().find_map(seed).unwrap_or_default()
    }

    /// How many operators there are: as many as are asked for, and one for each shard that a release is declared in.
    #[must_use]
    pub fn shards(&self) -> u64 {
        let wanted = |step: &Step| match &step.what {
            Statement::Shards(count) => Some(*count),
            Statement::Release { settings, .. } => match setting(settings, Knob::Shard) {
                Some(Value::Text(shard)) => Some(shard.strip_prefix("shard-")?.parse::<u64>().ok()? + 1),
                _ => None,
            },
            _ => None,
        };
        self.steps().filter_map(wanted).max().unwrap_or(1).clamp(1, OPERATORS_MAX)
    }

    /// How many operators there are of which one leads; with less than two there is no election.
    #[must_use]
    pub fn replicas(&self) -> u64 {
        let wanted =
            |step: &Step| if let Statement::Replicas(count) = step.what { Some(count) } else { None };
        self.steps().find_map(wanted).unwrap_or(1).clamp(1, OPERATORS_MAX)
    }

    /// Adds a step.
    pub fn push(&mut self, at: Option<Span>, what: Statement) {
        self.push_during(at, None, what);
    }

    /// Adds a step that happens in a state.
    pub fn push_during(&mut self, at: Option<Span>, during: Option<State>, what: Statement) {
        self.lines.push(Line::Step(Step { at, during, what }));
    }
}

/// The value of a knob.
pub(crate) fn setting(settings: &[(Knob, Value)], knob: Knob) -> Option<&Value> {
    settings.iter().find(|(found, _)| *found == knob).map(|(_, value)| value)
}
