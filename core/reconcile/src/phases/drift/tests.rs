//! What the log says about drift.

use pilothouse_apply::OperationKind;
use pilothouse_protocol::Action;
use serde_json::json;

use super::*;

fn replaced(path: &str) -> Operation {
    Operation { kind: OperationKind::Replace, path: path.to_owned(), value: json!("theirs") }
}

/// The message of the log about a change, and the patch that it shows.
fn logged(object: &ObjectRef, operations: Option<&[Operation]>) -> (String, Option<Value>) {
    let mut context = Context::new(0);
    log_change(object, operations, &mut context);
    let Some(Action::Log(entry)) = context.next_action() else { panic!("nothing is logged") };
    assert_eq!((entry.level, &entry.fields["resource"]), (LogLevel::Debug, &object.to_string()));
    (entry.message, entry.fields.get("patch").map(|patch| serde_json::from_str(patch).unwrap()))
}

#[test]
fn changes_are_logged_without_what_secrets_hold() {
    let object = |kind: &str| ObjectRef::namespaced("v1", kind, "ns", "config");
    let patch = |path: &str, value: &str| Some(json!([{"op": "replace", "path": path, "value": value}]));
    for (kind, path, shown) in [
        ("ConfigMap", "/data/key", "theirs"),
        ("Secret", "/data/key", "***"),
        ("Secret", "/stringData/key", "***"),
        ("Secret", "", "***"),
        ("Secret", "/metadata/labels/key", "theirs"),
    ] {
        let expected = ("resource modified".to_owned(), patch(path, shown));
        assert_eq!(logged(&object(kind), Some(&[replaced(path)])), expected);
    }
    assert_eq!(logged(&object("Secret"), None), ("resource deleted".to_owned(), None));
}
