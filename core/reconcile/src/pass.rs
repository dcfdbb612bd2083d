//! One pass over a HelmRelease: the outer procedure of spec 02 §2, step by step.
//!
//! Every pass, however it ends, leaves through [`State::Exit`], where the status is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_api::{FINALIZER, HelmReleaseStatus};
use pilothouse_machine::{Context, Interrupt};
use pilothouse_protocol::{
    EventType, Identity, LogLevel, Object, ObjectRef, Reply, RequestId, Why, metadata,
};
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::phases::atomic::AtomicRelease;
use crate::phases::attempt;
use crate::phases::chart::LoadChart;
use crate::phases::chart_template::ChartTemplateStage;
use crate::phases::cluster_change::ClusterChange;
use crate::phases::connect::{Connect, NotConnected};
use crate::phases::decide::ReleaseState;
use crate::phases::deletion::Deletion;
use crate::phases::dependencies::{DependencyCheck, invalid_expression};
use crate::phases::desired::Desired;
use crate::phases::drift::detects_drift;
use crate::phases::health_checks::HealthChecks;
use crate::phases::source;
use crate::phases::stop::in_line;
use crate::phases::target::TargetChange;
use crate::phases::terminal::stall_when_hopeless;
use crate::phases::values::ReadValues;
use crate::settled::{Quiet, Settled, Verdict};
use crate::steps;
use crate::write_status::{WriteStatus, Written};
use crate::{Ending, Subject};

/// One pass.
#[derive(Debug)]
pub(crate) struct Pass {
    subject: Subject,
    /// `None` once it has ended.
    state: Option<State>,
}

#[derive(Debug)]
enum State {
    Start,
    AddingFinalizer(RequestId),
    ChartTemplate(ChartTemplateStage),
    MarkingProgress(WriteStatus),
    Dependencies(DependencyCheck),
    Values(Box<ReadValues>),
    /// The storage is asked whether it holds what the last pass has found.
    Confirming(RequestId, Box<Quiet>),
    Chart(Box<LoadChart>, Value),
    Connecting(Connect, Box<Desired>),
    Cluster(Box<ClusterChange>, Box<Desired>),
    Target(Box<TargetChange>, Box<Desired>),
    Atomic(Box<AtomicRelease>),
    Deletion(Box<Deletion>),
    Ending(Ending),
    Exit(Ending, WriteStatus),
}

type Step = steps::Step<State, Ending>;

impl Pass {
    /// A pass over a subject.
    #[must_use]
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, state: Some(State::Start) }
    }

    /// Goes as far as it can; says how the pass ended.
    pub(crate) fn poll(&mut self, context: &mut Context) -> Option<Ending> {
        steps::run(&mut self.state, |state| step(state, &mut self.subject, context))
    }

    /// What is to be remembered of the subject.
    #[must_use]
    pub(crate) fn memory(&self) -> Memory {
        Memory::of_subject(&self.subject)
    }

    /// The status as computed so far.
    #[must_use]
    pub(crate) fn status(&self) -> &HelmReleaseStatus {
        &self.subject.status
    }

    /// How many passes in a row have ended with an error that the same inputs would give again, when this one has.
    #[must_use]
    pub(crate) fn hopeless_in_a_row(&self) -> Option<u32> {
        self.subject.terminal_error.in_a_row()
    }

    /// What the pass has found, when nothing was left to do.
    pub(crate) fn take_settled(&mut self) -> Option<Settled> {
        self.subject.settled.take()
    }

    /// The objects that are to be watched for drift, when the release is in line with how the pass ends.
    pub(crate) fn take_drift_objects(&mut self, ending: &Ending) -> Option<Vec<ObjectRef>> {
        let in_line = matches!(ending, Ending::After { why: Why::Interval, .. });
        let ready = self.subject.status.conditions.is_true("Ready");
        self.subject.drift_objects.take().filter(|_| in_line && ready)
    }

    /// Nanoseconds between two passes.
    pub(crate) fn interval(&self) -> u64 {
        u64::try_from(self.subject.release.spec.interval.as_nanos()).unwrap_or_default()
    }

    /// Sources that the pass has learnt about.
    pub(crate) fn take_sources(&mut self) -> BTreeMap<ObjectRef, Object> {
        std::mem::take(&mut self.subject.sources)
    }

    /// What the pass is doing; a few words.
    #[must_use]
    pub(crate) fn describe(&self) -> String {
        let Some(state) = &self.state else { return "ended".to_owned() };
        match state {
            State::Start | State::AddingFinalizer(_) | State::MarkingProgress(_) => "starting".to_owned(),
            State::ChartTemplate(_) => "chart template".to_owned(),
            State::Dependencies(_) => "dependencies".to_owned(),
            State::Values(_) => "values".to_owned(),
            State::Confirming(..) => "storage".to_owned(),
            State::Chart(..) => "chart".to_owned(),
            State::Connecting(..) => "connecting".to_owned(),
            State::Cluster(..) | State::Target(..) => "target change".to_owned(),
            State::Atomic(atomic) => atomic.describe(),
            State::Deletion(deletion) => deletion.describe(),
            State::Ending(_) | State::Exit(..) => "status".to_owned(),
        }
    }
}

