//! The loop that owns the operator: one input at a time, then all its actions, then the next deadline.

use std::sync::Arc;
use std::time::Duration;

use pilothouse_operator::{Operator, OperatorAction, OperatorInput};
use pilothouse_protocol::{Action, Deadline, Identity, Now, ReleaseKey, Reply, Request, RequestId};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::events::Recorder;
use crate::logs::Log;
use crate::perform::Performer;
use crate::watches::MachineWatches;

/// Inputs that wait; whoever has another one waits too.
pub const INPUTS_MAX: usize = 1024;
/// Requests to the API server at one time.
const REQUESTS_MAX: usize = 256;
/// Downloads at one time. A download that waits for its next try counts.
const DOWNLOADS_MAX: usize = 32;

/// The least time between two timers, so that a deadline which does not move neither takes a processor nor keeps inputs
/// from being heard.
const TIMER_PAUSE: Duration = Duration::from_millis(1);

/// What is driven: an [`Operator`], or something that behaves like one.
pub trait Core {
    /// Takes in one input.
    fn handle(&mut self, now: Now, input: OperatorInput);
    /// The next action, until there is none.
    fn poll_action(&mut self) -> Option<OperatorAction>;
    /// When to feed [`OperatorInput::Timer`].
    fn poll_timeout(&self) -> Option<Deadline>;
    /// Whether nothing is under way.
    fn is_idle(&self) -> bool;
}

impl Core for Operator {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        Operator::handle(self, now, input);
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        Operator::poll_action(self)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        Operator::poll_timeout(self)
    }

    fn is_idle(&self) -> bool {
        Operator::is_idle(self)
    }
}

/// What performs actions.
pub trait World {
    /// Starts to perform an action; what comes of it arrives as an input.
    fn perform(&mut self, action: OperatorAction);
}

/// The process is asked to finish and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminate;

/// How the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that was under way is finished or can be resumed.
    Finished,
    /// The time for that was over.
    GraceOver,
    /// A second signal came.
    Interrupted,
    /// Another replica may be the leader now.
    LeadershipLost,
}

/// Drives `core` in `world` until it is asked to end.
///
/// After [`Terminate`] the loop goes on until nothing is under way, but no longer than `grace`.
pub async fn drive<C: Core, W: World>(
    core: &mut C,
    world: &mut W,
    clock: Clock,
    mut inputs: mpsc::Receiver<OperatorInput>,
    mut signals: mpsc::Receiver<Terminate>,
    grace: Duration,
) -> Outcome {
    let mut end: Option<Instant> = None;
    let mut earliest_timer = Instant::now();
    loop {
        if end.is_some() && core.is_idle() {
            return Outcome::Finished;
        }
        let timer = core.poll_timeout().map(|deadline| clock.instant(deadline.at).max(earliest_timer));
        let input = tokio::select! {
            biased;
            Some(Terminate) = signals.recv() => {
                if end.is_some() {
                    return Outcome::Interrupted;
                }
                end = Some(Instant::now() + grace);
                OperatorInput::Shutdown
            }
            () = at(end) => return Outcome::GraceOver,
            () = at(timer) => {
                earliest_timer = Instant::now() + TIMER_PAUSE;
                OperatorInput::Timer
            }
            Some(input) = inputs.recv() => input,
            else => return Outcome::Finished,
        };
        core.handle(clock.now(), input);
        while let Some(action) = core.poll_action() {
            world.perform(action);
        }
    }
}

/// Waits until a moment; for ever without one.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The real world.
pub struct RealWorld {
    /// Performs requests.
    pub performer: Arc<Performer>,
    /// Runs watches.
    pub watches: MachineWatches,
    /// Writes events.
    pub recorder: Recorder,
    /// Writes log lines.
    pub log: Log,
    /// Where replies go to.
    pub inputs: mpsc::Sender<OperatorInput>,
    /// Bounds of what is done at one time.
    pub limits: Limits,
}

/// Bounds of what is done at one time.
#[derive(Debug, Clone)]
pub struct Limits {
    requests: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
        }
    }
}

impl World for RealWorld {
    fn perform(&mut self, OperatorAction { key, action }: OperatorAction) {
        match action {
            Action::Request { id, identity, request } => self.request(key, id, identity, request),
            Action::Watch { id, identity, target } => self.watches.start(key, id, identity, target),
            Action::Unwatch { id } => self.watches.stop(key, id),
            Action::Emit(event) => self.recorder.record(&key, event),
            Action::Log(entry) => self.log.release(&key, &entry),
        }
    }
}

impl RealWorld {
    fn request(&self, key: ReleaseKey, id: RequestId, identity: Identity, request: Request) {
        let limit = match request {
            Request::Fetch { .. } => &self.limits.downloads,
            _ => &self.limits.requests,
        };
        let (limit, performer, inputs) =
            (Arc::clone(limit), Arc::clone(&self.performer), self.inputs.clone());
        tokio::spawn(async move {
            let reply: Reply = {
                let _permit = limit.acquire().await;
                performer.perform(&key, &identity, &request).await
            };
            // Without an operator there is nobody to be told.
            let _ = inputs.send(OperatorInput::Reply { key, id, reply }).await;
        });
    }
}

#[cfg(test)]
mod tests;
