//! Waiting until objects are gone. That an object is gone is believed only when a read says so.

use pilothouse_machine::{Context, SECOND, Task};
use pilothouse_protocol::{Failure, Monotonic, Object, ObjectRef, WatchId, WatchTarget, Why, metadata};

use super::WaitError;
use crate::call::is_transient;
use crate::read::Read;

/// Pause between reads where a watch cannot be had, in nanoseconds (Flux's poll interval for deletions).
const POLL_INTERVAL: u64 = 2 * SECOND;
/// Reads in flight, and watches, at once.
const AT_ONCE: usize = 16;

/// Waits until objects are gone.
#[derive(Debug)]
pub(super) struct GoneWait {
    targets: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    reference: ObjectRef,
    uid: Option<String>,
    state: State,
    watch: Option<WatchId>,
    /// Whether the server was asked when the time was over.
    is_looked_at_again: bool,
}

#[derive(Debug)]
enum State {
    Waiting,
    Reading(Read),
    Watching(WatchId),
    Resting(Monotonic),
    Gone,
}

impl GoneWait {
    /// Waits until these objects are gone.
    pub(super) fn new(objects: impl Iterator<Item = ObjectRef>) -> Self {
        let targets = objects.filter(|reference| !reference.name.is_empty()).map(|reference| Target {
            reference,
            uid: None,
            state: State::Waiting,
            watch: None,
            is_looked_at_again: false,
        });
        Self { targets: targets.collect() }
    }

    /// Looks at all objects; the outcome, once there is one.
    pub(super) fn check(&mut self, context: &mut Context) -> Option<Result<(), WaitError>> {
        let mut reading = self.targets.iter().filter(|target| target.is_reading()).count();
        let mut watching = self.targets.iter().filter(|target| target.watch.is_some()).count();
        for target in &mut self.targets {
            let before = (target.is_reading(), target.watch.is_some());
            if matches!(target.state, State::Waiting) && reading < AT_ONCE {
                target.state = State::Reading(Read::new(target.reference.clone()));
            }
            if let Err(failure) = target.step(watching < AT_ONCE, context) {
                let object = target.reference.clone();
                return Some(Err(WaitError::Termination { object, problem: failure.to_string() }));
            }
            reading = reading + usize::from(target.is_reading()) - usize::from(before.0);
            watching = watching + usize::from(target.watch.is_some()) - usize::from(before.1);
        }
        self.targets.iter().all(|target| matches!(target.state, State::Gone)).then_some(Ok(()))
    }

    /// Has the next check ask the server, once, about each object that is watched.
    pub(super) fn ask_again(&mut self) {
        let reading = self.targets.iter().filter(|target| target.is_reading()).count();
        let unasked = self.targets.iter_mut().filter(|target| target.needs_last_look());
        for target in unasked.take(AT_ONCE.saturating_sub(reading)) {
            target.is_looked_at_again = true;
            target.state = State::Reading(Read::new(target.reference.clone()));
        }
    }

    /// Whether an answer to that is missing.
    pub(super) fn awaits_answers(&self) -> bool {
        let is_missing = |target: &Target| {
            target.is_reading() || target.needs_last_look() || matches!(target.state, State::Waiting)
        };
        self.targets.iter().any(is_missing)
    }

    /// The outcome when the time is over.
    pub(super) fn time_over(&self) -> Result<(), WaitError> {
        let left = self.targets.iter().find(|target| !matches!(target.state, State::Gone));
        left.map_or(Ok(()), |target| {
            let problem = "context deadline exceeded".to_owned();
            Err(WaitError::Termination { object: target.reference.clone(), problem })
        })
    }

    /// Ends all watches.
    pub(super) fn stop(&mut self, context: &mut Context) {
        for id in self.targets.iter_mut().filter_map(|target| target.watch.take()) {
            context.unwatch(id);
        }
    }

    /// What is being waited for.
    pub(super) fn describe(&self) -> String {
        let mut left = self.targets.iter().filter(|target| !matches!(target.state, State::Gone));
        let Some(first) = left.next() else { return "all objects are gone".to_owned() };
        match left.count() {
            0 => format!("waiting for {} to disappear", first.reference),
            more => format!("waiting for {} and {more} more to disappear", first.reference),
        }
    }
}

impl Target {
    fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    fn needs_last_look(&self) -> bool {
        !self.is_looked_at_again && matches!(self.state, State::Watching(_) | State::Resting(_))
    }

    /// Goes as far as it can. Fails when the object cannot be read for a lasting reason.
    fn step(&mut self, may_watch: bool, context: &mut Context) -> Result<(), Failure> {
        loop {
            self.state = match &mut self.state {
                State::Waiting | State::Gone => return Ok(()),
                State::Reading(read) => match read.poll(context) {
                    None => return Ok(()),
                    Some(Ok(None)) => self.gone(context),
                    Some(Ok(Some(object))) => self.still_there(&object, may_watch, context),
                    Some(Err(failure)) if is_transient(&failure) => resting(context),
                    Some(Err(failure)) => return Err(failure),
                },
                State::Watching(id) => {
                    let id = *id;
                    let Some(next) = self.watched(id, context) else { return Ok(()) };
                    next
                }
                State::Resting(until) => {
                    if !context.wait_until(*until, Why::Poll) {
                        return Ok(());
                    }
                    State::Reading(Read::new(self.reference.clone()))
                }
            };
        }
    }

    fn still_there(&mut self, object: &Object, may_watch: bool, context: &mut Context) -> State {
        let uid = metadata::text(object, "uid").to_owned();
        // Another object of the same name: the one that was waited for is gone.
        if *self.uid.get_or_insert_with(|| uid.clone()) != uid {
            return self.gone(context);
        }
        if self.watch.is_some() || !may_watch {
            // The watch said otherwise, so it is late.
            return resting(context);
        }
        let id = context.watch(WatchTarget::object(&self.reference));
        self.watch = Some(id);
        State::Watching(id)
    }

    /// The next state when the watch has news that matter.
    fn watched(&self, id: WatchId, context: &Context) -> Option<State> {
        let watched = context.watched(id).filter(|watched| watched.failure.is_none());
        let Some(watched) = watched else { return Some(resting(context)) };
        let object = watched.objects.as_ref()?.get(&self.reference);
        let same = |object: &Object| self.uid.as_deref() == Some(metadata::text(object, "uid"));
        match object {
            Some(object) if same(object) => None,
            _ => Some(State::Reading(Read::new(self.reference.clone()))),
        }
    }

    fn gone(&mut self, context: &mut Context) -> State {
        if let Some(id) = self.watch.take() {
            context.unwatch(id);
        }
        State::Gone
    }
}

fn resting(context: &Context) -> State {
    State::Resting(context.now.monotonic.after_nanos(POLL_INTERVAL))
}
