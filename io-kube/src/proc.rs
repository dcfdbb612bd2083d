//! What Linux tells of the process itself (proc(5)); nothing where there is no `/proc`.

use std::fs;

/// Clock ticks a second, fixed in Linux' interface to user space.
pub(crate) const TICKS: f64 = 100.0;

/// A file about the process, by its path in `/proc/self`; empty where there is none.
pub(crate) fn file(path: &str) -> String {
    fs::read_to_string(format!("/proc/self/{path}")).unwrap_or_default()
}

/// What `stat` says of a process or a thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stat<'a> {
    pub(crate) name: &'a str,
    /// `R` runs, `S` sleeps, `D` waits for a disk.
    pub(crate) state: &'a str,
    /// Processor time in [`TICKS`].
    pub(crate) user: f64,
    /// The same, of the kernel for it.
    pub(crate) system: f64,
}

impl<'a> Stat<'a> {
    /// Reads the text: the name in parentheses may hold anything.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (before, rest) = text.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        let columns: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| columns.get(index)?.parse().ok();
        Some(Self { name, state: columns.first()?, user: number(11)?, system: number(12)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = Stat::read("1 (a) b) S 2 3 4 5 6 7 8 9 10 11 150 50 0");
        assert_eq!(stat, Some(Stat { name: "a) b", state: "S", user: 150.0, system: 50.0 }));
        assert_eq!((Stat::read(""), Stat::read("1 (a) S 2")), (None, None));
    }
}
