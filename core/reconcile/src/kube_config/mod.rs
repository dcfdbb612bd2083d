//! The way into the cluster of `spec.kubeConfig` (spec 01 §2.3, 05 §9): what a Secret or ConfigMap says, without asking
//! anybody.

mod provider;
mod sanitise;

pub(crate) use provider::from_config_map;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_protocol::TargetCluster;
use serde_json::Value;

/// Keys that are looked at when the reference names none.
const DEFAULT_KEYS: [&str; 2] = ["value", "value.yaml"];

/// Why there is no way into the cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KubeConfigError {
    /// The Secret lacks the key that was named.
    #[error("KubeConfig secret '{secret}' does not contain a '{key}' key with data")]
    NoKey { secret: String, key: String },
    /// The Secret has none of the default keys.
    #[error("KubeConfig secret '{0}' does not contain a 'value' or 'value.yaml' key with data")]
    NoDefaultKey(String),
    /// The text under the key is no kubeconfig that can be used.
    #[error("failed to load KubeConfig from secret '{secret}': {reason}")]
    Load { secret: String, reason: String },
    /// The ConfigMap asks for something that needs the interface of a cloud.
    #[error(
        "spec.kubeConfig.configMapRef: provider '{provider}' of ConfigMap '{config_map}' is not supported, only 'generic' is"
    )]
    Provider { config_map: String, provider: String },
    /// The ConfigMap lacks something or has it in the wrong form.
    #[error("spec.kubeConfig.configMapRef: ConfigMap '{config_map}': {reason}")]
    ConfigMap { config_map: String, reason: String },
}

/// What is allowed in a kubeconfig (`--insecure-kubeconfig-exec`, `--insecure-kubeconfig-tls`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Allowed {
    /// Plugins that are executed.
    pub(crate) exec: bool,
    /// TLS without verification.
    pub(crate) insecure_tls: bool,
}

/// The way in, and the fields of the kubeconfig that are not honoured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) cluster: TargetCluster,
    pub(crate) ignored: Vec<&'static str>,
}

/// What a Secret with a kubeconfig says; `name` is `<namespace>/<name>`.
pub(crate) fn from_secret(
    name: &str,
    secret: &Value,
    key: Option<&str>,
    allowed: Allowed,
) -> Result<Access, KubeConfigError> {
    let data = |key: &str| secret.get("data").and_then(|data| data.get(key)).and_then(Value::as_str);
    let encoded = match key.filter(|key| !key.is_empty()) {
        Some(key) => data(key)
            .ok_or_else(|| KubeConfigError::NoKey { secret: name.to_owned(), key: key.to_owned() })?,
        None => DEFAULT_KEYS
            .into_iter()
            .find_map(data)
            .ok_or_else(|| KubeConfigError::NoDefaultKey(name.to_owned()))?,
    };
    let failed = |reason: String| KubeConfigError::Load { secret: name.to_owned(), reason };
    let bytes = STANDARD.decode(encoded).map_err(|_| failed("the data is not base64".to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("the data is not UTF-8".to_owned()))?;
    sanitise::kube_config(&text, allowed).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MINIMAL: &str = "clusters: [{name: c, cluster: {server: 'https://a'}}]\n\
        contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n";

    fn secret(keys: &[&str]) -> Value {
        let data: serde_json::Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), json!(STANDARD.encode(MINIMAL)))).collect();
        json!({"data": data})
    }

    fn server(keys: &[&str], key: Option<&str>) -> Result<String, String> {
        let access = from_secret("ns/kc", &secret(keys), key, Allowed::default());
        access.map(|access| access.cluster.server).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_looked_at_in_order() {
        for (keys, key) in [
            (&["value"][..], None),
            (&["value.yaml"], None),
            (&["other"], Some("other")),
            (&["value"], Some("")),
        ] {
            assert_eq!(server(keys, key).as_deref(), Ok("https://a"));
        }
        assert_eq!(
            server(&["other"], None).unwrap_err(),
            "KubeConfig secret 'ns/kc' does not contain a 'value' or 'value.yaml' key with data"
        );
        assert_eq!(
            server(&["value"], Some("other")).unwrap_err(),
            "KubeConfig secret 'ns/kc' does not contain a 'other' key with data"
        );
    }

    #[test]
    fn data_that_is_no_text_is_refused() {
        for (encoded, reason) in [("*", "not base64"), ("/w==", "not UTF-8")] {
            let secret = json!({"data": {"value": encoded}});
            let error = from_secret("ns/kc", &secret, None, Allowed::default()).unwrap_err().to_string();
            assert!(
                error.starts_with("failed to load KubeConfig from secret 'ns/kc': ")
                    && error.contains(reason),
                "{error}"
            );
        }
    }
}
