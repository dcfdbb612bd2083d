//! Inputs with tokens in place of secrets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use pilothouse_encoding::digest::Algorithm;
use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{ApiError, Failure, Object, ObjectRef, Observation, ReleaseKey, Reply};
use serde_json::Value;

use super::known::Known;
use super::token::Tokens;

/// Texts longer than this are remembered by their digest.
const LONG: usize = 512;
/// How many pairs of long texts are remembered, and how many of others.
const LONG_MAX: usize = 64;
const PAIRS_MAX: usize = 100_000;

/// Replaces secrets. What it has replaced once it replaces in the same way for as long as it lives.
pub(super) struct Masker {
    pub(super) tokens: Tokens,
    pub(super) known: Known,
    /// What stands for a text in the world of the recording: learnt from what both operators have made of the same.
    pairs: BTreeMap<String, String>,
    /// Texts that stand for themselves in one place and for something else in another.
    ambiguous: BTreeSet<String>,
    long: BTreeMap<String, Arc<str>>,
    long_order: VecDeque<String>,
    /// Names that everybody knows.
    public: BTreeSet<String>,
    /// Values that stand in a HelmRelease for everybody who may read it.
    pub(super) inline: BTreeSet<String>,
}

impl Masker {
    /// Tokens come from `key`.
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self {
            tokens: Tokens::new(key),
            known: Known::default(),
            pairs: BTreeMap::new(),
            ambiguous: BTreeSet::new(),
            long: BTreeMap::new(),
            long_order: VecDeque::new(),
            public: BTreeSet::new(),
            inline: BTreeSet::new(),
        }
    }

    /// An input as the recording has it.
    pub(super) fn input(&mut self, input: &OperatorInput) -> OperatorInput {
        match input {
            OperatorInput::Release { key, object } => {
                if let Some(object) = object {
                    self.publish(key, object);
                }
                let object = object.as_ref().map(|object| self.release(object));
                OperatorInput::Release { key: key.clone(), object }
            }
            OperatorInput::Source { object, value } => {
                let value = value.as_ref().map(|value| self.object(value));
                OperatorInput::Source { object: object.clone(), value }
            }
            OperatorInput::Reply { key, id, reply } => {
                OperatorInput::Reply { key: key.clone(), id: *id, reply: self.reply(reply) }
            }
            OperatorInput::Observed { key, watch, observation } => {
                let observation = self.observation(observation);
                OperatorInput::Observed { key: key.clone(), watch: *watch, observation }
            }
            OperatorInput::Synced
            | OperatorInput::Config { .. }
            | OperatorInput::Storage { .. }
            | OperatorInput::StorageWatched(_)
            | OperatorInput::Timer
            | OperatorInput::Shutdown => input.clone(),
        }
    }

    /// A text that is no secret as a whole: pairs as they are known, and secrets inside of it.
    pub(super) fn text(&mut self, text: &str) -> Option<String> {
        if let Some(known) = self.pair(text) {
            return Some(known);
        }
        if text.len() < 4 { None } else { self.known.replace(text) }
    }

    /// What stands for exactly this text, if that was learnt.
    pub(super) fn pair(&self, text: &str) -> Option<String> {
        if text.len() > LONG {
            return self.long.get(&digest(text)).map(|known| known.as_ref().to_owned());
        }
        self.pairs.get(text).cloned()
    }

    /// From now on `token` stands for `real` where that is a value of its own.
    pub(super) fn learn(&mut self, real: &str, token: &str) {
        if real.len() > LONG {
            let name = digest(real);
            if self.long.insert(name.clone(), Arc::from(token)).is_none() {
                self.long_order.push_back(name);
            }
            if self.long_order.len() > LONG_MAX
                && let Some(oldest) = self.long_order.pop_front()
            {
                self.long.remove(&oldest);
            }
        } else if !self.ambiguous.contains(real) && self.pairs.len() < PAIRS_MAX {
            self.pairs.insert(real.to_owned(), token.to_owned());
        }
    }

    /// A text was seen to stand for itself.
    pub(super) fn stands_for_itself(&mut self, text: &str) {
        if text.len() <= LONG && self.pairs.remove(text).is_some() {
            self.ambiguous.insert(text.to_owned());
        }
    }

    /// Whether a text is a part of a name that everybody knows.
    pub(super) fn is_public(&self, text: &str) -> bool {
        self.public.iter().any(|name| name.contains(text))
    }

    /// An object; its Secrets, values and payloads are replaced.
    pub(super) fn object(&mut self, object: &Object) -> Object {
        let mut masked = Value::clone(object);
        match masked.get("kind").and_then(Value::as_str) {
            Some("Secret" | "ConfigMap") => self.data_object(&mut masked),
            _ => self.walk(&mut masked),
        }
        Arc::new(masked)
    }

    /// Every text in a value that is no Secret.
    pub(super) fn walk(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(masked) = self.text(text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.walk(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(super) fn reference(&mut self, object: &ObjectRef) -> ObjectRef {
        let name = self.text(&object.name).unwrap_or_else(|| object.name.clone());
        ObjectRef { name, ..object.clone() }
    }

    fn reply(&mut self, reply: &Reply) -> Reply {
        match reply {
            Reply::Object(object) => Reply::Object(self.object(object)),
            Reply::List(objects) => Reply::List(objects.iter().map(|object| self.object(object)).collect()),
            Reply::Failed(failure) => Reply::Failed(self.failure(failure)),
            Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => reply.clone(),
        }
    }

    fn observation(&mut self, observation: &Observation) -> Observation {
        match observation {
            Observation::Snapshot(objects) => {
                Observation::Snapshot(objects.iter().map(|object| self.object(object)).collect())
            }
            Observation::Changed(object) => Observation::Changed(self.object(object)),
            Observation::Gone(object) => Observation::Gone(self.reference(object)),
            Observation::Failed(failure) => Observation::Failed(self.failure(failure)),
        }
    }

    fn failure(&mut self, failure: &Failure) -> Failure {
        let mut masked = |text: &String| self.text(text).unwrap_or_else(|| text.clone());
        match failure {
            Failure::Api(error) => {
                Failure::Api(ApiError { message: masked(&error.message), ..error.clone() })
            }
            Failure::Unreachable(text) => Failure::Unreachable(masked(text)),
            Failure::Unknown(text) => Failure::Unknown(masked(text)),
            Failure::Http { code, line } => Failure::Http { code: *code, line: masked(line) },
        }
    }

    /// Takes in the names of a HelmRelease.
    fn publish(&mut self, key: &ReleaseKey, object: &Value) {
        self.public.insert(key.to_string());
        for field in ["releaseName", "targetNamespace", "storageNamespace"] {
            if let Some(name) = object.pointer(&format!("/spec/{field}")).and_then(Value::as_str) {
                self.public.insert(name.to_owned());
            }
        }
    }
}

fn digest(text: &str) -> String {
    Algorithm::Sha256.compute(text.as_bytes()).encoded().to_owned()
}
