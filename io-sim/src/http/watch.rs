//! Watches: what has happened since a revision, as a stream of JSON lines.

use std::sync::Arc;

use pilothouse_protocol::{ApiError, Monotonic, Now, Object, metadata};
use serde_json::{Value, json};

use super::accept::{Form, negotiate};
use super::objects::FORMS;
use super::route::Objects;
use super::selector::Selector;
use super::{Context, HttpBody, HttpResponse, Refusal, list, status, table};
use crate::clock::SECOND;
use crate::server::Server;
use crate::server::kinds::Kind;
use crate::server::read::in_version;
use crate::server::store::Change;

/// How long a watch lasts when the client does not say, in seconds.
const USUAL_TIMEOUT: u64 = 2400;

/// Between two bookmarks, in nanoseconds.
const BOOKMARKS: u64 = 60 * SECOND;

/// A watch that is open: to be polled after every change of the server, and at its deadline.
#[derive(Debug, Clone)]
pub struct WatchStream {
    kind: Arc<Kind>,
    namespace: String,
    selector: Selector,
    form: Form,
    include: String,
    /// Up to which revision the client knows.
    known: u64,
    /// What the client gets first.
    first: Vec<Object>,
    /// A bookmark says when the first objects are complete.
    marks_first: bool,
    has_columns: bool,
    bookmark: Option<Monotonic>,
    end: Monotonic,
    failure: Option<ApiError>,
    is_over: bool,
}

impl Context<'_> {
    /// Begins a watch.
    pub(super) fn watch(&self, kind: &Arc<Kind>, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let form = negotiate(self.request.value("accept"), &FORMS)?;
        let selector = self.selected(kind, objects, "watch")?;
        let initial = self.query.flag("sendInitialEvents");
        let text = self.query.get("resourceVersion");
        let matched = self.query.get("resourceVersionMatch");
        check_initial_events(self.query.has("sendInitialEvents"), matched)?;
        let current = self.server.revision();
        let wanted = if text.is_empty() { 0 } else { text.parse().map_err(|_| list::bad_version(text))? };
        let with_state = if self.query.has("sendInitialEvents") { initial } else { wanted == 0 };
        let is_old = self.server.store().changes_after(&kind.resource, wanted).is_none();
        let failure = if wanted > current {
            Some(list::too_large(wanted, current))
        } else if !with_state && wanted != 0 && is_old {
            Some(ApiError::new(410, "Expired", format!("too old resource version: {wanted} ({current})")))
        } else {
            None
        };
        let seconds = self.query.number("timeoutSeconds").filter(|seconds| *seconds > 0);
        let now = self.now.monotonic;
        let mut stream = WatchStream {
            kind: Arc::clone(kind),
            namespace: objects.namespace.clone(),
            selector,
            form,
            include: self.query.get("includeObject").to_owned(),
            known: if with_state || wanted == 0 { current } else { wanted },
            first: Vec::new(),
            marks_first: initial,
            has_columns: false,
            bookmark: self.query.flag("allowWatchBookmarks").then(|| now.after_nanos(BOOKMARKS)),
            end: now.after_nanos(seconds.unwrap_or(USUAL_TIMEOUT).saturating_mul(SECOND)),
            failure,
            is_over: false,
        };
        if with_state {
            let all = self.server.store().list(&kind.resource, None);
            stream.first =
                all.map(|stored| &stored.object).filter(|object| stream.is_within(object)).cloned().collect();
        }
        let headers = vec![("content-type", "application/json".to_owned())];
        Ok(HttpResponse { status: 200, headers, body: HttpBody::Watch(Box::new(stream)) })
    }
}

impl WatchStream {
    /// What is new: JSON lines, or nothing.
    pub fn poll(&mut self, server: &Server, now: Now) -> Vec<u8> {
        let mut lines = Vec::new();
        if self.is_over {
            return lines;
        }
        if let Some(error) = self.failure.take() {
            self.write(&mut lines, "ERROR", &status::failure(&error, None));
            self.is_over = true;
            return lines;
        }
        for object in std::mem::take(&mut self.first) {
            let object = in_version(&self.kind, &object);
            self.write_object(&mut lines, server, now, "ADDED", &object);
        }
        if std::mem::take(&mut self.marks_first) {
            self.write_bookmark(&mut lines, true);
        }
        self.write_changes(&mut lines, server, now);
        // The last thing that a watch says is how far it has come.
        if self.bookmark.is_some_and(|at| at.min(self.end) <= now.monotonic) {
            self.write_bookmark(&mut lines, false);
            self.bookmark = Some(now.monotonic.after_nanos(BOOKMARKS));
        }
        if self.end <= now.monotonic || server.kinds().of_resource(&self.kind.resource).is_none() {
            self.is_over = true;
        }
        lines
    }

