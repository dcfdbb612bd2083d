//! The source: which one, whether it may be used, whether it is ready (spec 02 §2.4, §2.5).

use pilothouse_api::{Artifact, ConditionStatus, SOURCE_API_VERSION, SourceKind, SourceObject};
use pilothouse_machine::Context;
use pilothouse_protocol::{EventType, LogLevel, ObjectRef, Why};

use super::chart_template::cross_namespace_denied;
use crate::{Ending, Subject};

/// The source object of a release: `status.helmChart` with `spec.chart`, else `spec.chartRef`.
#[must_use]
pub fn source_reference(subject: &Subject) -> Option<ObjectRef> {
    let spec = &subject.release.spec;
    if let Some(reference) = &spec.chart_ref {
        let own = &subject.release.metadata.namespace;
        let namespace = reference.namespace.as_ref().unwrap_or(own);
        return Some(ObjectRef::namespaced(
            SOURCE_API_VERSION,
            reference.kind.clone(),
            namespace.clone(),
            reference.name.clone(),
        ));
    }
    super::chart_template::desired_reference(subject)
}

/// The artifact of a ready source, or how the pass ends.
///
/// # Errors
/// How the pass ends when the source cannot be used now.
pub fn ready_artifact(
    subject: &mut Subject,
    context: &mut Context,
) -> Result<(SourceKind, Artifact), Ending> {
    let Some(reference) = source_reference(subject) else {
        return Err(Ending::Terminal("invalid Chart reference".to_owned()));
    };
    if let Some(denied) = access_denied(subject, &reference) {
        return Err(deny(subject, context, &denied));
    }
    let Some(kind) = SourceKind::parse(&reference.kind) else {
        return Err(Ending::Terminal(format!("unknown source kind '{}'", reference.kind)));
    };
    let Some(object) = subject.sources.get(&reference).cloned() else {
        // The original reads from its cache, which says the kind where the API server says the resource.
        let message = format!(
            "could not get Source object: {}.source.toolkit.fluxcd.io \"{}\" not found",
            kind.name(),
            reference.name
        );
        subject.not_ready(context, "ArtifactFailed", &message);
        return Err(Ending::Error(message));
    };
    subject.gate_passed(context, &["AccessDenied", "ArtifactFailed"]);
    let source = SourceObject::from_object(&object);
    match readiness(kind, &source) {
        Ok(artifact) => {
            subject.gate_passed(context, &["SourceNotReady"]);
            Ok((kind, artifact))
        }
        Err(reason) => {
            let namespace = reference.namespace.as_deref().unwrap_or_default();
            let message = format!("{} '{namespace}/{}' is not ready: {reason}", kind.name(), reference.name);
            Err(wait_for_source(subject, context, &message))
        }
    }
}

/// The artifact of a ready source, or why it is not ready (first match of spec 02 §2.5).
fn readiness(kind: SourceKind, source: &SourceObject) -> Result<Artifact, String> {
    if kind != SourceKind::ExternalArtifact {
        if source.generation != source.observed_generation {
            let message =
                source.conditions.get("Ready").filter(|ready| ready.status == ConditionStatus::False);
            let text = "latest generation of object has not been reconciled";
            return Err(message.map_or_else(|| text.to_owned(), |ready| ready.message.clone()));
        }
        if let Some(stalled) = source.conditions.get("Stalled").filter(|c| c.status == ConditionStatus::True)
        {
            return Err(stalled.message.clone());
        }
    }
    source.artifact.clone().ok_or_else(|| "does not have an artifact".to_owned())
}

fn access_denied(subject: &Subject, reference: &ObjectRef) -> Option<String> {
    let namespace = reference.namespace.as_deref().unwrap_or_default();
    if let Some(denied) = cross_namespace_denied(subject, &reference.kind, namespace, &reference.name) {
        return Some(denied);
    }
    (reference.kind == "ExternalArtifact" && !subject.config.gates.external_artifact).then(|| {
        format!(
            "can't access 'ExternalArtifact/{namespace}/{}', ExternalArtifact feature gate is disabled",
            reference.name
        )
    })
}

/// A reference that is not allowed stalls the release.
pub(crate) fn deny(subject: &mut Subject, context: &mut Context, denied: &str) -> Ending {
    subject.stalled(context, "AccessDenied", denied);
    subject.not_ready(context, "AccessDenied", denied);
    subject.event(context, EventType::Warning, "AccessDenied", denied);
    Ending::Terminal(denied.to_owned())
}

fn wait_for_source(subject: &mut Subject, context: &mut Context, message: &str) -> Ending {
    context.log(LogLevel::Info, message);
    subject.not_ready(context, "SourceNotReady", message);
    let config = &subject.config;
    let nanos = context.random.jitter(config.requeue_dependency, config.interval_jitter_percentage);
    Ending::After { nanos, why: Why::Source, observed: false }
}
