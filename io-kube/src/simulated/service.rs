//! The client's end: a `tower` service that answers requests to an API server.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use pilothouse_io_sim::http::{BODY_MAX, HttpRequest};
use tokio::sync::{mpsc, oneshot};

use super::body::AnswerBody;
use super::desk::Asked;

/// The simulated cluster is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the simulated cluster has ended")]
pub struct Closed;

/// A simulated API server, asked through its [`Desk`](super::Desk). Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiService {
    queue: mpsc::Sender<Asked>,
}

impl ApiService {
    /// A service in front of a queue.
    pub(super) fn new(queue: mpsc::Sender<Asked>) -> Self {
        Self { queue }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    ///
    /// The cluster is gone.
    pub async fn ask(&self, request: HttpRequest) -> Result<Response<AnswerBody>, Closed> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Asked { request, answer }).await.map_err(|_| Closed)?;
        answered.await.map_err(|_| Closed)
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    type Response = Response<AnswerBody>;
    type Error = tower::BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = match Limited::new(body, BODY_MAX).collect().await {
                Ok(body) => body.to_bytes().into(),
                // One byte more than is allowed: the server says that it is too much.
                Err(error) if error.is::<LengthLimitError>() => vec![b' '; BODY_MAX + 1],
                Err(error) => return Err(error),
            };
            let mut asked = HttpRequest {
                method: head.method.to_string(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                body,
                ..HttpRequest::default()
            };
            for (name, value) in &head.headers {
                let value = String::from_utf8_lossy(value.as_bytes());
                // Values of a header that comes more than once are one list.
                let known = asked.headers.entry(name.as_str().to_owned()).or_default();
                if !known.is_empty() {
                    known.push(',');
                }
                known.push_str(&value);
            }
            Ok(service.ask(asked).await?)
        })
    }
}
