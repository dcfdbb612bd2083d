//! Log lines on stderr, shaped as those of controller-runtime with zap (spec 03 §9).

use std::io::Write;
use std::sync::Arc;

use pilothouse_protocol::{LogEntry, LogLevel, ReleaseKey};
use serde::Serialize;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

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

/// Room for a line about a HelmRelease, in bytes.
const LINE_USUAL: usize = 512;

/// Fields of a line in the order in which they are written.
pub type Fields<'a> = &'a [(&'a str, Value)];

/// Where lines go. Cheap to clone.
#[derive(Clone)]
pub struct Log(Arc<Writer>);

impl Log {
    /// A log on stderr, which also receives what dependencies have to say.
    #[must_use]
    pub fn stderr(encoding: Encoding, level: LogLevel) -> Self {
        let log = Self::to(encoding, level, |line| {
            // A log that cannot be written has nobody left to be told about it.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        });
        // There is one already in a process that has two logs; the first one stays.
        let _ = dispatcher::set_global_default(log.of_dependencies());
        log
    }

    /// A log that gives every line, with its newline, to `sink`.
    pub fn to(encoding: Encoding, level: LogLevel, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Writer { encoding, level, sink: Box::new(sink) }))
    }

    /// Whether lines of this level are written.
    #[must_use]
    pub fn is_enabled(&self, level: LogLevel) -> bool {
        level >= self.0.level
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
        let mut fields = release_members(key);
        for (name, value) in &entry.fields {
            add_member(&mut fields, name, value);
        }
        self.0.write(entry.level, "", &entry.message, &fields);
    }

    /// A line of any level; `logger` may be empty.
    pub fn line(&self, level: LogLevel, logger: &str, message: &str, fields: Fields<'_>) {
        if self.is_enabled(level) {
            self.0.write(level, logger, message, &members(fields));
        }
    }

    fn of_dependencies(&self) -> Dispatch {
        Dispatch::new(Registry::default().with(OfDependencies(Arc::clone(&self.0))))
    }
}

/// Writes lines as zap does.
struct Writer {
    encoding: Encoding,
    level: LogLevel,
    sink: Box<dyn Fn(&str) + Send + Sync>,
}

impl Writer {
    /// Writes a line; `fields` are members of a JSON object, without its braces.
    fn write(&self, level: LogLevel, logger: &str, message: &str, fields: &str) {
        let ts = clock::iso8601_millis(clock::wall_nanos());
        (self.sink)(&match self.encoding {
            Encoding::Json => json_line(level, &ts, logger, message, fields),
            Encoding::Console => console_line(level, &ts, logger, message, fields),
        });
    }
}

/// Takes in the events of dependencies, which have their module as target. They are shown from warnings upwards only: below
/// that they may show what they send.
struct OfDependencies(Arc<Writer>);

impl<S: Subscriber> Layer<S> for OfDependencies {
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        let level = *metadata.level();
        metadata.is_event() && level <= Level::WARN && level_of(&level) >= self.0.level
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let metadata = event.metadata();
        self.0.write(level_of(metadata.level()), metadata.target(), &said.message, &said.fields);
    }
}

/// zap has no line between info and error in the operator's configuration.
fn level_of(level: &Level) -> LogLevel {
    match *level {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO | Level::WARN => LogLevel::Info,
        Level::ERROR => LogLevel::Error,
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    /// Members of a JSON object, without its braces.
    fields: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => add_member(&mut self.fields, name, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

fn json_line(level: LogLevel, ts: &str, logger: &str, message: &str, fields: &str) -> String {
    let mut line = String::with_capacity(LINE_USUAL.max(message.len() + fields.len()));
    line.push('{');
    add_member(&mut line, "level", level_name(level));
    add_member(&mut line, "ts", ts);
    if !logger.is_empty() {
        add_member(&mut line, "logger", logger);
    }
    add_member(&mut line, "msg", message);
    if !fields.is_empty() {
        line.push(',');
        line.push_str(fields);
    }
    line.push_str("}\n");
    line
}

fn console_line(level: LogLevel, ts: &str, logger: &str, message: &str, fields: &str) -> String {
    let mut line = format!("{ts}\t{}", level_name(level).to_uppercase());
    for column in [logger, message] {
        if !column.is_empty() {
            line.push('\t');
            line.push_str(column);
        }
    }
    if !fields.is_empty() {
        line.push_str(&format!("\t{{{fields}}}"));
    }
    line.push('\n');
    line
}

fn release_members(key: &ReleaseKey) -> String {
    let mut text = String::with_capacity(LINE_USUAL);
    add_member(&mut text, "controller", "helmrelease");
    add_member(&mut text, "controllerGroup", "helm.toolkit.fluxcd.io");
    add_member(&mut text, "controllerKind", "HelmRelease");
    text.push_str(",\"HelmRelease\":{");
    add_member(&mut text, "name", &key.name);
    add_member(&mut text, "namespace", &key.namespace);
    text.push('}');
    add_member(&mut text, "namespace", &key.namespace);
    add_member(&mut text, "name", &key.name);
    text
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Error => "error",
    }
}

/// The members of a JSON object in their order, without its braces.
fn members(members: Fields<'_>) -> String {
    let mut text = String::new();
    for (name, value) in members {
        add_member(&mut text, name, value);
    }
    text
}

fn add_member<T: Serialize + ?Sized>(text: &mut String, name: &str, value: &T) {
    if !text.is_empty() && !text.ends_with('{') {
        text.push(',');
    }
    // Texts and trees of JSON can be written.
    text.push_str(&serde_json::to_string(name).unwrap_or_default());
    text.push(':');
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

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
    fn dependencies_are_heard_from_warnings_upwards() {
        let lines = captured(Encoding::Json, LogLevel::Trace, |log| {
            dispatcher::with_default(&log.of_dependencies(), || {
                tracing::debug!(target: "hyper::proto", secret = "x", "sent");
                tracing::info!(target: "kube_client", "hello");
                tracing::warn!(target: "kube_client", url = "/a", tries = 3, "odd \"answer\"");
            });
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(
            (&line["level"], &line["logger"], &line["msg"], &line["url"], &line["tries"]),
            (&json!("info"), &json!("kube_client"), &json!("odd \"answer\""), &json!("/a"), &json!("3"))
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
