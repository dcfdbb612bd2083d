//! The cluster's end: requests are taken in one at a time, and open watches are told what has changed.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Bytes;
use pilothouse_io_sim::http::{Frontend, HttpBody, HttpRequest, HttpResponse, WatchStream};
use pilothouse_io_sim::server::Server;
use pilothouse_protocol::{Monotonic, Now};
use tokio::sync::{mpsc, oneshot};

use super::body::AnswerBody;
use super::service::ApiService;

/// Requests that wait; whoever has another one waits too.
const WAITING_MAX: usize = 256;

/// Portions that a watcher may be behind. One that reads more slowly is cut off and has to begin anew.
const BEHIND_MAX: usize = 4096;

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Asked {
    pub(super) request: HttpRequest,
    pub(super) answer: oneshot::Sender<Response<AnswerBody>>,
}

/// Where requests to one simulated cluster arrive.
#[derive(Debug)]
pub struct Desk {
    frontend: Frontend,
    queue: mpsc::Receiver<Asked>,
    watches: Vec<(WatchStream, mpsc::Sender<Bytes>)>,
    told: u64,
}

impl Desk {
    /// A desk, and the service that leads to it.
    #[must_use]
    pub fn open() -> (Self, ApiService) {
        let (sender, queue) = mpsc::channel(WAITING_MAX);
        let desk = Self { frontend: Frontend::default(), queue, watches: Vec::new(), told: 0 };
        (desk, ApiService::new(sender))
    }

    /// The next request. Waits for ever when nobody can ask any more.
    pub async fn next(&mut self) -> Asked {
        match self.queue.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }

    /// Answers a request. Call [`Desk::tell`] afterwards.
    pub fn answer(&mut self, server: &mut Server, now: Now, asked: Asked) {
        let HttpResponse { status, headers, body } = self.frontend.answer(server, now, &asked.request);
        let body = match body {
            HttpBody::Whole(bytes) => AnswerBody::whole(bytes),
            HttpBody::Watch(stream) => {
                let (sender, lines) = mpsc::channel(BEHIND_MAX);
                let mut watch = (*stream, sender);
                if is_going_on(&mut watch, server, now) {
                    self.watches.push(watch);
                }
                AnswerBody::stream(lines)
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        // Who has gone meanwhile needs no answer.
        let _ = asked.answer.send(response);
    }

    /// Tells the watches what has changed, and ends those whose time is over.
    pub fn tell(&mut self, server: &Server, now: Now) {
        let revision = server.revision();
        let is_due = |at: Monotonic| at <= now.monotonic;
        if revision == self.told && !self.watches.iter().any(|(stream, _)| is_due(stream.deadline())) {
            return;
        }
        self.told = revision;
        self.watches.retain_mut(|watch| is_going_on(watch, server, now));
    }
}

/// Sends what is new; `false` when the watch is over, or nobody listens or keeps up.
fn is_going_on((stream, lines): &mut (WatchStream, mpsc::Sender<Bytes>), server: &Server, now: Now) -> bool {
    let new = stream.poll(server, now);
    let is_sent = new.is_empty() || lines.try_send(Bytes::from(new)).is_ok();
    is_sent && !stream.is_over() && !lines.is_closed()
}
