//! How a HelmRelease is doing, from its object and from what the operator does.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_api::{HelmRelease, HelmReleaseStatus};
use pilothouse_operator::Progress;
use pilothouse_protocol::{Object, ReleaseKey, Why, metadata};

/// How it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Ready, for the present generation.
    Ready,
    /// Not ready, and nothing more will be tried by itself.
    Failed,
    /// Waits for something outside of it, or for the next try.
    Waiting,
    /// An action is under way.
    Working,
    /// Suspended by its spec.
    Suspended,
    /// On its way out.
    Deleting,
}

/// One HelmRelease.
#[derive(Debug, Clone)]
pub(super) struct ReleaseView {
    /// Which.
    pub(super) key: ReleaseKey,
    /// How it is doing.
    pub(super) state: State,
    /// What it is doing, or why it is not ready; one line.
    pub(super) text: String,
    /// Its status.
    pub(super) status: HelmReleaseStatus,
    dependencies: BTreeSet<ReleaseKey>,
}

impl State {
    /// A word for tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Failed => "Failed",
            Self::Waiting => "Waiting",
            Self::Working => "Working",
            Self::Suspended => "Suspended",
            Self::Deleting => "Deleting",
        }
    }

    /// Whether nothing more will happen by itself.
    pub(super) fn is_settled(self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::Suspended)
    }
}

/// All releases, in order of their names. One that waits for a failed one has failed itself.
pub(super) fn views(objects: &[Object], progress: &[Progress]) -> Vec<ReleaseView> {
    let progress: BTreeMap<&ReleaseKey, &Progress> =
        progress.iter().map(|progress| (&progress.key, progress)).collect();
    let mut views: Vec<ReleaseView> = objects.iter().map(|object| view(object, &progress)).collect();
    while let Some(blocked) = next_blocked(&views) {
        views[blocked].state = State::Failed;
    }
    views
}

fn view(object: &Object, progress: &BTreeMap<&ReleaseKey, &Progress>) -> ReleaseView {
    let release = HelmRelease::from_object(object).unwrap_or_default();
    let own = &release.metadata;
    let key = ReleaseKey::new(own.namespace.clone(), own.name.clone());
    let progress = progress.get(&key).copied();
    let state = state(object, &release, progress);
    let dependencies = release.spec.depends_on.iter().map(|dependency| {
        let namespace = dependency.namespace.as_ref().unwrap_or(&own.namespace);
        ReleaseKey::new(namespace.clone(), dependency.name.clone())
    });
    let dependencies = dependencies.collect();
    let text = text(state, &release.status, progress);
    ReleaseView { key, state, text, status: release.status, dependencies }
}

fn state(object: &Object, release: &HelmRelease, progress: Option<&Progress>) -> State {
    let conditions = &release.status.conditions;
    let is_current = release.status.observed_generation == metadata::generation(object);
    if metadata::is_deleting(object) {
        State::Deleting
    } else if release.spec.suspend {
        State::Suspended
    } else if progress.is_some_and(|progress| !is_at_rest(progress)) {
        State::Working
    } else if is_current && conditions.is_true("Ready") {
        State::Ready
    } else if is_current && conditions.is_true("Stalled") {
        State::Failed
    } else {
        State::Waiting
    }
}

/// Whether the operator only waits for a time or an input.
fn is_at_rest(progress: &Progress) -> bool {
    let pause = |why| {
        matches!(
            why,
            Why::Interval | Why::Drift | Why::Dependency | Why::Source | Why::Backoff | Why::RetryInterval
        )
    };
    match progress.deadline {
        Some(deadline) => pause(deadline.why),
        None => progress.doing == "idle",
    }
}

