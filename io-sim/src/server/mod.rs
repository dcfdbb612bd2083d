//! A model of a Kubernetes API server: synchronous, deterministic, in memory.
//!
//! One global revision; objects are shared, never copied for a read. Time and chance come from outside.

pub(crate) mod change;
mod creation;
pub mod custom;
mod custom_validation;
mod defaults;
pub(crate) mod definitions;
pub(crate) mod delete;
pub mod errors;
mod field_path;
pub mod fields;
mod frozen;
pub mod kinds;
pub mod managed;
mod metadata_fields;
pub(crate) mod patch;
mod pod_admission;
mod pod_defaults;
pub(crate) mod rbac;
pub(crate) mod read;
pub mod schema;
mod storage_defaults;
pub mod store;
#[cfg(test)]
mod tests;
mod validation;
mod watch;
pub(crate) mod write;
mod zero_values;

pub use watch::WatchEvent;

use std::collections::BTreeSet;
use std::sync::Arc;

use pilothouse_protocol::{ApiError, Discovery, FIELD_MANAGER, Failure, Identity, ObjectRef, Reply, Request};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::rng::Rng;
use kinds::{Kind, Kinds};
use store::{Place, Store};

/// What a server is made of.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// `gitVersion`.
    pub git_version: String,
    /// Source of uids and generated names.
    pub seed: u64,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { git_version: "v1.36.1".to_owned(), seed: 0 }
    }
}

/// The API server.
#[derive(Debug, Clone)]
pub struct Server {
    kinds: Kinds,
    store: Store,
    rng: Rng,
    addresses: u32,
    /// Uids of removed objects whose dependents have not been looked at.
    orphaned: BTreeSet<String>,
}

/// The circumstances of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) wall: i64,
    pub(crate) identity: &'a Identity,
    pub(crate) manager: &'a str,
    /// The subresource through which it writes the main part of an object: empty, or `scale`.
    pub(crate) subresource: &'static str,
}

impl Caller<'_> {
    pub(crate) fn time(&self) -> String {
        rfc3339(self.wall)
    }
}

impl Server {
    /// A server with the namespaces that every cluster has.
    #[must_use]
    pub fn new(options: &ServerOptions) -> Self {
        let mut server = Self {
            kinds: Kinds::builtin(&options.git_version),
            store: Store::default(),
            rng: Rng::new(options.seed),
            addresses: 0,
            orphaned: BTreeSet::new(),
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let body = Arc::new(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
            server.request_as(
                crate::clock::DEFAULT_START,
                &Identity::Controller,
                "kube-apiserver",
                &Request::Create { body },
            );
        }
        server
    }

    /// Lets uids and generated names follow from another seed from now on.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    /// Answers a request made as the operator's field manager. `wall` is the present moment in nanoseconds since the
    /// Unix epoch.
    pub fn request(&mut self, wall: i64, identity: &Identity, request: &Request) -> Reply {
        self.request_as(wall, identity, FIELD_MANAGER, request)
    }

    /// Answers a request made under another field manager.
    pub fn request_as(&mut self, wall: i64, identity: &Identity, manager: &str, request: &Request) -> Reply {
        let caller = Caller { wall, identity, manager, subresource: "" };
        let result = match request {
            Request::Get { object } => self.get(&caller, object).map(Reply::Object),
            Request::List { api_version, kind, namespace, labels } => {
                self.list(&caller, api_version, kind, namespace.as_deref(), labels).map(Reply::List)
            }
            Request::ListMetadata { api_version, kind, namespace, labels } => self
                .list(&caller, api_version, kind, namespace.as_deref(), labels)
                .map(|objects| Reply::List(objects.iter().map(read::metadata_of).collect())),
            Request::Create { body } => self.create(&caller, body, false).map(Reply::Object),
            Request::Update { body } => {
                self.update(&caller, body, write::UpdateOptions::default()).map(Reply::Object)
            }
            Request::Patch { object, patch, body, status, dry_run } => {
                let options = write::PatchOptions { patch: *patch, status: *status, dry_run: *dry_run };
                self.patch(&caller, object, options, body).map(Reply::Object)
            }
            Request::Delete { object, propagation, preconditions } => {
                let options = delete::DeleteOptions {
                    propagation: Some(*propagation),
                    preconditions: preconditions.clone(),
                    ..delete::DeleteOptions::default()
                };
                self.delete(&caller, object, &options).map(|_| Reply::Deleted)
            }
            Request::Discover { .. } => Ok(Reply::Discovery(self.discovery())),
            Request::Fetch { .. } => Err(errors::unknown_kind()),
        };
        result.unwrap_or_else(|error| Reply::Failed(Failure::Api(error)))
    }

    /// Replaces the status of an object, as a controller under the field manager `manager` does; nothing happens when the
    /// object does not exist.
    pub fn set_status(&mut self, wall: i64, manager: &str, object: &ObjectRef, status: Value) {
        let caller = Caller { wall, identity: &Identity::Controller, manager, subresource: "" };
        let _ = self.replace_status(&caller, object, status);
    }

    /// What is served.
    #[must_use]
    pub fn discovery(&self) -> Arc<Discovery> {
        Arc::clone(self.kinds.discovery())
    }

    /// The kinds that are served.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// Forgets all changes up to a revision: watches and lists that go back further are answered with 410.
    pub fn compact(&mut self, revision: u64) {
        self.store.compact(revision);
    }

    /// The stored objects.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The revision of the last change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.store.revision()
    }

    /// One stored object, past all authorisation.
    #[must_use]
    pub fn peek(&self, object: &ObjectRef) -> Option<pilothouse_protocol::Object> {
        let (kind, place) = self.locate(object).ok()?;
        let stored = self.store.get(&place.resource, &place.namespace, &place.name)?;
        Some(read::in_version(&kind, &stored.object))
    }

    /// Takes the places that have changed since the last call, in order of their revisions.
    pub fn take_changes(&mut self) -> Vec<Place> {
        self.store.take_fresh()
    }

    fn kind(&self, api_version: &str, kind: &str) -> Result<Arc<Kind>, ApiError> {
        self.kinds.find(api_version, kind).cloned().ok_or_else(errors::unknown_kind)
    }

    fn locate(&self, object: &ObjectRef) -> Result<(Arc<Kind>, Place), ApiError> {
        let kind = self.kind(&object.api_version, &object.kind)?;
        let namespace =
            if kind.namespaced { object.namespace.clone().unwrap_or_default() } else { String::new() };
        let place = Place { resource: Arc::clone(&kind.resource), namespace, name: object.name.clone() };
        Ok((kind, place))
    }
}
