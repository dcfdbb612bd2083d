//! Plain HTTP to servers that are not the API server: artifacts and notifications.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::ConfigExt;

use crate::reply::retry_after;
use crate::resolver::{HostResolver, connector};

/// A pooling client for `http` and `https`.
pub type HttpClient = Client<Connector, Full<Bytes>>;

type Connector = HttpsConnector<HttpConnector<HostResolver>>;

/// The longest wait that a server can ask for with `Retry-After`.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// A client that trusts the certificates of the system.
///
/// A system without any certificate still gets a client, for plain `http`; each `https` request then fails.
#[must_use]
pub fn http_client() -> HttpClient {
    let connector = system_connector().unwrap_or_else(|| {
        let config = rustls::ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector())
    });
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .build(connector)
}

/// The Kubernetes client's way to find the system's certificates; the URL given is not used.
fn system_connector() -> Option<Connector> {
    let config = kube::Config::new(http::Uri::from_static("https://localhost"));
    config.rustls_https_connector_with_connector(connector()).ok()
}

/// Exponential back-off between `min` and `max`, overridden by the server's `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub min: Duration,
    /// The longest wait.
    pub max: Duration,
}

impl Backoff {
    /// The wait after try number `attempt`, counted from zero. A server can ask for at most five minutes.
    #[must_use]
    pub fn wait(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        match asked {
            Some(asked) => asked.min(RETRY_AFTER_MAX),
            None => self.min.saturating_mul(2_u32.saturating_pow(attempt)).min(self.max),
        }
    }
}

/// What a server that is busy (429, 503) asks for.
#[must_use]
pub fn asked_wait(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
    retry_after(headers).filter(|_| is_busy).map(|seconds| Duration::from_secs(seconds.into()))
}

/// Whether the server may answer otherwise next time: any 5xx but 501 Not Implemented.
#[must_use]
pub fn is_server_trouble(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum() {
        let backoff = Backoff { min: Duration::from_secs(5), max: Duration::from_secs(30) };
        let waits: Vec<u64> = (0..5).map(|attempt| backoff.wait(attempt, None).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 30, 30]);
        assert_eq!(backoff.wait(99, None).as_secs(), 30);
        assert_eq!(backoff.wait(0, Some(Duration::from_secs(1))).as_secs(), 1);
        assert_eq!(backoff.wait(0, Some(Duration::from_secs(86_400))).as_secs(), 300);
    }

    #[test]
    fn only_a_busy_server_is_heard() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", http::HeaderValue::from_static("2"));
        assert_eq!(asked_wait(StatusCode::SERVICE_UNAVAILABLE, &headers), Some(Duration::from_secs(2)));
        assert_eq!(asked_wait(StatusCode::INTERNAL_SERVER_ERROR, &headers), None);
        assert!(
            is_server_trouble(StatusCode::BAD_GATEWAY) && !is_server_trouble(StatusCode::NOT_IMPLEMENTED)
        );
    }
}
