//! From a kubeconfig (`k8s.io/client-go/tools/clientcmd/api/v1`) to the cluster and user of its current context, without
//! what an author of a HelmRelease could abuse: files and programs of the operator's host.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::json_kind::json_kind;
use pilothouse_encoding::yaml::{self, YamlError};
use pilothouse_protocol::{ClusterAccess, TargetCluster};
use serde_json::{Map, Value, json};

use super::{Access, Allowed};

/// Why a kubeconfig cannot be used, in client-go's words where it has some.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidKubeConfig {
    /// Not YAML.
    #[error("{0}")]
    Yaml(#[from] YamlError),
    /// YAML, but no object of kind Config.
    #[error("{0}")]
    Kind(String),
    /// The context does not exist.
    #[error("context was not found for specified context: {0}")]
    Context(String),
    /// The context names something that does not exist.
    #[error("{what} \"{name}\" does not exist")]
    Missing { what: &'static str, name: String },
    /// Anything else.
    #[error("invalid configuration: {0}")]
    Invalid(String),
}

/// Texts of a cluster that are honoured, besides the server.
const CLUSTER_FIELDS: [&str; 3] = ["certificate-authority-data", "proxy-url", "tls-server-name"];
/// Texts of a user that are honoured.
const USER_FIELDS: [&str; 5] =
    ["client-certificate-data", "client-key-data", "password", "token", "username"];
/// Fields of a cluster that name files.
const CLUSTER_IGNORED: [(&str, &str); 1] = [("certificate-authority", "cluster.certificate-authority")];
/// Fields of a user that name files or providers, or change who is impersonated.
const USER_IGNORED: [(&str, &str); 6] = [
    ("as", "user.as"),
    ("as-groups", "user.as-groups"),
    ("auth-provider", "user.auth-provider"),
    ("client-certificate", "user.client-certificate"),
    ("client-key", "user.client-key"),
    ("tokenFile", "user.tokenFile"),
];

/// The cluster of the current context.
pub(super) fn kube_config(text: &str, allowed: Allowed) -> Result<Access, InvalidKubeConfig> {
    let config = yaml::parse(text)?;
    check_kind(&config)?;
    let context = named(&config, "contexts", "context", field(&config, "current-context"))?;
    let context = match context {
        Some(context) => context,
        None if field(&config, "current-context").is_empty() => return Err(empty()),
        None => return Err(InvalidKubeConfig::Context(field(&config, "current-context").to_owned())),
    };
    let user_name = field(&context, "user");
    let user = named(&config, "users", "user", user_name)?;
    let user = match user {
        Some(user) => user,
        None if user_name.is_empty() => Value::Null,
        None => return Err(InvalidKubeConfig::Missing { what: "auth info", name: user_name.to_owned() }),
    };
    let cluster_name = field(&context, "cluster");
    let cluster = named(&config, "clusters", "cluster", cluster_name)?
        .ok_or_else(|| InvalidKubeConfig::Missing { what: "cluster", name: cluster_name.to_owned() })?;
    let mut ignored = Vec::new();
    let server = server(&cluster, cluster_name)?;
    let cluster = clean_cluster(&cluster, &server, allowed, &mut ignored)?;
    let user = clean_user(&user, user_name, allowed, &mut ignored)?;
    let sanitised = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "target",
        "clusters": [{"name": "target", "cluster": cluster}],
        "users": [{"name": "target", "user": user}],
        "contexts": [{"name": "target", "context": {"cluster": "target", "user": "target"}}],
    });
    let access = ClusterAccess::KubeConfig(sanitised.to_string());
    Ok(Access { cluster: TargetCluster { server, access }, ignored })
}

fn check_kind(config: &Value) -> Result<(), InvalidKubeConfig> {
    if config.is_null() {
        return Err(empty());
    }
    if !config.is_object() {
        return Err(InvalidKubeConfig::Kind(not_an_object(config)));
    }
    let (kind, version) = (field(config, "kind"), field(config, "apiVersion"));
    if !matches!(kind, "" | "Config") || !matches!(version, "" | "v1") {
        let text = format!("no kind \"{kind}\" is registered for version \"{version}\" in a kubeconfig");
        return Err(InvalidKubeConfig::Kind(text));
    }
    Ok(())
}

/// client-go's words for a document of another type.
fn not_an_object(config: &Value) -> String {
    let kind = json_kind(config);
    format!(
        "couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value of type struct {{ \
         APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
    )
}

fn empty() -> InvalidKubeConfig {
    InvalidKubeConfig::Invalid(
        "no configuration has been provided, try setting KUBERNETES_MASTER environment variable".to_owned(),
    )
}

