//! Running something on a thread with a large stack.

use std::io;
use std::thread::JoinHandle;

/// The stack of the thread on which the state machines run, in bytes. Templates of charts recurse on it; the machines
/// count their depth and stay far below.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Runs `work` on a thread of its own and waits for it.
///
/// # Errors
/// When the thread cannot be started, or has panicked.
pub(super) fn on_large_stack<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    join(name, spawn_on_large_stack(name, work)?)
}

/// Runs `work` on a thread of its own.
///
/// # Errors
/// When the thread cannot be started.
pub(super) fn spawn_on_large_stack<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(work)
}

/// Waits for a thread.
///
/// # Errors
/// When the thread has panicked.
pub(super) fn join<T>(name: &str, thread: JoinHandle<T>) -> io::Result<T> {
    thread.join().map_err(|_| io::Error::other(format!("thread {name} has panicked")))
}
