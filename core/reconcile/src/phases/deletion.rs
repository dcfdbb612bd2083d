//! Deletion of the HelmRelease (spec 02 §9.1).

use pilothouse_api::{FINALIZER, HelmRelease};
use pilothouse_machine::Context;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_protocol::{Identity, LogLevel, ObjectRef, Reply, Request, RequestId, metadata};
use serde_json::{Value, json};

use super::chart_template::ChartTemplateStage;
use super::cluster_change::reached_by;
use super::connect::{Connect, NotConnected, user_of};
use super::uninstall::UninstallRelease;
use crate::{Ending, Subject, steps};

/// Uninstalls, deletes the HelmChart, removes the finalizer.
#[derive(Debug)]
pub struct Deletion {
    /// `None` once it has ended.
    state: Option<State>,
}

#[derive(Debug)]
enum State {
    Start,
    Confirming(RequestId),
    Connecting(Connect),
    ConfirmingServiceAccount(RequestId),
    Uninstalling(Box<UninstallRelease>),
    DeletingChart(ChartTemplateStage),
    RemovingFinalizer(Option<RequestId>),
}

type Step = steps::Step<State, Ending>;

impl Deletion {
    /// For a subject with a deletion timestamp.
    #[must_use]
    pub fn new(subject: &Subject) -> Self {
        let state = if subject.release.spec.suspend { State::RemovingFinalizer(None) } else { State::Start };
        Self { state: Some(state) }
    }

    /// Goes as far as it can; says how the pass ends.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Ending> {
        steps::run(&mut self.state, |state| step(state, subject, context))
    }

    /// What it is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.state {
            Some(State::Uninstalling(uninstall)) => uninstall.describe(),
            Some(State::DeletingChart(_)) => "deletion: HelmChart".to_owned(),
            _ => "deletion".to_owned(),
        }
    }
}

fn step(state: State, subject: &mut Subject, context: &mut Context) -> Step {
    match state {
        State::Start => start(subject, context),
        State::Confirming(id) => match context.take(id) {
            None => Step::Wait(State::Confirming(id)),
            Some(reply) => confirmed(reply, subject, context),
        },
        State::Connecting(mut connect) => match connect.poll(subject, context) {
            None => Step::Wait(State::Connecting(connect)),
            Some(Ok(())) => connected(subject, context),
            Some(Err(error)) => not_connected(error, subject, context),
        },
        State::ConfirmingServiceAccount(id) => match context.take(id) {
            None => Step::Wait(State::ConfirmingServiceAccount(id)),
            Some(reply) => service_account_confirmed(reply, subject, context),
        },
        State::Uninstalling(mut uninstall) => match uninstall.poll(subject, context) {
            None => Step::Wait(State::Uninstalling(uninstall)),
            Some(Ok(existed)) => {
                if existed {
                    context.log(LogLevel::Info, "uninstalled Helm release for deleted resource");
                }
                subject.status.history.0.clear();
                subject.status.storage_namespace.clear();
                delete_chart(context)
            }
            Some(Err(_)) if is_back(Twin::Hc1021) => delete_chart(context),
            Some(Err(error)) if error.is_interrupted() => Step::End(Ending::interrupted(context)),
            Some(Err(error)) => Step::End(Ending::Error(error.to_string())),
        },
        State::DeletingChart(mut stage) => match stage.poll(subject, context) {
            None => Step::Wait(State::DeletingChart(stage)),
            Some(Ok(())) => Step::Go(State::RemovingFinalizer(None)),
            // A denied reference must not block the deletion (spec 08 row 5).
            Some(Err(error)) if error.starts_with("cross-namespace references are not allowed") => {
                context.log(LogLevel::Error, error);
                Step::Go(State::RemovingFinalizer(None))
            }
            Some(Err(error)) => Step::End(Ending::Error(error)),
        },
        State::RemovingFinalizer(None) => remove_finalizer(subject, context),
        State::RemovingFinalizer(Some(id)) => match context.take(id) {
            None => Step::Wait(State::RemovingFinalizer(Some(id))),
            Some(reply) => finalizer_removed(reply),
        },
    }
}

fn start(subject: &Subject, context: &mut Context) -> Step {
    if !subject.release.metadata.has_finalizer() {
        return Step::End(Ending::Gone);
    }
    let object = subject.reference();
    Step::Wait(State::Confirming(context.request_as_controller(Request::Get { object })))
}

