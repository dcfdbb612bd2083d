//! The HelmChart made from `spec.chart` (spec 02 §3).

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_api::{ORIGIN_NAME_LABEL, ORIGIN_NAMESPACE_LABEL, SOURCE_API_VERSION, helm_chart_name};
use pilothouse_machine::Context;
use pilothouse_protocol::{
    Failure, FieldValidation, LogLevel, Object, ObjectRef, Patch, Preconditions, Propagation, Reply, Request,
    RequestId, metadata,
};
use serde_json::{Map, Value, json};

use crate::{Subject, steps};

/// Brings the managed HelmChart in line with the template, or deletes it.
#[derive(Debug)]
pub struct ChartTemplateStage {
    /// `None` once it has ended.
    state: Option<State>,
    deleting: bool,
}

#[derive(Debug)]
enum State {
    Start,
    ReadingOld { id: RequestId, object: ObjectRef },
    DeletingOld { id: RequestId, object: ObjectRef },
    Build,
    Applying { id: RequestId, existing: Option<Object> },
}

type Step = steps::Step<State, Result<(), String>>;

impl ChartTemplateStage {
    /// The stage of a normal pass.
    #[must_use]
    pub fn reconcile() -> Self {
        Self { state: Some(State::Start), deleting: false }
    }

    /// The stage of a deletion: only the delete step.
    #[must_use]
    pub fn delete() -> Self {
        Self { state: Some(State::Start), deleting: true }
    }

    /// Goes as far as it can. An error is worded for people.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<(), String>> {
        let mut state = self.state.take();
        let result = steps::run(&mut state, |state| self.step(state, subject, context));
        self.state = state;
        result
    }

    fn step(&self, state: State, subject: &mut Subject, context: &mut Context) -> Step {
        match state {
            State::Start => self.start(subject, context),
            State::ReadingOld { id, object } => match context.take(id) {
                None => Step::Wait(State::ReadingOld { id, object }),
                Some(reply) => {
                    read_old(reply, object, subject, context).unwrap_or_else(|| self.forget_old(subject))
                }
            },
            State::DeletingOld { id, object } => match context.take(id) {
                None => Step::Wait(State::DeletingOld { id, object }),
                Some(Reply::Failed(failure)) if !failure.is_not_found() => {
                    Step::End(Err(format!("failed to delete HelmChart '{}': {failure}", slashed(&object))))
                }
                Some(_) => {
                    let message = format!("deleted HelmChart '{}'", slashed(&object));
                    subject.trace_event(context, "HelmChartDeleted", &message);
                    self.forget_old(subject)
                }
            },
            State::Build => build(subject, context),
            State::Applying { id, existing } => match context.take(id) {
                None => Step::Wait(State::Applying { id, existing }),
                Some(reply) => applied(reply, existing.as_deref(), subject, context),
            },
        }
    }

    /// Deletes a HelmChart that is no longer wanted, before the wanted one is made.
    fn start(&self, subject: &mut Subject, context: &mut Context) -> Step {
        let wanted = desired_reference(subject).map(|object| slashed(&object));
        let old = subject.status.helm_chart.clone();
        if old.is_empty()
            || subject.release.spec.suspend
            || (!self.deleting && wanted.as_deref() == Some(old.as_str()))
        {
            return if self.deleting { Step::End(Ok(())) } else { Step::Go(State::Build) };
        }
        let Some((namespace, name)) = old.split_once('/') else { return self.forget_old(subject) };
        if let Some(denied) = cross_namespace_denied(subject, "HelmChart", namespace, name) {
            return Step::End(Err(denied));
        }
        let object = ObjectRef::namespaced(SOURCE_API_VERSION, "HelmChart", namespace, name);
        let id = context.request_as_controller(Request::Get { object: object.clone() });
        Step::Wait(State::ReadingOld { id, object })
    }

    fn forget_old(&self, subject: &mut Subject) -> Step {
        subject.status.helm_chart.clear();
        if self.deleting { Step::End(Ok(())) } else { Step::Go(State::Build) }
    }
}

