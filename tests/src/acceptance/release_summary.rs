//! HelmReleases and stored releases as far as they are compared.

use pilothouse_encoding::digest::Algorithm;
use pilothouse_release::{Observation, ReleaseRecord};
use serde_json::{Map, Value, json};

use super::managed_fields::managed;
use super::normalise::Normaliser;

/// Times of a stored release.
const INFO_TIMES: [&str; 3] = ["first_deployed", "last_deployed", "deleted"];

/// Finds the stored release of a name and version in a namespace.
pub(super) type Lookup<'a> = &'a dyn Fn(&str, &str, i64) -> Option<Value>;

/// Metadata, conditions in order, history with verified digests, and every other field of the status.
pub(super) fn helm_release(
    object: &Value,
    storage_namespace: Option<&str>,
    normaliser: &Normaliser,
    lookup: Lookup<'_>,
) -> Value {
    let metadata = &object["metadata"];
    let mut status = members(object.get("status"));
    let mut out = json!({
        "generation": metadata["generation"],
        "finalizers": metadata.get("finalizers").cloned().unwrap_or_else(|| json!([])),
    });
    if metadata.get("deletionTimestamp").is_some() {
        out["terminating"] = json!(true);
    }
    out["conditions"] = items(status.remove("conditions")).iter().map(|c| condition(c, normaliser)).collect();
    let own = metadata["namespace"].as_str().unwrap_or_default();
    let namespace = status
        .get("storageNamespace")
        .and_then(Value::as_str)
        .or(storage_namespace)
        .unwrap_or(own)
        .to_owned();
    let history = items(status.remove("history"));
    out["history"] = history.into_iter().map(|entry| snapshot(entry, &namespace, lookup)).collect();
    if status.contains_key("lastAttemptedReleaseActionDuration") {
        status.insert("lastAttemptedReleaseActionDuration".to_owned(), json!("<duration>"));
    }
    out["status"] = Value::Object(status);
    out
}

/// Labels, managers and the decoded release of a storage Secret; contents of files as hashes.
pub(super) fn storage(secret: &Value, release: Result<Value, String>, normaliser: &Normaliser) -> Value {
    let mut labels = members(secret.pointer("/metadata/labels"));
    for key in ["createdAt", "modifiedAt"] {
        if let Some(label) = labels.get_mut(key) {
            *label = json!("<unix>");
        }
    }
    let is_own = |entry: &Value| entry["manager"] != "helm";
    let managers: Vec<Value> = items(Some(managed(secret, false))).into_iter().filter(is_own).collect();
    let mut out = json!({"type": secret["type"], "labels": labels, "managers": managers});
    let release = match release {
        Ok(release) if release.get("info").is_some() => release,
        Ok(_) => return out,
        Err(error) => {
            out["undecodable"] = json!(error);
            return out;
        }
    };
    for field in ["name", "namespace", "version", "apply_method", "config", "manifest"] {
        out[field] = release[field].clone();
    }
    out["info"] = info(&release["info"], normaliser);
    out["hooks"] = items(release.get("hooks").cloned()).into_iter().map(hook).collect();
    out["keys"] = keys(&release).into();
    out["chart"] = chart(&release["chart"]);
    out
}

fn condition(condition: &Value, normaliser: &Normaliser) -> Value {
    let message = normaliser.strict(condition["message"].as_str().unwrap_or_default());
    json!({"type": condition["type"], "status": condition["status"], "reason": condition["reason"],
        "message": message, "observedGeneration": condition["observedGeneration"]})
}

fn snapshot(mut entry: Value, namespace: &str, lookup: Lookup<'_>) -> Value {
    for field in ["firstDeployed", "lastDeployed", "deleted"] {
        mask_time(&mut entry, field, false);
    }
    for test in
        entry.get_mut("testHooks").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
    {
        for field in ["lastStarted", "lastCompleted"] {
            mask_time(test, field, false);
        }
    }
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, digest, oci) = (text("name"), text("digest"), text("ociDigest"));
    let stored = lookup(namespace, &name, entry["version"].as_i64().unwrap_or_default());
    entry["digest"] = json!("<digest>");
    entry["digestVerified"] = stored.map_or(Value::Null, |release| verify(release, &digest, &oci));
    entry
}

fn verify(release: Value, digest: &str, oci: &str) -> Value {
    let algorithm: Option<Algorithm> = digest.split(':').next().and_then(|name| name.parse().ok());
    let Some(algorithm) = algorithm else { return json!(format!("error: unknown algorithm of {digest}")) };
    let computed = serde_json::from_value::<ReleaseRecord>(release)
        .and_then(|record| Observation::of(&record).with(oci, "").digest(algorithm));
    match computed {
        Ok(computed) => json!(computed.to_string() == digest),
        Err(error) => json!(format!("error: {error}")),
    }
}

fn info(info: &Value, normaliser: &Normaliser) -> Value {
    let mut info = info.clone();
    for field in INFO_TIMES {
        mask_time(&mut info, field, true);
    }
    for field in ["description", "notes"] {
        if let Some(text) = info.get_mut(field) {
            *text = json!(normaliser.strict(text.as_str().unwrap_or_default()));
        }
    }
    info
}

fn hook(mut hook: Value) -> Value {
    if let Some(run) = hook.get_mut("last_run") {
        for field in ["started_at", "completed_at"] {
            mask_time(run, field, true);
        }
    }
    hook
}

fn chart(chart: &Value) -> Value {
    let mut keys = keys(chart);
    keys.retain(|key| !key.contains("modtime"));
    json!({
        "keys": keys,
        "metadata": chart["metadata"],
        "values": chart["values"],
        "schema": chart.get("schema").is_some_and(|schema| !schema.is_null() && schema != ""),
        "templates": files(chart, "templates"),
        "files": files(chart, "files"),
    })
}

fn files(chart: &Value, field: &str) -> Value {
    let file = |file: &Value| {
        let data = file.get("data").and_then(Value::as_str).unwrap_or_default();
        let digest = Algorithm::Sha256.compute(data.as_bytes());
        json!([file["name"], digest.encoded().get(..16)])
    };
    items(chart.get(field).cloned()).iter().map(file).collect()
}

/// Masks a time that is present; an empty one too when `filled` is false.
fn mask_time(value: &mut Value, field: &str, filled: bool) {
    if let Some(time) = value.get_mut(field)
        && (!filled || !(time.is_null() || *time == ""))
    {
        *time = json!("<time>");
    }
}

fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> = value.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    keys.sort();
    keys
}

fn members(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn items(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
