//! The threads of the process as a text, from `/proc/self/task` (proc(5)).

use std::fmt::Write;
use std::fs;

use crate::proc::{self, Stat, TICKS};

/// The page.
pub(super) fn page() -> String {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut ids: Vec<u32> = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect();
    ids.sort_unstable();
    let stats: Vec<String> = ids.iter().map(|id| proc::file(&format!("task/{id}/stat"))).collect();
    shown(&stats)
}

// Writing to a String cannot fail.
fn shown(stats: &[String]) -> String {
    // A thread that has ended meanwhile has none.
    let threads: Vec<Stat<'_>> = stats.iter().filter_map(|stat| Stat::read(stat)).collect();
    let mut text =
        format!("threadcreate profile: total {}\n\n   user s  system s  state  name\n", threads.len());
    for Stat { name, state, user, system } in threads {
        let (user, system) = (user / TICKS, system / TICKS);
        let _ = writeln!(text, "{user:>9.2} {system:>9.2}  {state:<5}  {name}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_shown_with_their_time() {
        let stats =
            ["7 (a) (b) S 2 3 4 5 6 7 8 9 10 11 150 50 0", "", "8 (operator) R 2 3 4 5 6 7 8 9 10 11 5 0 0"];
        let text = shown(&stats.map(str::to_owned));
        assert!(text.starts_with("threadcreate profile: total 2\n"), "{text}");
        assert!(
            text.ends_with("     1.50      0.50  S      a) (b\n     0.05      0.00  R      operator\n"),
            "{text}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_thread_is_shown() {
        std::thread::Builder::new()
            .name("seen".to_owned())
            .spawn(|| assert!(page().contains("  seen\n")))
            .unwrap()
            .join()
            .unwrap();
    }
}
