//! A change of `spec.kubeConfig` that leads to another cluster (spec 08 row 8): the release in the old cluster is
//! uninstalled before one is installed in the new one.
//!
//! By which Secret or ConfigMap the cluster of the release is reached is written to an annotation of the HelmRelease
//! before anything is installed there. Another name in `spec.kubeConfig` may still lead to the same cluster, so nothing is
//! uninstalled unless the new cluster does not hold the release and the old one does.

use std::sync::Arc;

use pilothouse_api::{KubeConfigReference, LocalObjectReference, SecretKeyReference};
use pilothouse_helm::{HelmError, ListReleases, Storage};
use pilothouse_machine::Context;
use pilothouse_protocol::{EventType, Identity, LogLevel, Reply, RequestId};
use pilothouse_release::ReleaseRecord;
use serde_json::json;

use super::connect::{Connect, NotConnected};
use super::facts::newest;
use super::uninstall::{UninstallRelease, is_made_by};
use crate::{Ending, Subject, steps};

/// Annotation of the HelmRelease that names what the cluster of its release is reached by: `Secret/<name>`,
/// `Secret/<name>/<key>` or `ConfigMap/<name>`. Without it, that is the operator's own cluster, or not known.
pub const REACHED_BY: &str = "pilothouse.dev/kube-config";

/// Compares the cluster that is wanted with the one that the release is in. Wants a context that acts in the one wanted.
#[derive(Debug)]
pub struct ClusterChange {
    /// Who acts in the cluster that is wanted.
    wanted: Identity,
    /// `None` once it has ended.
    state: Option<State>,
}

#[derive(Debug)]
enum State {
    Comparing,
    LookingInNew(Box<Looking>),
    ConnectingToOld(Connect),
    LookingInOld(Box<Looking>),
    Uninstalling(Box<UninstallRelease>),
    Recording(RequestId, Then),
}

/// A read of the revisions of the release.
#[derive(Debug)]
struct Looking {
    list: ListReleases,
    storage: Storage,
}

/// What follows once the new way is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    /// The old release is uninstalled: the next pass installs.
    StartAgain,
}

type Step = steps::Step<State, Result<(), Ending>>;

impl ClusterChange {
    /// Once there is a way into the cluster that is wanted.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        Self { wanted: context.identity.clone(), state: Some(State::Comparing) }
    }

    /// Goes as far as it can. The error says how the pass ends; after an uninstall the next pass installs.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<(), Ending>> {
        let ended = steps::run(&mut self.state, |state| step(state, subject, context))?;
        context.act_as(self.wanted.clone());
        Some(ended)
    }
}

/// What the cluster of the release is reached by, as far as it is known: what is recorded, else what is wanted.
#[must_use]
pub fn reached_by(subject: &Subject) -> Option<KubeConfigReference> {
    let recorded = subject.annotation(REACHED_BY).and_then(parse);
    recorded.or_else(|| subject.release.spec.kube_config.clone())
}

fn step(state: State, subject: &mut Subject, context: &mut Context) -> Step {
    match state {
        State::Comparing => compare(subject, context),
        State::LookingInNew(mut looking) => match looking.poll(context) {
            None => Step::Wait(State::LookingInNew(looking)),
            Some(found) => looked_in_new(found, subject, context),
        },
        State::ConnectingToOld(mut connect) => match connect.poll(subject, context) {
            None => Step::Wait(State::ConnectingToOld(connect)),
            Some(Ok(())) => Step::Go(State::LookingInOld(Box::new(Looking::new(subject)))),
            Some(Err(error)) => old_unreachable(error, subject, context),
        },
        State::LookingInOld(mut looking) => match looking.poll(context) {
            None => Step::Wait(State::LookingInOld(looking)),
            Some(found) => looked_in_old(found, subject, context),
        },
        State::Uninstalling(mut uninstall) => match uninstall.poll(subject, context) {
            None => Step::Wait(State::Uninstalling(uninstall)),
            Some(Ok(_)) => record(Then::StartAgain, subject, context),
            Some(Err(error)) if error.is_interrupted() => Step::End(Err(Ending::interrupted(context))),
            Some(Err(error)) => Step::End(Err(Ending::Error(error.to_string()))),
        },
        State::Recording(id, then) => match context.take(id) {
            None => Step::Wait(State::Recording(id, then)),
            Some(reply) => recorded(reply, then, subject),
        },
    }
}

fn compare(subject: &mut Subject, context: &mut Context) -> Step {
    let recorded = subject.annotation(REACHED_BY);
    let wanted = subject.release.spec.kube_config.as_ref().map(text_of);
    if recorded == wanted.as_deref() {
        return Step::End(Ok(()));
    }
    if recorded.is_none() && subject.status.history.0.is_empty() {
        return record(Then::GoOn, subject, context);
    }
    if subject.status.storage_namespace.is_empty() {
        // The process ended before the status was written.
        subject.release.storage_namespace().clone_into(&mut subject.status.storage_namespace);
    }
    Step::Go(State::LookingInNew(Box::new(Looking::new(subject))))
}

fn looked_in_new(
    found: Result<Vec<Arc<ReleaseRecord>>, HelmError>,
    subject: &mut Subject,
    context: &mut Context,
) -> Step {
    match found {
        // Another name for the same cluster, or the release has moved with it.
        Ok(_) => record(Then::GoOn, subject, context),
        Err(error) if error.is_release_not_found() => {
            let old = subject.annotation(REACHED_BY).and_then(parse);
            Step::Go(State::ConnectingToOld(Connect::by(old)))
        }
        Err(error) => Step::End(Err(Ending::Error(error.to_string()))),
    }
}