/// The member of a list of `{name, <what>}` with this name. The last one counts, as in client-go's conversion to a map.
fn named(config: &Value, list: &str, what: &str, name: &str) -> Result<Option<Value>, InvalidKubeConfig> {
    let items = match config.get(list) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(InvalidKubeConfig::Invalid(format!("{list} is not a list"))),
    };
    let found = items.iter().rev().find(|item| field(item, "name") == name && !name.is_empty());
    Ok(found.map(|item| item.get(what).cloned().unwrap_or_default()))
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The URL of the API server. Without a scheme it is `https` when anything speaks for TLS, as in client-go.
fn server(cluster: &Value, name: &str) -> Result<String, InvalidKubeConfig> {
    let server = field(cluster, "server").trim_end_matches('/');
    if server.is_empty() {
        return Err(match cluster.as_object().is_none_or(Map::is_empty) {
            true => empty(),
            false => InvalidKubeConfig::Invalid(format!("no server found for cluster \"{name}\"")),
        });
    }
    if server.starts_with("https://") || server.starts_with("http://") {
        return Ok(server.to_owned());
    }
    if server.contains("://") {
        let text = format!("cluster \"{name}\": server {server}: the scheme is neither http nor https");
        return Err(InvalidKubeConfig::Invalid(text));
    }
    let speaks_tls = cluster.get("certificate-authority-data").is_some()
        || cluster.get("insecure-skip-tls-verify") == Some(&Value::Bool(true));
    Ok(format!("{}://{server}", if speaks_tls { "https" } else { "http" }))
}

fn clean_cluster(
    cluster: &Value,
    server: &str,
    allowed: Allowed,
    ignored: &mut Vec<&'static str>,
) -> Result<Value, InvalidKubeConfig> {
    let mut clean = copied(cluster, &CLUSTER_FIELDS)?;
    if let Some(disable) = cluster.get("disable-compression").and_then(Value::as_bool) {
        clean.insert("disable-compression".to_owned(), json!(disable));
    }
    clean.insert("server".to_owned(), json!(server));
    check_base64(&clean, &["certificate-authority-data"])?;
    ignored.extend(present(cluster, &CLUSTER_IGNORED));
    if cluster.get("insecure-skip-tls-verify") == Some(&Value::Bool(true)) {
        if allowed.insecure_tls {
            if clean.contains_key("certificate-authority-data") {
                return Err(InvalidKubeConfig::Invalid(
                    "specifying a root certificates file with the insecure flag is not allowed".to_owned(),
                ));
            }
            clean.insert("insecure-skip-tls-verify".to_owned(), json!(true));
        } else {
            ignored.push("cluster.insecure-skip-tls-verify");
        }
    }
    Ok(Value::Object(clean))
}

fn clean_user(
    user: &Value,
    name: &str,
    allowed: Allowed,
    ignored: &mut Vec<&'static str>,
) -> Result<Value, InvalidKubeConfig> {
    let mut clean = copied(user, &USER_FIELDS)?;
    check_base64(&clean, &["client-certificate-data", "client-key-data"])?;
    if clean.contains_key("client-certificate-data") && !clean.contains_key("client-key-data") {
        return Err(InvalidKubeConfig::Invalid(format!(
            "client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
        )));
    }
    ignored.extend(present(user, &USER_IGNORED));
    match user.get("exec").filter(|exec| !exec.is_null()) {
        Some(_) if !allowed.exec => ignored.push("user.exec"),
        Some(exec) if field(exec, "command").is_empty() => {
            return Err(InvalidKubeConfig::Invalid(format!(
                "command must be specified for {name} to use exec authentication plugin"
            )));
        }
        Some(exec) => drop(clean.insert("exec".to_owned(), exec.clone())),
        None => {}
    }
    Ok(Value::Object(clean))
}

fn copied(from: &Value, fields: &[&str]) -> Result<Map<String, Value>, InvalidKubeConfig> {
    let mut copied = Map::new();
    for name in fields {
        match from.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(value @ Value::String(_)) => drop(copied.insert((*name).to_owned(), value.clone())),
            Some(_) => return Err(InvalidKubeConfig::Invalid(format!("{name} is not a string"))),
        }
    }
    Ok(copied)
}

