//! One list followed by watches, for as long as somebody looks.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, header::ACCEPT};
use http_body_util::BodyExt;
use pilothouse_protocol::{Failure, GroupVersionKind, Identity, Object, essentials, metadata};
use serde_json::Value;
use tokio::time::Instant;

use super::backoff::WatchBackoff;
use super::lines::Lines;
use crate::client::{ApiClient, plain};
use crate::clock::jitter;
use crate::pages::all_pages;
use crate::paths::Path;
use crate::perform::list_items;
use crate::reply;
use crate::trimmed::{Trimmed, WatchEvent};

/// The shortest time, in seconds, after which the server is asked to end a watch. A connection that is dead without
/// anybody having noticed is found out this way.
const WATCH_SECONDS_MIN: u64 = 150;
/// By how many seconds the times of watches differ.
const WATCH_SECONDS_SPREAD: u64 = 60;
/// How much later than asked for the server may end a watch.
const WATCH_GRACE: Duration = Duration::from_secs(10);
/// A watch that ends earlier than this without having said anything counts as broken.
const WATCH_SHORT: Duration = Duration::from_secs(1);

const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
const METADATA_OBJECT: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

/// What is listed and watched.
#[derive(Debug, Clone)]
pub struct ListWatch {
    /// Who asks.
    pub identity: Identity,
    /// The kind of the objects.
    pub kind: GroupVersionKind,
    /// Its name in paths.
    pub plural: String,
    /// One namespace, or all.
    pub namespace: Option<String>,
    /// A label selector; empty for none.
    pub labels: String,
    /// A field selector; empty for none.
    pub fields: String,
    /// How much of each object.
    pub part: Part,
}

/// How much of an object is asked for and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All but its managed fields.
    Whole,
    /// `metadata` without its managed fields.
    Metadata,
    /// [`essentials`], for which the managed fields are read.
    Essentials,
}

/// What a stream has seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// All objects at one moment.
    Snapshot(Vec<Object>),
    /// An object was created or changed.
    Changed(Object),
    /// An object is gone, or not selected any more: as it was last.
    Gone(Object),
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Nobody looks any more.
    Stop,
}

/// Who looks.
pub trait Observer: Send {
    /// Something was seen.
    fn seen(&mut self, seen: Seen) -> impl Future<Output = Flow> + Send;
    /// A list or watch failed. It is tried again unless the observer stops.
    fn failed(&mut self, failure: Failure) -> impl Future<Output = Flow> + Send;
}

/// Why a watch is over.
pub(super) enum End {
    /// In order, or by a broken connection after something was seen: it goes on from where it was.
    Resumable,
    /// Before anything was seen.
    Failed(Failure),
    /// The server does not know the resource version any more, or refuses: everything is listed again.
    Expired(Option<Failure>),
    /// The observer does not want more.
    Stopped,
}

/// Lists, then watches, and so on until the observer stops.
pub async fn follow<O: Observer>(client: &ApiClient, what: &ListWatch, observer: &mut O) {
    let mut backoff = WatchBackoff::default();
    let mut version: Option<String> = None;
    loop {
        let failure = match &mut version {
            None => match what.list(client).await {
                Ok((objects, at)) => {
                    version = Some(at);
                    if observer.seen(Seen::Snapshot(objects)).await == Flow::Stop {
                        return;
                    }
                    continue;
                }
                Err(failure) => Some(failure),
            },
            Some(at) => match what.watch(client, at, observer).await {
                End::Resumable => {
                    backoff.reset();
                    continue;
                }
                End::Failed(failure) => Some(failure),
                End::Expired(failure) => {
                    version = None;
                    failure
                }
                End::Stopped => return,
            },
        };
        if let Some(failure) = failure
            && observer.failed(failure).await == Flow::Stop
        {
            return;
        }
        backoff.pause().await;
    }
}

impl ListWatch {
    /// All objects, and the resource version from which a watch goes on. The answer is not older than the question.
    pub(crate) async fn list(&self, client: &ApiClient) -> Result<(Vec<Object>, String), Failure> {
        let page = |path: Path| async move {
            let request = self.request(path, METADATA_LIST)?;
            match self.part {
                Part::Essentials => client.call(&self.identity, request).await,
                Part::Whole | Part::Metadata => client.list(&self.identity, request).await,
            }
        };
        let shown = |object: Object| match self.part {
            Part::Essentials => Arc::new(essentials(&object)),
            Part::Whole | Part::Metadata => object,
        };
        let made = |items| list_items(items, &self.kind).into_iter().map(shown);
        let listed = all_pages(&self.selected(), page, made).await?;
        Ok((listed.items, listed.version))
    }