fn step(state: State, subject: &mut Subject, context: &mut Context) -> Step {
    match state {
        State::Start => start(subject, context),
        State::AddingFinalizer(id) => match context.take(id) {
            None => Step::Wait(State::AddingFinalizer(id)),
            Some(reply) => finalizer_added(reply, subject, context),
        },
        State::ChartTemplate(mut stage) => match stage.poll(subject, context) {
            None => Step::Wait(State::ChartTemplate(stage)),
            Some(Ok(())) => mark_progress(subject, context),
            Some(Err(error)) => chart_template_failed(subject, context, error),
        },
        State::MarkingProgress(mut write) => match write.poll(subject, context) {
            None => Step::Wait(State::MarkingProgress(write)),
            Some(Written::Done) => Step::Go(State::Dependencies(DependencyCheck::default())),
            Some(Written::Gone) => Step::End(Ending::Gone),
            Some(Written::Failed(failure)) => Step::End(Ending::Error(failure.to_string())),
        },
        State::Dependencies(mut check) => match check.poll(subject, context) {
            None => Step::Wait(State::Dependencies(check)),
            Some(Ok(())) => dependencies_ready(subject, context),
            Some(Err(ending)) => exit(ending),
        },
        State::Values(mut read) => match read.poll(subject, context) {
            None => Step::Wait(State::Values(read)),
            Some(Ok(values)) => values_read(values, subject, context),
            Some(Err(ending)) => exit(ending),
        },
        State::Confirming(id, quiet) => match quiet.confirm(id, context) {
            None => Step::Wait(State::Confirming(id, quiet)),
            Some(verdict) => judged(verdict, *quiet, subject, context),
        },
        State::Chart(mut load, values) => match load.poll(subject, context) {
            None => Step::Wait(State::Chart(load, values)),
            Some(Ok(loaded)) => match Desired::new(loaded, values, subject) {
                Ok(desired) => Step::Go(State::Connecting(Connect::new(subject), Box::new(desired))),
                Err(error) => values_failed(subject, context, error),
            },
            Some(Err(ending)) => exit(ending),
        },
        State::Connecting(mut connect, desired) => match connect.poll(subject, context) {
            None => Step::Wait(State::Connecting(connect, desired)),
            Some(Ok(())) => connected(desired, subject, context),
            Some(Err(error)) => not_connected(error, subject, context),
        },
        State::Cluster(mut change, desired) => match change.poll(subject, context) {
            None => Step::Wait(State::Cluster(change, desired)),
            Some(Ok(())) => Step::Go(State::Target(Box::new(TargetChange::new(subject, &desired)), desired)),
            Some(Err(ending)) => exit(ending),
        },
        State::Target(mut change, desired) => match change.poll(subject, context) {
            None => Step::Wait(State::Target(change, desired)),
            Some(Ok(())) => begin_attempt(*desired, subject),
            Some(Err(ending)) => exit(ending),
        },
        State::Atomic(mut atomic) => match atomic.poll(subject, context) {
            None => Step::Wait(State::Atomic(atomic)),
            Some(ending) => exit(ending),
        },
        State::Deletion(mut deletion) => match deletion.poll(subject, context) {
            None => Step::Wait(State::Deletion(deletion)),
            Some(Ending::Gone) => Step::End(Ending::Gone),
            Some(ending) => exit(ending),
        },
        State::Ending(ending) => {
            let ending = stall_when_hopeless(ending, subject, context);
            Step::Go(State::Exit(ending, WriteStatus::default()))
        }
        State::Exit(ending, write) => leave(ending, write, subject, context),
    }
}

