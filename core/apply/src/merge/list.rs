//! Merging lists: by key, or as sets.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema::Field;
use super::strategic::merge_maps;
use super::{DELETE_FROM_SET, MergeError, PATCH, SET_ORDER};

/// Adds to the patch what turns a live list of maps into the wanted one.
///
/// A key that occurs twice (a port for TCP and UDP) makes a merge ambiguous, and API servers then lose elements; such a
/// list is replaced as a whole when it differs.
pub(super) fn merge_by_key(
    patch: &mut Map<String, Value>,
    name: &str,
    key: &str,
    [original, wanted, live]: [&[Value]; 3],
    field: Field,
) -> Result<(), MergeError> {
    let (original, wanted, live) = (keyed(original, key)?, keyed(wanted, key)?, keyed(live, key)?);
    if [&original, &wanted, &live].into_iter().any(|list| is_ambiguous(list)) {
        replace(patch, name, &wanted, &live);
        return Ok(());
    }
    let mut changes = Vec::new();
    for (value, element) in &wanted {
        let Some(present) = find(&live, value) else {
            changes.push(Value::Object((*element).clone()));
            continue;
        };
        let empty = Map::new();
        let known = find(&original, value).unwrap_or(&empty);
        let mut change = merge_maps(known, element, present, field.schema, field.retain_keys)?;
        if !change.is_empty() {
            change.insert(key.to_owned(), (*value).clone());
            changes.push(Value::Object(change));
        }
    }
    for (value, _) in &original {
        if find(&wanted, value).is_none() && find(&live, value).is_some() {
            changes.push(json!({key: value, PATCH: "delete"}));
        }
    }
    if !changes.is_empty() || !keeps_order(&wanted, &live) {
        let order: Vec<Value> = wanted.iter().map(|(value, _)| json!({key: value})).collect();
        if !order.is_empty() {
            patch.insert(format!("{SET_ORDER}{name}"), Value::Array(order));
        }
        if !changes.is_empty() {
            patch.insert(name.to_owned(), Value::Array(changes));
        }
    }
    Ok(())
}

/// Adds to the patch what turns a live set of scalars into the wanted one.
pub(super) fn merge_set(patch: &mut Map<String, Value>, name: &str, [original, wanted, live]: [&[Value]; 3]) {
    let added: Vec<Value> = wanted.iter().filter(|value| !live.contains(value)).cloned().collect();
    let gone: Vec<Value> =
        original.iter().filter(|value| !wanted.contains(value) && live.contains(value)).cloned().collect();
    if added.is_empty() && gone.is_empty() {
        return;
    }
    if !added.is_empty() {
        patch.insert(name.to_owned(), Value::Array(added));
    }
    if !gone.is_empty() {
        patch.insert(format!("{DELETE_FROM_SET}{name}"), Value::Array(gone));
    }
    patch.insert(format!("{SET_ORDER}{name}"), Value::Array(wanted.to_vec()));
}

type Keyed<'a> = Vec<(&'a Value, &'a Map<String, Value>)>;

fn keyed<'a>(list: &'a [Value], key: &str) -> Result<Keyed<'a>, MergeError> {
    list.iter()
        .map(|element| {
            element
                .as_object()
                .and_then(|fields| Some((fields.get(key)?, fields)))
                .ok_or_else(|| MergeError::NoMergeKey { element: element.to_string(), key: key.to_owned() })
        })
        .collect()
}

fn is_ambiguous(list: &Keyed<'_>) -> bool {
    let keys: BTreeSet<String> = list.iter().map(|(value, _)| value.to_string()).collect();
    keys.len() != list.len()
}

fn find<'a>(list: &Keyed<'a>, key: &Value) -> Option<&'a Map<String, Value>> {
    list.iter().find(|(value, _)| *value == key).map(|(_, element)| *element)
}

/// Whether the wanted elements stand in this order already; all are present when nothing else changes.
fn keeps_order(wanted: &Keyed<'_>, live: &Keyed<'_>) -> bool {
    let live = live.iter().filter(|(value, _)| find(wanted, value).is_some());
    wanted.iter().map(|(value, _)| value).eq(live.map(|(value, _)| value))
}

fn replace(patch: &mut Map<String, Value>, name: &str, wanted: &Keyed<'_>, live: &Keyed<'_>) {
    let same = wanted.len() == live.len()
        && wanted.iter().zip(live).all(|((_, wanted), (_, live))| {
            wanted.iter().all(|(key, value)| live.get(key).is_some_and(|live| holds(live, value)))
        });
    if same {
        return;
    }
    let mut list = vec![json!({PATCH: "replace"})];
    list.extend(wanted.iter().map(|(_, element)| Value::Object((*element).clone())));
    patch.insert(name.to_owned(), Value::Array(list));
}

/// Whether a live value has everything of the wanted one.
fn holds(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| live.get(key).is_some_and(|live| holds(live, value)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| holds(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::GroupVersionKind;

    use crate::merge::schema;
    use crate::merge::strategic::three_way;

    use super::*;

    fn service(ports: Value) -> Value {
        json!({"spec": {"ports": ports}})
    }

    fn patch(original: Value, target: Value, live: Value) -> Result<Value, MergeError> {
        three_way(&original, &target, &live, schema::of(&GroupVersionKind::new("v1", "Service")).unwrap())
    }

    #[test]
    fn ports_with_two_protocols_are_replaced_as_a_whole() {
        let wanted = json!([{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]);
        let live = json!([{"port": 53, "protocol": "TCP", "nodePort": 3}, {"port": 53, "protocol": "UDP"}]);
        assert_eq!(patch(service(wanted.clone()), service(wanted.clone()), service(live)), Ok(json!({})));
        assert_eq!(
            patch(
                service(wanted.clone()),
                service(wanted),
                service(json!([{"port": 53, "protocol": "TCP"}]))
            ),
            Ok(json!({"spec": {"ports": [
                {"$patch": "replace"}, {"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}}))
        );
    }

    #[test]
    fn a_change_of_order_is_sent() {
        let (a, b) = (json!({"port": 1}), json!({"port": 2}));
        assert_eq!(
            patch(service(json!([a, b])), service(json!([b, a])), service(json!([a, b]))),
            Ok(json!({"spec": {"$setElementOrder/ports": [{"port": 2}, {"port": 1}]}}))
        );
    }

    #[test]
    fn elements_need_their_key() {
        let error = patch(json!({}), service(json!([{"name": "x"}])), service(json!([]))).unwrap_err();
        assert_eq!(error.to_string(), "map: {\"name\":\"x\"} does not contain declared merge key: port");
    }

    #[test]
    fn finalizers_are_a_set() {
        let meta = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
        assert_eq!(
            patch(meta(json!(["a", "b"])), meta(json!(["b", "c"])), meta(json!(["a", "b", "x"]))),
            Ok(json!({"metadata": {
                "finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"],
                "$setElementOrder/finalizers": ["b", "c"]}}))
        );
    }
}
