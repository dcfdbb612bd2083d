//! Where secrets come from: Secrets, what they mean as values or as a kubeconfig, and values of HelmReleases whose names
//! say that they are secret.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::yaml;
use pilothouse_protocol::{Object, metadata};
use serde_json::{Map, Value};

use super::mask::Masker;

/// Shorter texts say nothing; the operator does not mask them either.
const SHORTEST: usize = 4;
/// Shorter numbers are ports, sizes and counts.
const SHORTEST_NUMBER: usize = 6;
/// How often base64 is looked into.
const DEPTH_MAX: usize = 3;

/// Holds a copy of the object, with its data.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Words that mean something to Kubernetes or to the templates of many charts, and are nobody's secret.
const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "default",
    "enabled",
    "disabled",
    "auto",
    "always",
    "Always",
    "Never",
    "IfNotPresent",
    "OnFailure",
    "ClusterIP",
    "NodePort",
    "LoadBalancer",
    "ExternalName",
    "Recreate",
    "RollingUpdate",
    "OnDelete",
    "ReadWriteOnce",
    "ReadWriteMany",
    "ReadOnlyMany",
    "ReadWriteOncePod",
    "Prefix",
    "Exact",
    "ImplementationSpecific",
    "http",
    "https",
    "grpc",
    "Delete",
    "Retain",
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "trace",
    "json",
    "text",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "standalone",
    "replication",
    "Local",
    "Cluster",
    "Opaque",
    "kubernetes.io/tls",
    "helm.sh/release.v1",
];

/// Parts of names of values that are secret.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "privatekey",
    "private_key",
    "credential",
];
/// Parts of names that say where a secret is, not what.
const REFERENCES: &[&str] =
    &["existing", "name", "ref", "file", "path", "mount", "enable", "create", "length", "class"];

impl Masker {
    /// A Secret or ConfigMap. Of ConfigMaps only release payloads are secret.
    pub(super) fn data_object(&mut self, object: &mut Value) {
        let is_secret = object["kind"] == "Secret";
        let is_storage = metadata::label(object, "owner") == Some("helm");
        let Some(fields) = object.as_object_mut() else { return };
        for (name, value) in fields.iter_mut() {
            match (name.as_str(), value) {
                ("data", Value::Object(data)) if is_storage && data.contains_key("release") => {
                    self.payload_field(data, is_secret);
                }
                ("data", Value::Object(data)) if is_secret => {
                    data.values_mut().for_each(|value| self.base64_field(value));
                }
                ("stringData", Value::Object(data)) if is_secret => data.values_mut().for_each(|value| {
                    if let Value::String(text) = value {
                        *text = self.secret(text, 0);
                    }
                }),
                ("metadata", metadata) => {
                    self.last_applied(metadata);
                    self.walk(metadata);
                }
                (_, other) => self.walk(other),
            }
        }
    }

    /// A HelmRelease: what stands in it stays, but for values whose names say that they are secret.
    pub(super) fn release(&mut self, object: &Object) -> Object {
        let mut masked = Value::clone(object);
        let values = masked.pointer_mut("/spec/values").map(Value::take);
        self.walk(&mut masked);
        if let (Some(mut values), Some(place)) = (values, masked.pointer_mut("/spec/values")) {
            self.inline_values(&mut values, false);
            *place = values;
        }
        if let Some(metadata) = masked.get_mut("metadata") {
            self.last_applied(metadata);
        }
        Arc::new(masked)
    }

    /// A secret text: as the base64, the YAML or the JSON that it is, or as one secret.
    pub(super) fn secret(&mut self, text: &str, depth: usize) -> String {
        if let Some(known) = self.pair(text) {
            return known;
        }
        if is_plain(text) || self.is_public(text) {
            return text.to_owned();
        }
        let masked = match parts(text) {
            Some(mut value) if depth < DEPTH_MAX => {
                self.structure(&mut value, depth + 1);
                if text.trim_start().starts_with(['{', '[']) {
                    Some(value.to_string())
                } else {
                    yaml::emit(&value).ok()
                }
            }
            _ => inner(text)
                .filter(|_| depth < DEPTH_MAX)
                .map(|inner| STANDARD.encode(self.secret(&inner, depth + 1))),
        };
        let masked = masked.unwrap_or_else(|| {
            let token = self.tokens.text(text);
            self.known.learn(text, &token);
            token
        });
        self.learn(text, &masked);
        masked
    }

    /// The values that a secret text means.
    fn structure(&mut self, value: &mut Value, depth: usize) {
        if is_kube_config(value) {
            self.kube_config(value, depth);
        } else {
            self.values(value, depth);
        }
    }

