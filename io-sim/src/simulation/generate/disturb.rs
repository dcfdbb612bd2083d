//! Disturbances, by class.

use super::{Draft, Planned, SourceState, release, source, text};
use crate::scenario::{
    Aim, CrashPoint, Edit, FaultWord, HelmCommand, Knob, Place, Span, State, Statement, Target, Value, Verb,
};
use crate::simulation::FaultClass;

/// States that are short or seldom.
const RARE_STATES: [State; 6] = [
    State::CreateObject,
    State::DeleteObject,
    State::WriteCrd,
    State::DeleteRevision,
    State::ReadRevision,
    State::MarkRelease,
];

impl Draft {
    /// One disturbance of a class; often just when the operator is in some state.
    pub(super) fn disturb_in_a_state(&mut self, class: FaultClass) {
        let first = self.events.len();
        self.disturb(class);
        let in_a_state = self.later.chance(600);
        // What is reached seldom is drawn more often.
        let states: Vec<State> = State::ALL.iter().chain(RARE_STATES.repeat(3).iter()).copied().collect();
        let state = states[self.later.index(states.len())];
        // What is put right again comes at its time.
        if let Some((_, during, statement)) = self.events.get_mut(first) {
            // Faults of requests wait for theirs, and so do crashes at one.
            let waits = matches!(
                statement,
                Statement::Fault(..) | Statement::Crash { point: CrashPoint::Request(..), .. }
            );
            *during = (in_a_state && !waits).then_some(state);
        }
    }

    /// One disturbance of a class.
    pub(super) fn disturb(&mut self, class: FaultClass) {
        let moment = self.busy_moment();
        match class {
            FaultClass::Conflict => self.conflict(moment),
            FaultClass::LostCreate => {
                let kinds = ["Job", "CustomResourceDefinition", "Deployment", "ConfigMap"];
                let kind = kinds.get(self.later.index(8)).copied();
                self.fault_at(moment, FaultWord::LostAcknowledgement, Verb::Create, kind);
            }
            FaultClass::PartialApply => self.partial(moment),
            FaultClass::Hook => {
                self.nudge = true;
                self.fault_at(moment, FaultWord::Forbidden, Verb::Delete, Some("Job"));
            }
            FaultClass::Forbidden
            | FaultClass::TooLarge
            | FaultClass::Webhook
            | FaultClass::Quota
            | FaultClass::Immutable
            | FaultClass::NoMatch
            | FaultClass::ErrorBeforeEffect
            | FaultClass::LostAcknowledgement
            | FaultClass::LateReply
            | FaultClass::LeaderChanged => self.request_fault(class, moment),
            FaultClass::StaleWatch
            | FaultClass::TimeTravel
            | FaultClass::EventGap
            | FaultClass::Relist
            | FaultClass::RepeatedEvents
            | FaultClass::OlderObject
            | FaultClass::Skew => self.watch_fault(class, moment),
            FaultClass::Crash
            | FaultClass::Shutdown
            | FaultClass::Takeover
            | FaultClass::Pause
            | FaultClass::Clock
            | FaultClass::Timers => self.process_fault(class, moment),
            _ => self.cluster_fault(class, moment),
        }
    }

    /// Who waits for objects and does not see them may wait until the timeout, which is a failure that counts.
    fn watch_fault(&mut self, class: FaultClass, moment: u32) {
        self.nudge |= !matches!(class, FaultClass::Relist | FaultClass::RepeatedEvents);
        let span = |rng: &mut crate::rng::Rng, least, most| {
            Span::milliseconds(u32::try_from(rng.between(least, most)).unwrap_or(1000))
        };
        let statement = match class {
            FaultClass::StaleWatch | FaultClass::Skew => {
                let least = span(&mut self.rng, 0, 5_000);
                let most =
                    Span::milliseconds(least.count + u32::try_from(self.rng.below(30_000)).unwrap_or(0));
                let kinds = ["release", "source", "Secret", "Deployment", "Job", "ConfigMap"];
                let kind = (class == FaultClass::Skew).then(|| kinds[self.pick(kinds.len())].to_owned());
                Statement::Lag { least, most, kind }
            }
            FaultClass::TimeTravel => Statement::Rewind {
                by: span(&mut self.rng, 100, 60_000),
                during: span(&mut self.rng, 2_000, 30_000),
            },
            FaultClass::OlderObject => Statement::Rewind {
                by: span(&mut self.rng, 50, 20_000),
                during: span(&mut self.rng, 1, 1_000),
            },
            FaultClass::EventGap => Statement::Gap(span(&mut self.rng, 100, 60_000)),
            FaultClass::Relist => Statement::Relist,
            _ => Statement::Repeat,
        };
        self.at(moment, statement);
    }

