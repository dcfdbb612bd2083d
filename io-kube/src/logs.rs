//! Log lines on stderr, shaped as those of controller-runtime with zap (spec 03 §9).

use std::io::Write;
use std::sync::Arc;

use pilothouse_protocol::{LogEntry, LogLevel, ReleaseKey};
use serde_json::{Value, json};

use crate::clock;

/// How lines are written (`--log-encoding`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// One JSON object for each line.
    #[default]
    Json,
    /// Columns for people: time, level, logger, message, fields.
    Console,
}

/// Fields of a line in the order in which they are written.
pub type Fields<'a> = &'a [(&'a str, Value)];

/// Where lines go. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    encoding: Encoding,
    level: LogLevel,
    sink: Box<dyn Fn(&str) + Send + Sync>,
}

impl Log {
    /// A log on stderr.
    #[must_use]
    pub fn stderr(encoding: Encoding, level: LogLevel) -> Self {
        Self::to(encoding, level, |line| {
            // A log that cannot be written has nobody left to be told about it.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        })
    }

    /// A log that gives every line, with its newline, to `sink`.
    pub fn to(encoding: Encoding, level: LogLevel, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { inner: Arc::new(Inner { encoding, level, sink: Box::new(sink) }) }
    }

    /// Whether lines of this level are written.
    #[must_use]
    pub fn is_enabled(&self, level: LogLevel) -> bool {
        level >= self.inner.level
    }

    /// A line of level info from the part of the operator called `logger`.
    pub fn info(&self, logger: &str, message: &str, fields: Fields<'_>) {
        self.line(LogLevel::Info, logger, message, fields);
    }

    /// A line of level error, with the error as field.
    pub fn error(&self, logger: &str, message: &str, error: &dyn std::fmt::Display, fields: Fields<'_>) {
        let mut all = fields.to_vec();
        all.push(("error", Value::String(error.to_string())));
        self.line(LogLevel::Error, logger, message, &all);
    }

    /// A line about one HelmRelease.
    pub fn release(&self, key: &ReleaseKey, entry: &LogEntry) {
        if !self.is_enabled(entry.level) {
            return;
        }
        let mut fields = release_fields(key);
        fields.extend(entry.fields.iter().map(|(name, value)| (name.as_str(), Value::String(value.clone()))));
        self.line(entry.level, "", &entry.message, &fields);
    }

    /// A line of any level; `logger` may be empty.
    pub fn line(&self, level: LogLevel, logger: &str, message: &str, fields: Fields<'_>) {
        if !self.is_enabled(level) {
            return;
        }
        let ts = clock::iso8601_millis(clock::wall_nanos());
        let line = match self.inner.encoding {
            Encoding::Json => json_line(level, &ts, logger, message, fields),
            Encoding::Console => console_line(level, &ts, logger, message, fields),
        };
        (self.inner.sink)(&line);
    }
}

fn release_fields(key: &ReleaseKey) -> Vec<(&str, Value)> {
    vec![
        ("controller", json!("helmrelease")),
        ("controllerGroup", json!("helm.toolkit.fluxcd.io")),
        ("controllerKind", json!("HelmRelease")),
        ("HelmRelease", json!({"name": key.name, "namespace": key.namespace})),
        ("namespace", json!(key.namespace)),
        ("name", json!(key.name)),
    ]
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Error => "error",
    }
}

fn json_line(level: LogLevel, ts: &str, logger: &str, message: &str, fields: Fields<'_>) -> String {
    let mut members = vec![("level", json!(level_name(level))), ("ts", json!(ts))];
    if !logger.is_empty() {
        members.push(("logger", json!(logger)));
    }
    members.push(("msg", json!(message)));
    members.extend_from_slice(fields);
    format!("{}\n", object(&members))
}

fn console_line(level: LogLevel, ts: &str, logger: &str, message: &str, fields: Fields<'_>) -> String {
    let mut line = format!("{ts}\t{}", level_name(level).to_uppercase());
    for column in [logger, message] {
        if !column.is_empty() {
            line.push('\t');
            line.push_str(column);
        }
    }
    if !fields.is_empty() {
        line.push('\t');
        line.push_str(&object(fields));
    }
    line.push('\n');
    line
}

/// A JSON object that keeps the order of its members.
fn object(members: Fields<'_>) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn captured(encoding: Encoding, level: LogLevel, write: impl Fn(&Log)) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        write(&Log::to(encoding, level, move |line| sink.lock().unwrap().push(line.to_owned())));
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn a_line_about_a_release_has_the_fields_of_controller_runtime() {
        let entry = LogEntry {
            level: LogLevel::Error,
            message: "Reconciler error".to_owned(),
            fields: [("error".to_owned(), "a \"b\"".to_owned()), ("reconcileID".to_owned(), "1".to_owned())]
                .into(),
        };
        let lines =
            captured(Encoding::Json, LogLevel::Info, |log| log.release(&ReleaseKey::new("ns", "x"), &entry));
        let line = lines[0].clone();
        assert!(line.starts_with(r#"{"level":"error","ts":"20"#), "{line}");
        let rest = line.split_once(r#""msg""#).unwrap().1;
        assert_eq!(
            rest,
            concat!(
                r#":"Reconciler error","controller":"helmrelease","controllerGroup":"helm.toolkit.fluxcd.io","#,
                r#""controllerKind":"HelmRelease","HelmRelease":{"name":"x","namespace":"ns"},"namespace":"ns","#,
                r#""name":"x","error":"a \"b\"","reconcileID":"1"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn lines_below_the_level_are_not_written() {
        let lines = captured(Encoding::Json, LogLevel::Error, |log| log.info("setup", "x", &[]));
        assert!(lines.is_empty());
    }

    #[test]
    fn the_console_form_has_columns() {
        let lines =
            captured(Encoding::Console, LogLevel::Info, |log| log.info("setup", "go", &[("n", json!(1))]));
        assert!(lines[0].ends_with("\tINFO\tsetup\tgo\t{\"n\":1}\n"), "{}", lines[0]);
    }
}