    /// All texts and long numbers of values are secret.
    pub(super) fn values(&mut self, value: &mut Value, depth: usize) {
        match value {
            Value::String(text) => *text = self.secret(text, depth),
            Value::Number(number) => {
                let text = number.to_string();
                if text.len() >= SHORTEST_NUMBER
                    && let Ok(token) = serde_json::from_str::<serde_json::Number>(&self.tokens.text(&text))
                {
                    self.learn(&text, &token.to_string());
                    *number = token;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.values(item, depth)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.values(field, depth)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Names and addresses stay, so that the contexts still lead to their clusters.
    fn kube_config(&mut self, config: &mut Value, depth: usize) {
        for user in items(config, "users") {
            if let Some(user) = user.get_mut("user") {
                self.values(user, depth);
            }
        }
        for cluster in items(config, "clusters") {
            let Some(Value::Object(cluster)) = cluster.get_mut("cluster") else { continue };
            for (name, value) in cluster.iter_mut() {
                match (name.as_str(), value) {
                    ("server", Value::String(server)) => *server = self.server(server),
                    ("insecure-skip-tls-verify" | "disable-compression" | "tls-server-name", _) => {}
                    (_, value) => self.values(value, depth),
                }
            }
        }
    }

    /// An address, without the user in it.
    fn server(&mut self, server: &str) -> String {
        let user = server.split_once("://").and_then(|(_, rest)| Some(rest.rsplit_once('@')?.0));
        match user {
            Some(user) => {
                let token = self.tokens.text(user);
                self.known.learn(user, &token);
                server.replace(user, &token)
            }
            None => self.text(server).unwrap_or_else(|| server.to_owned()),
        }
    }

    fn base64_field(&mut self, value: &mut Value) {
        let Value::String(encoded) = value else { return };
        if let Some(known) = self.pair(encoded) {
            *encoded = known;
            return;
        }
        let Ok(bytes) = STANDARD.decode(encoded.as_bytes()) else {
            *encoded = self.secret(encoded, 0);
            return;
        };
        let masked = match String::from_utf8(bytes) {
            Ok(text) => STANDARD.encode(self.secret(&text, 0)),
            Err(error) => {
                let masked = STANDARD.encode(self.tokens.bytes(error.as_bytes()));
                self.known.learn(encoded, &masked);
                masked
            }
        };
        self.learn(encoded, &masked);
        *encoded = masked;
    }

    /// The copy of an object that `kubectl apply` leaves in it.
    fn last_applied(&mut self, metadata: &mut Value) {
        let Some(Value::String(text)) =
            metadata.get_mut("annotations").and_then(|all| all.get_mut(LAST_APPLIED))
        else {
            return;
        };
        let masked = serde_json::from_str::<Value>(text).map(|copy| match copy["kind"].as_str() {
            Some("HelmRelease") => self.release(&Arc::new(copy)).to_string(),
            _ => self.object(&Arc::new(copy)).to_string(),
        });
        *text = masked.unwrap_or_else(|_| self.tokens.text(text));
    }

    fn inline_values(&mut self, value: &mut Value, is_secret: bool) {
        match value {
            Value::String(text) if is_secret => *text = self.secret(text, 0),
            Value::String(text) => {
                self.inline.insert(text.clone());
                if let Some(masked) = self.text(text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.inline_values(item, is_secret)),
            Value::Object(fields) => self.inline_fields(fields, is_secret),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn inline_fields(&mut self, fields: &mut Map<String, Value>, is_secret: bool) {
        for (name, value) in fields.iter_mut() {
            let name = name.to_lowercase();
            let is_named = SECRET_NAMES.iter().any(|part| name.contains(part))
                && !REFERENCES.iter().any(|part| name.contains(part));
            self.inline_values(value, is_secret || is_named);
        }
    }
}

/// Whether a text is no secret by itself: short, a word of Kubernetes, a quantity or a time.
fn is_plain(text: &str) -> bool {
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let is_quantity = digits > 0 && text.len() < SHORTEST_NUMBER && text.len() - digits <= 2;
    text.len() < SHORTEST || WORDS.contains(&text) || is_quantity
}

/// What a text means as YAML or JSON, if that is more than a text.
fn parts(text: &str) -> Option<Value> {
    if !text.contains([':', '-', '{', '[']) {
        return None;
    }
    yaml::parse(text).ok().filter(|value| value.is_object() || value.is_array())
}

/// The text that a base64 stands for.
fn inner(text: &str) -> Option<String> {
    let decoded = STANDARD.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() >= SHORTEST_NUMBER)?;
    let inner = String::from_utf8(decoded).ok()?;
    let is_text = inner.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\t' | '\r'));
    (is_text && inner.is_ascii() && STANDARD.encode(&inner) == text).then_some(inner)
}

fn is_kube_config(value: &Value) -> bool {
    let has = |name: &str| value.get(name).is_some_and(Value::is_array);
    has("clusters") && has("users") && has("contexts")
}

fn items<'a>(value: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

#[cfg(test)]
mod tests;
