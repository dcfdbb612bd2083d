//! One request of a sequence, and one answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A request. `$RV`, `$UID` and `$CONTINUE` in query and body stand for what the side it is sent to answered last.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `GET`, `POST`...
    pub method: &'static str,
    /// The path of the object or collection, without the query.
    pub path: String,
    /// The query, without the question mark.
    pub query: String,
    /// `Content-Type`; empty for a request without a body.
    pub content_type: &'static str,
    /// `Accept`.
    pub accept: &'static str,
    /// `User-Agent`, the field manager of writes that name none.
    pub agent: &'static str,
    /// The body; null for none.
    pub body: Value,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The body; a text when it is not JSON.
    pub body: Value,
    /// The values of `Warning`.
    pub warnings: Vec<String>,
}

/// Something that answers requests.
pub trait Side {
    /// Sends a request.
    ///
    /// # Errors
    ///
    /// There is no answer.
    fn send(&mut self, step: &Step) -> Result<Answer, std::io::Error>;
}

/// What a side has answered, as far as later requests refer to it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    versions: BTreeMap<String, String>,
    uids: BTreeMap<String, String>,
    token: String,
}

impl Step {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: String::new(),
            content_type: "",
            accept: "application/json",
            agent: "tests",
            body: Value::Null,
        }
    }

    /// With a parameter in the query.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(&format!("{name}={value}"));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: Value) -> Self {
        (self.content_type, self.body) = (content_type, body);
        self
    }

    /// The plural that the path names.
    #[must_use]
    pub fn resource(&self) -> &str {
        let parts: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let found = match parts.iter().position(|part| *part == "namespaces") {
            Some(at) if parts.len() > at + 2 => parts.get(at + 2),
            _ => parts.get(if self.path.starts_with("/api/") { 2 } else { 3 }),
        };
        found.copied().unwrap_or_default()
    }

    /// The request in one line, for a report.
    #[must_use]
    pub fn describe(&self) -> String {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let body =
            if self.body.is_null() { String::new() } else { format!(" {} {}", self.content_type, self.body) };
        format!("{} {}{query} [{}]{body}", self.method, self.path, self.agent)
    }
}

impl Memory {
    /// The request as it is sent to this side.
    #[must_use]
    pub fn fill(&self, step: &Step) -> Step {
        let key = object_path(&step.path);
        let value = |known: &BTreeMap<String, String>, other: &str| {
            known.get(key).cloned().unwrap_or_else(|| other.to_owned())
        };
        let version = value(&self.versions, "1");
        let uid = value(&self.uids, "00000000-0000-4000-8000-000000000000");
        let replaced = |text: &str| {
            text.replace("$RV", &version).replace("$UID", &uid).replace("$CONTINUE", &self.token)
        };
        let mut filled = step.clone();
        filled.query = replaced(&step.query);
        if !step.body.is_null() {
            filled.body =
                serde_json::from_str(&replaced(&step.body.to_string())).unwrap_or_else(|_| json!({}));
        }
        filled
    }

    /// Remembers an answer.
    pub fn note(&mut self, step: &Step, answer: &Answer) {
        let text = |pointer: &str| answer.body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if let Some(token) = text("/metadata/continue") {
            self.token = token;
        }
        let (Some(version), Some(name)) = (text("/metadata/resourceVersion"), text("/metadata/name")) else {
            return;
        };
        if step.query.contains("dryRun") {
            return;
        }
        let key = match step.method {
            "POST" => format!("{}/{name}", step.path),
            _ => object_path(&step.path).to_owned(),
        };
        self.uids.extend(text("/metadata/uid").map(|uid| (key.clone(), uid)));
        self.versions.insert(key, version);
    }
}

/// The path of an object, without its subresource.
fn object_path(path: &str) -> &str {
    let cut = path.strip_suffix("/status").or_else(|| path.strip_suffix("/scale"));
    cut.unwrap_or(path)
}
