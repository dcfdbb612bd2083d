//! The process itself, as client_golang's process collector shows it: from `/proc`, nothing where there is none. Of its
//! collector of the Go runtime there is what has a meaning here: threads, and tasks in place of goroutines.

use std::fs;

use super::registry::Registry;
use crate::proc::{self, Stat, TICKS};

/// Linux' pages on the platforms that are built for.
const PAGE: f64 = 4096.0;

/// Reads the present state into the registry.
pub(super) fn read(registry: &mut Registry, started_wall: i64) {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds are exact for the next ages")]
    let started = (started_wall / 10_000_000) as f64 / 100.0;
    registry.set("process_start_time_seconds", &[], started);
    let mut set = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            registry.set(name, &[], value);
        }
    };
    let statm = proc::file("statm");
    set("process_virtual_memory_bytes", column(&statm, 0).map(|pages| pages * PAGE));
    set("process_resident_memory_bytes", column(&statm, 1).map(|pages| pages * PAGE));
    let stat = proc::file("stat");
    set("process_cpu_seconds_total", cpu_seconds(&stat));
    set("process_max_fds", limit(&proc::file("limits")));
    #[allow(clippy::cast_precision_loss, reason = "a small number")]
    let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
    set("process_open_fds", open);
    let status = proc::file("status");
    set("go_threads", threads(&status));
    #[allow(clippy::cast_precision_loss, reason = "a small number")]
    let tasks =
        tokio::runtime::Handle::try_current().ok().map(|runtime| runtime.metrics().num_alive_tasks() as f64);
    set("go_goroutines", tasks);
    let netstat = proc::file("net/netstat");
    set("process_network_receive_bytes_total", octets(&netstat, "InOctets"));
    set("process_network_transmit_bytes_total", octets(&netstat, "OutOctets"));
}

fn column(text: &str, index: usize) -> Option<f64> {
    text.split_whitespace().nth(index)?.parse().ok()
}

/// User and system time of `/proc/<pid>/stat`.
fn cpu_seconds(stat: &str) -> Option<f64> {
    Stat::read(stat).map(|stat| (stat.user + stat.system) / TICKS)
}

/// How many threads `/proc/<pid>/status` counts.
fn threads(status: &str) -> Option<f64> {
    column(status.lines().find_map(|line| line.strip_prefix("Threads:"))?, 0)
}

/// The soft limit of open files.
fn limit(limits: &str) -> Option<f64> {
    column(limits.lines().find_map(|line| line.strip_prefix("Max open files"))?, 0)
}

/// A column of the `IpExt` lines: one has the names, the next the values.
fn octets(netstat: &str, name: &str) -> Option<f64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("IpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let index = names.split_whitespace().position(|column| column == name)?;
    column(values, index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_proc() {
        let stat = "1 (a) b) S 2 3 4 5 6 7 8 9 10 11 150 50 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(threads("Name:\tx\nThreads:\t7\n"), Some(7.0));
        assert_eq!(
            limit("Limit  Soft\nMax open files            1024                 4096 files\n"),
            Some(1024.0)
        );
        let netstat = "TcpExt: A\nTcpExt: 1\nIpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 12 34\n";
        assert_eq!((octets(netstat, "InOctets"), octets(netstat, "OutOctets")), (Some(12.0), Some(34.0)));
        assert_eq!((cpu_seconds(""), limit(""), octets("", "InOctets")), (None, None, None));
    }
}