/// Once the way into the old cluster is gone, the object need not wait.
fn old_unreachable(error: NotConnected, subject: &mut Subject, context: &mut Context) -> Step {
    if error.is_missing {
        let message = format!("skipping Helm release uninstallation in the old cluster: {error}");
        subject.event(context, EventType::Warning, "UninstallSkipped", &message);
        context.log(LogLevel::Error, message);
        return record(Then::StartAgain, subject, context);
    }
    let message =
        format!("failed to build REST client getter to uninstall release from the old cluster: {error}");
    subject.not_ready(context, "UninstallFailed", &message);
    Step::End(Err(Ending::Error(message)))
}

fn looked_in_old(
    found: Result<Vec<Arc<ReleaseRecord>>, HelmError>,
    subject: &mut Subject,
    context: &mut Context,
) -> Step {
    let own = match &found {
        Ok(records) => newest(records).is_some_and(|record| is_made_by(subject, record)),
        Err(error) if error.is_release_not_found() => false,
        Err(error) => return unread(error, subject, context),
    };
    if !own {
        // It is in neither cluster, so nothing is known of where it was.
        return record(Then::GoOn, subject, context);
    }
    let text = "release target configuration changed (kubeConfig): running uninstall for current release";
    context.log(LogLevel::Info, text);
    Step::Go(State::Uninstalling(Box::new(UninstallRelease::new(subject))))
}

/// Names what would free the object when the old cluster is lost for good.
fn unread(error: &HelmError, subject: &mut Subject, context: &mut Context) -> Step {
    let old = subject.annotation(REACHED_BY).unwrap_or("the operator's own cluster").to_owned();
    let message = format!(
        "the release may be in the cluster of {old}, which cannot be read: {error}; if that cluster is gone, delete {old}"
    );
    subject.not_ready(context, "UninstallFailed", &message);
    Step::End(Err(Ending::Error(message)))
}

/// Writes down what the wanted cluster is reached by.
fn record(then: Then, subject: &mut Subject, context: &mut Context) -> Step {
    if then == Then::StartAgain {
        subject.status.history.0.clear();
        subject.status.clear_failures();
        subject.status.storage_namespace.clear();
    }
    let wanted = subject.release.spec.kube_config.as_ref().map(text_of);
    let id = subject.patch_metadata(context, json!({"annotations": {REACHED_BY: wanted}}));
    Step::Wait(State::Recording(id, then))
}

fn recorded(reply: Reply, then: Then, subject: &mut Subject) -> Step {
    match reply {
        Reply::Object(object) => {
            let metadata = &mut subject.release.metadata;
            pilothouse_protocol::metadata::text(&object, "resourceVersion")
                .clone_into(&mut metadata.resource_version);
            match &subject.release.spec.kube_config {
                Some(reference) => metadata.annotations.insert(REACHED_BY.to_owned(), text_of(reference)),
                None => metadata.annotations.remove(REACHED_BY),
            };
            Step::End(if then == Then::GoOn { Ok(()) } else { Err(Ending::Rate) })
        }
        Reply::Failed(failure) if failure.is_object_gone() => Step::End(Err(Ending::Gone)),
        Reply::Failed(failure) => {
            let text = format!("failed to record the cluster of the release: {failure}");
            Step::End(Err(Ending::Error(text)))
        }
        Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            Step::End(Err(Ending::Rate))
        }
    }
}

impl Looking {
    fn new(subject: &Subject) -> Self {
        let snapshot = subject.status.history.latest();
        let name =
            snapshot.map_or_else(|| subject.release.short_release_name(), |latest| latest.name.clone());
        let storage = Storage::new(subject.status.storage_namespace.clone());
        Self { list: ListReleases::new(&name), storage }
    }

    fn poll(&mut self, context: &mut Context) -> Option<Result<Vec<Arc<ReleaseRecord>>, HelmError>> {
        self.list.poll(&mut self.storage, context)
    }
}

fn text_of(reference: &KubeConfigReference) -> String {
    match (&reference.secret_ref, &reference.config_map_ref) {
        (Some(SecretKeyReference { name, key: Some(key) }), _) => format!("Secret/{name}/{key}"),
        (Some(SecretKeyReference { name, key: None }), _) => format!("Secret/{name}"),
        (None, Some(config_map)) => format!("ConfigMap/{}", config_map.name),
        (None, None) => String::new(),
    }
}

fn parse(text: &str) -> Option<KubeConfigReference> {
    let mut parts = text.splitn(3, '/');
    let (kind, name, key) = (parts.next()?, parts.next()?.to_owned(), parts.next().map(str::to_owned));
    match kind {
        "Secret" => Some(KubeConfigReference {
            secret_ref: Some(SecretKeyReference { name, key }),
            config_map_ref: None,
        }),
        "ConfigMap" => Some(KubeConfigReference {
            secret_ref: None,
            config_map_ref: Some(LocalObjectReference { name }),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_they_are_written() {
        for text in ["Secret/a", "Secret/a/value.yaml", "ConfigMap/c"] {
            assert_eq!(parse(text).map(|reference| text_of(&reference)).as_deref(), Some(text));
        }
        assert_eq!(parse("Pod/a"), None);
        assert_eq!(parse("Secret"), None);
    }
}