/// A watch may show the past: an object that was deleted and made anew under the same name, with a release of its own.
fn confirmed(reply: Reply, subject: &mut Subject, context: &mut Context) -> Step {
    match reply {
        Reply::Object(object) => {
            let is_same = metadata::text(&object, "uid") == subject.release.metadata.uid;
            if !is_same || !metadata::is_deleting(&object) {
                context.log(LogLevel::Info, "waiting for the watch: it shows a HelmRelease that is gone");
                return Step::End(Ending::Rate);
            }
            know_what_was_installed(&object, subject);
            if subject.status.storage_namespace.is_empty() {
                let reason = "no storage namespace configured";
                context.log(LogLevel::Info, format!("skipping Helm release uninstallation: {reason}"));
                return delete_chart(context);
            }
            Step::Go(State::Connecting(Connect::by(reached_by(subject))))
        }
        Reply::Failed(failure) if failure.is_object_gone() => Step::End(Ending::Gone),
        Reply::Failed(failure) => {
            Step::End(Ending::Error(format!("failed to read the HelmRelease that is deleted: {failure}")))
        }
        Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => Step::End(Ending::Rate),
    }
}

/// A status of the past knows of no release, and another version may not have kept where it is stored: neither is a reason
/// to leave behind what was installed.
fn know_what_was_installed(object: &Value, subject: &mut Subject) {
    let live = HelmRelease::from_object(object).map(|release| release.status).unwrap_or_default();
    let status = &mut subject.status;
    if status.history.0.is_empty() {
        status.history = live.history;
    }
    if status.storage_namespace.is_empty() {
        status.storage_namespace = live.storage_namespace;
    }
    // What was attempted may have been installed before it was recorded: whose it is, is looked at before it is uninstalled.
    let may_exist = !status.history.0.is_empty() || status.last_attempted_generation != 0;
    if status.storage_namespace.is_empty() && may_exist {
        subject.release.storage_namespace().clone_into(&mut status.storage_namespace);
    }
}

/// Only the operator's own cluster can be asked whether the service account exists.
fn connected(subject: &Subject, context: &mut Context) -> Step {
    let Identity::ServiceAccount { namespace, name } = context.identity.clone() else {
        return uninstall(subject);
    };
    let object = ObjectRef::namespaced("v1", "ServiceAccount", namespace, name);
    Step::Wait(State::ConfirmingServiceAccount(context.request_as_controller(Request::Get { object })))
}

/// Without a way into the cluster nothing can be uninstalled there; once the way is gone, the object need not wait.
fn not_connected(error: NotConnected, subject: &mut Subject, context: &mut Context) -> Step {
    if error.is_missing {
        context.log_error("skipping Helm release uninstallation", error);
        return delete_chart(context);
    }
    let message = format!("failed to build REST client getter to uninstall release: {error}");
    subject.not_ready(context, "UninstallFailed", &message);
    Step::End(Ending::Error(message))
}

fn service_account_confirmed(reply: Reply, subject: &mut Subject, context: &mut Context) -> Step {
    match reply {
        Reply::Failed(failure) if failure.is_not_found() => {
            context.log_error("skipping Helm release uninstallation", failure);
            delete_chart(context)
        }
        Reply::Failed(failure) => {
            let user = user_of(subject);
            let name = user.impersonated().map(|(_, name)| name).unwrap_or_default();
            let message = format!(
                "failed to confirm ServiceAccount '{name}' can be used to uninstall release: {failure}"
            );
            subject.not_ready(context, "UninstallFailed", &message);
            Step::End(Ending::Error(message))
        }
        Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            uninstall(subject)
        }
    }
}

fn uninstall(subject: &Subject) -> Step {
    Step::Go(State::Uninstalling(Box::new(UninstallRelease::new(subject))))
}

fn delete_chart(context: &mut Context) -> Step {
    context.act_as(Identity::Controller);
    Step::Go(State::DeletingChart(ChartTemplateStage::delete()))
}

fn remove_finalizer(subject: &Subject, context: &mut Context) -> Step {
    let metadata = &subject.release.metadata;
    let finalizers: Vec<&String> =
        metadata.finalizers.iter().filter(|finalizer| *finalizer != FINALIZER).collect();
    let body = json!({"resourceVersion": metadata.resource_version, "finalizers": finalizers});
    Step::Wait(State::RemovingFinalizer(Some(subject.patch_metadata(context, body))))
}

fn finalizer_removed(reply: Reply) -> Step {
    match reply {
        Reply::Failed(failure) if failure.is_object_gone() => Step::End(Ending::Gone),
        Reply::Failed(failure) if failure.api().is_some_and(|error| error.is_conflict()) => {
            Step::End(Ending::Rate)
        }
        Reply::Failed(failure) => Step::End(Ending::Error(format!("failed to remove finalizer: {failure}"))),
        Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            Step::End(Ending::Gone)
        }
    }
}