    pub(super) async fn watch<O: Observer>(
        &self,
        client: &ApiClient,
        version: &mut String,
        observer: &mut O,
    ) -> End {
        let seconds = WATCH_SECONDS_MIN + jitter(WATCH_SECONDS_SPREAD);
        let path = self
            .selected()
            .query("watch", "true")
            .query("allowWatchBookmarks", "true")
            .query("resourceVersion", version)
            .query("timeoutSeconds", &seconds.to_string());
        let opened = match self.request(path, METADATA_OBJECT) {
            Ok(request) => client.watch(&self.identity, request).await,
            Err(failure) => Err(failure),
        };
        let mut lines = match opened {
            Ok(response) => Lines::new(response.into_body().map_err(|error| plain(&error))),
            Err(Failure::Api(error)) if error.code == 410 => return End::Expired(None),
            Err(failure @ Failure::Api(_)) => return End::Expired(Some(failure)),
            Err(failure) => return End::Failed(failure),
        };
        let opened_at = Instant::now();
        let end = opened_at + Duration::from_secs(seconds) + WATCH_GRACE;
        let mut has_seen = false;
        loop {
            let line = match tokio::time::timeout_at(end, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) | Err(_) if has_seen || opened_at.elapsed() >= WATCH_SHORT => {
                    return End::Resumable;
                }
                Ok(Ok(None)) | Err(_) => {
                    return End::Failed(Failure::Unknown("the watch ended at once".to_owned()));
                }
                Ok(Err(_)) if has_seen => return End::Resumable,
                Ok(Err(error)) => return End::Failed(Failure::Unknown(error.to_string())),
            };
            if let Some(end) = self.event(line, version, observer).await {
                return end;
            }
            has_seen = true;
        }
    }

    /// Handles one event of a watch; `None` to go on.
    async fn event<O: Observer>(&self, line: &[u8], version: &mut String, observer: &mut O) -> Option<End> {
        let WatchEvent { kind, mut object } = match self.read(line) {
            Ok(event) => event,
            Err(error) => {
                return Some(End::Expired(Some(Failure::Unknown(format!("unreadable event: {error}")))));
            }
        };
        if kind == "ERROR" {
            let error = reply::of_status(&object);
            return Some(End::Expired((error.code != 410).then_some(Failure::Api(error))));
        }
        let at = metadata::text(&object, "resourceVersion");
        if !at.is_empty() {
            at.clone_into(version);
        }
        if let Some(fields) = object.as_object_mut() {
            fields.insert("apiVersion".to_owned(), Value::String(self.kind.api_version.clone()));
            fields.insert("kind".to_owned(), Value::String(self.kind.kind.clone()));
        }
        let seen = match kind.as_str() {
            "ADDED" | "MODIFIED" => Seen::Changed(Arc::new(object)),
            "DELETED" => Seen::Gone(Arc::new(object)),
            _ => return None,
        };
        (observer.seen(seen).await == Flow::Stop).then_some(End::Stopped)
    }

    fn read(&self, line: &[u8]) -> serde_json::Result<WatchEvent<Value>> {
        if self.part == Part::Essentials {
            let WatchEvent { kind, object } = serde_json::from_slice::<WatchEvent<Value>>(line)?;
            let object = if kind == "ERROR" { object } else { essentials(&object) };
            return Ok(WatchEvent { kind, object });
        }
        let WatchEvent { kind, object: Trimmed(object) } = serde_json::from_slice(line)?;
        Ok(WatchEvent { kind, object })
    }

    fn selected(&self) -> Path {
        let path = Path::collection(&self.kind.api_version, &self.plural, self.namespace.as_deref());
        path.query_unless_empty("labelSelector", &self.labels)
            .query_unless_empty("fieldSelector", &self.fields)
    }

    fn request(&self, path: Path, metadata_accept: &str) -> Result<Request<Vec<u8>>, Failure> {
        let accept = if self.part == Part::Whole { "application/json" } else { metadata_accept };
        Request::get(path.as_str())
            .header(ACCEPT, accept)
            .body(Vec::new())
            .map_err(|error| Failure::Unreachable(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