fn present(from: &Value, fields: &[(&str, &'static str)]) -> Vec<&'static str> {
    let is_set = |name: &str| from.get(name).is_some_and(|value| !value.is_null() && value != "");
    fields.iter().filter(|(name, _)| is_set(name)).map(|(_, shown)| *shown).collect()
}

fn check_base64(fields: &Map<String, Value>, names: &[&str]) -> Result<(), InvalidKubeConfig> {
    for name in names {
        let Some(value) = fields.get(*name) else { continue };
        if value.as_str().is_none_or(|text| STANDARD.decode(text).is_err()) {
            return Err(InvalidKubeConfig::Invalid(format!("{name} is not base64")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Allowed = Allowed { exec: true, insecure_tls: true };

    fn text(cluster: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts:\n- {{name: x, context: {{cluster: c, user: u}}}}\n\
             clusters:\n- {{name: c, cluster: {{{cluster}}}}}\nusers:\n- {{name: u, user: {{{user}}}}}\n"
        )
    }

    fn sanitised(cluster: &str, user: &str, allowed: Allowed) -> (Value, Value, Vec<&'static str>) {
        let access = kube_config(&text(cluster, user), allowed).unwrap();
        let ClusterAccess::KubeConfig(json) = access.cluster.access else { panic!() };
        let config: Value = serde_json::from_str(&json).unwrap();
        (config["clusters"][0]["cluster"].clone(), config["users"][0]["user"].clone(), access.ignored)
    }

    #[test]
    fn what_reaches_into_the_host_is_dropped() {
        let (cluster, user, ignored) = sanitised(
            "server: 'https://a:1/', certificate-authority: /etc/ca, insecure-skip-tls-verify: true",
            "token: t, tokenFile: /etc/token, client-key: /k, as: admin, auth-provider: {name: gcp}, exec: {command: rm}",
            Allowed::default(),
        );
        assert_eq!(cluster, json!({"server": "https://a:1"}));
        assert_eq!(user, json!({"token": "t"}));
        assert_eq!(
            ignored,
            [
                "cluster.certificate-authority",
                "cluster.insecure-skip-tls-verify",
                "user.as",
                "user.auth-provider",
                "user.client-key",
                "user.tokenFile",
                "user.exec"
            ]
        );
    }

    #[test]
    fn what_is_allowed_stays() {
        let (cluster, user, ignored) = sanitised(
            "server: 'https://a', insecure-skip-tls-verify: true, tls-server-name: name, proxy-url: 'http://p'",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: login}, client-certificate-data: YQ==, \
             client-key-data: Yg==",
            ALL,
        );
        assert_eq!(
            cluster,
            json!({"server": "https://a", "insecure-skip-tls-verify": true, "tls-server-name": "name", "proxy-url": "http://p"})
        );
        assert_eq!(user["exec"]["command"], "login");
        assert_eq!(user["client-key-data"], "Yg==");
        assert!(ignored.is_empty());
    }

    #[test]
    fn a_server_without_a_scheme() {
        for (cluster, server) in [
            ("server: a", "http://a"),
            ("server: a, certificate-authority-data: YQ==", "https://a"),
            ("server: 'http://a'", "http://a"),
        ] {
            assert_eq!(kube_config(&text(cluster, ""), ALL).unwrap().cluster.server, server);
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let no_server = text("tls-server-name: n", "");
        let bad_authority = text("server: 'https://a', certificate-authority-data: '*'", "");
        let no_key = text("server: 'https://a'", "client-certificate-data: YQ==");
        let both =
            text("server: 'https://a', certificate-authority-data: YQ==, insecure-skip-tls-verify: true", "");
        let no_command = text("server: 'https://a'", "exec: {}");
        for (text, expected) in [
            ("", "no configuration has been provided"),
            ("current-context: ''", "no configuration has been provided"),
            ("a: [", "yaml: "),
            (
                "hello",
                "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { \
                 APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }",
            ),
            ("just text", "couldn't get version/kind"),
            ("kind: Pod\napiVersion: v1", "no kind \"Pod\" is registered"),
            ("current-context: x", "context was not found for specified context: x"),
            ("current-context: x\ncontexts: 5", "contexts is not a list"),
            (
                "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]",
                "auth info \"u\" does not exist",
            ),
            (
                "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]",
                "cluster \"c\" does not exist",
            ),
            (&no_server, "no server found for cluster \"c\""),
            (&bad_authority, "certificate-authority-data is not base64"),
            (&no_key, "client-key must be specified for u"),
            (&both, "specifying a root certificates file with the insecure flag is not allowed"),
            (&no_command, "command must be specified for u"),
            (&text("server: 'ftp://a'", ""), "neither http nor https"),
            (&text("server: 'https://a'", "token: 5"), "token is not a string"),
        ] {
            let error = kube_config(text, ALL).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
