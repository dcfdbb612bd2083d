//! The forty classes of disturbances (`reliability.md` §3), which of them a statement belongs to, and which a fault that
//! has happened.

use pilothouse_protocol::Request;

use super::states::state_of;
use crate::faults::Fired;
use crate::scenario::{
    Edit, FaultWord, HelmCommand, Knob, Scenario, Settings, SourceState, Span, State, Statement, Step, Value,
    setting,
};

macro_rules! classes {
    ($($number:literal $variant:ident $word:literal $about:literal)+) => {
        /// A class of disturbances.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum FaultClass { $(#[doc = $about] $variant = $number,)+ }

        /// All classes in order of their numbers.
        pub const ALL_CLASSES: [FaultClass; 40] = [$(FaultClass::$variant),+];

        impl FaultClass {
            /// Its number in the list.
            #[must_use]
            pub const fn number(self) -> u8 { self as u8 }

            /// A word to choose it by.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What happens.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }

            /// The class with this word or number.
            #[must_use]
            pub fn find(text: &str) -> Option<Self> {
                let named = |class: &Self| class.word() == text || class.number().to_string() == text;
                ALL_CLASSES.into_iter().find(named)
            }
        }
    };
}

classes! {
    1 Conflict "conflict" "409 on a stale resource version, storms of it"
    2 LostCreate "lost-create" "409 AlreadyExists after a create of our own whose acknowledgement was lost"
    3 ErrorBeforeEffect "error-before-effect" "time-out, 500, 503, 429, connection refused"
    4 LostAcknowledgement "lost-acknowledgement" "the effect is committed, the response lost"
    5 LateReply "late-reply" "a response late, twice, or never"
    6 LeaderChanged "leader-changed" "etcd: leader changed"
    7 TooLarge "too-large" "the release Secret is too large"
    8 Forbidden "forbidden" "403 on a verb, 401"
    9 Webhook "webhook" "an admission webhook denies or times out"
    10 Quota "quota" "a quota or an ending namespace refuses halfway"
    11 Immutable "immutable" "422: a field cannot be changed"
    12 NoMatch "no-match" "the kind is not served"
    13 OtherManager "other-manager" "another manager owns a field"
    14 StaleWatch "stale-watch" "watches lag"
    15 TimeTravel "time-travel" "watches go back to an older API server"
    16 EventGap "event-gap" "events are never delivered, only how things ended"
    17 Relist "relist" "410 Gone and a new list"
    18 RepeatedEvents "repeated-events" "events come again"
    19 OlderObject "older-object" "an older object replaces a newer one for a moment"
    20 Skew "skew" "one kind is fresh, another stale"
    21 Crash "crash" "the process ends between any two actions"
    22 Shutdown "shutdown" "the process is told to end, and is killed meanwhile"
    23 Takeover "takeover" "another leader, while requests of the old one are on the wire"
    24 OtherVersion "other-version" "another version of the operator left a status without a field"
    25 Pause "pause" "the process stands still"
    26 Clock "clock" "the wall clock steps"
    27 Timers "timers" "a timer that nothing is due for, an interval that changes"
    28 SpoiltStorage "spoilt-storage" "a release Secret is unreadable, mislabelled or missing"
    29 HelmCli "helm-cli" "helm uninstall, rollback, a deleted newest revision"
    30 Leftovers "leftovers" "a pending revision, two deployed ones"
    31 Artifact "artifact" "an artifact is missing, replaced, empty or not what its digest says"
    32 Values "values" "a source of values changes, goes or comes again"
    33 Spec "spec" "the spec changes in the middle, and back"
    34 Dependency "dependency" "a dependency flips"
    35 PartialApply "partial-apply" "some of the objects are applied, then it fails"
    36 Slow "slow" "objects become ready late or never"
    37 Hook "hook" "a hook is left over and cannot be deleted"
    38 Held "held" "a finalizer is held"
    39 Drift "drift" "another actor edits or deletes managed objects"
    40 Recreated "recreated" "the HelmRelease is deleted in the middle, and made again"
}

impl FaultClass {
    /// Whether it leaves nothing behind that a new spec has to put right.
    pub(super) fn passes(self) -> bool {
        matches!(
            self,
            Self::Conflict
                | Self::LostCreate
                | Self::ErrorBeforeEffect
                | Self::LostAcknowledgement
                | Self::LateReply
                | Self::LeaderChanged
                | Self::Quota
                | Self::Relist
                | Self::RepeatedEvents
                | Self::Crash
                | Self::Shutdown
                | Self::Takeover
                | Self::OtherVersion
                | Self::Timers
                | Self::Values
                | Self::Drift
                | Self::OtherManager
        )
    }
}

impl FaultClass {
    /// Whether it is a change of an object by somebody else.
    pub(super) fn is_change(self) -> bool {
        matches!(
            self,
            Self::OtherManager
                | Self::OtherVersion
                | Self::SpoiltStorage
                | Self::HelmCli
                | Self::Leftovers
                | Self::Artifact
                | Self::Values
                | Self::Spec
                | Self::Dependency
                | Self::Held
                | Self::Drift
                | Self::Recreated
        )
    }
}