    fn process_fault(&mut self, class: FaultClass, moment: u32) {
        let mut span =
            |least, most| Span::milliseconds(u32::try_from(self.rng.between(least, most)).unwrap_or(1000));
        let statement = match class {
            FaultClass::Crash => {
                let after = span(10, 20_000);
                let point = if self.rng.chance(700) {
                    let places = [Place::Before, Place::Effect, Place::Reply];
                    let place = places[self.pick(places.len())];
                    CrashPoint::Request(u32::try_from(self.rng.below(150)).unwrap_or(0), place)
                } else {
                    CrashPoint::Now
                };
                Statement::Crash { point, after }
            }
            FaultClass::Shutdown => Statement::Restart { grace: span(0, 3_000), after: span(10, 10_000) },
            FaultClass::Takeover => Statement::Takeover { late: span(10, 20_000), after: span(10, 5_000) },
            FaultClass::Pause => {
                let pause = Statement::Pause(span(100, 120_000));
                self.nudge = true;
                pause
            }
            FaultClass::Clock => {
                let by = span(500, 1_800_000);
                (self.nudge, self.slow) = (true, true);
                Statement::Clock { forward: self.rng.chance(500), by }
            }
            _ => Statement::Tick,
        };
        self.at(moment, statement);
    }

    /// The leader of those that take turns stands still, or does not get at its lease, until it has lost it or nearly so.
    pub(super) fn disturb_leader(&mut self, gentle: bool) {
        let moment = self.busy_moment();
        let stands_still = self.later.chance(600) && !gentle;
        let state = State::ALL[self.later.index(State::ALL.len())];
        if stands_still {
            let milliseconds = self.later.between(5_000, 120_000);
            self.at(
                moment,
                Statement::Pause(Span::milliseconds(u32::try_from(milliseconds).unwrap_or(60_000))),
            );
            if let Some((_, during, _)) = self.events.last_mut() {
                *during = self.later.chance(700).then_some(state);
            }
            self.nudge = true;
            return;
        }
        let words = [
            FaultWord::Unreachable,
            FaultWord::InternalError,
            FaultWord::LostAcknowledgement,
            FaultWord::Silence,
            FaultWord::Late,
            FaultWord::Conflict,
        ];
        let word = words[self.later.index(words.len())];
        let verb = if self.later.chance(500) { Verb::Any } else { Verb::Update };
        let times = u32::try_from(self.later.between(1, 16)).unwrap_or(8);
        let aim = Aim::Next { verb, kind: Some("Lease".to_owned()), skip: 0, times };
        self.at(moment, Statement::Fault(word, aim));
    }

    fn cluster_fault(&mut self, class: FaultClass, moment: u32) {
        let index = self.pick(self.releases.len());
        let index = self.concerned(class).unwrap_or(index);
        let planned = self.releases[index].clone();
        let later = moment.saturating_add(u32::try_from(self.rng.between(100, 90_000)).unwrap_or(1000));
        match class {
            FaultClass::OtherManager => {
                let replicas = i32::try_from(self.rng.between(0, 5)).unwrap_or(2);
                let target = self.object(&planned, "Deployment", "web-0");
                self.at(moment, Statement::Edit(target, Edit::Replicas(replicas)));
            }
            FaultClass::OtherVersion => {
                let fields = [
                    "storageNamespace",
                    "lastAttemptedConfigDigest",
                    "conditions",
                    "lastAttemptedReleaseAction",
                ];
                let field = fields[self.pick(fields.len())].to_owned();
                self.at(moment, Statement::ForgetStatus { name: planned.name.to_owned(), field });
            }
            FaultClass::SpoiltStorage | FaultClass::HelmCli | FaultClass::Leftovers => {
                self.helm_fault(class, &planned, moment)
            }
            FaultClass::Artifact => {
                let states = [
                    SourceState::Missing,
                    SourceState::Corrupt,
                    SourceState::Empty,
                    SourceState::WrongDigest,
                    SourceState::Unreachable,
                    SourceState::NotReady,
                ];
                let state = states[self.pick(states.len())];
                self.at(moment, source(planned.name, planned.version + 1, state));
                self.at(later, source(planned.name, planned.version, SourceState::Whole));
            }
            FaultClass::Values => self.values_fault(&planned, moment, later),
            FaultClass::Spec => {
                self.change_values(index, moment);
                self.at(later, release(&planned));
                self.nudge = true;
            }
            FaultClass::Dependency | FaultClass::Slow => self.unready(&planned, moment, later),
            FaultClass::Held => {
                let target = self.object(&planned, "ConfigMap", "config");
                self.at(moment, Statement::Hold(target.clone()));
                self.repairs.push(Statement::Unhold(target));
                self.nudge = true;
            }
            FaultClass::Drift => self.drift(&planned, moment),
            _ => {
                let target = Target { kind: "release".to_owned(), name: planned.name.to_owned() };
                self.at(moment, Statement::Delete(target));
                self.at(later, release(&planned));
                self.nudge = true;
            }
        }
    }

