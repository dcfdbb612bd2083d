//! What differs between two answers, once what differs by nature is masked.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::step::{Answer, Step};
use crate::texts::{masked_uids, sorted_causes, without_go_values};

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: `code`, `warnings`, or a path within the body.
    pub path: String,
    /// What the real server says.
    pub real: Value,
    /// What the model says.
    pub model: Value,
}

/// All differences between the answers to one request.
#[must_use]
pub fn differences(step: &Step, real: &Answer, model: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    if real.code != model.code {
        let (real_words, model_words) = (json!(said(real)), json!(said(model)));
        return vec![Difference { path: "code".to_owned(), real: real_words, model: model_words }];
    }
    let sorted = |warnings: &[String]| {
        let mut warnings = warnings.to_vec();
        warnings.sort();
        json!(warnings)
    };
    let warnings = |answer: &Answer| sorted(&answer.warnings);
    compare(&warnings(real), &warnings(model), "warnings", &mut found);
    let masked = |answer: &Answer| bare(step, answer.body.clone());
    compare(&masked(real), &masked(model), "", &mut found);
    found
}

fn said(answer: &Answer) -> String {
    let message = answer.body.get("message").and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", answer.code, without_go_values(message))
}

/// An answer without uids, versions, times, addresses.
fn bare(step: &Step, mut body: Value) -> Value {
    if body["kind"] == "Table" {
        return bare_table(body);
    }
    if let Some(items) = body.get_mut("items").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(bare_object);
        bare_list(&mut body);
        return body;
    }
    if body["kind"] == "Status" {
        bare_status(step, &mut body);
        return body;
    }
    bare_object(&mut body);
    body
}

fn bare_list(list: &mut Value) {
    let Some(metadata) = list.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.remove("resourceVersion");
    match metadata.get("continue").and_then(Value::as_str) {
        Some("") | None => drop(metadata.remove("continue")),
        Some(_) => drop(metadata.insert("continue".to_owned(), json!("<token>"))),
    }
}

fn bare_status(step: &Step, status: &mut Value) {
    if let Some(details) = status.get_mut("details").and_then(Value::as_object_mut) {
        details.remove("uid");
        if let Some(Value::Array(causes)) = details.get_mut("causes") {
            for cause in causes.iter_mut() {
                let field = cause["field"].as_str().unwrap_or_default().to_owned();
                if let Some(Value::String(message)) = cause.get_mut("message") {
                    let whole = without_go_values(&format!("{field}: {message}"));
                    *message = whole.trim_start_matches(&format!("{field}: ")).to_owned();
                }
            }
            causes.sort_by_key(Value::to_string);
        }
    }
    if let Some(Value::String(message)) = status.get_mut("message") {
        *message = sorted_causes(&without_go_values(message));
        if step.content_type == "application/json-patch+json" && message.contains("does not apply") {
            // The texts of the library for JSON patches name its internals.
            "<does not apply>".clone_into(message);
        }
    }
    mask(status);
}

fn bare_object(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["uid", "resourceVersion", "creationTimestamp"] {
            metadata.remove(field);
        }
        if metadata.contains_key("deletionTimestamp") {
            metadata.insert("deletionTimestamp".to_owned(), json!("<time>"));
        }
        if let Some(Value::Array(entries)) = metadata.get_mut("managedFields") {
            entries.iter_mut().filter_map(Value::as_object_mut).for_each(|entry| drop(entry.remove("time")));
            entries.sort_by_key(|entry| {
                let text =
                    |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
                (text("operation"), text("manager"), text("subresource"))
            });
        }
    }
    if let Some(time) = object.pointer_mut("/status/lastPhaseTransitionTime") {
        *time = json!("<time>");
    }
    if object.pointer("/spec/ports").is_some() || object.pointer("/spec/clusterIP").is_some() {
        mask_addresses(&mut object["spec"]);
    }
    mask(object);
}

