//! Tasks: small state machines that are polled, never awaited.
//!
//! A task holds a state that is named after the request in flight. It is polled after every input; it looks for what it
//! waits for in the [`crate::Context`], sends the next requests and either ends with its output or goes on waiting.
//! Dropping a task is always safe: what it has done is on the API server, what it knew can be read again.

use crate::Context;

/// A small state machine.
pub trait Task {
    /// What it ends with.
    type Output;

    /// Goes as far as it can. `None`: it waits for a reply, an observation or a deadline that it has entered in the
    /// context during this poll. After `Some` the task must not be polled again.
    fn poll(&mut self, context: &mut Context) -> Option<Self::Output>;

    /// What it is doing, for progress displays and for naming crash points; a few words, no secrets.
    fn describe(&self) -> String;
}
