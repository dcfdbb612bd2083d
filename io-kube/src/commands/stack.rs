//! Running something on a thread with a large stack.

use std::io;

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
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(work)?;
    thread.join().map_err(|_| io::Error::other(format!("thread {name} has panicked")))
}
