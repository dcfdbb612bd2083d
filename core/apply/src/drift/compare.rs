//! The difference of a live object and of what applying would make of it, as far as it counts.

use serde_json::{Value, json};

use super::json_diff::{Operation, OperationKind, diff};

/// The operations that make of the live object what applying would make of it, without the ignored paths.
pub(super) fn differences(live: &Value, applied: &Value, ignored: &[String]) -> Vec<Operation> {
    let (mut live, mut applied) = (live.clone(), applied.clone());
    if live.get("kind") == Some(&json!("HorizontalPodAutoscaler")) {
        clean_metrics(&mut applied);
    }
    for pointer in ignored {
        remove(&mut live, pointer);
        remove(&mut applied, pointer);
    }
    let mut operations = Vec::new();
    for field in ["annotations", "labels"] {
        let pointer = format!("/metadata/{field}");
        if let Some(wanted) = applied.pointer(&pointer) {
            operations.extend(marks(&pointer, live.pointer(&pointer), wanted));
        }
    }
    operations.extend(diff("", &rest_of(live), &rest_of(applied)));
    operations
}

/// What is added and replaced in labels or annotations. What controllers have added stays, whatever the shorter patch.
fn marks(pointer: &str, live: Option<&Value>, wanted: &Value) -> Vec<Operation> {
    let Some(live) = live.filter(|live| !live.is_null()) else {
        return vec![Operation { kind: OperationKind::Add, path: pointer.to_owned(), value: wanted.clone() }];
    };
    let mut all = live.clone();
    if let (Some(all), Some(wanted)) = (all.as_object_mut(), wanted.as_object()) {
        all.extend(wanted.clone());
    }
    diff(pointer, live, &all)
}

fn rest_of(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("metadata");
        fields.remove("status");
    }
    object
}

/// Removes what a JSON pointer names, if it is there. An index may count from the end.
fn remove(object: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    let mut parts = parent.split('/').skip(1).map(unescaped);
    let parent = parts.try_fold(object, |at, part| match at {
        Value::Object(fields) => fields.get_mut(&part),
        Value::Array(items) => {
            let index = index(&part, items.len())?;
            items.get_mut(index)
        }
        _ => None,
    });
    let last = unescaped(last);
    match parent {
        Some(Value::Object(fields)) => {
            fields.remove(&last);
        }
        Some(Value::Array(items)) => {
            if let Some(index) = index(&last, items.len()).filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn index(part: &str, length: usize) -> Option<usize> {
    match part.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?),
        None => part.parse().ok(),
    }
}

/// Old API servers repeat a metric in the answer to a dry run and add an empty one (kubernetes#118293).
fn clean_metrics(object: &mut Value) {
    let metrics = object.pointer_mut("/spec/metrics").and_then(Value::as_array_mut);
    let Some(metrics) = metrics else { return };
    let mut seen: Vec<Value> = Vec::new();
    metrics.retain(|metric| {
        let has_type = metric.get("type").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty());
        let fresh = has_type && !seen.contains(metric);
        if fresh {
            seen.push(metric.clone());
        }
        fresh
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(live: &Value, applied: &Value, ignored: &[&str]) -> usize {
        let ignored: Vec<String> = ignored.iter().map(|&pointer| pointer.to_owned()).collect();
        differences(live, applied, &ignored).len()
    }

    #[test]
    fn only_what_counts_is_compared() {
        let live = json!({
            "metadata": {"name": "n", "uid": "u", "labels": {"a": "b", "extra": "x"}, "annotations": {"k": "v"}},
            "spec": {"replicas": 3, "list": [1, 2]}, "status": {"a": 1},
        });
        let applied = json!({
            "metadata": {"name": "n", "resourceVersion": "2", "labels": {"a": "c"}},
            "spec": {"replicas": 1, "list": [1, 3]}, "status": {"a": 2},
        });
        let found = differences(&live, &applied, &[]);
        let paths: Vec<&str> = found.iter().map(|operation| operation.path.as_str()).collect();
        assert_eq!(paths, ["/metadata/labels/a", "/spec"]);
        assert_eq!(count(&live, &applied, &["/spec/replicas", "/spec/list/-1", "/metadata/labels/a"]), 0);
        assert_eq!(count(&live, &applied, &["/spec/list/9", "/spec/replicas/x", "/nope/a", "x"]), 2);
        assert_eq!(count(&live, &applied, &["/metadata/labels"]), 1);
    }

    #[test]
    fn metadata_is_never_replaced_as_a_whole() {
        let live = json!({"metadata": {"name": "n", "namespace": "ns"}});
        let applied = json!({"metadata": {"name": "n", "labels": {"a": "b"}}});
        let found = differences(&live, &applied, &[]);
        assert_eq!(found[0].to_json(), json!({"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}));
        let live = json!({"metadata": {"labels": {"a": "1", "b": "2", "long-one-of-another": "x"}}});
        let applied = json!({"metadata": {"labels": {"a": "3", "b": "4"}}});
        let found: Vec<Value> = differences(&live, &applied, &[]).iter().map(Operation::to_json).collect();
        let all = json!({"a": "3", "b": "4", "long-one-of-another": "x"});
        assert_eq!(found, [json!({"op": "replace", "path": "/metadata/labels", "value": all})]);
    }

    #[test]
    fn metrics_that_old_servers_make_up_do_not_count() {
        let metric = json!({"type": "Resource", "resource": {"name": "cpu"}});
        let hpa = |metrics: Value| json!({"kind": "HorizontalPodAutoscaler", "spec": {"metrics": metrics}});
        let applied = hpa(json!([metric, metric, {"type": ""}]));
        assert_eq!(count(&hpa(json!([metric])), &applied, &[]), 0);
    }
}
