//! Three-way merge patches: what must be sent so that a live object becomes what was asked for, while what others have
//! changed stays (`apimachinery/pkg/util/strategicpatch` and `jsonmergepatch`).

mod json;
mod list;
mod schema;
mod strategic;
mod united;

use json::{three_way as json_three_way, two_way as json_two_way};
use pilothouse_protocol::{GroupVersionKind, Patch};
use serde_json::Value;

/// No such patch can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MergeError {
    /// An element of a list that is merged by key lacks the key.
    #[error("map: {element} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The element as JSON.
        element: String,
        /// The merge key.
        key: String,
    },
}

/// The patch and its kind; `None` when nothing has to change.
///
/// `three_way_custom`: kinds without a strategic merge are compared with the live object too.
pub(crate) fn patch(
    gvk: &GroupVersionKind,
    original: &Value,
    target: &Value,
    live: &Value,
    three_way_custom: bool,
) -> Result<Option<(Patch, Value)>, MergeError> {
    let (kind, patch) = match schema::of(gvk) {
        Some(schema) => (Patch::StrategicMerge, strategic::three_way(original, target, live, schema)?),
        None if three_way_custom => (Patch::Merge, json_three_way(original, target, live)),
        None => (Patch::Merge, json_two_way(original, target)),
    };
    Ok((!is_empty(&patch)).then_some((kind, patch)))
}

/// All that either of two manifests of an object has; where they disagree, what the first says.
pub(crate) fn united(gvk: &GroupVersionKind, first: &Value, second: &Value) -> Value {
    united::united(first, second, schema::of(gvk).unwrap_or(&schema::ANY))
}

/// Whether a live object is what was asked for, as far as the manifest says anything about it.
pub(crate) fn is_in_place(gvk: &GroupVersionKind, original: &Value, target: &Value, live: &Value) -> bool {
    let patch = match schema::of(gvk) {
        Some(schema) => strategic::three_way(original, target, live, schema),
        None => Ok(json_three_way(original, target, live)),
    };
    patch.is_ok_and(|patch| says_nothing(&patch))
}

fn is_empty(patch: &Value) -> bool {
    patch.as_object().is_none_or(serde_json::Map::is_empty)
}

/// Empty maps are dropped by the server; which keys to keep and in which order changes nothing that was asked for.
fn says_nothing(patch: &Value) -> bool {
    patch.as_object().is_some_and(|fields| {
        fields
            .iter()
            .all(|(key, value)| key == RETAIN_KEYS || key.starts_with(SET_ORDER) || says_nothing(value))
    })
}

/// Directive: the keys of a union that stay.
const RETAIN_KEYS: &str = "$retainKeys";
/// Prefix of a directive: the order of a list.
const SET_ORDER: &str = "$setElementOrder/";
/// Prefix of a directive: what is taken from a list of scalars.
const DELETE_FROM_SET: &str = "$deleteFromPrimitiveList/";
/// Directive: what happens with an element or a list.
const PATCH: &str = "$patch";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_kind_decides_on_the_patch() {
        let (original, target, live) =
            (json!({"a": 1, "b": 1}), json!({"a": 2}), json!({"a": 1, "b": 1, "c": 1}));
        let strategic = patch(&GroupVersionKind::new("v1", "ConfigMap"), &original, &target, &live, false);
        assert_eq!(strategic, Ok(Some((Patch::StrategicMerge, json!({"a": 2, "b": null})))));
        let custom = GroupVersionKind::new("example.org/v1", "Thing");
        assert_eq!(
            patch(&custom, &original, &target, &json!({"a": 2}), false),
            Ok(Some((Patch::Merge, json!({"a": 2, "b": null})))),
            "Helm does not look at the live object of a custom kind"
        );
        assert_eq!(patch(&custom, &original, &target, &json!({"a": 2}), true), Ok(None));
    }

    #[test]
    fn what_the_manifest_says_is_in_place() {
        let deployment = GroupVersionKind::new("apps/v1", "Deployment");
        let target =
            json!({"metadata": {"annotations": {}}, "spec": {"strategy": {"type": "Recreate"}, "x": null}});
        let live = json!({"metadata": {"uid": "u"}, "spec": {"strategy": {"type": "Recreate", "y": {}}, "replicas": 1}});
        assert!(is_in_place(&deployment, &Value::Null, &target, &live));
        let original = json!({"spec": {"replicas": 1}});
        assert!(!is_in_place(&deployment, &original, &target, &live), "what was dropped must be gone");
    }
}