/// The classes that a step belongs to at the moment when it is done. Faults of requests take effect later.
#[must_use]
pub fn classes_of(step: &Step, scenario: &Scenario) -> Vec<FaultClass> {
    // Without a time it is part of the set-up.
    let meanwhile = step.at.is_some();
    let class = match &step.what {
        Statement::Edit(_, Edit::Replicas(_)) => FaultClass::OtherManager,
        Statement::Lag { kind: None, .. } => FaultClass::StaleWatch,
        Statement::Lag { .. } => FaultClass::Skew,
        Statement::Rewind { during, .. } if during.nanos() <= Span::seconds(1).nanos() => {
            FaultClass::OlderObject
        }
        Statement::Rewind { .. } => FaultClass::TimeTravel,
        Statement::Gap(_) => FaultClass::EventGap,
        Statement::Relist => FaultClass::Relist,
        Statement::Repeat => FaultClass::RepeatedEvents,
        Statement::Crash { .. } => FaultClass::Crash,
        Statement::Restart { .. } => FaultClass::Shutdown,
        Statement::Takeover { .. } => FaultClass::Takeover,
        Statement::ForgetStatus { .. } => FaultClass::OtherVersion,
        Statement::Pause(_) => FaultClass::Pause,
        Statement::Clock { .. } => FaultClass::Clock,
        Statement::Tick => FaultClass::Timers,
        Statement::Helm(command, _) => match command {
            HelmCommand::Corrupt | HelmCommand::Mislabel | HelmCommand::ForgetMiddle => {
                FaultClass::SpoiltStorage
            }
            HelmCommand::Pending | HelmCommand::Twin => FaultClass::Leftovers,
            HelmCommand::Repair => return Vec::new(),
            _ => FaultClass::HelmCli,
        },
        Statement::Source { state, .. } if *state != SourceState::Whole => FaultClass::Artifact,
        Statement::Source { .. } if meanwhile => FaultClass::Artifact,
        Statement::Values { .. } if meanwhile => FaultClass::Values,
        Statement::Release { name, settings } if meanwhile => return of_release(name, settings, scenario),
        Statement::Slow(_) => FaultClass::Slow,
        Statement::Hold(_) => FaultClass::Held,
        Statement::Edit(..) => FaultClass::Drift,
        Statement::Delete(target) => match target.kind.as_str() {
            "release" => FaultClass::Recreated,
            "ConfigMap" | "Secret" if target.name.starts_with("values-") => FaultClass::Values,
            _ => FaultClass::Drift,
        },
        _ => return Vec::new(),
    };
    vec![class]
}

fn of_release(name: &str, settings: &Settings, scenario: &Scenario) -> Vec<FaultClass> {
    let is_dependency = scenario.steps().any(|step| match &step.what {
        Statement::Release { settings, .. } => match setting(settings, Knob::DependsOn) {
            Some(Value::Words(names)) => names.iter().any(|other| other == name),
            _ => false,
        },
        _ => false,
    });
    let stuck = setting(settings, Knob::Stuck) == Some(&Value::Flag(true));
    let mut classes = vec![FaultClass::Spec];
    classes.extend(is_dependency.then_some(FaultClass::Dependency));
    classes.extend(stuck.then_some(FaultClass::Slow));
    classes
}

/// The classes of a fault that has happened to a request.
pub(super) fn classes_of_fault(fired: &Fired, request: &Request) -> Vec<FaultClass> {
    let creates = matches!(request, Request::Create { .. });
    let mut classes = vec![match fired.word {
        FaultWord::Conflict => FaultClass::Conflict,
        FaultWord::LostAcknowledgement if creates => FaultClass::LostCreate,
        FaultWord::LostAcknowledgement if request.is_write() => FaultClass::LostAcknowledgement,
        FaultWord::Silence | FaultWord::Late | FaultWord::VeryLate | FaultWord::Duplicate => {
            FaultClass::LateReply
        }
        FaultWord::LeaderChanged => FaultClass::LeaderChanged,
        FaultWord::TooLarge => FaultClass::TooLarge,
        FaultWord::Forbidden | FaultWord::Unauthorized => FaultClass::Forbidden,
        FaultWord::WebhookDenied | FaultWord::WebhookTimeout => FaultClass::Webhook,
        FaultWord::Quota | FaultWord::Terminating => FaultClass::Quota,
        FaultWord::Immutable => FaultClass::Immutable,
        FaultWord::NoMatch => FaultClass::NoMatch,
        // Nothing is lost with the reply to a question but the reply.
        FaultWord::InternalError
        | FaultWord::Unavailable
        | FaultWord::Throttled
        | FaultWord::Unreachable
        | FaultWord::LostRequest
        | FaultWord::LostAcknowledgement => FaultClass::ErrorBeforeEffect,
    }];
    let state = state_of(request);
    let is_object = matches!(state, Some(State::ApplyObject | State::CreateObject));
    classes.extend((fired.after_others && is_object).then_some(FaultClass::PartialApply));
    let is_refused = matches!(fired.word, FaultWord::Forbidden | FaultWord::Unauthorized);
    classes.extend((is_refused && state == Some(State::DeleteHook)).then_some(FaultClass::Hook));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_word_and_number() {
        for (index, class) in ALL_CLASSES.into_iter().enumerate() {
            assert_eq!(usize::from(class.number()), index + 1);
            assert_eq!(FaultClass::find(class.word()), Some(class));
            assert_eq!(FaultClass::find(&class.number().to_string()), Some(class));
        }
        assert_eq!(FaultClass::find("41"), None);
    }
}
