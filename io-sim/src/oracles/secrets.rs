//! What came from a Secret is written into Secrets only, and said nowhere.

use pilothouse_protocol::{Request, metadata};
use serde_json::Value;

use crate::world::{Exchange, Record};

/// Texts that were planted, and how far what was said has been read.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    planted: Vec<String>,
    events: usize,
    logs: usize,
}

impl Secrets {
    pub(super) fn guard(&mut self, secret: &str) {
        if !secret.is_empty() && !self.planted.iter().any(|known| known == secret) {
            self.planted.push(secret.to_owned());
        }
    }

    /// Whether a request shows one where others can read it.
    pub(super) fn check_request(&self, exchange: &Exchange) -> Option<String> {
        if self.planted.is_empty() {
            return None;
        }
        let (kind, body) = match &exchange.request {
            Request::Create { body } | Request::Update { body } => {
                (body.get("kind").and_then(Value::as_str).unwrap_or_default(), body)
            }
            Request::Patch { object, body, .. } => (object.kind.as_str(), body),
            _ => return None,
        };
        let shown = kind != "Secret" && self.shown_in(body);
        shown.then(|| {
            let name = metadata::text(body, "name");
            format!("secrets: {} writes one into {kind} {name}", exchange.key)
        })
    }

    /// Whether an event or a log line shows one.
    pub(super) fn check_words(&mut self, record: &Record) -> Option<String> {
        let events = record.events.get(self.events..).unwrap_or_default();
        self.events += events.len();
        let logs = record.logs.get(self.logs..).unwrap_or_default();
        self.logs += logs.len();
        if self.planted.is_empty() {
            return None;
        }
        let event = events.iter().map(|recorded| &recorded.event).find(|event| {
            self.is_in(&event.message) || event.annotations.values().any(|text| self.is_in(text))
        });
        if let Some(event) = event {
            return Some(format!("secrets: an event {} about {} shows one", event.reason, event.regarding));
        }
        let log = logs.iter().find(|(_, _, entry)| {
            self.is_in(&entry.message) || entry.fields.values().any(|text| self.is_in(text))
        });
        log.map(|(_, key, _)| format!("secrets: a log line about {key} shows one"))
    }

    fn shown_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_in(text),
            Value::Array(items) => items.iter().any(|item| self.shown_in(item)),
            Value::Object(fields) => fields.values().any(|field| self.shown_in(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn is_in(&self, text: &str) -> bool {
        self.planted.iter().any(|planted| text.contains(planted.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn planted_texts_are_found_wherever_they_stand() {
        let mut secrets = Secrets::default();
        secrets.guard("");
        assert!(!secrets.shown_in(&json!({"a": "hunter2"})));
        secrets.guard("hunter2");
        assert!(secrets.shown_in(&json!({"a": [{"b": "so hunter2!"}]})));
        assert!(!secrets.shown_in(&json!({"hunter": 2})));
    }
}
