//! What the drivers for Secrets and ConfigMaps have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_protocol::{Failure, Object, ObjectRef, Preconditions, Propagation, Reply, Request};
use serde_json::{Value, json};

use super::operation::{StorageError, StorageOperation, StorageResult, Undecodable};
use crate::{CodecError, Limits, ReleaseRecord, StorageKey, decode, encode};

/// Key of the release in `data`.
const DATA_KEY: &str = "release";
/// `type` of a storage Secret.
const SECRET_TYPE: &str = "helm.sh/release.v1";
/// Labels that belong to Helm; all others are the user's.
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// Kind of the storage objects. The two differ in the encoding of `data` and in the words of their errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `data` is base64 of what the codec gives.
    Secret,
    /// `data` is what the codec gives.
    ConfigMap,
}

/// A driver for storage objects of one kind in one namespace.
#[derive(Debug, Clone)]
pub(super) struct ObjectCodec {
    pub(super) kind: Kind,
    pub(super) namespace: String,
    pub(super) limits: Limits,
}

impl ObjectCodec {
    /// See [`super::Driver::request`].
    pub(super) fn request(&self, operation: &StorageOperation, now: i64) -> Result<Request, StorageError> {
        Ok(match operation {
            StorageOperation::Get { key } => Request::Get { object: self.reference(key) },
            StorageOperation::List { name } => self.list(&[("name", name), ("owner", "helm")]),
            StorageOperation::Query { labels } => {
                self.list(&labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>())
            }
            StorageOperation::Create { record } => {
                Request::Create { body: self.body(record, "create", ("createdAt", now))? }
            }
            StorageOperation::Update { record } => {
                Request::Update { body: self.body(record, "update", ("modifiedAt", now))? }
            }
            StorageOperation::Delete { key } => Request::Delete {
                object: self.reference(key),
                propagation: Propagation::Background,
                preconditions: Preconditions::default(),
            },
        })
    }

    /// See [`super::Driver::result`].
    pub(super) fn result(
        &self,
        operation: &StorageOperation,
        reply: &Reply,
    ) -> Result<StorageResult, StorageError> {
        match (operation, reply) {
            (operation, Reply::Failed(failure)) => Err(self.failure(operation, failure)),
            (StorageOperation::Get { key }, Reply::Object(object)) => {
                let mut record = self.record(object).map_err(|source| StorageError::Decode {
                    context: self.words("get: "),
                    key: key.to_string(),
                    source,
                })?;
                record.labels.retain(|label, _| !SYSTEM_LABELS.contains(&label.as_str()));
                Ok(StorageResult::Record(Arc::new(record)))
            }
            (StorageOperation::List { .. }, Reply::List(objects)) => Ok(self.records(objects)),
            (StorageOperation::Query { .. }, Reply::List(objects)) if objects.is_empty() => {
                Err(StorageError::NotFound)
            }
            (StorageOperation::Query { .. }, Reply::List(objects)) => Ok(self.records(objects)),
            (StorageOperation::Create { .. } | StorageOperation::Update { .. }, Reply::Object(object)) => {
                Ok(match self.record(object) {
                    Ok(record) => StorageResult::Record(Arc::new(record)),
                    Err(reason) => StorageResult::Unreadable(undecodable(object, &reason)),
                })
            }
            (StorageOperation::Delete { .. }, Reply::Deleted | Reply::Object(_)) => {
                Ok(StorageResult::Deleted)
            }
            (operation, _) => Err(StorageError::UnexpectedReply(verb(operation))),
        }
    }

    fn reference(&self, key: &StorageKey) -> ObjectRef {
        ObjectRef::namespaced("v1", self.kind_name(), &self.namespace, key.to_string())
    }

    fn list(&self, labels: &[(&str, &str)]) -> Request {
        Request::List {
            api_version: "v1".to_owned(),
            kind: self.kind_name().to_owned(),
            namespace: Some(self.namespace.clone()),
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }
    }

