//! The Pods of a StatefulSet or ReplicaSet: when some have failed, the set does not become ready by itself (kstatus
//! `statusreaders/pod_controller.go`).

use std::collections::BTreeMap;

use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_machine::Context;
use pilothouse_protocol::{WatchId, WatchTarget, metadata};
use serde_json::Value;

use crate::readiness::is_terminally_failed;

/// Watches the Pods of one set, from when it is first seen unready.
#[derive(Debug, Default)]
pub(super) struct Pods {
    watch: Option<WatchId>,
}

impl Pods {
    /// How many Pods of the set have failed, as far as is known. Without the right to watch Pods that is none.
    pub(super) fn failed(&mut self, set: &Value, wall: Timestamp, context: &mut Context) -> usize {
        let Some(labels) = match_labels(set) else { return 0 };
        let id = *self.watch.get_or_insert_with(|| context.watch(target(set, labels)));
        let pods = context.watched(id).and_then(|watched| watched.objects.as_ref());
        let pods = pods.into_iter().flatten().map(|(_, pod)| pod);
        pods.filter(|pod| meets_expressions(set, pod) && is_terminally_failed(pod, wall)).count()
    }

    /// Ends the watch.
    pub(super) fn stop(&self, context: &mut Context) {
        if let Some(id) = self.watch {
            context.unwatch(id);
        }
    }
}

fn target(set: &Value, labels: BTreeMap<String, String>) -> WatchTarget {
    WatchTarget::labelled("v1", "Pod", Some(metadata::text(set, "namespace").to_owned()), labels)
}

/// `spec.selector.matchLabels`; `None` when there are none, for then all Pods of the namespace would be watched.
fn match_labels(set: &Value) -> Option<BTreeMap<String, String>> {
    let labels = set.pointer("/spec/selector/matchLabels")?.as_object()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let labels: BTreeMap<_, _> =
        labels.iter().filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect();
    (!labels.is_empty()).then_some(labels)
}

fn meets_expressions(set: &Value, pod: &Value) -> bool {
    let expressions = set.pointer("/spec/selector/matchExpressions").and_then(Value::as_array);
    expressions.into_iter().flatten().all(|expression| {
        let field = |name: &str| expression.get(name).and_then(Value::as_str).unwrap_or_default();
        let label = metadata::label(pod, field("key"));
        let values = expression.get("values").and_then(Value::as_array);
        let listed = values.is_some_and(|values| values.iter().any(|value| value.as_str() == label));
        match field("operator") {
            "In" => label.is_some() && listed,
            "NotIn" => label.is_none() || !listed,
            "Exists" => label.is_some(),
            "DoesNotExist" => label.is_none(),
            _ => false,
        }
    })
}
