//! Settings of the C library's allocator.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::environment;

/// The settings of the C library.
const TUNABLES: &str = "GLIBC_TUNABLES";

/// Older names of some of them.
const OLDER: [&str; 3] = ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];

/// One heap for all threads, little is kept in hand for the next request, and what is large or at the end of the heap goes
/// back to the system.
const SMALL: &str = "glibc.malloc.arena_max=1:glibc.malloc.mxfast=0:glibc.malloc.tcache_count=2\
    :glibc.malloc.mmap_threshold=65536:glibc.malloc.trim_threshold=65536";

/// Goes on with memory that is given back after use, unless something else is set: by default each thread has a heap of
/// its own, and what it once took stays with it. The C library reads this only when a program starts, so the program
/// starts again, as the same process.
pub(super) fn give_back() {
    let is_set = OLDER.iter().chain([&TUNABLES]).any(|name| environment::variable(name).is_some());
    if is_set || !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // This returns only when it could not be done, and then everything goes on as it was.
    let _ = command.args(arguments).env(TUNABLES, SMALL).exec();
}
