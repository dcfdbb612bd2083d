//! The HelmRelease under reconcile: what was read of it, and the status that is being computed.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_api::{
    API_VERSION, ConditionStatus, DependencyReference, HelmRelease, HelmReleaseStatus, InvalidHelmRelease,
    KIND, REQUESTED_AT,
};
use pilothouse_apply::StatusReader;
use pilothouse_machine::Context;
use pilothouse_protocol::{
    Action, Event, EventType, Object, ObjectRef, Patch, ReleaseKey, Request, RequestId,
};
use serde_json::{Value, json};

use crate::Config;
use crate::charts::Charts;
use crate::compact::Compact;
use crate::phases::terminal::TerminalError;
use crate::settled::{Quiet, Settled};

/// Prefix of annotations that are copied onto every event.
const EVENT_ANNOTATIONS: &str = "event.toolkit.fluxcd.io/";

/// One HelmRelease during a pass.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Flags.
    pub config: Arc<Config>,
    /// Metadata and spec as read; the status in it is the one that was read.
    pub release: HelmRelease,
    /// The status as it should be.
    pub status: HelmReleaseStatus,
    /// The status as it was last written or read.
    pub(crate) written: Compact,
    /// The generation that was attempted last before this pass.
    pub attempted_generation: i64,
    /// The source object as last seen, by reference.
    pub sources: BTreeMap<ObjectRef, Object>,
    /// An error of this pass that the same inputs would give again.
    pub terminal_error: TerminalError,
    /// The object as read, for expressions over it; null when there are none.
    pub object: Value,
    /// Dependencies by which the object depends on itself, one after the other, as far as they are known.
    pub dependency_cycle: Vec<ReleaseKey>,
    /// `spec.healthCheckExprs`, once they are read.
    pub health_checks: Option<Arc<dyn StatusReader>>,
    /// Charts that are open already.
    pub charts: Charts,
    /// Set while the pass takes the short way to what the last one has found.
    pub quiet: Option<Quiet>,
    /// What a pass without anything left to do has found.
    pub settled: Option<Settled>,
    /// The objects whose drift was looked for, as far as a watch by the labels of the HelmRelease shows them.
    pub drift_objects: Option<Vec<ObjectRef>>,
}

impl Subject {
    /// From the object as read.
    ///
    /// # Errors
    /// When the object does not fit the API.
    pub fn new(config: Arc<Config>, object: &Value) -> Result<Self, InvalidHelmRelease> {
        let mut subject = Self::of(config, HelmRelease::from_object(object)?);
        subject.written = Compact::of(object.get("status").unwrap_or(&Value::Null));
        if subject.has_expressions() {
            subject.object = object.clone();
        }
        Ok(subject)
    }

    /// From a HelmRelease without a status, as it was kept.
    ///
    /// # Errors
    /// When it does not fit the API.
    pub(crate) fn kept(config: Arc<Config>, kept: &Compact) -> Result<Self, InvalidHelmRelease> {
        // Read at once, without the object in between, which says what is wrong with it, and is looked at by expressions.
        match kept.read().map(|release| Self::of(Arc::clone(&config), release)) {
            Some(subject) if !subject.has_expressions() => Ok(subject),
            _ => Self::new(config, &kept.value()),
        }
    }

    fn of(config: Arc<Config>, release: HelmRelease) -> Self {
        let status = release.status.clone();
        let attempted_generation = status.last_attempted_generation;
        Self {
            config,
            release,
            status,
            written: Compact::of(&Value::Null),
            attempted_generation,
            sources: BTreeMap::new(),
            terminal_error: TerminalError::default(),
            object: Value::Null,
            dependency_cycle: Vec::new(),
            health_checks: None,
            charts: Charts::default(),
            quiet: None,
            settled: None,
            drift_objects: None,
        }
    }

    fn has_expressions(&self) -> bool {
        self.release.spec.depends_on.iter().any(DependencyReference::has_expression)
    }

