//! The API server model behind HTTP: what kubectl, Helm and any other client of Kubernetes send, and what they get back.
//!
//! Nothing here reads from a socket or a clock. A request is given with the present moment and answered at once; a watch
//! becomes a [`WatchStream`] that whoever holds it polls after every change and when its deadline has come. Answers are
//! JSON; Protobuf is understood in requests, but not offered.

mod accept;
mod body;
mod discovery;
mod list;
mod names;
mod objects;
mod openapi;
mod protobuf;
mod query;
mod reviews;
mod route;
mod scale;
mod selector;
mod status;
mod table;
mod watch;
mod write;

pub use watch::WatchStream;

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{ApiError, Identity, Monotonic, Now};
use serde_json::Value;

use crate::server::kinds::Kind;
use crate::server::{Caller, Server, errors};
use query::Query;
use route::{Objects, Route};
use status::Subject;

/// The largest body that is read, in bytes, as a real server has it.
pub const BODY_MAX: usize = 3 * 1024 * 1024;

/// How long old revisions can be asked for, in nanoseconds: what is older is gone, and answered with 410.
const COMPACTION: u64 = 300 * crate::clock::SECOND;

/// A request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`...
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// What follows the question mark; empty for nothing.
    pub query: String,
    /// Headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Headers: names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: HttpBody,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum HttpBody {
    /// All of it.
    Whole(Vec<u8>),
    /// A stream that goes on.
    Watch(Box<WatchStream>),
}

/// The HTTP side of a server: it remembers how old revisions are.
#[derive(Debug, Clone, Default)]
pub struct Frontend {
    compacted_at: Monotonic,
    next_compaction: u64,
}

/// One request under way.
struct Context<'a> {
    server: &'a mut Server,
    now: Now,
    request: &'a HttpRequest,
    query: Query,
    who: Who,
    /// What the answer warns of, whatever it is.
    warnings: Vec<String>,
}

/// Who asks, and when.
struct Who {
    identity: Identity,
    manager: String,
    wall: i64,
}

/// What cannot be done, and whom it is about.
struct Refusal {
    error: ApiError,
    subject: Option<Box<Subject>>,
    /// A continue token that goes on with the present state.
    resume: Option<String>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { error, subject: None, resume: None }
    }
}

