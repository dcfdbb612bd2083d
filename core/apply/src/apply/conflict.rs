//! Fields that another manager holds: which of them a server-side apply leaves alone (spec 08 row 20).
//!
//! A field is ours as long as we are among its managers, and it is taken back when the release wants it to change. What is
//! left is what somebody else has set since, or set first, and the release has no news about: the replicas that an autoscaler
//! has chosen.

use pilothouse_protocol::FIELD_MANAGER;
use serde_json::{Map, Value};

use crate::managed_fields::ItemKeys;

/// A field that is left to its manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftField {
    /// Who holds it.
    pub(super) manager: String,
    /// Which, in the API server's way of writing.
    pub(super) field: String,
    path: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

/// The fields of `target` that are left alone. `original` is what the release has applied before.
pub(super) fn left_fields(live: &Value, original: &Value, target: &Value) -> Vec<LeftField> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let ours: Vec<&Value> =
        entries.into_iter().flatten().filter(|entry| manager(entry) == FIELD_MANAGER).collect();
    let mut left: Vec<LeftField> = Vec::new();
    for entry in entries.into_iter().flatten().filter(|entry| manager(entry) != FIELD_MANAGER) {
        let Some(fields) = entry.get("fieldsV1").and_then(Value::as_object) else { continue };
        let ours = ours.iter().filter_map(|ours| ours.get("fieldsV1")).collect();
        let place = Place { target, live: Some(live), original: Some(original), ours };
        let mut found = Vec::new();
        walk(fields, &place, &mut Vec::new(), &mut found);
        for path in found {
            if left.iter().all(|known| known.path != path) {
                left.push(LeftField { manager: manager(entry).to_owned(), field: text(&path, target), path });
            }
        }
    }
    left
}

/// The object without these fields.
pub(super) fn without(mut target: Value, left: &[LeftField]) -> Value {
    for field in left {
        let Some((Step::Field(last), parents)) = field.path.split_last() else { continue };
        let parent = parents.iter().try_fold(&mut target, |at, step| match step {
            Step::Field(name) => at.get_mut(name.as_str()),
            Step::Item(index) => at.get_mut(*index),
        });
        if let Some(Value::Object(fields)) = parent {
            fields.remove(last);
        }
    }
    target
}

/// The same place in several versions of an object.
struct Place<'a> {
    target: &'a Value,
    live: Option<&'a Value>,
    original: Option<&'a Value>,
    /// Our sets of fields from here.
    ours: Vec<&'a Value>,
}

impl<'a> Place<'a> {
    /// The place under a key of a set of fields, with the step to it in the target.
    fn under(&self, key: &str) -> Option<(Step, Place<'a>)> {
        let ours = self.ours.iter().filter_map(|ours| ours.get(key)).collect();
        if let Some(name) = key.strip_prefix("f:") {
            let inner = |value: Option<&'a Value>| value.and_then(|value| value.get(name));
            let target = self.target.get(name)?;
            let place = Place { target, live: inner(self.live), original: inner(self.original), ours };
            return Some((Step::Field(name.to_owned()), place));
        }
        let keys = ItemKeys::parse(key)?;
        let item = |value: Option<&'a Value>| value.and_then(|list| keys.find(list)).map(|(_, item)| item);
        let (index, target) = keys.find(self.target)?;
        let place = Place { target, live: item(self.live), original: item(self.original), ours };
        Some((Step::Item(index), place))
    }

    /// Whether the field here, of which another manager has the last say, is left to it.
    fn is_left(&self) -> bool {
        let differs = self.live.is_some_and(|live| live != self.target);
        let unchanged = self.original.is_none_or(|original| original == self.target);
        differs && unchanged && self.ours.is_empty()
    }
}

fn walk(fields: &Map<String, Value>, place: &Place<'_>, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    for (key, inner) in fields {
        let Some((step, place)) = place.under(key) else { continue };
        let Some(inner) = inner.as_object() else { continue };
        let is_leaf = matches!(step, Step::Field(_)) && inner.keys().all(|key| key == ".");
        path.push(step);
        if is_leaf {
            if place.is_left() {
                found.push(path.clone());
            }
        } else {
            walk(inner, &place, path, found);
        }
        path.pop();
    }
}

/// `.spec.containers[name="web"].image`: an item is named by its first text.
fn text(path: &[Step], target: &Value) -> String {
    let mut text = String::new();
    let mut at = target;
    for step in path {
        match step {
            Step::Field(name) => {
                text.push('.');
                text.push_str(name);
                at = at.get(name.as_str()).unwrap_or(&Value::Null);
            }
            Step::Item(index) => {
                at = at.get(*index).unwrap_or(&Value::Null);
                match at.get("name") {
                    Some(name) => text.push_str(&format!("[name={name}]")),
                    None => text.push_str(&format!("[{index}]")),
                }
            }
        }
    }
    text
}

fn manager(entry: &Value) -> &str {
    entry.get("manager").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(replicas: u32, image: &str, entries: Value) -> Value {
        json!({"metadata": {"managedFields": entries}, "spec": {"replicas": replicas, "containers": [
            {"name": "sidecar", "image": "s"}, {"name": "web", "image": image}]}})
    }

    fn entry(manager: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": "Update", "fieldsV1": fields})
    }

    fn left(live: &Value, original: &Value, target: &Value) -> Vec<String> {
        let left = left_fields(live, original, target);
        left.iter().map(|field| format!("{} {}", field.field, field.manager)).collect()
    }

    #[test]
    fn what_the_release_has_no_news_about_is_left() {
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let image = json!({"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}});
        let live = object(5, "hot", json!([entry("autoscaler", replicas.clone()), entry("kubectl", image)]));
        let before = object(1, "a", json!([]));
        assert_eq!(
            left(&live, &before, &before),
            [".spec.replicas autoscaler", ".spec.containers[name=\"web\"].image kubectl"]
        );
        assert_eq!(left(&live, &before, &object(1, "b", json!([]))), [".spec.replicas autoscaler"]);
        assert_eq!(left(&live, &before, &object(5, "b", json!([]))), Vec::<String>::new());
        assert_eq!(left(&live, &json!({}), &object(2, "b", json!([]))).len(), 2, "set by others first");
        let ours = entry("helm-controller", replicas.clone());
        let shared = object(5, "a", json!([entry("autoscaler", replicas), ours]));
        assert_eq!(left(&shared, &before, &before), Vec::<String>::new(), "we are among the managers");
    }

    #[test]
    fn fields_are_taken_out_of_the_object() {
        let image =
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:image": {}}}, "f:replicas": {}}});
        let live = object(5, "hot", json!([entry("x", image)]));
        let target = object(1, "a", json!([]));
        let stripped = without(target.clone(), &left_fields(&live, &target, &target));
        assert_eq!(
            stripped["spec"],
            json!({"containers": [{"name": "sidecar", "image": "s"}, {"name": "web"}]})
        );
    }
}