fn exit(ending: Ending) -> Step {
    Step::Go(State::Ending(ending))
}

fn start(subject: &mut Subject, context: &mut Context) -> Step {
    context.act_as(Identity::Controller);
    context.helm_log.clear();
    context.left_fields.clear();
    let spec = &subject.release.spec;
    if spec.chart.is_some() == spec.chart_ref.is_some() {
        return Step::End(Ending::Terminal("invalid Chart reference".to_owned()));
    }
    if subject.release.metadata.deletion_timestamp.is_some() {
        return Step::Go(State::Deletion(Box::new(Deletion::new(subject))));
    }
    if !subject.release.metadata.has_finalizer() {
        return Step::Wait(State::AddingFinalizer(add_finalizer(subject, context)));
    }
    admitted(subject, context)
}

fn add_finalizer(subject: &Subject, context: &mut Context) -> RequestId {
    let metadata = &subject.release.metadata;
    let mut finalizers = metadata.finalizers.clone();
    finalizers.push(FINALIZER.to_owned());
    // A list is replaced as a whole, so nobody else's finalizer may have come in between.
    let body = json!({"resourceVersion": metadata.resource_version, "finalizers": finalizers});
    subject.patch_metadata(context, body)
}

fn finalizer_added(reply: Reply, subject: &mut Subject, context: &mut Context) -> Step {
    match reply {
        Reply::Object(object) => {
            metadata::text(&object, "resourceVersion")
                .clone_into(&mut subject.release.metadata.resource_version);
            subject.release.metadata.finalizers.push(FINALIZER.to_owned());
            admitted(subject, context)
        }
        Reply::Failed(failure) if failure.is_object_gone() => Step::End(Ending::Gone),
        Reply::Failed(failure) if failure.api().is_some_and(|error| error.is_conflict()) => {
            Step::End(Ending::Rate)
        }
        Reply::Failed(failure) => Step::End(Ending::Error(format!("failed to add finalizer: {failure}"))),
        Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => Step::End(Ending::Rate),
    }
}

fn admitted(subject: &mut Subject, context: &mut Context) -> Step {
    if subject.release.spec.suspend {
        context.log(LogLevel::Info, "reconciliation is suspended for this object");
        return exit(Ending::Done);
    }
    if !subject.release.spec.health_check_exprs.is_empty() {
        match HealthChecks::read(&subject.release.spec.health_check_exprs) {
            Ok(checks) => subject.health_checks = Some(Arc::new(checks)),
            Err(error) => return exit(invalid_expression(subject, context, &error.to_string())),
        }
    }
    Step::Go(State::ChartTemplate(ChartTemplateStage::reconcile()))
}

/// An error of the HelmChart stage sets a condition, too (spec 08 row 5).
fn chart_template_failed(subject: &mut Subject, context: &mut Context, error: String) -> Step {
    let denied = error.starts_with("cross-namespace references are not allowed");
    let reason = if denied { "AccessDenied" } else { "ArtifactFailed" };
    subject.not_ready(context, reason, &error);
    if denied {
        subject.stalled(context, reason, &error);
        subject.event(context, EventType::Warning, reason, &error);
        return exit(Ending::Terminal(error));
    }
    subject.reconciling(context, "Progressing", "Fulfilling prerequisites");
    exit(Ending::Error(error))
}