    /// Whether nothing comes any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// When to poll although nothing has changed.
    #[must_use]
    pub fn deadline(&self) -> Monotonic {
        self.bookmark.map_or(self.end, |bookmark| bookmark.min(self.end))
    }

    fn write_changes(&mut self, lines: &mut Vec<u8>, server: &Server, now: Now) {
        let revision = server.revision();
        let Some(changes) = server.store().changes_after(&self.kind.resource, self.known) else {
            let message = format!("too old resource version: {} ({revision})", self.known);
            self.write(lines, "ERROR", &status::failure(&ApiError::new(410, "Expired", message), None));
            self.is_over = true;
            return;
        };
        let events: Vec<(&'static str, Object)> = changes.filter_map(|change| self.event(change)).collect();
        for (name, object) in events {
            self.write_object(lines, server, now, name, &object);
        }
        self.known = revision;
    }

    fn event(&self, change: &Change) -> Option<(&'static str, Object)> {
        let before = change.before.as_ref().filter(|object| self.is_within(object));
        let after = change.after.as_ref().filter(|object| self.is_within(object));
        match (before, after) {
            (None, Some(object)) => Some(("ADDED", in_version(&self.kind, object))),
            (Some(_), Some(object)) => Some(("MODIFIED", in_version(&self.kind, object))),
            (Some(object), None) => {
                // What is gone has the version at which it went.
                let mut gone = Value::clone(&in_version(&self.kind, object));
                gone["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                Some(("DELETED", Arc::new(gone)))
            }
            (None, None) => None,
        }
    }

    fn is_within(&self, object: &Value) -> bool {
        (self.namespace.is_empty() || metadata::text(object, "namespace") == self.namespace)
            && self.selector.matches(object)
    }

    fn write_object(&mut self, lines: &mut Vec<u8>, server: &Server, now: Now, name: &str, object: &Object) {
        match self.form {
            Form::Table => {
                let view = table::View::new(server, &self.kind, now.wall, &self.include);
                let version = json!({"resourceVersion": object.pointer("/metadata/resourceVersion")});
                let document = view.table(version, std::slice::from_ref(object), !self.has_columns);
                self.has_columns = true;
                self.write(lines, name, &document);
            }
            Form::Metadata | Form::MetadataList => self.write(lines, name, &list::partial(object)),
            Form::Plain | Form::Discovery => self.write(lines, name, object),
        }
    }

    fn write_bookmark(&self, lines: &mut Vec<u8>, ends_first: bool) {
        let mut object = json!({
            "kind": self.kind.gvk.kind, "apiVersion": self.kind.gvk.api_version,
            "metadata": {"resourceVersion": self.known.to_string(), "creationTimestamp": null},
        });
        if ends_first {
            object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.form {
            Form::Table => json!({
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": self.known.to_string()},
                "columnDefinitions": [], "rows": [{"cells": [], "object": list::partial(&object)}],
            }),
            Form::Metadata | Form::MetadataList => list::partial(&object),
            Form::Plain | Form::Discovery => object,
        };
        self.write(lines, "BOOKMARK", &object);
    }

    fn write(&self, lines: &mut Vec<u8>, name: &str, object: &Value) {
        // The object is written after its kind of event, as the server does, and never copied for it.
        lines.extend_from_slice(format!("{{\"type\":\"{name}\",\"object\":").as_bytes());
        lines.extend_from_slice(object.to_string().as_bytes());
        lines.extend_from_slice(b"}\n");
    }
}

fn check_initial_events(asked: bool, matched: &str) -> Result<(), ApiError> {
    let why = match (asked, matched) {
        (true, "") => {
            "sendInitialEvents: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        }
        (false, "NotOlderThan" | "Exact") => {
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        }
        (true, "Exact") => {
            "resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\""
        }
        _ => return Ok(()),
    };
    Err(ApiError::new(422, "Invalid", format!("ListOptions.meta.k8s.io \"\" is invalid: {why}")))
}
