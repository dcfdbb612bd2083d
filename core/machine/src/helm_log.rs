//! The tail of Helm's log that failure events quote (spec 03 §6).

use std::collections::{BTreeMap, VecDeque};

use pilothouse_encoding::timestamp::Timestamp;

/// Lines kept.
const LINES: usize = 10;

/// A ring of log lines in which consecutive equal lines collapse.
#[derive(Debug, Clone, Default)]
pub struct HelmLog {
    lines: VecDeque<Line>,
}

/// Severity prefix of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelmLogLevel {
    /// No prefix.
    Info,
    /// `warning: `.
    Warning,
    /// `error: `.
    Error,
}

#[derive(Debug, Clone)]
struct Line {
    first: Timestamp,
    last: Timestamp,
    text: String,
    count: usize,
}

impl HelmLog {
    /// Adds a line: message, then the attributes as a JSON object.
    pub fn add(&mut self, at: Timestamp, level: HelmLogLevel, message: &str, attributes: &[(&str, &str)]) {
        let prefix = match level {
            HelmLogLevel::Info => "",
            HelmLogLevel::Warning => "warning: ",
            HelmLogLevel::Error => "error: ",
        };
        let attributes: BTreeMap<&str, &str> = attributes.iter().copied().collect();
        let attributes = serde_json::to_string(&attributes).unwrap_or_default();
        let text = format!("{prefix}{message}: {attributes}");
        if let Some(line) = self.lines.back_mut().filter(|line| line.text == text) {
            line.last = at;
            line.count += 1;
            return;
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { first: at, last: at, text, count: 1 });
    }

    /// Forgets all lines.
    pub fn clear(&mut self) {
        self.lines = VecDeque::new();
    }

    /// The tail to append to an event message; empty when nothing was logged.
    #[must_use]
    pub fn tail(&self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut lines = Vec::new();
        for line in &self.lines {
            lines.push(format!("{}: {}", line.first, line.text));
            if line.count > 1 {
                lines.push(format!("{}: {}{}", line.last, line.text, omitted(line.count)));
            }
        }
        let newest = lines.len().saturating_sub(LINES);
        format!("\n\nLast Helm logs:\n\n{}", lines[newest..].join("\n"))
    }
}

fn omitted(count: usize) -> String {
    match count {
        0..=2 => String::new(),
        3 => " (1 duplicate line omitted)".to_owned(),
        _ => format!(" ({} duplicate lines omitted)", count - 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lines_collapse() {
        let mut log = HelmLog::default();
        assert_eq!(log.tail(), "");
        for second in 0..4 {
            log.add(
                Timestamp::from_unix_nanos(second * 1_000_000_000),
                HelmLogLevel::Warning,
                "wait",
                &[("k", "v")],
            );
        }
        assert_eq!(
            log.tail(),
            "\n\nLast Helm logs:\n\n1970-01-01T00:00:00Z: warning: wait: {\"k\":\"v\"}\n\
             1970-01-01T00:00:03Z: warning: wait: {\"k\":\"v\"} (2 duplicate lines omitted)"
        );
    }
}
