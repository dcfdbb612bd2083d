//! What `/metrics` shows, in the Prometheus text format 0.0.4. Only series with a true value are shown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// Counters of the process.
#[derive(Debug)]
pub struct Metrics {
    started_wall: i64,
    requests: Mutex<BTreeMap<(String, String, String), u64>>,
}

impl Metrics {
    /// Counters at zero of a process that started at `started_wall` nanoseconds since the Unix epoch.
    #[must_use]
    pub fn new(started_wall: i64) -> Self {
        Self { started_wall, requests: Mutex::default() }
    }

    /// Counts a request to an API server; `code` is the HTTP status, or `<error>` when there was no answer.
    pub fn count_request(&self, code: &str, host: &str, method: &str) {
        let key = (code.to_owned(), host.to_owned(), method.to_owned());
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(key).or_default() += 1;
    }

    /// The page.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        self.render_requests(&mut page);
        let started = self.started_wall / 1_000_000_000;
        gauge(
            &mut page,
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds.",
            started,
        );
        if let Some(bytes) = resident_memory() {
            gauge(&mut page, "process_resident_memory_bytes", "Resident memory size in bytes.", bytes);
        }
        page
    }

    fn render_requests(&self, page: &mut String) {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.is_empty() {
            return;
        }
        header(
            page,
            "rest_client_requests_total",
            "counter",
            "Number of HTTP requests, partitioned by status code, method, and host.",
        );
        for ((code, host, method), count) in requests.iter() {
            let labels = [("code", code), ("host", host), ("method", method)]
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .join(",");
            // Writing to a String cannot fail.
            let _ = writeln!(page, "rest_client_requests_total{{{labels}}} {count}");
        }
    }
}

fn header(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn gauge(page: &mut String, name: &str, help: &str, value: i64) {
    header(page, name, "gauge", help);
    let _ = writeln!(page, "{name} {value}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The second field of Linux' `statm`, in pages of 4 KiB; `None` elsewhere.
fn resident_memory() -> Option<i64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<i64>().ok()?.checked_mul(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_code_host_and_method() {
        let metrics = Metrics::new(7_900_000_000);
        assert!(!metrics.render().contains("rest_client"));
        for code in ["200", "200", "<error>"] {
            metrics.count_request(code, "h:6443", "GET");
        }
        let page = metrics.render();
        assert!(page.contains("# TYPE rest_client_requests_total counter\n"));
        assert!(page.contains("rest_client_requests_total{code=\"200\",host=\"h:6443\",method=\"GET\"} 2\n"));
        assert!(
            page.contains("rest_client_requests_total{code=\"<error>\",host=\"h:6443\",method=\"GET\"} 1\n")
        );
        assert!(page.contains("\nprocess_start_time_seconds 7\n"));
    }
}