fn mark_progress(subject: &mut Subject, context: &mut Context) -> Step {
    if subject.release.spec.rollback().recreate {
        context.log(
            LogLevel::Info,
            "warning: the .spec.rollback.recreate field is deprecated and has no effect",
        );
    }
    if subject.terminal_error.stalled.is_some() {
        // Most likely it stays so.
        return Step::Go(State::Dependencies(DependencyCheck::default()));
    }
    subject.reconciling(context, "Progressing", "Fulfilling prerequisites");
    if subject.quiet.is_some() {
        // Not worth a write: most likely there is no progress to be seen.
        return Step::Go(State::Dependencies(DependencyCheck::default()));
    }
    Step::Go(State::MarkingProgress(WriteStatus::default()))
}

/// The short way ends here: nothing is to be done, or all of it.
fn judged(verdict: Verdict, quiet: Quiet, subject: &mut Subject, context: &mut Context) -> Step {
    match verdict {
        Verdict::Asked(id) => Step::Wait(State::Confirming(id, Box::new(quiet))),
        Verdict::Changed => Step::Go(State::MarkingProgress(WriteStatus::default())),
        Verdict::InLine => {
            quiet.end(subject);
            context.log(LogLevel::Info, ReleaseState::InSync.describe());
            exit(in_line(subject, context))
        }
    }
}

fn dependencies_ready(subject: &mut Subject, context: &mut Context) -> Step {
    if !subject.release.spec.depends_on.is_empty() {
        context.log(LogLevel::Info, "all dependencies are ready");
    }
    match source::ready_artifact(subject, context) {
        Ok(_) => Step::Go(State::Values(Box::new(ReadValues::new(subject)))),
        Err(ending) => exit(ending),
    }
}

fn values_read(values: Value, subject: &mut Subject, context: &mut Context) -> Step {
    subject.gate_passed(context, &["ValuesError"]);
    let artifact = source::ready_artifact(subject, context);
    if let (Some(quiet), Ok(_)) = (subject.quiet.take(), &artifact) {
        let verdict = quiet.judge(&values, subject, context);
        return judged(verdict, quiet, subject, context);
    }
    match artifact {
        Ok((kind, artifact)) => Step::Go(State::Chart(Box::new(LoadChart::new(kind, artifact)), values)),
        Err(ending) => exit(ending),
    }
}

fn values_failed(subject: &mut Subject, context: &mut Context, error: String) -> Step {
    subject.not_ready(context, "ValuesError", &error);
    subject.event(context, EventType::Warning, "ValuesError", &error);
    exit(Ending::Error(error))
}

fn connected(desired: Box<Desired>, subject: &mut Subject, context: &mut Context) -> Step {
    subject.gate_passed(context, &["RESTClientError"]);
    Step::Go(State::Cluster(Box::new(ClusterChange::new(context)), desired))
}

fn not_connected(error: NotConnected, subject: &mut Subject, context: &mut Context) -> Step {
    subject.not_ready(context, "RESTClientError", &error.text);
    exit(Ending::Error(error.text))
}

fn begin_attempt(desired: Desired, subject: &mut Subject) -> Step {
    subject.release.storage_namespace().clone_into(&mut subject.status.storage_namespace);
    if !detects_drift(subject) {
        // Nobody looks any more, so what it says is no longer known (spec 08 row 16).
        subject.status.conditions.remove("Drifted");
    }
    attempt::reset_failures(subject, &desired);
    attempt::record(subject, &desired);
    Step::Go(State::Atomic(Box::new(AtomicRelease::new(subject, desired))))
}

/// The exit that every pass takes (spec 02 §2.1).
fn leave(ending: Ending, mut write: WriteStatus, subject: &mut Subject, context: &mut Context) -> Step {
    // An interrupted pass has handled nothing: the next one does.
    if ending != Ending::Interrupted {
        subject.handle_request();
    }
    if ending.observes_generation() {
        subject.status.observed_generation = subject.generation();
    }
    match write.poll(subject, context) {
        None => Step::Wait(State::Exit(ending, write)),
        Some(Written::Done) => Step::End(ending),
        Some(Written::Gone) => Step::End(Ending::Gone),
        Some(Written::Failed(failure)) => {
            let shutting_down = context.interrupt() == Some(&Interrupt::Shutdown);
            let text = format!("failed to write the status: {failure}");
            Step::End(if shutting_down { Ending::Done } else { Ending::Error(text) })
        }
    }
}