    /// The object with the status as it should be: `self` in expressions.
    #[must_use]
    pub fn as_object(&self) -> Value {
        let mut object = self.object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.insert("status".to_owned(), serde_json::to_value(&self.status).unwrap_or_default());
        }
        object
    }

    /// Namespace and name.
    #[must_use]
    pub fn key(&self) -> ReleaseKey {
        ReleaseKey::new(self.release.metadata.namespace.clone(), self.release.metadata.name.clone())
    }

    /// The HelmRelease as an object reference.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        let metadata = &self.release.metadata;
        ObjectRef::namespaced(API_VERSION, KIND, metadata.namespace.clone(), metadata.name.clone())
    }

    /// Merges fields into the metadata of the HelmRelease, if it is still the one that was read. A list is replaced as a
    /// whole: whoever sends one sends the `resourceVersion`, too.
    pub fn patch_metadata(&self, context: &mut Context, mut fields: Value) -> RequestId {
        fields["uid"] = Value::from(self.release.metadata.uid.clone());
        context.request_as_controller(Request::Patch {
            object: self.reference(),
            patch: Patch::Merge,
            body: Arc::new(json!({"metadata": fields})),
            status: false,
            dry_run: false,
        })
    }

    /// `metadata.generation`.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.release.metadata.generation
    }

    /// An annotation of the HelmRelease.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.release.metadata.annotations.get(key).map(String::as_str)
    }

    /// Sets a condition.
    pub fn mark(
        &mut self,
        context: &Context,
        kind: &str,
        status: ConditionStatus,
        reason: &str,
        message: &str,
    ) {
        let generation = self.generation();
        let message = context.secrets.mask(message);
        self.status.conditions.set(kind, status, reason, &message, generation, context.wall());
    }

    /// Ready=False.
    pub fn not_ready(&mut self, context: &Context, reason: &str, message: &str) {
        self.mark(context, "Ready", ConditionStatus::False, reason, message);
    }

    /// Reconciling=True, and no Stalled.
    pub fn reconciling(&mut self, context: &Context, reason: &str, message: &str) {
        self.status.conditions.remove("Stalled");
        self.mark(context, "Reconciling", ConditionStatus::True, reason, message);
    }

    /// Stalled=True, and no Reconciling.
    pub fn stalled(&mut self, context: &Context, reason: &str, message: &str) {
        self.status.conditions.remove("Reconciling");
        self.mark(context, "Stalled", ConditionStatus::True, reason, message);
    }

    /// A gate is passed: Ready=False with one of its reasons becomes Unknown (spec 02 §2).
    pub fn gate_passed(&mut self, context: &Context, reasons: &[&str]) {
        let conditions = &self.status.conditions;
        if conditions.is_false("Ready") && reasons.contains(&conditions.reason("Ready")) {
            self.mark(
                context,
                "Ready",
                ConditionStatus::Unknown,
                "Progressing",
                "reconciliation in progress",
            );
        }
    }

    /// Records a Kubernetes event.
    pub fn event(&self, context: &mut Context, kind: EventType, reason: &str, message: &str) {
        self.event_with(context, kind, reason, message, BTreeMap::new());
    }

    /// Records a Kubernetes event with annotations.
    pub fn event_with(
        &self,
        context: &mut Context,
        kind: EventType,
        reason: &str,
        message: &str,
        annotations: BTreeMap<String, String>,
    ) {
        let event = self.new_event(kind, reason, &context.secrets.mask(message), annotations);
        context.act(Action::Emit(event));
    }

    /// Records a trace event: Normal in Kubernetes, never sent to a webhook.
    pub fn trace_event(&self, context: &mut Context, reason: &str, message: &str) {
        let message = context.secrets.mask(message);
        let event = self.new_event(EventType::Normal, reason, &message, BTreeMap::new());
        context.act(Action::Emit(Event { trace: true, ..event }));
    }

    /// Copies the `requestedAt` annotation, as every pass does when it ends.
    pub fn handle_request(&mut self) {
        if let Some(requested) = self.annotation(REQUESTED_AT) {
            self.status.last_handled_reconcile_at = requested.to_owned();
        }
    }

    /// Evaluates a one-off request (spec 01 §5, token rule): the token is always stored, and handled when it equals a
    /// `requestedAt` that has not been handled yet and differs from the token stored before.
    pub fn take_token(
        &mut self,
        annotation: &str,
        stored: fn(&mut HelmReleaseStatus) -> &mut String,
    ) -> bool {
        let Some(token) = self.annotation(annotation).map(str::to_owned) else { return false };
        let requested = self.annotation(REQUESTED_AT).map(str::to_owned);
        let fresh =
            requested.as_deref() == Some(token.as_str()) && self.status.last_handled_reconcile_at != token;
        let field = stored(&mut self.status);
        let differs = *field != token;
        *field = token;
        fresh && differs
    }

    fn new_event(
        &self,
        kind: EventType,
        reason: &str,
        message: &str,
        mut annotations: BTreeMap<String, String>,
    ) -> Event {
        let metadata = &self.release.metadata;
        let copied = metadata.annotations.iter().filter(|(key, _)| key.starts_with(EVENT_ANNOTATIONS));
        annotations.extend(copied.map(|(key, value)| (key.clone(), value.clone())));
        Event {
            regarding: self.reference(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
            kind,
            trace: false,
            reason: reason.to_owned(),
            message: message.to_owned(),
            annotations,
        }
    }
}
