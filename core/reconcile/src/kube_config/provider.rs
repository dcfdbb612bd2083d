//! `spec.kubeConfig.configMapRef`: workload identity without a cloud.

use pilothouse_protocol::{ClusterAccess, TargetCluster};
use serde_json::Value;

use super::KubeConfigError;

/// What a ConfigMap says. `namespace` is that of the HelmRelease and of the ConfigMap; `default_account` is
/// `--default-kubeconfig-service-account`; `object_level` the gate `ObjectLevelWorkloadIdentity`.
pub(crate) fn from_config_map(
    namespace: &str,
    name: &str,
    config_map: &Value,
    default_account: &str,
    object_level: bool,
) -> Result<TargetCluster, KubeConfigError> {
    let config_map_name = format!("{namespace}/{name}");
    let data = |key: &str| {
        config_map.get("data").and_then(|data| data.get(key)).and_then(Value::as_str).unwrap_or_default()
    };
    let wrong = |reason: String| KubeConfigError::ConfigMap { config_map: config_map_name.clone(), reason };
    match data("provider") {
        "generic" => {}
        "" => return Err(wrong("data.provider is missing".to_owned())),
        provider => {
            let provider = provider.to_owned();
            return Err(KubeConfigError::Provider { config_map: config_map_name, provider });
        }
    }
    let server = address(data("address")).map_err(|reason| wrong(format!("data.address: {reason}")))?;
    let account = Some(data("serviceAccountName")).filter(|account| !account.is_empty());
    if account.is_some() && !object_level {
        return Err(wrong(
            "data.serviceAccountName needs the feature gate ObjectLevelWorkloadIdentity".to_owned(),
        ));
    }
    let default_account = Some(default_account).filter(|account| !account.is_empty() && object_level);
    let mut audiences: Vec<String> = data("audiences")
        .lines()
        .map(str::trim)
        .filter(|audience| !audience.is_empty())
        .map(str::to_owned)
        .collect();
    if audiences.is_empty() {
        audiences.push(data("address").to_owned());
    }
    let access = ClusterAccess::ServiceAccountToken {
        certificate_authority: data("ca.crt").to_owned(),
        namespace: namespace.to_owned(),
        name: account.or(default_account).map(str::to_owned),
        audiences,
    };
    Ok(TargetCluster { server, access })
}

/// The URL of an API server: `https` only, with a port.
fn address(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("cluster address is required".to_owned());
    }
    let rest = match text.split_once("://") {
        None => text,
        Some(("https", rest)) => rest,
        Some(_) => return Err(format!("the Kubernetes API server address '{text}' must use https scheme")),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase();
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(format!("failed to parse Kubernetes API server address '{text}'"));
    }
    let after_bracket = host.rsplit(']').next().unwrap_or_default();
    let port = if after_bracket.contains(':') { "" } else { ":443" };
    Ok(format!("https://{host}{port}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(data: Value, object_level: bool) -> Result<TargetCluster, String> {
        let config_map = json!({"data": data});
        from_config_map("ns", "cm", &config_map, "fallback", object_level).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_is_asked_for() {
        let data = json!({"provider": "generic", "address": "API.example", "ca.crt": "PEM",
            "serviceAccountName": "sa", "audiences": " a \n\nb\n"});
        let cluster = read(data, true).unwrap();
        assert_eq!(cluster.server, "https://api.example:443");
        let access = ClusterAccess::ServiceAccountToken {
            certificate_authority: "PEM".to_owned(),
            namespace: "ns".to_owned(),
            name: Some("sa".to_owned()),
            audiences: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(cluster.access, access);
    }

    #[test]
    fn defaults() {
        for (object_level, expected) in [(false, None), (true, Some("fallback".to_owned()))] {
            let data = json!({"provider": "generic", "address": "https://[::1]:6443/x"});
            let cluster = read(data, object_level).unwrap();
            assert_eq!(cluster.server, "https://[::1]:6443");
            let ClusterAccess::ServiceAccountToken { name, audiences, .. } = cluster.access else { panic!() };
            assert_eq!((name, audiences), (expected, vec!["https://[::1]:6443/x".to_owned()]));
        }
    }

    #[test]
    fn what_cannot_be_done_is_named() {
        for (data, text) in [
            (
                json!({"provider": "aws"}),
                "configMapRef: provider 'aws' of ConfigMap 'ns/cm' is not supported",
            ),
            (json!({}), "data.provider is missing"),
            (json!({"provider": "generic"}), "data.address: cluster address is required"),
            (json!({"provider": "generic", "address": "http://a"}), "must use https scheme"),
            (
                json!({"provider": "generic", "address": "a", "serviceAccountName": "x"}),
                "data.serviceAccountName needs the feature gate ObjectLevelWorkloadIdentity",
            ),
        ] {
            let error = read(data, false).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
}
