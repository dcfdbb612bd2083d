//! The values: what `spec.valuesFrom` names, read and composed (spec 02 §4).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_api::ValuesReference;
use pilothouse_chart::{ResolvedReference, compose_values};
use pilothouse_machine::{Context, Secrets};
use pilothouse_protocol::{ErrorClass, EventType, LogLevel, Object, ObjectRef, Reply, Request, RequestId};
use serde_json::Value;

use crate::{Ending, Subject};

/// Key that is read when none is named.
const DEFAULT_KEY: &str = "values.yaml";

/// Reads the ConfigMaps and Secrets one after the other, each once, then composes.
#[derive(Debug)]
pub struct ReadValues {
    next: usize,
    reading: Option<RequestId>,
    found: BTreeMap<ObjectRef, Option<Object>>,
    resolved: Vec<ResolvedReference>,
    /// The positions of those that came from Secrets.
    from_secrets: Vec<usize>,
}

impl ReadValues {
    /// For a subject.
    #[must_use]
    pub fn new(subject: &Subject) -> Self {
        let capacity = subject.release.spec.values_from.len();
        let resolved = Vec::with_capacity(capacity);
        Self { next: 0, reading: None, found: BTreeMap::new(), resolved, from_secrets: Vec::new() }
    }

    /// Goes as far as it can. The error says how the pass ends.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<Value, Ending>> {
        loop {
            let Some(reference) = subject.release.spec.values_from.get(self.next).cloned() else {
                return Some(self.compose(subject, context));
            };
            let object = object_of(subject, &reference);
            if !self.found.contains_key(&object) {
                let Some(id) = self.reading else {
                    self.reading = Some(context.request_as_controller(Request::Get { object }));
                    return None;
                };
                let reply = context.take(id)?;
                self.reading = None;
                match reply {
                    Reply::Object(found) => self.found.insert(object.clone(), Some(found)),
                    Reply::Failed(failure) if failure.is_not_found() => {
                        let reason = failure.to_string();
                        self.found.insert(object.clone(), None);
                        if let Err(ending) = self.missing(subject, context, &reference, &reason) {
                            return Some(Err(ending));
                        }
                        self.next += 1;
                        continue;
                    }
                    Reply::Failed(failure) => {
                        return Some(Err(failed(subject, context, failure.to_string())));
                    }
                    Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
                        return Some(Err(failed(subject, context, format!("unexpected reply for {object}"))));
                    }
                };
            }
            if let Err(ending) = self.resolve(subject, context, &reference, &object) {
                return Some(Err(ending));
            }
            self.next += 1;
        }
    }

    fn resolve(
        &mut self,
        subject: &mut Subject,
        context: &mut Context,
        reference: &ValuesReference,
        object: &ObjectRef,
    ) -> Result<(), Ending> {
        let Some(found) = self.found.get(object).cloned().flatten() else {
            return self.missing(subject, context, reference, "resource not found");
        };
        let key = reference.values_key.as_deref().unwrap_or(DEFAULT_KEY);
        match read_key(&found, &reference.kind, key) {
            Some(Ok(text)) => {
                if reference.kind == "Secret" {
                    self.from_secrets.push(self.resolved.len());
                }
                self.resolved.push(ResolvedReference {
                    description: describe(subject, reference),
                    text,
                    target_path: reference.target_path.clone().filter(|path| !path.is_empty()),
                    literal: reference.literal,
                });
                Ok(())
            }
            Some(Err(reason)) => {
                let message = format!("could not resolve {}: {reason}", describe(subject, reference));
                subject.terminal_error.note(ErrorClass::Terminal, &message);
                Err(failed(subject, context, message))
            }
            None => self.missing(subject, context, reference, "key not found"),
        }
    }

    /// Everything that came from Secrets: it is masked wherever it appears (spec 08 row 21).
    fn secrets(&self, subject: &Subject) -> Secrets {
        let references = self.from_secrets.iter().filter_map(|at| self.resolved.get(*at));
        let values: Vec<Value> = references.flat_map(|reference| secret_values(&reference.text)).collect();
        let metadata = &subject.release.metadata;
        let release = subject.release.long_release_name();
        let public = [
            metadata.name.as_str(),
            metadata.namespace.as_str(),
            release.as_str(),
            subject.release.release_namespace(),
        ];
        Secrets::of(&values, &public)
    }

    fn missing(
        &self,
        subject: &mut Subject,
        context: &mut Context,
        reference: &ValuesReference,
        reason: &str,
    ) -> Result<(), Ending> {
        let optional = if reference.optional { " optional" } else { "" };
        let message = format!("could not resolve{optional} {}: {reason}", describe(subject, reference));
        if reference.optional {
            context.log(LogLevel::Info, message);
            return Ok(());
        }
        Err(failed(subject, context, message))
    }

    fn compose(&mut self, subject: &mut Subject, context: &mut Context) -> Result<Value, Ending> {
        context.secrets = self.secrets(subject);
        compose_values(&self.resolved, subject.release.spec.values.as_ref()).map_err(|error| {
            subject.terminal_error.note(ErrorClass::Terminal, &error);
            failed(subject, context, error.to_string())
        })
    }
}

/// What Secrets hold under a key, as text and as the values that it means.
fn secret_values(text: &str) -> [Value; 2] {
    let parsed = pilothouse_encoding::yaml::parse(text).unwrap_or_default();
    [if parsed.is_object() { Value::Null } else { Value::from(text) }, parsed]
}

fn failed(subject: &mut Subject, context: &mut Context, message: String) -> Ending {
    subject.not_ready(context, "ValuesError", &message);
    subject.event(context, EventType::Warning, "ValuesError", &message);
    Ending::Error(message)
}

fn object_of(subject: &Subject, reference: &ValuesReference) -> ObjectRef {
    let namespace = subject.release.metadata.namespace.clone();
    ObjectRef::namespaced("v1", reference.kind.clone(), namespace, reference.name.clone())
}

fn describe(subject: &Subject, reference: &ValuesReference) -> String {
    let key = reference.values_key.as_deref().unwrap_or(DEFAULT_KEY);
    let namespace = &subject.release.metadata.namespace;
    format!("{} chart values reference '{namespace}/{}' with key '{key}'", reference.kind, reference.name)
}

/// The text under a key. Secrets hold base64, ConfigMaps text or base64 in `binaryData`.
fn read_key(object: &Value, kind: &str, key: &str) -> Option<Result<String, String>> {
    let text = |field: &str| object.get(field).and_then(|data| data.get(key)).and_then(Value::as_str);
    match kind {
        "Secret" => text("data").map(decode),
        _ => text("data").map(|text| Ok(text.to_owned())),
    }
}

fn decode(encoded: &str) -> Result<String, String> {
    let bytes = STANDARD.decode(encoded).map_err(|_| "the data is not base64".to_owned())?;
    String::from_utf8(bytes).map_err(|_| "the data is not UTF-8".to_owned())
}