impl HttpRequest {
    /// A request without headers and body. `target` is the path with its query.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        Self { method, path, query, ..Self::default() }
    }

    /// With a header; `name` in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With a body of a content type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    fn value(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl HttpResponse {
    /// The JSON of a whole body; null for anything else.
    #[must_use]
    pub fn json(&self) -> Value {
        match &self.body {
            HttpBody::Whole(bytes) => serde_json::from_slice(bytes).unwrap_or_default(),
            HttpBody::Watch(_) => Value::Null,
        }
    }

    fn of_json(status: u16, value: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: HttpBody::Whole(value.to_string().into_bytes()) }
    }

    fn of_text(status: u16, text: &str) -> Self {
        let headers = vec![("content-type", "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, body: HttpBody::Whole(text.as_bytes().to_vec()) }
    }
}

impl Frontend {
    /// Answers a request.
    pub fn answer(&mut self, server: &mut Server, now: Now, request: &HttpRequest) -> HttpResponse {
        self.compact(server, now);
        let mut context = match Context::new(server, now, request) {
            Ok(context) => context,
            Err(refusal) => return refusal.response(),
        };
        let mut response = context.answer().unwrap_or_else(Refusal::response);
        for warning in context.warnings {
            response.headers.push(("warning", format!("299 - {warning:?}")));
        }
        response
    }

    /// Forgets revisions as etcd's compactor does: every few minutes those that were old the last time.
    fn compact(&mut self, server: &mut Server, now: Now) {
        if now.monotonic.nanos_since(self.compacted_at) < COMPACTION {
            return;
        }
        server.compact(self.next_compaction);
        self.next_compaction = server.revision();
        self.compacted_at = now.monotonic;
    }
}

impl<'a> Context<'a> {
    fn new(server: &'a mut Server, now: Now, request: &'a HttpRequest) -> Result<Self, Refusal> {
        if request.body.len() > BODY_MAX {
            let message = format!("Request entity too large: limit is {BODY_MAX}");
            return Err(ApiError::new(413, "RequestEntityTooLarge", message).into());
        }
        let query = Query::parse(&request.query);
        let identity = identity(request.value("impersonate-user"))?;
        let manager = manager(query.get("fieldManager"), request.value("user-agent"));
        let who = Who { identity, manager, wall: now.wall };
        Ok(Self { server, now, request, query, who, warnings: Vec::new() })
    }

    fn answer(&mut self) -> Result<HttpResponse, Refusal> {
        let route = Route::parse(&self.request.path);
        if let Route::Objects(objects) = &route {
            return self.objects(objects);
        }
        if self.request.method != "GET" && self.request.method != "HEAD" {
            return Ok(not_allowed());
        }
        match route {
            Route::Version => Ok(HttpResponse::of_json(200, &discovery::version(self.server))),
            Route::Health => Ok(HttpResponse::of_text(200, "ok")),
            Route::CoreVersions | Route::Groups => self.groups(route == Route::Groups),
            Route::Group(group) => Ok(found(discovery::group(self.server, &group))),
            Route::Resources(version) => Ok(found(discovery::resources(self.server, &version))),
            Route::OpenApiIndex => Ok(HttpResponse::of_json(200, &openapi::index(self.server))),
            Route::OpenApi(version) => Ok(found(openapi::document(self.server, &version))),
            Route::Objects(_) | Route::Unknown => Ok(unknown_path()),
        }
    }

    fn groups(&self, all: bool) -> Result<HttpResponse, Refusal> {
        use accept::Form;
        let form = accept::negotiate(self.request.value("accept"), &[Form::Discovery, Form::Plain])?;
        if form == Form::Plain {
            let document = if all { discovery::group_list(self.server) } else { discovery::core_versions() };
            return Ok(HttpResponse::of_json(200, &document));
        }
        let mut response = HttpResponse::of_json(200, &discovery::aggregated(self.server, all));
        response.headers = vec![("content-type", discovery::AGGREGATED.to_owned())];
        Ok(response)
    }

    fn kind(&self, objects: &Objects) -> Option<Arc<Kind>> {
        self.server.kinds().by_plural(&objects.api_version, &objects.plural)
    }
}

impl Who {
    fn caller(&self) -> Caller<'_> {
        Caller { wall: self.wall, identity: &self.identity, manager: &self.manager, subresource: "" }
    }
}

impl Refusal {
    fn response(self) -> HttpResponse {
        let mut status = status::failure(&self.error, self.subject.as_deref());
        if let Some(token) = self.resume {
            status["metadata"]["continue"] = Value::String(token);
        }
        let mut response = HttpResponse::of_json(self.error.code, &status);
        if let Some(seconds) = self.error.retry_after_seconds {
            response.headers.push(("retry-after", seconds.to_string()));
        }
        response
    }
}

fn found(document: Option<Value>) -> HttpResponse {
    document.map_or_else(unknown_path, |document| HttpResponse::of_json(200, &document))
}

fn unknown_path() -> HttpResponse {
    HttpResponse::of_text(404, "404 page not found\n")
}

fn not_allowed() -> HttpResponse {
    let error = ApiError::new(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    );
    Refusal::from(error).response()
}

/// Who asks: the administrator, or the service account that is impersonated.
fn identity(user: &str) -> Result<Identity, ApiError> {
    if user.is_empty() {
        return Ok(Identity::Controller);
    }
    let account = user.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
    match account {
        Some((namespace, name)) => {
            Ok(Identity::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() })
        }
        None => Err(errors::bad_request(format!(
            "user {user:?} cannot be impersonated: only service accounts can"
        ))),
    }
}

/// The field manager of a write: the one that is named, or else the program that sent it.
fn manager(named: &str, agent: &str) -> String {
    if !named.is_empty() {
        return named.to_owned();
    }
    let program = agent.split('/').next().unwrap_or_default();
    let printable = program.chars().filter(|letter| letter.is_ascii_graphic() || *letter == ' ').take(128);
    let name: String = printable.collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}