fn bare_table(table: Value) -> Value {
    let columns = table["columnDefinitions"].as_array().cloned().unwrap_or_default();
    let is_time = |name: &Value| {
        matches!(name.as_str(), Some("Age" | "Created At" | "Last Schedule" | "Cluster-IP" | "Port(s)"))
    };
    let times: BTreeSet<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| is_time(&column["name"]))
        .map(|(index, _)| index)
        .collect();
    let named: Vec<Value> =
        columns.iter().map(|column| json!([column["name"], column["type"], column["priority"]])).collect();
    let rows = table["rows"].as_array().cloned().unwrap_or_default().into_iter().map(|row| {
        let cells = row["cells"].as_array().cloned().unwrap_or_default();
        let cells = cells.into_iter().enumerate();
        cells
            .map(|(index, cell)| if times.contains(&index) { json!("<time>") } else { cell })
            .collect::<Vec<_>>()
    });
    let mut bare = json!({"columns": named, "rows": rows.collect::<Vec<_>>()});
    mask(&mut bare);
    bare
}

fn mask_addresses(spec: &mut Value) {
    for field in ["clusterIP", "clusterIPs"] {
        if spec.get(field).is_some_and(|value| value != "None" && value != &json!(["None"])) {
            spec[field] = json!("<ip>");
        }
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if port.get("nodePort").is_some() {
            port["nodePort"] = json!("<port>");
        }
    }
}

/// Uids in texts become `<uid>`, versions in texts of refusals `<rv>`.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            let old: Map<String, Value> = std::mem::take(fields);
            for (key, mut member) in old {
                mask(&mut member);
                fields.insert(masked(&key), member);
            }
        }
        _ => {}
    }
}

fn masked(text: &str) -> String {
    let result = masked_uids(text);
    let Some((head, rest)) = result.split_once("ResourceVersion in object meta: ") else { return result };
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    format!("{head}ResourceVersion in object meta: <rv>{rest}")
}

fn compare(real: &Value, model: &Value, path: &str, found: &mut Vec<Difference>) {
    match (real, model) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys.into_iter().filter(|key| a.get(*key) != b.get(*key)) {
                let missing = json!("<absent>");
                let (real, model) = (a.get(key).unwrap_or(&missing), b.get(key).unwrap_or(&missing));
                compare(real, model, &format!("{path}/{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (real, model)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b) {
                compare(real, model, &format!("{path}/{index}"), found);
            }
        }
        (real, model) if real == model => {}
        (real, model) => {
            found.push(Difference { path: path.to_owned(), real: real.clone(), model: model.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: Value) -> Answer {
        Answer { code: 200, body, warnings: Vec::new() }
    }

    #[test]
    fn what_differs_by_nature_is_no_difference() {
        let object = |uid: &str, time: &str, address: &str| {
            answer(json!({"metadata": {"uid": uid, "resourceVersion": time, "creationTimestamp": time,
                "managedFields": [{"manager": "a", "time": time}]}, "spec": {"clusterIP": address, "ports": [{"nodePort": time}]}}))
        };
        let one = object("00000000-0000-4000-8000-000000000001", "1", "10.0.0.1");
        let two = object("00000000-0000-4000-8000-000000000002", "2", "10.0.0.2");
        assert_eq!(differences(&Step::new("GET", "/x"), &one, &two), []);
    }

    #[test]
    fn everything_else_is() {
        let step = Step::new("GET", "/x");
        let found = differences(
            &step,
            &answer(json!({"data": {"a": 1}})),
            &answer(json!({"data": {"a": 2, "b": 1}})),
        );
        let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["/data/a", "/data/b"]);
        let refused = Answer { code: 409, ..answer(json!({"message": "no"})) };
        assert_eq!(differences(&step, &answer(json!({})), &refused)[0].model, json!("409 no"));
        let warned = Answer { warnings: vec!["w".to_owned()], ..answer(json!({})) };
        assert_eq!(differences(&step, &warned, &answer(json!({}))).len(), 1);
    }
}