    /// The storage object. The labels of the record win over the fresh time stamp, and Helm's own over all of them.
    fn body(&self, record: &ReleaseRecord, verb: &str, stamp: (&str, i64)) -> Result<Object, StorageError> {
        let text = encode(record, &self.limits).map_err(|source| {
            let object = format!("{} {:?} is invalid: ", self.kind_name(), record.key().to_string());
            StorageError::Encode {
                context: self.words(format!("{verb}: failed to {verb}: ")) + &object,
                source,
            }
        })?;
        let mut labels = BTreeMap::from([(stamp.0.to_owned(), stamp.1.to_string())]);
        labels.extend(record.labels.clone());
        labels.insert("name".to_owned(), record.name.clone());
        labels.insert("owner".to_owned(), "helm".to_owned());
        labels.insert("status".to_owned(), record.info.status.to_string());
        labels.insert("version".to_owned(), record.version.to_string());
        let mut body = json!({
            "apiVersion": "v1",
            "kind": self.kind_name(),
            "metadata": { "name": record.key().to_string(), "namespace": self.namespace, "labels": labels },
        });
        match self.kind {
            Kind::Secret => {
                body["type"] = json!(SECRET_TYPE);
                body["data"] = json!({ DATA_KEY: STANDARD.encode(text) });
            }
            Kind::ConfigMap => body["data"] = json!({ DATA_KEY: text }),
        }
        Ok(Arc::new(body))
    }

    fn record(&self, object: &Value) -> Result<ReleaseRecord, CodecError> {
        let data = object
            .get("data")
            .and_then(|data| data.get(DATA_KEY))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut record = match self.kind {
            Kind::Secret => {
                let text = String::from_utf8_lossy(&STANDARD.decode(data)?).into_owned();
                decode(&text, &self.limits)?
            }
            Kind::ConfigMap => decode(data, &self.limits)?,
        };
        record.labels = labels(object);
        Ok(record)
    }

    fn records(&self, objects: &[Object]) -> StorageResult {
        let (mut records, mut undecodables) = (Vec::new(), Vec::new());
        for object in objects {
            match self.record(object) {
                Ok(record) => records.push(Arc::new(record)),
                Err(reason) => undecodables.push(undecodable(object, &reason)),
            }
        }
        StorageResult::Records { records, undecodable: undecodables }
    }

    fn failure(&self, operation: &StorageOperation, failure: &Failure) -> StorageError {
        let context = match operation {
            StorageOperation::Get { .. } if failure.is_not_found() => return StorageError::NotFound,
            StorageOperation::Create { .. } if failure.api().is_some_and(|e| e.is_already_exists()) => {
                return StorageError::AlreadyExists;
            }
            StorageOperation::Get { key } => format!("get: failed to get {:?}: ", key.to_string()),
            StorageOperation::List { .. } => "list: failed to list: ".to_owned(),
            StorageOperation::Query { .. } => "query: failed to query with labels: ".to_owned(),
            StorageOperation::Create { .. } => "create: failed to create: ".to_owned(),
            StorageOperation::Update { .. } => "update: failed to update: ".to_owned(),
            StorageOperation::Delete { .. } => String::new(),
        };
        StorageError::Request { context: self.words(context), failure: failure.clone() }
    }

    /// Only the driver for Secrets says what it tried.
    fn words<T: Default>(&self, context: T) -> T {
        match self.kind {
            Kind::Secret => context,
            Kind::ConfigMap => T::default(),
        }
    }

    fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Secret => "Secret",
            Kind::ConfigMap => "ConfigMap",
        }
    }
}

fn undecodable(object: &Value, reason: &CodecError) -> Undecodable {
    let key = pilothouse_protocol::metadata::text(object, "name").to_owned();
    Undecodable { key, reason: reason.to_string() }
}

fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    labels.into_iter().flatten().filter_map(text).collect()
}

fn verb(operation: &StorageOperation) -> &'static str {
    match operation {
        StorageOperation::Get { .. } => "get",
        StorageOperation::List { .. } => "list",
        StorageOperation::Query { .. } => "query",
        StorageOperation::Create { .. } => "create",
        StorageOperation::Update { .. } => "update",
        StorageOperation::Delete { .. } => "delete",
    }
}
