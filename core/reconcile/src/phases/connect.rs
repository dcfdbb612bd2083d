//! The way into the target cluster (spec 05 §9): who acts, and where.

use pilothouse_api::KubeConfigReference;
use pilothouse_machine::Context;
use pilothouse_protocol::{
    Failure, Identity, LogLevel, Object, ObjectRef, Reply, Request, RequestId, TargetCluster,
};

use crate::Subject;
use crate::kube_config::{Allowed, from_config_map, from_secret};

/// Neither or both of the references are set; the CRD refuses that.
const ONE_OF_TWO: &str =
    "exactly one of .spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be set";

/// Finds out who acts in which cluster; reads the Secret or ConfigMap of `spec.kubeConfig` for it. When it has ended
/// well, the context acts as the one found.
#[derive(Debug)]
pub struct Connect {
    by: Option<KubeConfigReference>,
    reading: Option<RequestId>,
}

/// Why there is no way in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct NotConnected {
    /// The message.
    pub text: String,
    /// Whether the Secret or ConfigMap does not exist.
    pub is_missing: bool,
}

impl Connect {
    /// By what a Secret or ConfigMap says, `None` for the operator's own cluster.
    #[must_use]
    pub fn by(reference: Option<KubeConfigReference>) -> Self {
        Self { by: reference, reading: None }
    }

    /// Into the cluster that is wanted.
    #[must_use]
    pub fn new(subject: &Subject) -> Self {
        Self::by(subject.release.spec.kube_config.clone())
    }

    /// Goes as far as it can.
    pub fn poll(&mut self, subject: &Subject, context: &mut Context) -> Option<Result<(), NotConnected>> {
        let Some(kube_config) = &self.by else {
            context.act_as(user_of(subject));
            return Some(Ok(()));
        };
        let object = match object_of(kube_config, subject) {
            Ok(object) => object,
            Err(error) => return Some(Err(error)),
        };
        let Some(id) = self.reading else {
            self.reading = Some(context.request_as_controller(Request::Get { object }));
            return None;
        };
        let reply = context.take(id)?;
        let key = kube_config.secret_ref.as_ref().and_then(|reference| reference.key.as_deref());
        Some(connected(reply, &object, key, subject, context))
    }
}

/// Who acts, if it is in the operator's own cluster (spec 05 §9).
#[must_use]
pub fn user_of(subject: &Subject) -> Identity {
    let own = subject.release.spec.service_account_name.as_deref().filter(|name| !name.is_empty());
    let default = Some(subject.config.default_service_account.as_str()).filter(|name| !name.is_empty());
    match own.or(default) {
        None => Identity::Controller,
        Some(name) => Identity::ServiceAccount {
            namespace: subject.release.metadata.namespace.clone(),
            name: name.to_owned(),
        },
    }
}

/// The Secret or ConfigMap that says how to get in.
fn object_of(kube_config: &KubeConfigReference, subject: &Subject) -> Result<ObjectRef, NotConnected> {
    let (kind, name) = match (&kube_config.secret_ref, &kube_config.config_map_ref) {
        (Some(secret), None) => ("Secret", &secret.name),
        (None, Some(config_map)) => ("ConfigMap", &config_map.name),
        _ => return Err(NotConnected { text: ONE_OF_TWO.to_owned(), is_missing: false }),
    };
    let namespace = subject.release.metadata.namespace.clone();
    Ok(ObjectRef::namespaced("v1", kind, namespace, name.clone()))
}

fn connected(
    reply: Reply,
    object: &ObjectRef,
    key: Option<&str>,
    subject: &Subject,
    context: &mut Context,
) -> Result<(), NotConnected> {
    let found = match reply {
        Reply::Object(found) => found,
        Reply::Failed(failure) => return Err(unread(object, &failure)),
        Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            return Err(unread(object, &Failure::Unknown("unexpected reply of the API server".to_owned())));
        }
    };
    let cluster = cluster_of(&found, object, key, subject, context)?;
    context.act_as(user_of(subject).in_cluster(cluster));
    Ok(())
}

fn cluster_of(
    found: &Object,
    object: &ObjectRef,
    key: Option<&str>,
    subject: &Subject,
    context: &mut Context,
) -> Result<TargetCluster, NotConnected> {
    let config = &subject.config;
    let namespace = &subject.release.metadata.namespace;
    if object.kind == "ConfigMap" {
        let object_level = config.gates.object_level_workload_identity;
        let account = &config.default_kube_config_service_account;
        return from_config_map(namespace, &object.name, found, account, object_level)
            .map_err(|error| NotConnected { text: error.to_string(), is_missing: false });
    }
    let allowed =
        Allowed { exec: config.insecure_kube_config_exec, insecure_tls: config.insecure_kube_config_tls };
    let name = format!("{namespace}/{}", object.name);
    let access = from_secret(&name, found, key, allowed)
        .map_err(|error| NotConnected { text: error.to_string(), is_missing: false })?;
    if !access.ignored.is_empty() {
        let text = format!("KubeConfig secret '{name}': ignored fields: {}", access.ignored.join(", "));
        context.log(LogLevel::Info, text);
    }
    Ok(access.cluster)
}

fn unread(object: &ObjectRef, failure: &Failure) -> NotConnected {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let name = &object.name;
    let text = match object.kind.as_str() {
        "ConfigMap" => format!("failed to get configmap {namespace}/{name}: {failure}"),
        _ => format!("could not get KubeConfig secret '{namespace}/{name}': {failure}"),
    };
    NotConnected { text, is_missing: failure.is_not_found() }
}
