//! Waiting until objects are ready.

use std::collections::BTreeMap;

use pilothouse_machine::{Context, SECOND, Task};
use pilothouse_protocol::{Failure, Object, ObjectRef, ReleaseKey, Why, metadata};

use super::pods::Pods;
use super::rules::{Rules, may_vanish};
use super::source::{Seen, Source};
use super::{WaitError, WaitFor};
use crate::ManifestObject;
use crate::read::Read;
use crate::readiness::{Assessment, Status, awaits_scheduling};

/// Pause before a verdict is renewed that changes by time alone, in nanoseconds.
const RECHECK: u64 = 5 * SECOND;
/// Reads of the last look in flight at once.
const AT_ONCE: usize = 16;

/// Waits until objects are ready.
#[derive(Debug)]
pub(super) struct ReadyWait {
    rules: Rules,
    targets: Vec<Target>,
}

/// One object that is waited for.
#[derive(Debug)]
struct Target {
    reference: ObjectRef,
    source: Source,
    not_before: u64,
    may_vanish: bool,
    presence: Presence,
    pods: Pods,
    last_look: LastLook,
    assessment: Option<Assessment>,
}

/// What the server says of an object when the time is over.
#[derive(Debug)]
enum LastLook {
    NotAsked,
    Asking(Read),
    /// Watches count no more.
    Answered,
}

/// Whether an object is known to exist. A watch that does not know it may be late, or its labels were changed.
#[derive(Debug)]
enum Presence {
    Unknown,
    Asking(Read),
    Known,
    ConfirmedAbsent,
}

impl ReadyWait {
    /// Begins to watch.
    pub(super) fn new(
        objects: Vec<ManifestObject>,
        rules: Rules,
        not_before: &BTreeMap<ObjectRef, u64>,
        origin: Option<&ReleaseKey>,
        context: &mut Context,
    ) -> Self {
        let mut wanted: Vec<ManifestObject> = Vec::new();
        for object in objects {
            let again = wanted.iter().any(|known| known.reference == object.reference);
            if !again && !rules.skips(&object, not_before.contains_key(&object.reference)) {
                wanted.push(object);
            }
        }
        let sources = Source::of_all(&wanted, origin, context);
        let targets = wanted
            .into_iter()
            .zip(sources)
            .map(|(object, source)| Target {
                not_before: not_before.get(&object.reference).copied().unwrap_or_default(),
                may_vanish: may_vanish(&object),
                reference: object.reference,
                source,
                presence: Presence::Unknown,
                pods: Pods::default(),
                last_look: LastLook::NotAsked,
                assessment: None,
            })
            .collect();
        Self { rules, targets }
    }

    /// Looks at all objects; the outcome, once there is one.
    pub(super) fn check(&mut self, context: &mut Context) -> Option<Result<(), WaitError>> {
        for target in &mut self.targets {
            target.look(&self.rules, context);
        }
        let failed = self.targets.iter().filter(|target| target.status() == Some(Status::Failed));
        let ended = |target: &Target| matches!(target.status(), Some(Status::Current | Status::Failed));
        let over =
            self.targets.iter().all(ended) || (self.rules.fails_fast() && failed.clone().next().is_some());
        if !over {
            return None;
        }
        if self.rules.legacy {
            let message = failed.clone().find_map(|target| target.assessment.as_ref());
            return Some(message.map_or(Ok(()), |message| Err(WaitError::Legacy(message.message.clone()))));
        }
        let failed: Vec<String> = failed.map(Target::text).collect();
        Some(if failed.is_empty() { Ok(()) } else { Err(WaitError::Stalled(failed)) })
    }

    /// Has the next check ask the server, once, about each object that is not ready.
    pub(super) fn ask_again(&mut self) {
        let asking = self.targets.iter().filter(|target| target.is_asking()).count();
        let unasked =
            self.targets.iter_mut().filter(|target| target.needs_last_look() && !target.is_asking());
        for target in unasked.take(AT_ONCE.saturating_sub(asking)) {
            target.last_look = LastLook::Asking(Read::new(target.reference.clone()));
        }
    }

    /// Whether an answer to that is missing.
    pub(super) fn awaits_answers(&self) -> bool {
        self.targets.iter().any(Target::needs_last_look)
    }

    /// The outcome when the time is over.
    pub(super) fn time_over(&self) -> Result<(), WaitError> {
        if self.rules.legacy {
            let text = match self.rules.wait_for {
                WaitFor::HookReady => "timed out waiting for the condition",
                WaitFor::Ready { .. } | WaitFor::Gone => "context deadline exceeded",
            };
            return Err(WaitError::Legacy(text.to_owned()));
        }
        let nothing_seen = self.targets.iter().all(|target| target.assessment.is_none());
        let waiting = self.targets.iter().filter(|target| target.status() != Some(Status::Current));
        let waiting: Vec<String> = if nothing_seen {
            let waiting = waiting.filter(|target| !target.may_vanish);
            waiting.map(|target| format!("can't determine status for {}", target.reference)).collect()
        } else {
            waiting.map(Target::text).collect()
        };
        if waiting.is_empty() { Ok(()) } else { Err(WaitError::Timeout(waiting)) }
    }

