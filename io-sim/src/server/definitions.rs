//! CustomResourceDefinitions coming and going, cluster addresses, and base64.

use pilothouse_protocol::{ObjectRef, metadata};
use serde_json::{Value, json};

use super::custom::served_kinds;
use super::kinds::Kind;
use super::{Caller, Server};

const RESOURCE: &str = "customresourcedefinitions.apiextensions.k8s.io";

impl Server {
    /// Serves the kinds of a CustomResourceDefinition and says so in its conditions.
    pub fn establish(&mut self, wall: i64, name: &str) {
        let Some(stored) = self.store.get(RESOURCE, "", name) else { return };
        let definition = std::sync::Arc::clone(&stored.object);
        for kind in served_kinds(&definition) {
            self.kinds.insert(kind);
        }
        let caller = Caller {
            wall,
            identity: &pilothouse_protocol::Identity::Controller,
            manager: "kube-apiserver",
            subresource: "",
        };
        let target = ObjectRef::cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", name);
        let _ = self.replace_status(&caller, &target, established(&definition, &caller.time()));
    }

    /// Whether a definition is established.
    #[must_use]
    pub fn is_established(definition: &Value) -> bool {
        let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
    }

    /// A definition was written: what it serves follows at once when it is established already.
    pub(super) fn definition_changed(&mut self, kind: &Kind, object: &Value) {
        if &*kind.resource != RESOURCE || !Self::is_established(object) {
            return;
        }
        self.kinds.remove_resource(metadata::text(object, "name"));
        for kind in served_kinds(object) {
            self.kinds.insert(kind);
        }
    }

    /// A definition is gone: its kinds are no longer served.
    pub(super) fn definition_removed(&mut self, resource: &str, name: &str) {
        if resource == RESOURCE {
            self.kinds.remove_resource(name);
        }
    }

    /// Gives a new Service its address and ports.
    pub(super) fn allocate(&mut self, kind: &Kind, object: &mut Value) {
        if kind.gvk.kind != "Service" || !kind.is_builtin() || object["spec"]["type"] == "ExternalName" {
            return;
        }
        if object.pointer("/spec/clusterIP").is_none() {
            self.addresses += 1;
            let (high, low) = (self.addresses / 250, self.addresses % 250 + 1);
            object["spec"]["clusterIP"] = json!(format!("10.96.{high}.{low}"));
        }
        let address = object["spec"]["clusterIP"].clone();
        super::defaults::set(&mut object["spec"], "clusterIPs", json!([address]));
        super::defaults::set(&mut object["spec"], "ipFamilies", json!(["IPv4"]));
        super::defaults::set(&mut object["spec"], "ipFamilyPolicy", json!("SingleStack"));
        self.node_ports(object);
    }

    /// What a Service was given stays, when a new version does not say.
    pub(super) fn keep_allocated(&mut self, kind: &Kind, live: &Value, object: &mut Value) {
        if kind.gvk.kind != "Service" || !kind.is_builtin() || object["spec"]["type"] == "ExternalName" {
            return;
        }
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            if let Some(kept) = live.pointer(&format!("/spec/{field}")) {
                super::defaults::set(&mut object["spec"], field, kept.clone());
            }
        }
        super::defaults::set(&mut object["spec"], "ipFamilies", json!(["IPv4"]));
        super::defaults::set(&mut object["spec"], "ipFamilyPolicy", json!("SingleStack"));
        let ports = live.pointer("/spec/ports").and_then(Value::as_array).cloned().unwrap_or_default();
        for port in super::defaults::items(&mut object["spec"], "ports") {
            let same =
                ports.iter().find(|old| old["port"] == port["port"] && old["protocol"] == port["protocol"]);
            if let Some(kept) = same.and_then(|old| old.get("nodePort")) {
                super::defaults::set(port, "nodePort", kept.clone());
            }
        }
        drop_other_types_fields(live, object);
        self.node_ports(object);
    }

    fn node_ports(&mut self, object: &mut Value) {
        let open = object["spec"]["type"] == "NodePort" || object["spec"]["type"] == "LoadBalancer";
        for port in super::defaults::items(&mut object["spec"], "ports") {
            if open {
                self.addresses += u32::from(port.get("nodePort").is_none());
                super::defaults::set(port, "nodePort", json!(30_000 + self.addresses % 2_768));
            } else if let Value::Object(fields) = port {
                fields.remove("nodePort");
            }
        }
    }
}

/// Fields that the former type of a Service had and the present one does not know (`pkg/registry/core/service`).
fn drop_other_types_fields(live: &Value, object: &mut Value) {
    let is_open =
        |service: &Value| service["spec"]["type"] == "NodePort" || service["spec"]["type"] == "LoadBalancer";
    let is_balanced = |service: &Value| service["spec"]["type"] == "LoadBalancer";
    let mut gone = Vec::new();
    if is_open(live) && !is_open(object) {
        gone.push("externalTrafficPolicy");
    }
    if is_balanced(live) && !is_balanced(object) {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerIP"]);
    }
    gone.retain(|field| live["spec"].get(field) == object["spec"].get(field));
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        gone.into_iter().for_each(|field| drop(spec.remove(field)));
    }
}

fn established(definition: &Value, time: &str) -> Value {
    let condition = |name: &str, reason: &str, message: &str| json!({"type": name, "status": "True", "reason": reason, "message": message, "lastTransitionTime": time});
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let stored: Vec<&Value> = versions
        .into_iter()
        .flatten()
        .filter(|version| version["storage"] == Value::Bool(true))
        .map(|version| &version["name"])
        .collect();
    json!({
        "acceptedNames": definition.pointer("/spec/names"),
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored,
    })
}

/// Standard base64 with padding.
pub(super) fn base64(text: &str) -> String {
    base64_of(text.as_bytes())
}

/// [`base64`] of bytes.
pub(crate) fn base64_of(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * index) & 63) as usize];
            encoded.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_of_the_standard() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text), encoded);
        }
    }
}
