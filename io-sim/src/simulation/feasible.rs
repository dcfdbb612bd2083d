//! Which classes of disturbances can strike in which state at all. The rule is about what the API server, a process or a
//! watch can do at that moment, not about what was ever seen.

use super::{ALL_CLASSES, FaultClass};
use crate::scenario::State;

/// All pairs that can be, in order of the states.
pub fn feasible_pairs() -> impl Iterator<Item = (State, FaultClass)> {
    let of_state = |state: &State| ALL_CLASSES.into_iter().map(|class| (*state, class)).collect::<Vec<_>>();
    State::ALL.iter().flat_map(of_state).filter(|(state, class)| can_strike(*class, *state))
}

/// Whether a class can strike while the operator is in a state.
#[must_use]
pub fn can_strike(class: FaultClass, state: State) -> bool {
    match class {
        // Somebody may have written in between only where a write says what it is based on.
        FaultClass::Conflict => is_conditional(state),
        FaultClass::LostCreate => is_creation(state),
        // A request has an answer that can be an error, or late.
        FaultClass::ErrorBeforeEffect | FaultClass::LateReply => is_request(state),
        // What only creates is a lost create.
        FaultClass::LostAcknowledgement => {
            is_write(state) && !matches!(state, State::CreateRevision | State::CreateObject)
        }
        // The leader of etcd matters to what is read from it or written into it, not to discovery and artifacts.
        FaultClass::LeaderChanged => is_request(state) && !matches!(state, State::Fetch | State::Discover),
        FaultClass::TooLarge => is_write(state) && !is_deletion(state),
        // Artifacts are served to everybody.
        FaultClass::Forbidden => is_request(state) && state != State::Fetch,
        // Admission sees what would be written, too.
        FaultClass::Webhook => is_write(state) || state == State::CompareObject,
        // A quota counts what is new in a namespace.
        FaultClass::Quota => {
            matches!(state, State::CreateRevision | State::CreateObject | State::ApplyObject | State::RunHook)
        }
        // A field that cannot be changed is one of something that exists.
        FaultClass::Immutable => matches!(
            state,
            State::UpdateRevision
                | State::ApplyObject
                | State::CompareObject
                | State::RunHook
                | State::WriteCrd
        ),
        // The kinds that every API server has are always served.
        FaultClass::NoMatch => is_about_other_kinds(state),
        // Some of the objects are applied: it is one of them that fails.
        FaultClass::PartialApply => matches!(state, State::ApplyObject | State::CreateObject),
        FaultClass::Hook => state == State::DeleteHook,
        // A process, its clock and its watches are there all the time, and so are users and other controllers.
        FaultClass::OtherManager
        | FaultClass::StaleWatch
        | FaultClass::TimeTravel
        | FaultClass::EventGap
        | FaultClass::Relist
        | FaultClass::RepeatedEvents
        | FaultClass::OlderObject
        | FaultClass::Skew
        | FaultClass::Crash
        | FaultClass::Shutdown
        | FaultClass::Takeover
        | FaultClass::OtherVersion
        | FaultClass::Pause
        | FaultClass::Clock
        | FaultClass::Timers
        | FaultClass::SpoiltStorage
        | FaultClass::HelmCli
        | FaultClass::Leftovers
        | FaultClass::Artifact
        | FaultClass::Values
        | FaultClass::Spec
        | FaultClass::Dependency
        | FaultClass::Slow
        | FaultClass::Held
        | FaultClass::Drift
        | FaultClass::Recreated => true,
    }
}

fn is_request(state: State) -> bool {
    !matches!(state, State::Rest | State::Wait)
}

fn is_write(state: State) -> bool {
    is_creation(state)
        || is_deletion(state)
        || matches!(
            state,
            State::MarkRelease | State::WriteStatus | State::UpdateRevision | State::ApplyObject
        )
}

fn is_creation(state: State) -> bool {
    matches!(state, State::CreateRevision | State::CreateObject | State::RunHook | State::WriteCrd)
}

fn is_deletion(state: State) -> bool {
    matches!(state, State::DeleteRevision | State::DeleteObject | State::DeleteHook)
}

fn is_conditional(state: State) -> bool {
    matches!(
        state,
        State::MarkRelease
            | State::WriteStatus
            | State::UpdateRevision
            | State::ApplyObject
            | State::RunHook
            | State::WriteCrd
    )
}

fn is_about_other_kinds(state: State) -> bool {
    matches!(
        state,
        State::ReadRelease
            | State::MarkRelease
            | State::WriteStatus
            | State::ReadObject
            | State::CompareObject
            | State::CreateObject
            | State::ApplyObject
            | State::DeleteObject
            | State::RunHook
            | State::DeleteHook
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_can_strike_somewhere_and_every_state_can_be_struck() {
        let pairs: Vec<(State, FaultClass)> = feasible_pairs().collect();
        for class in ALL_CLASSES {
            assert!(pairs.iter().any(|(_, other)| *other == class), "{class:?}");
        }
        for state in State::ALL {
            assert!(pairs.iter().filter(|(other, _)| other == state).count() >= 26, "{state:?}");
        }
    }

    #[test]
    fn what_nobody_waits_for_cannot_go_wrong() {
        assert!(!can_strike(FaultClass::ErrorBeforeEffect, State::Wait));
        assert!(!can_strike(FaultClass::LostAcknowledgement, State::ReadObject));
        assert!(can_strike(FaultClass::LostAcknowledgement, State::DeleteObject));
    }
}
