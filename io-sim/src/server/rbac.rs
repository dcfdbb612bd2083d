//! Authorisation of service accounts by Role, ClusterRole and their bindings.

use pilothouse_protocol::{ApiError, Identity};
use serde_json::Value;

use super::kinds::Kind;
use super::store::Store;

const ROLES: &str = "roles.rbac.authorization.k8s.io";
const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";
const CLUSTER_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// `get`, `list`, `create`...
    pub(crate) verb: &'a str,
    /// The kind.
    pub(crate) kind: &'a Kind,
    /// The `status` subresource is meant.
    pub(crate) status: bool,
    /// The namespace; empty for the whole cluster.
    pub(crate) namespace: &'a str,
    /// The object; empty for lists and creations.
    pub(crate) name: &'a str,
}

/// Lets an attempt pass or refuses it. The controller may do everything.
///
/// # Errors
///
/// 403 in the words of the server.
pub(crate) fn authorise(store: &Store, identity: &Identity, attempt: &Attempt<'_>) -> Result<(), ApiError> {
    let Identity::ServiceAccount { namespace, name } = identity else { return Ok(()) };
    let mut missing = Vec::new();
    if is_granted(store, namespace, name, attempt, &mut missing) {
        return Ok(());
    }
    Err(refusal(&format!("system:serviceaccount:{namespace}:{name}"), attempt, &missing))
}

fn is_granted(
    store: &Store,
    account_namespace: &str,
    account: &str,
    attempt: &Attempt<'_>,
    missing: &mut Vec<String>,
) -> bool {
    let cluster = store.list(CLUSTER_BINDINGS, None).map(|stored| (stored, ""));
    let local = (!attempt.namespace.is_empty()).then(|| store.list(BINDINGS, Some(attempt.namespace)));
    let local = local.into_iter().flatten().map(|stored| (stored, attempt.namespace));
    for (binding, scope) in cluster.chain(local) {
        if !names_account(&binding.object, scope, account_namespace, account) {
            continue;
        }
        let role = text(&binding.object, "/roleRef/name");
        let found = if text(&binding.object, "/roleRef/kind") == "Role" {
            store
                .get(ROLES, scope, role)
                .ok_or_else(|| format!("role.rbac.authorization.k8s.io {role:?} not found"))
        } else {
            store
                .get(CLUSTER_ROLES, "", role)
                .ok_or_else(|| format!("clusterrole.rbac.authorization.k8s.io {role:?} not found"))
        };
        match found {
            Ok(found) if rules(&found.object).any(|rule| permits(rule, attempt)) => return true,
            Ok(_) => {}
            Err(words) => missing.push(words),
        }
    }
    false
}

fn names_account(binding: &Value, scope: &str, namespace: &str, account: &str) -> bool {
    let subjects = binding.get("subjects").and_then(Value::as_array);
    subjects.into_iter().flatten().any(|subject| {
        let name = text(subject, "/name");
        match text(subject, "/kind") {
            "ServiceAccount" => {
                let stated = text(subject, "/namespace");
                name == account && (if stated.is_empty() { scope } else { stated }) == namespace
            }
            "User" => name == format!("system:serviceaccount:{namespace}:{account}"),
            "Group" => {
                matches!(name, "system:serviceaccounts" | "system:authenticated")
                    || name == format!("system:serviceaccounts:{namespace}")
            }
            _ => false,
        }
    })
}

fn rules(role: &Value) -> impl Iterator<Item = &Value> {
    role.get("rules").and_then(Value::as_array).into_iter().flatten()
}

fn permits(rule: &Value, attempt: &Attempt<'_>) -> bool {
    let has = |field: &str, wanted: &str| {
        let list = rule.get(field).and_then(Value::as_array);
        list.into_iter().flatten().any(|item| item == "*" || item == wanted)
    };
    let names = rule.get("resourceNames").and_then(Value::as_array);
    let named = names.is_none_or(|names| names.is_empty() || names.iter().any(|name| name == attempt.name));
    named
        && has("verbs", attempt.verb)
        && has("apiGroups", attempt.kind.gvk.group())
        && (has("resources", &resource(attempt)) || (attempt.status && has("resources", "*/status")))
}

fn resource(attempt: &Attempt<'_>) -> String {
    let suffix = if attempt.status { "/status" } else { "" };
    format!("{}{suffix}", attempt.kind.plural)
}

fn refusal(user: &str, attempt: &Attempt<'_>, missing: &[String]) -> ApiError {
    let subject = if attempt.name.is_empty() {
        attempt.kind.resource.to_string()
    } else {
        format!("{} {:?}", attempt.kind.resource, attempt.name)
    };
    let scope = if attempt.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {:?}", attempt.namespace)
    };
    let why = match missing {
        [] => String::new(),
        [only] => format!(": RBAC: {only}"),
        many => format!(": RBAC: [{}]", many.join(", ")),
    };
    let (verb, resource, group) = (attempt.verb, resource(attempt), attempt.kind.gvk.group());
    let message = format!(
        "{subject} is forbidden: User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}{why}"
    );
    ApiError::new(403, "Forbidden", message)
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
