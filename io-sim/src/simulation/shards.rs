//! Several operators on one cluster, each for the HelmReleases of its shard (spec 06, `--watch-label-selector`).

use std::collections::BTreeSet;

use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_operator::{Operator, OperatorAction, OperatorInput};
use pilothouse_protocol::{Action, Deadline, Now, ReleaseKey, RequestId, WatchId};
use serde_json::Value;

/// The label that says to which shard a HelmRelease belongs.
pub(super) const LABEL: &str = "sharding.fluxcd.io/key";

/// Operators side by side. The first one has the HelmReleases without the label, the others those of `shard-1`,
/// `shard-2` and so on. They start and end together, and share nothing else.
#[derive(Debug)]
pub(super) struct Shards {
    operators: Vec<Operator>,
    /// What each of them has been shown.
    shown: Vec<BTreeSet<ReleaseKey>>,
}

impl Shards {
    /// One for each operator.
    pub(super) fn new(operators: Vec<Operator>) -> Self {
        let shown = operators.iter().map(|_| BTreeSet::new()).collect();
        Self { operators, shown }
    }

    /// Whether a pass over a release is under way.
    pub(super) fn is_in_pass(&self, key: &ReleaseKey) -> bool {
        self.operators.iter().any(|operator| operator.is_in_pass(key))
    }

    /// Gives an input to those whom it concerns.
    pub(super) fn handle(&mut self, now: Now, input: OperatorInput) {
        match input {
            OperatorInput::Release { key, object } => {
                for at in 0..self.operators.len() {
                    let object = object.clone().filter(|object| has(at, object));
                    let known = &mut self.shown[at];
                    let was_known = known.remove(&key);
                    if object.is_some() {
                        known.insert(key.clone());
                    } else if !was_known && self.operators.len() > 1 {
                        continue;
                    }
                    self.operators[at].handle(now, OperatorInput::Release { key: key.clone(), object });
                }
            }
            OperatorInput::Reply { key, id, reply } => {
                let (at, id) = self.split(id.0);
                self.operators[at].handle(now, OperatorInput::Reply { key, id: RequestId(id), reply });
            }
            OperatorInput::Observed { key, watch, observation } => {
                let (at, id) = self.split(watch.0);
                let input = OperatorInput::Observed { key, watch: WatchId(id), observation };
                self.operators[at].handle(now, input);
            }
            shared => self.operators.iter_mut().for_each(|operator| operator.handle(now, shared.clone())),
        }
    }

    /// The next action, with numbers that no two operators share.
    pub(super) fn poll_action(&mut self) -> Option<OperatorAction> {
        let count = self.operators.len() as u64;
        let (at, mut action) = self
            .operators
            .iter_mut()
            .enumerate()
            .find_map(|(at, operator)| Some((at as u64, operator.poll_action()?)))?;
        match &mut action.action {
            Action::Request { id, .. } => id.0 = id.0 * count + at,
            Action::Watch { id, .. } | Action::Unwatch { id } => id.0 = id.0 * count + at,
            Action::Emit(_) | Action::Log(_) => {}
        }
        Some(action)
    }

    /// The first deadline of all.
    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        self.operators.iter().filter_map(Operator::poll_timeout).min_by_key(|deadline| deadline.at)
    }

    /// Whose number it is, and what it is for that operator.
    fn split(&self, number: u64) -> (usize, u64) {
        let count = self.operators.len() as u64;
        (usize::try_from(number % count).unwrap_or_default(), number / count)
    }
}

/// Whether a HelmRelease belongs to an operator.
fn has(at: usize, object: &Value) -> bool {
    let wanted = object.pointer("/metadata/labels").and_then(|labels| labels[LABEL].as_str());
    let wanted = wanted.and_then(|label| label.strip_prefix("shard-")?.parse().ok()).unwrap_or(0);
    at == wanted || is_back(Twin::Flux4500)
}
