//! An operator that is told what another one was told.

use pilothouse_operator::{DigestTape, Operator, OperatorAction};
use pilothouse_protocol::ReleaseKey;
use serde_json::Value;

use super::difference::{Difference, differences};
use crate::record::{Header, Step, replayed_operator};

/// Plays a recording.
pub struct Player {
    operator: Operator,
    tape: DigestTape,
}

/// What came of a step.
pub struct Played {
    /// What the operator wants now.
    pub actions: Vec<OperatorAction>,
    /// Where that differs from what was recorded.
    pub divergence: Option<Divergence>,
}

/// The first difference between what was recorded and what was played.
#[derive(Debug, Clone, PartialEq)]
pub struct Divergence {
    /// The number of the action in its step, from 0.
    pub at: usize,
    /// What was recorded; `None` when nothing more was.
    pub expected: Option<OperatorAction>,
    /// What came; `None` when nothing more did.
    pub got: Option<OperatorAction>,
    /// Field by field, when both are there.
    pub differences: Vec<Difference>,
}

impl Player {
    /// An operator as it was at the start of a recording.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        let tape = DigestTape::playing();
        Self { operator: replayed_operator(header, tape.clone()), tape }
    }

    /// Plays a step.
    pub fn play(&mut self, step: &Step) -> Played {
        self.tape.feed(step.digests.clone());
        self.operator.handle(step.now, step.input.clone());
        let mut actions = Vec::new();
        while let Some(action) = self.operator.poll_action() {
            actions.push(action);
        }
        let divergence = diverges(&step.actions, &actions);
        Played { actions, divergence }
    }

    /// What a release is doing.
    #[must_use]
    pub fn describe(&self, key: &ReleaseKey) -> String {
        self.operator.describe(key).unwrap_or_default()
    }
}

fn diverges(expected: &[OperatorAction], got: &[OperatorAction]) -> Option<Divergence> {
    let count = expected.len().max(got.len());
    let at = (0..count).find(|at| expected.get(*at) != got.get(*at))?;
    let (expected, got) = (expected.get(at).cloned(), got.get(at).cloned());
    let value = |action: &OperatorAction| serde_json::to_value(action).unwrap_or(Value::Null);
    let differences = match (&expected, &got) {
        (Some(expected), Some(got)) => differences(&value(expected), &value(got)),
        _ => Vec::new(),
    };
    Some(Divergence { at, expected, got, differences })
}