/// Text of a denied reference to another namespace, if it is denied (spec 02 §2.4).
#[must_use]
pub fn cross_namespace_denied(subject: &Subject, kind: &str, namespace: &str, name: &str) -> Option<String> {
    let other = namespace != subject.release.metadata.namespace;
    (subject.config.no_cross_namespace_refs && other).then(|| {
        format!("cross-namespace references are not allowed: cannot access {kind} {namespace}/{name}")
    })
}

/// The HelmChart that `spec.chart` asks for; `None` with `spec.chartRef`.
#[must_use]
pub fn desired_reference(subject: &Subject) -> Option<ObjectRef> {
    let template = subject.release.spec.chart.as_ref()?;
    let own = &subject.release.metadata;
    let namespace = template.spec.source_ref.namespace.as_ref().unwrap_or(&own.namespace);
    let name = helm_chart_name(&own.namespace, &own.name);
    Some(ObjectRef::namespaced(SOURCE_API_VERSION, "HelmChart", namespace.clone(), name))
}

fn read_old(reply: Reply, object: ObjectRef, subject: &Subject, context: &mut Context) -> Option<Step> {
    match reply {
        Reply::Failed(failure) if failure.is_not_found() => None,
        Reply::Failed(failure) => {
            Some(Step::End(Err(format!("failed to delete HelmChart '{}': {failure}", slashed(&object)))))
        }
        Reply::Object(found) if !is_ours(&found, subject) => {
            context.log(
                LogLevel::Info,
                format!("HelmChart '{}' belongs to another HelmRelease", slashed(&object)),
            );
            None
        }
        Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            let id = context.request_as_controller(Request::Delete {
                object: object.clone(),
                propagation: Propagation::Background,
                preconditions: Preconditions::default(),
            });
            Some(Step::Wait(State::DeletingOld { id, object }))
        }
    }
}

/// Whether the HelmChart carries no owner labels or ours.
fn is_ours(chart: &Value, subject: &Subject) -> bool {
    let own = &subject.release.metadata;
    metadata::label(chart, ORIGIN_NAME_LABEL).is_none_or(|name| name == own.name)
        && metadata::label(chart, ORIGIN_NAMESPACE_LABEL).is_none_or(|namespace| namespace == own.namespace)
}

fn build(subject: &mut Subject, context: &mut Context) -> Step {
    let Some(object) = desired_reference(subject) else { return Step::End(Ok(())) };
    let namespace = object.namespace.clone().unwrap_or_default();
    if let Some(denied) = cross_namespace_denied(subject, "HelmChart", &namespace, &object.name) {
        return Step::End(Err(denied));
    }
    let desired = desired_chart(subject, &object);
    let existing = subject.sources.get(&object).cloned();
    if existing.as_deref().is_some_and(|existing| in_line(existing, &desired)) {
        return in_sync(subject, context, &object);
    }
    let id = context.request_as_controller(Request::Patch {
        object,
        patch: Patch::Apply { force: true, validation: FieldValidation::Warn },
        body: Arc::new(desired),
        status: false,
        dry_run: false,
    });
    Step::Wait(State::Applying { id, existing })
}

fn applied(reply: Reply, existing: Option<&Value>, subject: &mut Subject, context: &mut Context) -> Step {
    let live = match reply {
        Reply::Object(live) => live,
        Reply::Failed(failure) => {
            let message = format!("failed to run server-side apply: {}", refused(subject, &failure));
            subject.trace_event(context, "HelmChartSyncErr", &message);
            return Step::End(Err(message));
        }
        Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            return Step::End(Err("unexpected reply to the apply of the HelmChart".to_owned()));
        }
    };
    let object = ObjectRef::of(&live);
    let known = existing.map(metadata::resource_version);
    let created =
        known.is_none() && metadata::generation(&live) <= 1 && live.get("status").is_none_or(is_fresh);
    let unchanged = known.is_some_and(|known| known == metadata::resource_version(&live));
    subject.sources.insert(object.clone(), live);
    if unchanged || (known.is_none() && !created) {
        return in_sync(subject, context, &object);
    }
    let (reason, verb) =
        if created { ("HelmChartCreated", "Created") } else { ("HelmChartConfigured", "Configured") };
    subject.status.helm_chart = slashed(&object);
    let message = format!("{verb} {}", described(subject, &object));
    context.log(LogLevel::Info, message.clone());
    subject.trace_event(context, reason, &message);
    Step::End(Ok(()))
}

