//! Strategic merge patches between three documents (`strategicpatch.CreateThreeWayMergePatch` with overwriting).
//!
//! In contrast to the original, removals that the live object needs no more and directives about the order of lists that
//! have it already are left out: the patches have the same effect, and are empty more often.

use serde_json::{Map, Value};

use super::list::{merge_by_key, merge_set};
use super::schema::{Field, Schema, Strategy};
use super::{MergeError, RETAIN_KEYS};

/// What turns `live` into `target`, where only what `original` had and `target` lacks is removed.
pub(crate) fn three_way(
    original: &Value,
    target: &Value,
    live: &Value,
    schema: &'static Schema,
) -> Result<Value, MergeError> {
    let empty = Map::new();
    let fields = |value| Value::as_object(value).unwrap_or(&empty);
    Ok(Value::Object(merge_maps(fields(original), fields(target), fields(live), schema, false)?))
}

/// The patch for one map.
pub(super) fn merge_maps(
    original: &Map<String, Value>,
    target: &Map<String, Value>,
    live: &Map<String, Value>,
    schema: &'static Schema,
    retain_keys: bool,
) -> Result<Map<String, Value>, MergeError> {
    let mut patch = Map::new();
    for (key, wanted) in target {
        match (wanted, live.get(key)) {
            (Value::Null, None) => {}
            (wanted, None) => {
                patch.insert(key.clone(), wanted.clone());
            }
            (wanted, Some(live)) => {
                let known = original.get(key).unwrap_or(&Value::Null);
                merge_field(&mut patch, key, [known, wanted, live], schema.field(key))?;
            }
        }
    }
    for key in original.keys().filter(|key| !target.contains_key(*key) && live.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    let foreign = live.iter().any(|(key, value)| !value.is_null() && !target.contains_key(key));
    if retain_keys && (foreign || !patch.is_empty()) {
        patch.insert(RETAIN_KEYS.to_owned(), keys_with_values(target));
    }
    Ok(patch)
}

fn merge_field(
    patch: &mut Map<String, Value>,
    key: &str,
    [original, wanted, live]: [&Value; 3],
    field: Field,
) -> Result<(), MergeError> {
    match (wanted, live, field.strategy) {
        (Value::Object(wanted), Value::Object(live), Strategy::Default) => {
            let empty = Map::new();
            let original = original.as_object().unwrap_or(&empty);
            let change = merge_maps(original, wanted, live, field.schema, field.retain_keys)?;
            if !change.is_empty() {
                patch.insert(key.to_owned(), Value::Object(change));
            }
        }
        (Value::Array(wanted), Value::Array(live), Strategy::MergeBy(merge_key)) => {
            let original = original.as_array().map_or(&[][..], Vec::as_slice);
            merge_by_key(patch, key, merge_key, [original, wanted, live], field)?;
        }
        (Value::Array(wanted), Value::Array(live), Strategy::MergeSet) => {
            let original = original.as_array().map_or(&[][..], Vec::as_slice);
            merge_set(patch, key, [original, wanted, live]);
        }
        (wanted, live, _) if wanted != live => {
            patch.insert(key.to_owned(), wanted.clone());
        }
        _ => {}
    }
    Ok(())
}

fn keys_with_values(map: &Map<String, Value>) -> Value {
    let mut keys: Vec<&String> =
        map.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
    keys.sort();
    keys.into_iter().map(|key| Value::String(key.clone())).collect()
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::GroupVersionKind;
    use serde_json::json;

    use super::*;

    fn deployment_patch(original: Value, target: Value, live: Value) -> Value {
        let schema = crate::merge::schema::of(&GroupVersionKind::new("apps/v1", "Deployment")).unwrap();
        three_way(&json!({"spec": original}), &json!({"spec": target}), &json!({"spec": live}), schema)
            .unwrap()
    }

    fn pod(containers: Value) -> Value {
        json!({"template": {"spec": {"containers": containers}}})
    }

    #[test]
    fn containers_are_merged_by_name() {
        let patch = deployment_patch(
            pod(json!([{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}])),
            pod(json!([{"name": "a", "image": "a:2", "env": []}])),
            pod(json!([
                {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}],
                 "imagePullPolicy": "Always"},
                {"name": "b"}, {"name": "sidecar"}])),
        );
        assert_eq!(
            patch,
            json!({"spec": {"template": {"spec": {
                "containers": [
                    {"name": "a", "image": "a:2", "env": [{"name": "X", "$patch": "delete"}]},
                    {"name": "b", "$patch": "delete"}],
                "$setElementOrder/containers": [{"name": "a"}]}}}})
        );
    }

    #[test]
    fn unchanged_objects_need_no_patch() {
        let live = json!({"replicas": 1, "template": {"spec": {"containers": [
            {"name": "a", "image": "a:1", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}}});
        let target = pod(json!([{"name": "a", "image": "a:1", "ports": [{"containerPort": 80}]}]));
        assert_eq!(deployment_patch(target.clone(), target, live), json!({}));
    }

    #[test]
    fn alternatives_of_a_union_are_dropped() {
        assert_eq!(
            deployment_patch(
                json!({}),
                json!({"strategy": {"type": "Recreate"}}),
                json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
            ),
            json!({"spec": {"strategy": {"type": "Recreate", "$retainKeys": ["type"]}}})
        );
    }

    #[test]
    fn what_others_set_stays() {
        assert_eq!(
            deployment_patch(
                json!({"paused": true, "replicas": 1}),
                json!({"revisionHistoryLimit": 2}),
                json!({"replicas": 5, "revisionHistoryLimit": 2, "progressDeadlineSeconds": 600}),
            ),
            json!({"spec": {"replicas": null}})
        );
    }
}