    /// Ends all watches.
    pub(super) fn stop(&mut self, context: &mut Context) {
        for target in &self.targets {
            target.source.stop(context);
            target.pods.stop(context);
        }
    }

    /// What is being waited for.
    pub(super) fn describe(&self) -> String {
        let verb = if self.rules.wait_for == WaitFor::HookReady { "complete" } else { "become ready" };
        let mut waiting = self.targets.iter().filter(|target| target.status() != Some(Status::Current));
        let Some(first) = waiting.next() else { return "all objects are ready".to_owned() };
        let state = match &first.assessment {
            Some(assessment) if !assessment.message.is_empty() => format!(" ({})", assessment.message),
            _ => String::new(),
        };
        match waiting.count() {
            0 => format!("waiting for {}{state} to {verb}", first.reference),
            more => format!("waiting for {}{state} and {more} more to {verb}", first.reference),
        }
    }
}

impl Target {
    /// Takes in what is known now.
    fn look(&mut self, rules: &Rules, context: &mut Context) {
        match &mut self.last_look {
            LastLook::NotAsked => {}
            LastLook::Answered => return,
            LastLook::Asking(read) => {
                let Some(answer) = read.poll(context) else { return };
                self.last_look = LastLook::Answered;
                return self.answered(answer, rules, context);
            }
        }
        match self.source.look(&self.reference, context) {
            Seen::NotYet => {}
            Seen::Absent => self.absent(context),
            Seen::Unreadable(failure) => self.assessment = Some(Assessment::unknown(failure.to_string())),
            Seen::Present(object) => self.present(&object, rules, context),
        }
    }

    fn present(&mut self, object: &Object, rules: &Rules, context: &mut Context) {
        if metadata::resource_version(object) < self.not_before {
            let message = "the newest version is not yet observed";
            self.assessment = Some(Assessment::new(Status::InProgress, message));
            return;
        }
        self.presence = Presence::Known;
        let wall = context.wall();
        let mut assessment = rules.assess(&self.reference, object, wall);
        if assessment.status == Status::InProgress && rules.looks_at_pods(&self.reference) {
            let failed = self.pods.failed(object, wall, context);
            if failed > 0 {
                assessment = Assessment::new(Status::Failed, format!("{failed} pods have failed"));
            }
        }
        if awaits_scheduling(&assessment) {
            context.wait_until(context.now.monotonic.after_nanos(RECHECK), Why::Poll);
        }
        self.assessment = Some(assessment);
    }

    fn is_asking(&self) -> bool {
        matches!(self.last_look, LastLook::Asking(_))
    }

    /// What is read at intervals needs none.
    fn needs_last_look(&self) -> bool {
        let is_read = matches!(self.source, Source::Poll(_));
        !is_read
            && !matches!(self.last_look, LastLook::Answered)
            && !matches!(self.status(), Some(Status::Current | Status::Failed))
    }

    /// Takes in what the server says when the time is over.
    fn answered(&mut self, answer: Result<Option<Object>, Failure>, rules: &Rules, context: &mut Context) {
        match answer {
            Ok(Some(object)) => self.present(&object, rules, context),
            Ok(None) => {
                self.presence = Presence::ConfirmedAbsent;
                self.assessment = Some(Assessment::new(Status::NotFound, "Resource not found"));
            }
            // What the watch has shown is all that is known.
            Err(_) => {}
        }
    }

    /// The source does not know the object: asks the server once, unless the object was seen before.
    fn absent(&mut self, context: &mut Context) {
        self.assessment = Some(Assessment::new(Status::NotFound, "Resource not found"));
        if matches!(self.presence, Presence::Unknown) {
            self.presence = match self.source {
                Source::Poll(_) => Presence::ConfirmedAbsent,
                Source::Shared(_) | Source::Own(_) => Presence::Asking(Read::new(self.reference.clone())),
            };
        }
        let Presence::Asking(read) = &mut self.presence else { return };
        match read.poll(context) {
            None => {}
            Some(Ok(None)) => self.presence = Presence::ConfirmedAbsent,
            Some(Ok(Some(_))) => {
                self.presence = Presence::Known;
                // The shared watch will never show an object whose labels somebody has changed.
                if matches!(self.source, Source::Shared(_)) {
                    self.source = Source::own(&self.reference, context);
                }
            }
            Some(Err(_)) => self.presence = Presence::Unknown,
        }
    }

    /// The status that counts: a Job that has vanished by itself has ended.
    fn status(&self) -> Option<Status> {
        let status = self.assessment.as_ref()?.status;
        let known = matches!(self.presence, Presence::Known | Presence::ConfirmedAbsent);
        Some(if status == Status::NotFound && self.may_vanish && known { Status::Current } else { status })
    }

    /// Flux's words for an object that is not ready.
    fn text(&self) -> String {
        let status = self.assessment.as_ref().map_or(Status::Unknown, |assessment| assessment.status);
        let error = self.assessment.as_ref().and_then(|assessment| assessment.error.as_ref());
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        format!("{} status: '{status}'{error}", self.reference)
    }
}