/// Why the HelmChart was not applied, in the words of Flux's library, which tries without effect first.
fn refused(subject: &Subject, failure: &Failure) -> String {
    let object = desired_reference(subject).map(|object| object.to_string()).unwrap_or_default();
    let Some(error) = failure.api() else { return format!("{object} dry-run failed: {failure}") };
    if failure.is_not_found() {
        return format!("{object} not found: {failure}");
    }
    let reason = if error.reason.is_empty() { String::new() } else { format!(" ({})", error.reason) };
    format!("{object} dry-run failed{reason}: {failure}")
}

/// Whether a status is what admission gives a new object.
fn is_fresh(status: &Value) -> bool {
    status.get("conditions").is_none() && status.get("artifact").is_none()
}

fn in_sync(subject: &mut Subject, context: &mut Context, object: &ObjectRef) -> Step {
    subject.status.helm_chart = slashed(object);
    let message = format!("{} is in-sync", described(subject, object));
    context.log(LogLevel::Info, message);
    Step::End(Ok(()))
}

fn described(subject: &Subject, object: &ObjectRef) -> String {
    let source =
        subject.release.spec.chart.as_ref().map(|chart| chart.spec.source_ref.clone()).unwrap_or_default();
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!("{object} with SourceRef '{}/{namespace}/{}'", source.kind, source.name)
}

fn slashed(object: &ObjectRef) -> String {
    format!("{}/{}", object.namespace.as_deref().unwrap_or_default(), object.name)
}

fn desired_chart(subject: &Subject, object: &ObjectRef) -> Value {
    let template = subject.release.spec.chart.clone().unwrap_or_default();
    let own = &subject.release.metadata;
    let mut labels = template.metadata.as_ref().map(|metadata| metadata.labels.clone()).unwrap_or_default();
    labels.insert(ORIGIN_NAME_LABEL.to_owned(), own.name.clone());
    labels.insert(ORIGIN_NAMESPACE_LABEL.to_owned(), own.namespace.clone());
    let annotations =
        template.metadata.as_ref().map(|metadata| metadata.annotations.clone()).unwrap_or_default();
    let mut meta = json!({"name": object.name, "namespace": object.namespace, "labels": labels});
    if let (Some(meta), false) = (meta.as_object_mut(), annotations.is_empty()) {
        meta.insert("annotations".to_owned(), json!(annotations));
    }
    json!({"apiVersion": SOURCE_API_VERSION, "kind": "HelmChart", "metadata": meta, "spec": desired_spec(subject)})
}

fn desired_spec(subject: &Subject) -> Value {
    let spec = subject.release.spec.chart.clone().unwrap_or_default().spec;
    let mut out = Map::new();
    out.insert("chart".to_owned(), json!(spec.chart));
    out.insert("version".to_owned(), json!(spec.version.as_deref().unwrap_or("*")));
    out.insert("sourceRef".to_owned(), json!({"kind": spec.source_ref.kind, "name": spec.source_ref.name}));
    out.insert("interval".to_owned(), json!(spec.interval.unwrap_or(subject.release.spec.interval)));
    let strategy = spec.reconcile_strategy.as_deref().unwrap_or("ChartVersion");
    out.insert("reconcileStrategy".to_owned(), json!(strategy));
    if !spec.values_files.is_empty() {
        out.insert("valuesFiles".to_owned(), json!(spec.values_files));
    }
    if spec.ignore_missing_values_files {
        out.insert("ignoreMissingValuesFiles".to_owned(), json!(true));
    }
    if let Some(verify) = spec.verify {
        out.insert("verify".to_owned(), json!(verify));
    }
    Value::Object(out)
}

/// Whether an apply would change nothing, as far as the fields that we write tell.
fn in_line(live: &Value, desired: &Value) -> bool {
    let map = |object: &Value, field: &str| -> BTreeMap<String, Value> {
        let map = object.get("metadata").and_then(|metadata| metadata.get(field)).and_then(Value::as_object);
        map.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    live.get("spec") == desired.get("spec")
        && map(live, "labels") == map(desired, "labels")
        && map(live, "annotations") == map(desired, "annotations")
        && !metadata::is_deleting(live)
}
