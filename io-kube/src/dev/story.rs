//! The progress of all releases as lines: one whenever a release begins something that lasts, becomes ready or fails.

use std::collections::BTreeMap;

use pilothouse_protocol::ReleaseKey;

use super::view::{ReleaseView, State};

/// How long a release does something before it is worth a line, in virtual nanoseconds.
const LASTING: u64 = 30_000_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The release.
    pub(super) key: ReleaseKey,
    /// How it is doing.
    pub(super) state: State,
    /// What it is doing.
    pub(super) text: String,
}

/// What was told of each release.
#[derive(Debug, Default)]
pub(super) struct Story {
    told: BTreeMap<ReleaseKey, Told>,
}

#[derive(Debug, Clone)]
struct Told {
    shown: Option<(State, String)>,
    current: (State, String),
    since: u64,
    settled_at: Option<u64>,
}

impl Story {
    /// Takes in how all releases are doing at a moment and returns what is worth telling.
    pub(super) fn observe(&mut self, now: u64, views: &[ReleaseView]) -> Vec<Line> {
        self.told.retain(|key, _| views.iter().any(|view| view.key == *key));
        let mut lines = Vec::new();
        for view in views {
            let current = (view.state, view.text.clone());
            let fresh = || Told { shown: None, current: current.clone(), since: now, settled_at: None };
            let told = self.told.entry(view.key.clone()).or_insert_with(fresh);
            if told.current != current {
                if told.current.0 != current.0 {
                    told.settled_at = view.state.is_settled().then_some(now);
                }
                told.current = current;
                told.since = now;
            }
            let is_due = view.state.is_settled() || now.saturating_sub(told.since) >= LASTING;
            if is_due && !view.text.is_empty() && told.shown.as_ref() != Some(&told.current) {
                told.shown = Some(told.current.clone());
                lines.push(Line { key: view.key.clone(), state: view.state, text: view.text.clone() });
            }
        }
        lines
    }

    /// When a release became what it is now, if it is settled; virtual nanoseconds.
    pub(super) fn settled_at(&self, key: &ReleaseKey) -> Option<u64> {
        self.told.get(key)?.settled_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(state: State, text: &str) -> ReleaseView {
        let object = serde_json::json!({"metadata": {"namespace": "n", "name": "x"}});
        let mut view = super::super::view::views(&[object.into()], &[]).remove(0);
        (view.state, view.text) = (state, text.to_owned());
        view
    }

    #[test]
    fn only_what_lasts_is_told_and_outcomes_at_once() {
        let mut story = Story::default();
        let texts = |lines: Vec<Line>| lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
        assert!(story.observe(0, &[view(State::Working, "a")]).is_empty());
        assert!(story.observe(LASTING - 1, &[view(State::Working, "b")]).is_empty());
        assert_eq!(texts(story.observe(2 * LASTING, &[view(State::Working, "b")])), ["b"]);
        assert!(story.observe(3 * LASTING, &[view(State::Working, "b")]).is_empty());
        assert_eq!(texts(story.observe(3 * LASTING + 1, &[view(State::Ready, "c")])), ["c"]);
        assert_eq!(story.settled_at(&ReleaseKey::new("n", "x")), Some(3 * LASTING + 1));
        assert!(story.observe(4 * LASTING, &[view(State::Ready, "c")]).is_empty());
    }
}
