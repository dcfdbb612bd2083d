//! The objects of a stored manifest as they should be on the cluster.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_protocol::{Discovery, ObjectRef};
use serde_json::{Map, Value};

use crate::objects::read_manifest;
use crate::{ManifestObject, stamp_ownership};

/// An object to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftSubject {
    /// The object as it should be.
    pub object: ManifestObject,
    /// JSON pointers to what may differ; an empty one is for all of it.
    pub ignored: Vec<String>,
}

/// The objects of a stored manifest with the marks of the release, and why others cannot be looked at.
#[must_use]
pub fn drift_subjects(
    manifest: &str,
    release_name: &str,
    release_namespace: &str,
    discovery: &Discovery,
) -> (Vec<DriftSubject>, Vec<String>) {
    let (objects, errors) = read_manifest(manifest, release_namespace, discovery);
    // What has its name from the server cannot be looked for.
    let named = objects.into_iter().filter(|object| !object.reference.name.is_empty());
    let subjects = named.map(|mut object| {
        normalise(&object.reference, &mut object.body);
        stamp_ownership(&mut object.body, release_name, release_namespace);
        DriftSubject { object, ignored: Vec::new() }
    });
    (subjects.collect(), errors)
}

/// What the server makes of an object by itself, so that it does not count as a difference.
fn normalise(reference: &ObjectRef, body: &mut Value) {
    let gvk = reference.gvk();
    match (gvk.group(), reference.kind.as_str()) {
        ("", "Secret") => encode_text(body),
        ("", "Service") => default_protocol(body.pointer_mut("/spec/ports")),
        ("", "Pod") => default_container_protocols(body.pointer_mut("/spec")),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            default_container_protocols(body.pointer_mut("/spec/template/spec"));
        }
        ("batch", "CronJob") => {
            default_container_protocols(body.pointer_mut("/spec/jobTemplate/spec/template/spec"));
        }
        _ => {}
    }
    let is_definition = gvk.group() == "apiextensions.k8s.io" && reference.kind == "CustomResourceDefinition";
    if let (false, Some(fields)) = (is_definition, body.as_object_mut()) {
        fields.remove("status");
    }
}

/// `stringData` of a Secret is `data` once it is stored.
fn encode_text(body: &mut Value) {
    let Some(fields) = body.as_object_mut() else { return };
    let Some(Value::Object(texts)) = fields.remove("stringData") else { return };
    let data = fields.entry("data").or_insert(Value::Null);
    if !data.is_object() {
        *data = Value::Object(Map::new());
    }
    if let Some(data) = data.as_object_mut() {
        let encoded = texts.into_iter().map(|(key, text)| {
            let text = text.as_str().unwrap_or_default().as_bytes();
            (key, Value::String(STANDARD.encode(text)))
        });
        data.extend(encoded);
    }
}

/// Not for init containers: the original leaves them alone.
fn default_container_protocols(pod: Option<&mut Value>) {
    let containers = pod.and_then(|pod| pod.get_mut("containers")).and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        default_protocol(container.get_mut("ports"));
    }
}

fn default_protocol(ports: Option<&mut Value>) {
    for port in ports.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(port) = port.as_object_mut()
            && port.get("protocol").and_then(Value::as_str).is_none_or(str::is_empty)
        {
            port.insert("protocol".to_owned(), Value::from("TCP"));
        }
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{ApiResource, GroupVersionKind};
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_as_the_server_stores_them() {
        let mut discovery = Discovery::default();
        for (api_version, kind) in [("v1", "Secret"), ("v1", "Service"), ("apps/v1", "Deployment")] {
            let resource = ApiResource { plural: kind.to_lowercase(), namespaced: true, status: false };
            discovery.resources.insert(GroupVersionKind::new(api_version, kind), resource);
        }
        let documents = [
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "n"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "n-"}}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"}, "spec": {"ports": [{"port": 1}, {"port": 2, "protocol": "UDP"}]}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "n"}, "status": {}, "spec": {"template": {"spec": {
                "initContainers": [{"ports": [{"containerPort": 1}]}], "containers": [{"ports": [{"containerPort": 1}]}]}}}}),
            json!({"apiVersion": "v1", "kind": "Unknown", "metadata": {"name": "n"}}),
        ];
        let manifest: String = documents.iter().map(|document| format!("---\n{document}\n")).collect();
        let (subjects, errors) = drift_subjects(&manifest, "app", "ns", &discovery);
        assert_eq!(
            errors,
            [
                "failed to determine if Unknown is namespace scoped: no matches for kind \"Unknown\" in version \"v1\""
            ]
        );
        let bodies: Vec<&Value> = subjects.iter().map(|subject| &subject.object.body).collect();
        assert_eq!(bodies[0]["data"], json!({"a": "Yg==", "c": "ZA=="}));
        assert_eq!(bodies[0].get("stringData"), None);
        assert_eq!(bodies[0]["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
        assert_eq!(bodies[0]["metadata"]["namespace"], "ns");
        assert_eq!(
            bodies[1]["spec"]["ports"],
            json!([{"port": 1, "protocol": "TCP"}, {"port": 2, "protocol": "UDP"}])
        );
        let pod = &bodies[2]["spec"]["template"]["spec"];
        assert_eq!(pod["initContainers"][0]["ports"], json!([{"containerPort": 1}]));
        assert_eq!(pod["containers"][0]["ports"], json!([{"containerPort": 1, "protocol": "TCP"}]));
        assert_eq!(bodies[2].get("status"), None);
    }
}