    /// A release that a class can be about, for those that are not about any.
    fn concerned(&mut self, class: FaultClass) -> Option<usize> {
        let found = match class {
            FaultClass::Values => self.releases.iter().position(|planned| planned.from.is_some()),
            FaultClass::Dependency => {
                let needed = self.releases.iter().find_map(Planned::dependency)?;
                self.releases.iter().position(|planned| planned.name == needed)
            }
            _ => None,
        };
        found.filter(|_| self.later.chance(700))
    }

    fn helm_fault(&mut self, class: FaultClass, planned: &Planned, moment: u32) {
        let commands: &[HelmCommand] = match class {
            FaultClass::SpoiltStorage => {
                &[HelmCommand::Corrupt, HelmCommand::Mislabel, HelmCommand::ForgetMiddle]
            }
            FaultClass::HelmCli => &[HelmCommand::Uninstall, HelmCommand::Rollback, HelmCommand::Forget],
            _ => &[HelmCommand::Pending, HelmCommand::Twin],
        };
        let command = commands[self.pick(commands.len())];
        self.at(moment, Statement::Helm(command, planned.name.to_owned()));
        if command == HelmCommand::Corrupt {
            self.repairs.push(Statement::Helm(HelmCommand::Repair, planned.name.to_owned()));
        }
        self.nudge = true;
    }

    fn values_fault(&mut self, planned: &Planned, moment: u32, later: u32) {
        let Some((kind, name)) = planned.from.clone() else { return };
        if self.rng.chance(500) {
            self.at(moment, Statement::Delete(Target { kind: kind.word().to_owned(), name }));
        }
        let again = self.values_statement(planned);
        again.into_iter().for_each(|statement| self.at(later, statement));
    }

    /// Values with which the release cannot become ready, and after a while those from before.
    fn unready(&mut self, planned: &Planned, moment: u32, later: u32) {
        if self.rng.chance(400) {
            let slow = u32::try_from(self.rng.between(3, 120)).unwrap_or(30);
            self.at(moment, Statement::Slow(Span::seconds(slow)));
            self.slow = true;
            self.nudge = true;
            return;
        }
        let knobs = [Knob::Stuck, Knob::FailHook, Knob::FailTest, Knob::FailRender];
        let knob = knobs[self.pick(knobs.len())];
        self.at(moment, with_mistake(planned, knob));
        if self.rng.chance(600) {
            self.at(later, release(planned));
        }
        self.nudge = true;
    }

    /// Somebody declares what cannot become ready, and looks at it again after a long while only.
    pub(super) fn mistake(&mut self, planned: &Planned, moment: u32) {
        let knobs = [Knob::Stuck, Knob::Stuck, Knob::FailHook, Knob::FailTest];
        let knob = knobs[self.later.index(knobs.len())];
        self.at(moment, with_mistake(planned, knob));
        self.horizon += u32::try_from(self.later.between(100_000, 900_000)).unwrap_or_default();
        self.nudge = true;
    }

    fn drift(&mut self, planned: &Planned, moment: u32) {
        let config = self.object(planned, "ConfigMap", "config");
        let workload = self.object(planned, "Deployment", "web-0");
        self.counter += 1;
        let edited = format!("edit-{}", self.counter);
        let statement = match self.rng.below(4) {
            0 => Statement::Edit(config, Edit::Message(edited)),
            1 => Statement::Edit(config, Edit::Label(edited)),
            2 => Statement::Delete(config),
            _ => {
                // An action that waits for it just then fails, and that counts.
                self.nudge = true;
                Statement::Delete(workload)
            }
        };
        self.at(moment, statement);
    }

    /// An object of a release.
    pub(super) fn object(&self, planned: &Planned, kind: &str, suffix: &str) -> Target {
        let elsewhere = planned
            .base
            .iter()
            .any(|(knob, value)| *knob == Knob::TargetNamespace && *value == text("other"));
        let name = planned.name;
        let name =
            if elsewhere { format!("other/other-{name}-{suffix}") } else { format!("{name}-{suffix}") };
        Target { kind: kind.to_owned(), name }
    }
}

/// The release with values with which it fails.
fn with_mistake(planned: &Planned, knob: Knob) -> Statement {
    let mut values = planned.values.clone();
    values.push((knob, Value::Flag(true)));
    release(&Planned { values, ..planned.clone() })
}
