//! Deletion of the HelmRelease (spec 02 §9.1).

use std::sync::Arc;

use pilothouse_api::FINALIZER;
use pilothouse_machine::Context;
use pilothouse_protocol::{Identity, LogLevel, ObjectRef, Patch, Reply, Request, RequestId};
use serde_json::json;

use super::chart_template::ChartTemplateStage;
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

/// Who acts in the target cluster (spec 05 §9).
#[must_use]
pub fn identity_of(subject: &Subject) -> Identity {
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

fn step(state: State, subject: &mut Subject, context: &mut Context) -> Step {
    match state {
        State::Start => start(subject, context),
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

fn start(subject: &mut Subject, context: &mut Context) -> Step {
    if !subject.release.metadata.has_finalizer() {
        return Step::End(Ending::Gone);
    }
    if subject.status.storage_namespace.is_empty() {
        context.log(LogLevel::Info, "skipping Helm release uninstallation: no storage namespace configured");
        return delete_chart(context);
    }
    let Identity::ServiceAccount { namespace, name } = identity_of(subject) else {
        return uninstall(subject, context);
    };
    let object = ObjectRef::namespaced("v1", "ServiceAccount", namespace, name);
    Step::Wait(State::ConfirmingServiceAccount(context.request_as_controller(Request::Get { object })))
}

fn service_account_confirmed(reply: Reply, subject: &mut Subject, context: &mut Context) -> Step {
    match reply {
        Reply::Failed(failure) if failure.is_not_found() => {
            context.log(LogLevel::Error, format!("skipping Helm release uninstallation: {failure}"));
            delete_chart(context)
        }
        Reply::Failed(failure) => {
            let name = subject.release.spec.service_account_name.clone();
            let name = name.unwrap_or_else(|| subject.config.default_service_account.clone());
            let message = format!(
                "failed to confirm ServiceAccount '{name}' can be used to uninstall release: {failure}"
            );
            subject.not_ready(context, "UninstallFailed", &message);
            Step::End(Ending::Error(message))
        }
        Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            uninstall(subject, context)
        }
    }
}

fn uninstall(subject: &Subject, context: &mut Context) -> Step {
    context.identity = identity_of(subject);
    Step::Go(State::Uninstalling(Box::new(UninstallRelease::new(subject))))
}

fn delete_chart(context: &mut Context) -> Step {
    context.identity = Identity::Controller;
    Step::Go(State::DeletingChart(ChartTemplateStage::delete()))
}

fn remove_finalizer(subject: &Subject, context: &mut Context) -> Step {
    let metadata = &subject.release.metadata;
    let finalizers: Vec<&String> =
        metadata.finalizers.iter().filter(|finalizer| *finalizer != FINALIZER).collect();
    let body = json!({"metadata": {
        "uid": metadata.uid, "resourceVersion": metadata.resource_version, "finalizers": finalizers,
    }});
    let id = context.request_as_controller(Request::Patch {
        object: subject.reference(),
        patch: Patch::Merge,
        body: Arc::new(body),
        status: false,
        dry_run: false,
    });
    Step::Wait(State::RemovingFinalizer(Some(id)))
}

fn finalizer_removed(reply: Reply) -> Step {
    match reply {
        Reply::Failed(failure) if failure.is_not_found() => Step::End(Ending::Gone),
        Reply::Failed(failure) if failure.api().is_some_and(|error| error.is_conflict()) => {
            Step::End(Ending::Rate)
        }
        Reply::Failed(failure) => Step::End(Ending::Error(format!("failed to remove finalizer: {failure}"))),
        Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            Step::End(Ending::Gone)
        }
    }
}
