//! Log lines on stderr, shaped as those of controller-runtime with zap (spec 03 §9).

use std::io::Write;

use pilothouse_protocol::{LogEntry, LogLevel, ReleaseKey};
use serde_json::{Value, json};
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

/// Fields of a line in the order in which they are written.
pub type Fields<'a> = &'a [(&'a str, Value)];

/// The target of the operator's own events. Those of its dependencies have their module as target and are shown from
/// warnings upwards only: below that they may show what they send.
const TARGET: &str = "pilothouse";

/// Where lines go. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    dispatch: Dispatch,
    level: LogLevel,
}

impl Log {
    /// A log on stderr, which also receives what dependencies have to say.
    #[must_use]
    pub fn stderr(encoding: Encoding, level: LogLevel) -> Self {
        let log = Self::to(encoding, level, |line| {
            // A log that cannot be written has nobody left to be told about it.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        });
        // There is one already in a process that has two logs; the first one stays.
        let _ = dispatcher::set_global_default(log.dispatch.clone());
        log
    }

    /// A log that gives every line, with its newline, to `sink`.
    pub fn to(encoding: Encoding, level: LogLevel, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let layer = ZapLayer { encoding, level, sink: Box::new(sink) };
        Self { dispatch: Dispatch::new(Registry::default().with(layer)), level }
    }

    /// Whether lines of this level are written.
    #[must_use]
    pub fn is_enabled(&self, level: LogLevel) -> bool {
        level >= self.level
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
        // An event has a fixed set of fields; ours are in one of them, as JSON.
        let fields = members(fields);
        let fields = fields.as_str();
        dispatcher::with_default(&self.dispatch, || match level {
            LogLevel::Trace => tracing::trace!(target: TARGET, logger, fields, "{message}"),
            LogLevel::Debug => tracing::debug!(target: TARGET, logger, fields, "{message}"),
            LogLevel::Info => tracing::info!(target: TARGET, logger, fields, "{message}"),
            LogLevel::Error => tracing::error!(target: TARGET, logger, fields, "{message}"),
        });
    }
}

/// Writes events as zap does.
struct ZapLayer {
    encoding: Encoding,
    level: LogLevel,
    sink: Box<dyn Fn(&str) + Send + Sync>,
}

impl<S: Subscriber> Layer<S> for ZapLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        let is_own = metadata.target() == TARGET;
        metadata.is_event()
            && level_of(metadata.level()) >= self.level
            && (is_own || *metadata.level() <= Level::WARN)
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let metadata = event.metadata();
        if metadata.target() != TARGET {
            metadata.target().clone_into(&mut line.logger);
        }
        let ts = clock::iso8601_millis(clock::wall_nanos());
        let level = level_of(metadata.level());
        (self.sink)(&match self.encoding {
            Encoding::Json => line.json(level, &ts),
            Encoding::Console => line.console(level, &ts),
        });
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

/// One event on its way to a line.
#[derive(Default)]
struct Line {
    logger: String,
    message: String,
    /// Members of a JSON object, without its braces.
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "logger" => value.clone_into(&mut self.logger),
            "fields" => self.add(value),
            name => self.add(&members(&[(name, json!(value))])),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Line {
    fn add(&mut self, members: &str) {
        if !self.fields.is_empty() && !members.is_empty() {
            self.fields.push(',');
        }
        self.fields.push_str(members);
    }

    fn json(&self, level: LogLevel, ts: &str) -> String {
        let mut head = vec![("level", json!(level_name(level))), ("ts", json!(ts))];
        if !self.logger.is_empty() {
            head.push(("logger", json!(self.logger)));
        }
        head.push(("msg", json!(self.message)));
        let comma = if self.fields.is_empty() { "" } else { "," };
        format!("{{{}{comma}{}}}\n", members(&head), self.fields)
    }

    fn console(&self, level: LogLevel, ts: &str) -> String {
        let mut line = format!("{ts}\t{}", level_name(level).to_uppercase());
        for column in [&self.logger, &self.message] {
            if !column.is_empty() {
                line.push('\t');
                line.push_str(column);
            }
        }
        if !self.fields.is_empty() {
            line.push_str(&format!("\t{{{}}}", self.fields));
        }
        line.push('\n');
        line
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

/// The members of a JSON object in their order, without its braces.
fn members(members: Fields<'_>) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    members.join(",")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

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
            dispatcher::with_default(&log.dispatch, || {
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
