//! The connection to the API server: one pool of connections, any number of identities.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use http::{Request, Response};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use kube::client::Body;
use pilothouse_protocol::{Failure, Identity, ReleaseKey};
use serde_json::Value;

use crate::connection;
use crate::election::{Fence, is_write};
use crate::limiter::{Rate, TokenBucket};
use crate::metrics::Metrics;
use crate::reply;
use crate::tokens::TokenSource;
use crate::trimmed;

/// How long the head of an answer may take, and its body. The API server gives up after 60 seconds; the client waits a
/// little longer, so that it learns about that.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(70);

/// Buckets of identities that are kept; when there are more, full ones are dropped.
const BUCKETS_MAX: usize = 4096;

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");
const AGENT: &str = concat!("pilothouse/", env!("CARGO_PKG_VERSION"));

/// What has a bucket of its own: an identity, and each release that acts under it. The original makes a client with a
/// bucket for each reconcile.
type Pace = (Identity, Option<ReleaseKey>);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither a kubeconfig nor a cluster around the process.
    #[error("could not find a cluster configuration: {0}")]
    Config(#[from] kube::config::InferConfigError),
    /// The configuration names certificates or an authentication that cannot be used.
    #[error("could not set up the client: {0}")]
    Client(#[from] kube::Error),
}

/// The cluster that `$KUBECONFIG`, the default kubeconfig or the process' Pod names, in this order.
///
/// # Errors
///
/// There is none of these, or it cannot be read.
pub async fn find_cluster() -> Result<kube::Config, ConnectError> {
    Ok(kube::Config::infer().await?)
}

/// A client of one API server. Requests are neither retried nor redirected.
pub struct ApiClient {
    client: kube::Client,
    /// Watches have a connection of their own: nothing has to wait behind what they have to say.
    watches: kube::Client,
    host: String,
    rate: Rate,
    buckets: Mutex<BTreeMap<Pace, Arc<TokenBucket>>>,
    metrics: Arc<Metrics>,
    token: Option<TokenSource>,
    fence: Fence,
}

impl ApiClient {
    /// A client of the cluster of a configuration.
    ///
    /// # Errors
    ///
    /// The configuration names certificates or an authentication that cannot be used.
    pub fn new(mut config: kube::Config, rate: Rate, metrics: Arc<Metrics>) -> Result<Self, ConnectError> {
        config.default_retry = false;
        let host = config.cluster_url.authority().map(ToString::to_string).unwrap_or_default();
        let (client, watches) = (connection::client(&config)?, connection::client(&config)?);
        let (buckets, fence) = (Mutex::default(), Fence::open());
        Ok(Self { client, watches, host, rate, buckets, metrics, token: None, fence })
    }

    /// A client of an API server behind a service within the process. Requests and watches share it.
    #[must_use]
    pub fn over(service: kube::Client, rate: Rate, metrics: Arc<Metrics>) -> Self {
        let (buckets, fence) = (Mutex::default(), Fence::open());
        let host = "in-process".to_owned();
        Self { client: service.clone(), watches: service, host, rate, buckets, metrics, token: None, fence }
    }

    /// Sends writes only while the fence is open.
    #[must_use]
    pub fn with_fence(mut self, fence: Fence) -> Self {
        self.fence = fence;
        self
    }

    /// Where requests are counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The fence of the writes.
    #[must_use]
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Sends a token with each request.
    #[must_use]
    pub fn with_token(mut self, source: TokenSource) -> Self {
        self.token = Some(source);
        self
    }

    /// Sends a request and reads its answer as JSON.
    ///
    /// # Errors
    ///
    /// The API server's refusal, or what is known about the effect when there is no answer.
    pub async fn call(&self, identity: &Identity, request: Request<Vec<u8>>) -> Result<Value, Failure> {
        self.json((identity.clone(), None), request).await
    }

    /// [`ApiClient::call`] for a release.
    ///
    /// # Errors
    ///
    /// As [`ApiClient::call`].
    pub async fn call_for(
        &self,
        release: &ReleaseKey,
        identity: &Identity,
        request: Request<Vec<u8>>,
    ) -> Result<Value, Failure> {
        self.json((identity.clone(), Some(release.clone())), request).await
    }

    /// [`ApiClient::call_for`], whose answer is an object of which the managed fields are left out.
    ///
    /// # Errors
    ///
    /// As [`ApiClient::call`].
    pub async fn call_trimmed_for(
        &self,
        release: &ReleaseKey,
        identity: &Identity,
        request: Request<Vec<u8>>,
    ) -> Result<Value, Failure> {
        let answer = self.answer((identity.clone(), Some(release.clone())), request).await?;
        trimmed::object(&answer).map_err(unreadable)
    }

    /// Sends the request of a list and reads its answer, without the managed fields of the objects.
    ///
    /// # Errors
    ///
    /// As [`ApiClient::call`].
    pub async fn list(&self, identity: &Identity, request: Request<Vec<u8>>) -> Result<Value, Failure> {
        let answer = self.answer((identity.clone(), None), request).await?;
        trimmed::list(&answer).map_err(unreadable)
    }

    async fn json(&self, pace: Pace, request: Request<Vec<u8>>) -> Result<Value, Failure> {
        serde_json::from_slice(&self.answer(pace, request).await?).map_err(unreadable)
    }

    async fn answer(&self, pace: Pace, request: Request<Vec<u8>>) -> Result<Bytes, Failure> {
        let response = self.send_over(&self.client, pace, request).await?;
        read(response.into_body()).await
    }

    /// Sends the request of a watch; returns as soon as the head of a successful answer is there.
    ///
    /// # Errors
    ///
    /// As [`ApiClient::call`].
    pub async fn watch(
        &self,
        identity: &Identity,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Body>, Failure> {
        self.send_over(&self.watches, (identity.clone(), None), request).await
    }

    async fn send_over(
        &self,
        client: &kube::Client,
        pace: Pace,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = with_headers(&pace.0, request)?;
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, token.bearer().await?);
        }
        let method = request.method().to_string();
        self.bucket(pace).acquire().await;
        self.fence.check(request.method())?;
        if is_write(request.method()) {
            request.extensions_mut().insert(self.fence.clone());
        }
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, client.send(request.map(Body::from))).await;
        let code = answer.as_ref().ok().and_then(|sent| sent.as_ref().ok()).map(|response| response.status());
        self.metrics.count_request(
            code.as_ref().map_or("<error>", |code| code.as_str()),
            &self.host,
            &method,
        );
        let response = answer.map_err(|_| timed_out())?.map_err(|error| failure(&self.host, &error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let text = read(body).await.unwrap_or_default();
        Err(Failure::Api(reply::api_error(head.status, &head.headers, &text)))
    }

    fn bucket(&self, pace: Pace) -> Arc<TokenBucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&pace) {
            buckets.retain(|_, bucket| !bucket.is_full());
        }
        let bucket = buckets.entry(pace).or_insert_with(|| Arc::new(TokenBucket::new(self.rate)));
        Arc::clone(bucket)
    }
}

