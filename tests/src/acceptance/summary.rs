//! An object as far as it is compared.

use serde_json::{Map, Value, json};

use super::managed_fields::managed;

/// Keys of labels and annotations that differ from run to run.
const DROPPED: [&str; 4] = [
    "deployment.kubernetes.io/revision",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-tracking",
];

/// Labels, annotations, finalizers, the parts of the object that are compared for its kind, and who owns which field.
pub(super) fn summary(kind: &str, object: &Value) -> Value {
    let mut out = metadata(object);
    match kind {
        "ConfigMap" | "Secret" => {
            for field in ["data", "immutable", "type"] {
                if let Some(value) = object.get(field) {
                    out.insert(field.to_owned(), value.clone());
                }
            }
        }
        "Deployment" => {
            out.insert("spec".to_owned(), deployment(&object["spec"]));
        }
        "CustomResourceDefinition" => {
            let versions = object.pointer("/spec/versions").and_then(Value::as_array);
            out.insert("versions".to_owned(), versions.into_iter().flatten().map(version).collect());
        }
        "Namespace" => {
            out.insert("labels".to_owned(), Value::Object(namespace_labels(object)));
        }
        "ReplicaSet" => {
            let mut labels = members(out.get("labels"));
            labels.remove("pod-template-hash");
            return json!({"labels": labels});
        }
        "Service" => {
            let spec = &object["spec"];
            let picked = json!({"type": spec["type"], "ports": spec["ports"], "selector": spec["selector"]});
            out.insert("spec".to_owned(), picked);
        }
        "Job" | "Pod" => {}
        _ => {
            if let Some(spec) = object.get("spec") {
                out.insert("spec".to_owned(), spec.clone());
            }
        }
    }
    out.insert(
        "managedFields".to_owned(),
        managed(object, matches!(kind, "ConfigMap" | "Secret" | "Deployment")),
    );
    Value::Object(out)
}

fn metadata(object: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    let metadata = &object["metadata"];
    for field in ["labels", "annotations"] {
        let mut kept = members(metadata.get(field));
        kept.retain(|key, _| !DROPPED.contains(&key.as_str()));
        if !kept.is_empty() {
            out.insert(field.to_owned(), Value::Object(kept));
        }
    }
    if let Some(finalizers) =
        metadata.get("finalizers").filter(|f| f.as_array().is_some_and(|f| !f.is_empty()))
    {
        out.insert("finalizers".to_owned(), finalizers.clone());
    }
    if metadata.get("deletionTimestamp").is_some() {
        out.insert("terminating".to_owned(), Value::Bool(true));
    }
    out
}

fn deployment(spec: &Value) -> Value {
    let template = &spec["template"];
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    let containers: Value = containers
        .into_iter()
        .flatten()
        .map(|container| json!({"name": container["name"], "image": container["image"], "env": container["env"]}))
        .collect();
    json!({
        "replicas": spec["replicas"],
        "selector": spec["selector"],
        "template": {
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
            "nodeSelector": template["spec"]["nodeSelector"],
            "containers": containers,
        },
    })
}

fn version(version: &Value) -> Value {
    let properties =
        version.pointer("/schema/openAPIV3Schema/properties/spec/properties").and_then(Value::as_object);
    let names: Vec<&String> = properties.into_iter().flat_map(Map::keys).collect();
    json!({"name": version["name"], "served": version["served"], "storage": version["storage"], "properties": names})
}

fn namespace_labels(object: &Value) -> Map<String, Value> {
    let mut labels = members(object.pointer("/metadata/labels"));
    labels.remove("kubernetes.io/metadata.name");
    labels
}

fn members(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_show_what_is_compared() {
        let meta = json!({"labels": {"a": "b", "controller-uid": "x"}, "annotations": {}, "finalizers": []});
        for (kind, object, expected) in [
            (
                "ConfigMap",
                json!({"metadata": meta, "data": {"k": "v"}}),
                json!({"labels": {"a": "b"}, "data": {"k": "v"}, "managedFields": []}),
            ),
            (
                "Pod",
                json!({"metadata": meta, "spec": {"x": 1}}),
                json!({"labels": {"a": "b"}, "managedFields": []}),
            ),
            (
                "Service",
                json!({"metadata": {}, "spec": {"type": "ClusterIP", "clusterIP": "1"}}),
                json!({"spec": {"type": "ClusterIP", "ports": null, "selector": null}, "managedFields": []}),
            ),
            (
                "ReplicaSet",
                json!({"metadata": {"labels": {"pod-template-hash": "1", "app": "x"}}}),
                json!({"labels": {"app": "x"}}),
            ),
            (
                "Widget",
                json!({"metadata": {}, "spec": {"x": 1}}),
                json!({"spec": {"x": 1}, "managedFields": []}),
            ),
        ] {
            assert_eq!(summary(kind, &object), expected, "{kind}");
        }
    }
}
