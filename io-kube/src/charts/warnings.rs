//! Lines of Helm's log (Go package `log/slog`, its text form without times).

use std::fmt::Write as _;

use pilothouse_template::go_quoted;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For information.
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// A line without its line break: `level=WARN msg="..." key=value`.
#[must_use]
pub fn log_line(level: Level, message: &str, attributes: &[(&str, &str)]) -> String {
    let mut line = format!("level={} msg={}", level.name(), value(message));
    for (key, text) in attributes {
        let _ = write!(line, " {key}={}", value(text));
    }
    line
}

/// The line for a warning of a render. What Helm prints through Go's old `log` package is for information only; of the
/// others, `key=value` at the end are attributes.
#[must_use]
pub fn warning_line(warning: &str) -> String {
    if warning.starts_with("warning: ") {
        return log_line(Level::Info, warning, &[]);
    }
    let level = if warning.starts_with("skipping unknown hooks") { Level::Info } else { Level::Warn };
    let Some(first) = warning.find('=') else {
        return log_line(level, warning, &[]);
    };
    let start = warning[..first].rfind(' ').unwrap_or_default();
    let attributes: Vec<(&str, &str)> =
        warning[start..].split_whitespace().filter_map(|word| word.split_once('=')).collect();
    log_line(level, &warning[..start], &attributes)
}

fn value(text: &str) -> String {
    let plain = |c: char| !matches!(c, ' ' | '"' | '=') && !c.is_control() && !c.is_whitespace();
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { go_quoted(text.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_helm() {
        assert_eq!(
            log_line(Level::Warn, "this chart is deprecated", &[]),
            "level=WARN msg=\"this chart is deprecated\""
        );
        let cases = [
            (
                "warning: skipped value for a.b: Not a table.",
                "level=INFO msg=\"warning: skipped value for a.b: Not a table.\"",
            ),
            (
                "skipping unknown hooks hookTypes=crd-install",
                "level=INFO msg=\"skipping unknown hooks\" hookTypes=crd-install",
            ),
            (
                "returned non-bool value tag=x chart=y",
                "level=WARN msg=\"returned non-bool value\" tag=x chart=y",
            ),
        ];
        for (warning, expected) in cases {
            assert_eq!(warning_line(warning), expected);
        }
    }
}