/// Reads a body to its end, within the time of a request.
async fn read(body: Body) -> Result<Bytes, Failure> {
    let read = tokio::time::timeout(REQUEST_TIMEOUT, body.collect_bytes()).await;
    read.map_err(|_| timed_out())?.map_err(|error| Failure::Unknown(plain(&error)))
}

fn unreadable(error: serde_json::Error) -> Failure {
    Failure::Unknown(format!("unreadable answer: {error}"))
}

fn timed_out() -> Failure {
    Failure::Unknown(format!("no answer of the API server within {} seconds", REQUEST_TIMEOUT.as_secs()))
}

fn with_headers(identity: &Identity, mut request: Request<Vec<u8>>) -> Result<Request<Vec<u8>>, Failure> {
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some((namespace, name)) = identity.impersonated() {
        let user = HeaderValue::from_str(&format!("system:serviceaccount:{namespace}:{name}"))
            .map_err(|error| Failure::Unreachable(format!("unusable service account name: {error}")))?;
        headers.insert(IMPERSONATE_USER, user);
    }
    Ok(request)
}

/// What an error of the client says about the effect of the request.
fn failure(host: &str, error: &kube::Error) -> Failure {
    let unsent = match error {
        kube::Error::Service(cause) => {
            cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
        }
        kube::Error::Auth(_) | kube::Error::HttpError(_) => true,
        _ => false,
    };
    let text = format!("API server {host}: {}", plain(error));
    if unsent { Failure::Unreachable(text) } else { Failure::Unknown(text) }
}

/// An error of the client with its causes, without the client's own name for "the layer below failed".
#[must_use]
pub fn plain(error: &kube::Error) -> String {
    match error {
        kube::Error::Service(cause) => chain(cause.as_ref()),
        kube::Error::HyperError(cause) => chain(cause),
        _ => chain(error),
    }
}

/// An error with its causes, as `outer: inner`. A cause that the text before it already names is left out.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str) -> ApiClient {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let config = kube::Config::new(url.parse().unwrap());
        ApiClient::new(config, Rate::new(50.0, 300), Arc::new(Metrics::new(0))).unwrap()
    }

    #[tokio::test]
    async fn a_refused_connection_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let request = Request::get("/version").body(Vec::new()).unwrap();
        let failure = client(&url).call(&Identity::Controller, request).await.unwrap_err();
        assert!(matches!(&failure, Failure::Unreachable(text) if text.contains("refused")), "{failure:?}");
    }

    #[tokio::test]
    async fn a_connection_that_breaks_after_the_request_is_unknown() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            use tokio::io::AsyncReadExt;
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 64];
            let _ = stream.read(&mut head).await;
        });
        let request = Request::get("/version").body(Vec::new()).unwrap();
        let failure = client(&url).call(&Identity::Controller, request).await.unwrap_err();
        assert!(failure.is_unknown(), "{failure:?}");
    }

    #[tokio::test]
    async fn a_closed_fence_lets_no_write_out() {
        let fenced = client("http://127.0.0.1:1").with_fence(Fence::closed());
        let write = Request::post("/api/v1/namespaces").body(Vec::new()).unwrap();
        let failure = fenced.call(&Identity::Controller, write).await.unwrap_err();
        assert!(
            matches!(&failure, Failure::Unreachable(text) if text.starts_with("not sent: ")),
            "{failure:?}"
        );
        let read = Request::get("/version").body(Vec::new()).unwrap();
        let failure = fenced.call(&Identity::Controller, read).await.unwrap_err();
        assert!(matches!(&failure, Failure::Unreachable(text) if text.contains("refused")), "{failure:?}");
    }

    #[test]
    fn a_service_account_is_impersonated() {
        let identity = Identity::ServiceAccount { namespace: "ns".into(), name: "sa".into() };
        let request = with_headers(&identity, Request::get("/").body(Vec::new()).unwrap()).unwrap();
        assert_eq!(request.headers()["impersonate-user"], "system:serviceaccount:ns:sa");
        let own = with_headers(&Identity::Controller, Request::get("/").body(Vec::new()).unwrap()).unwrap();
        assert!(!own.headers().contains_key("impersonate-user"));
    }
}
