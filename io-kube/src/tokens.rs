//! Tokens of service accounts for clusters that trust them (`spec.kubeConfig.configMapRef`, provider `generic`).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderValue, Request, header::CONTENT_TYPE};
use pilothouse_protocol::{Failure, Identity};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::ApiClient;
use crate::clock;
use crate::paths::Path;

/// The token of the operator's own Pod: its subject is the operator's service account.
const OWN_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// A token is asked for anew when this share of its life has passed.
const RENEW_AFTER: f64 = 0.8;

/// How tokens are kept (`--token-cache-max-size`, `--token-cache-max-duration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenOptions {
    /// Otherwise one is asked for with each request.
    pub keep: bool,
    /// For how long at most.
    pub longest: Duration,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self { keep: true, longest: Duration::from_secs(3600) }
    }
}

/// Asks the operator's own API server for tokens of one service account, and keeps the newest.
pub struct TokenSource {
    client: Arc<ApiClient>,
    namespace: String,
    name: Option<String>,
    audiences: Vec<String>,
    newest: Mutex<Option<(HeaderValue, Instant)>>,
    options: TokenOptions,
}

impl TokenSource {
    /// Tokens for `audiences` of a service account; of the operator's own when no name is given.
    #[must_use]
    pub fn new(
        client: Arc<ApiClient>,
        namespace: String,
        name: Option<String>,
        audiences: Vec<String>,
    ) -> Self {
        Self {
            client,
            namespace,
            name,
            audiences,
            newest: Mutex::default(),
            options: TokenOptions::default(),
        }
    }

    /// Keeps tokens like this.
    #[must_use]
    pub fn with_options(mut self, options: TokenOptions) -> Self {
        self.options = options;
        self
    }

    /// The value of an `Authorization` header.
    ///
    /// # Errors
    ///
    /// There is no token to be had; nothing was sent to the other cluster.
    pub async fn bearer(&self) -> Result<HeaderValue, Failure> {
        let metrics = self.client.metrics();
        let mut newest = self.newest.lock().await;
        if let Some((header, _)) = newest.as_ref().filter(|(_, until)| Instant::now() < *until) {
            metrics.token_requested(true, false);
            return Ok(header.clone());
        }
        let asked = self.ask().await;
        if newest.take().is_some() {
            metrics.token_dropped();
        }
        metrics.token_requested(asked.is_ok(), self.options.keep);
        let failed =
            |text: String| Failure::Unreachable(format!("failed to get access token for cluster: {text}"));
        let (header, life) = asked.map_err(failed)?;
        if self.options.keep {
            let life = life.mul_f64(RENEW_AFTER).min(self.options.longest);
            *newest = Some((header.clone(), Instant::now() + life));
        }
        Ok(header)
    }

    async fn ask(&self) -> Result<(HeaderValue, Duration), String> {
        let (namespace, name) = match &self.name {
            Some(name) => (self.namespace.clone(), name.clone()),
            None => own_account()?,
        };
        let failed = |error: String| {
            format!("failed to create kubernetes token for service account '{namespace}/{name}': {error}")
        };
        let path = Path::collection("v1", "serviceaccounts", Some(&namespace))
            .object(&name)
            .map_err(|failure| failed(failure.to_string()))?
            .subresource("token");
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"audiences": self.audiences}});
        let request = Request::post(path.as_str())
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())
            .map_err(|error| failed(error.to_string()))?;
        // A token that gives itself tokens would go round in circles: the own client has none.
        let asked = Box::pin(self.client.call(&Identity::Controller, request));
        let answer = asked.await.map_err(|failure| failed(failure.to_string()))?;
        let token = answer["status"]["token"].as_str().unwrap_or_default();
        let mut header =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|error| failed(error.to_string()))?;
        header.set_sensitive(true);
        let expires = claims(token).and_then(|claims| claims["exp"].as_i64());
        let expires = expires.ok_or_else(|| failed("the token has no time of expiry".to_owned()))?;
        let now = clock::wall_nanos() / 1_000_000_000;
        Ok((header, Duration::from_secs(u64::try_from(expires - now).unwrap_or_default())))
    }
}

/// Namespace and name of the operator's own service account.
fn own_account() -> Result<(String, String), String> {
    let failed = |error: String| format!("failed to read service account token file {OWN_TOKEN}: {error}");
    let token = std::fs::read_to_string(OWN_TOKEN).map_err(|error| failed(error.to_string()))?;
    let claims = claims(token.trim()).ok_or_else(|| failed("it is no JSON web token".to_owned()))?;
    account(claims["sub"].as_str().unwrap_or_default())
        .ok_or_else(|| failed("its subject is no service account".to_owned()))
}

/// `system:serviceaccount:<namespace>:<name>`.
fn account(subject: &str) -> Option<(String, String)> {
    let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    Some((namespace.to_owned(), name.to_owned()))
}

/// The claims of a JSON web token (RFC 7519); they are not verified, for whoever takes the token does that.
fn claims(token: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The certificates of a PEM text, in DER.
///
/// # Errors
///
/// There is none, or one is not base64.
pub fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let bodies = pem.split(BEGIN).skip(1).map(|rest| rest.split(END).next().unwrap_or_default());
    let decode = |body: &str| {
        let text: String = body.split_whitespace().collect();
        STANDARD.decode(text).map_err(|_| "ca.crt: a certificate is not base64".to_owned())
    };
    let found = bodies.map(decode).collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() { Err("ca.crt holds no certificate".to_owned()) } else { Ok(found) }
}

impl Drop for TokenSource {
    fn drop(&mut self) {
        if self.newest.get_mut().is_some() {
            self.client.metrics().token_dropped();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::limiter::Rate;
    use crate::metrics::Metrics;

    #[test]
    fn subjects_and_certificates() {
        assert_eq!(account("system:serviceaccount:ns:sa"), Some(("ns".to_owned(), "sa".to_owned())));
        assert_eq!(account("admin"), None);
        let pem = "x\n-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(&pem.repeat(2)), Ok(vec![b"a".to_vec(), b"a".to_vec()]));
        assert!(certificates("nothing").is_err() && certificates(&pem.replace("YQ", "*")).is_err());
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_in_its_life() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap();
            let claims =
                URL_SAFE_NO_PAD.encode(json!({"exp": clock::wall_nanos() / 1_000_000_000 + 600}).to_string());
            let body = json!({"status": {"token": format!("h.{claims}.s")}}).to_string();
            let answer = format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&head[..length]).into_owned()
        });
        let config = kube::Config::new(url.parse().unwrap());
        let metrics = Arc::new(Metrics::new(0));
        let client = ApiClient::new(config, Rate::new(50.0, 300), Arc::clone(&metrics)).unwrap();
        let source = TokenSource::new(Arc::new(client), "ns".into(), Some("sa".into()), vec!["a".into()]);
        let first = source.bearer().await.unwrap();
        assert_eq!(source.bearer().await.unwrap(), first);
        assert!(first.to_str().unwrap().starts_with("Bearer h."));
        let head = served.await.unwrap();
        assert!(head.starts_with("POST /api/v1/namespaces/ns/serviceaccounts/sa/token "), "{head}");
        assert!(source.bearer().await.is_ok());
        let shown = |line: &str| assert!(metrics.render().lines().any(|shown| shown == line), "{line}");
        shown("gotk_token_cache_requests_total{status=\"success\"} 3");
        shown("gotk_token_cached_items 1");
        drop(source);
        shown("gotk_token_cached_items 0");
        shown("gotk_token_cache_evictions_total 1");
    }
}
