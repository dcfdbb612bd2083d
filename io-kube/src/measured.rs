//! The operator with its metrics, and with the names that log lines give to its passes.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_operator::{Operator, OperatorAction, OperatorInput};
use pilothouse_protocol::{Action, Deadline, Now, ReleaseKey};

use crate::clock::Uuids;
use crate::driver::Core;
use crate::metrics::{Load, Metrics};
use crate::record::Replaceable;

/// An operator whose passes are counted.
pub struct Measured {
    operator: Operator,
    metrics: Arc<Metrics>,
    /// `reconcileID` of the newest pass of each release.
    ids: BTreeMap<ReleaseKey, String>,
    uuids: Uuids,
    shown: Load,
}

impl Measured {
    /// Counts what an operator does.
    #[must_use]
    pub fn new(operator: Operator, metrics: Arc<Metrics>) -> Self {
        Self { operator, metrics, ids: BTreeMap::new(), uuids: Uuids::new(), shown: Load::default() }
    }

    /// Takes over what has changed. An input that begins and ends no pass costs next to nothing here.
    fn measure(&mut self) {
        while let Some(key) = self.operator.take_started_pass() {
            self.metrics.pass_began(&key);
            self.ids.insert(key, self.uuids.draw());
        }
        while let Some(pass) = self.operator.take_finished_pass() {
            self.metrics.record_pass(&pass);
        }
        let load = Load {
            depth: self.operator.queued(),
            working: self.operator.working(),
            adds: self.operator.adds(),
        };
        if load != self.shown {
            self.metrics.set_load(load);
            self.shown = load;
        }
    }
}

impl Replaceable for Measured {
    fn replace(&mut self, operator: Operator) {
        self.operator = operator;
    }
}

impl Core for Measured {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        let seen = match &input {
            OperatorInput::Release { key, object } => Some((key.clone(), object.clone())),
            _ => None,
        };
        self.operator.handle(now, input);
        self.measure();
        // After the passes: the last one of an object that is gone must not bring its series back.
        if let Some((key, object)) = seen {
            self.metrics.see_release(&key, object.as_deref());
            if object.is_none() {
                self.ids.remove(&key);
            }
        }
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let mut wanted = self.operator.poll_action()?;
        if let (Action::Log(entry), Some(id)) = (&mut wanted.action, self.ids.get(&wanted.key)) {
            entry.fields.insert("reconcileID".to_owned(), id.clone());
        }
        Some(wanted)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.operator.poll_timeout()
    }

    fn is_idle(&self) -> bool {
        self.operator.is_idle()
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_operator::Config;
    use pilothouse_protocol::Monotonic;
    use serde_json::json;

    use super::*;

    #[test]
    fn passes_are_counted_and_named() {
        let metrics = Arc::new(Metrics::new(0));
        let mut measured = Measured::new(Operator::new(Config::default(), 1), Arc::clone(&metrics));
        let key = ReleaseKey::new("ns", "x");
        let object = Arc::new(json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"namespace": "ns", "name": "x", "uid": "u", "generation": 1, "resourceVersion": "1"},
            "spec": {"interval": "1m"},
        }));
        measured.handle(Now::default(), OperatorInput::Release { key: key.clone(), object: Some(object) });
        assert!(
            metrics.render().contains(
                "workqueue_depth{controller=\"helmrelease\",name=\"helmrelease\",priority=\"0\"} 1\n"
            )
        );
        measured.handle(Now { monotonic: Monotonic(500_000_000), wall: 0 }, OperatorInput::Synced);
        let logged = std::iter::from_fn(|| measured.poll_action()).find_map(|wanted| match wanted.action {
            Action::Log(entry) => Some(entry),
            _ => None,
        });
        assert_eq!(logged.unwrap().fields["reconcileID"].len(), 36);
        let page = metrics.render();
        for line in [
            "controller_runtime_reconcile_total{controller=\"helmrelease\",result=\"error\"} 1\n",
            "controller_runtime_terminal_reconcile_errors_total{controller=\"helmrelease\"} 1\n",
            "workqueue_queue_duration_seconds_sum{controller=\"helmrelease\",name=\"helmrelease\"} 0.5\n",
            "workqueue_depth{controller=\"helmrelease\",name=\"helmrelease\",priority=\"0\"} 0\n",
            "gotk_suspend_status{kind=\"HelmRelease\",name=\"x\",namespace=\"ns\"} 0\n",
        ] {
            assert!(page.contains(line), "{line}: {page}");
        }
        measured.handle(Now::default(), OperatorInput::Release { key, object: None });
        assert!(!metrics.render().contains("namespace=\"ns\""));
    }
}