fn text(state: State, status: &HelmReleaseStatus, progress: Option<&Progress>) -> String {
    let doing = || progress.map(|progress| progress.doing.clone()).unwrap_or_default();
    let ready = status.conditions.get("Ready").filter(|ready| !ready.message.is_empty());
    let text = match (state, ready) {
        (State::Suspended, _) => "suspended".to_owned(),
        (State::Working | State::Deleting, _) | (_, None) => doing(),
        (State::Ready, Some(ready)) => ready.message.clone(),
        (_, Some(ready)) => {
            let next = progress.and_then(|progress| progress.deadline);
            let stalled = status.conditions.get("Stalled").filter(|stalled| stalled.message != ready.message);
            let more = match (state, stalled, next) {
                (State::Failed, Some(stalled), _) => format!(" ({})", stalled.message),
                (_, _, Some(next)) if matches!(next.why, Why::Backoff | Why::RetryInterval) => {
                    format!(" (next: {})", next.why.describe())
                }
                _ => String::new(),
            };
            format!("{}: {}{more}", ready.reason, ready.message)
        }
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A release that waits for one that has failed.
fn next_blocked(views: &[ReleaseView]) -> Option<usize> {
    let failed: BTreeSet<&ReleaseKey> =
        views.iter().filter(|view| view.state == State::Failed).map(|view| &view.key).collect();
    views.iter().position(|view| {
        view.state == State::Waiting
            && view.status.conditions.reason("Ready") == "DependencyNotReady"
            && view.dependencies.iter().any(|dependency| failed.contains(dependency))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_protocol::{Deadline, Monotonic};
    use serde_json::{Value, json};

    use super::*;

    fn release(name: &str, spec: Value, conditions: Value) -> Object {
        Arc::new(json!({
            "metadata": {"namespace": "n", "name": name, "generation": 2},
            "spec": spec, "status": {"observedGeneration": 2, "conditions": conditions},
        }))
    }

    fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
        json!({"type": kind, "status": status, "reason": reason, "message": message})
    }

    fn resting(name: &str, why: Why) -> Progress {
        let deadline = Some(Deadline { at: Monotonic(9), why });
        Progress { key: ReleaseKey::new("n", name), doing: "waiting".to_owned(), deadline }
    }

    #[test]
    fn states_follow_conditions_and_the_operator() {
        let ready = json!([condition("Ready", "True", "InstallSucceeded", "fine")]);
        let failed = json!([
            condition("Ready", "False", "InstallFailed", "no\n space"),
            condition("Stalled", "True", "RetriesExceeded", "given up"),
        ]);
        let working = resting("x", Why::ReadinessTimeout);
        for (spec, conditions, progress, state, text) in [
            (json!({}), ready.clone(), resting("x", Why::Interval), State::Ready, "fine"),
            (json!({}), ready.clone(), working, State::Working, "waiting"),
            (json!({"suspend": true}), ready, resting("x", Why::Interval), State::Suspended, "suspended"),
            (
                json!({}),
                failed.clone(),
                resting("x", Why::Interval),
                State::Failed,
                "InstallFailed: no space (given up)",
            ),
            (json!({}), json!([]), resting("x", Why::Source), State::Waiting, "waiting"),
        ] {
            let view = views(&[release("x", spec, conditions)], &[progress]).remove(0);
            assert_eq!((view.state, view.text.as_str()), (state, text));
        }
    }

    #[test]
    fn who_waits_for_a_failed_release_has_failed() {
        let waits_for = |name: &str| json!({"dependsOn": [{"name": name}]});
        let waiting = || json!([condition("Ready", "False", "DependencyNotReady", "waits")]);
        let stalled = json!([condition("Stalled", "True", "RetriesExceeded", "given up")]);
        let objects = [
            release("a", waits_for("b"), waiting()),
            release("b", waits_for("c"), waiting()),
            release("c", json!({}), stalled),
            release("d", waits_for("e"), waiting()),
        ];
        let progress: Vec<Progress> = ["a", "b", "c", "d"].map(|name| resting(name, Why::Dependency)).into();
        let states: Vec<State> = views(&objects, &progress).iter().map(|view| view.state).collect();
        assert_eq!(states, [State::Failed, State::Failed, State::Failed, State::Waiting]);
    }
}
