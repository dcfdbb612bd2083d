//! What a simulated world drives.

use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{Deadline, Now, ReleaseKey, RequestId};

/// A state machine with the contract of the operator: inputs go in, actions and a deadline come out.
pub trait Machine {
    /// Takes one input.
    fn handle(&mut self, now: Now, input: OperatorInput);

    /// The next action. The world drains actions after every input.
    fn poll_action(&mut self) -> Option<OperatorAction>;

    /// When to call with [`OperatorInput::Timer`].
    fn poll_timeout(&self) -> Option<Deadline>;

    /// The how manyth of those that have led within this machine a request is of, where several take turns.
    fn term(&self, _key: &ReleaseKey, _id: RequestId) -> u64 {
        0
    }
}

/// Builds a machine: at the start, and again after every crash.
pub type Factory<M> = Box<dyn FnMut(Start) -> M>;

/// The circumstances of a new machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The present moment.
    pub now: Now,
    /// How many machines there were before.
    pub incarnation: u64,
    /// Entropy for the machine.
    pub seed: u64,
}
