//! Download of chart artifacts (spec 02 §5.1).
//!
//! The retries here belong to the transport, as in the original: a source-controller that restarts is not an error of
//! the release. The receiver verifies the digest.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use pilothouse_protocol::Failure;

use crate::client::chain;
use crate::transport::{Backoff, HttpClient, asked_wait, is_server_trouble};
use crate::urls::{HostOverrides, redirect_target};

/// The largest artifact, in bytes.
pub const ARTIFACT_MAX: usize = 100 * 1024 * 1024;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 10;

/// How downloads are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// Tries after the first one, `--http-retry`.
    pub retries: u32,
    /// The time of one try from connecting to the last byte, `--http-timeout`.
    pub timeout: Duration,
    /// The waits between tries.
    pub backoff: Backoff,
    /// The largest artifact, in bytes.
    pub size_max: usize,
    /// Hosts to use instead of those in the URLs.
    pub hosts: HostOverrides,
}

impl FetchOptions {
    /// The waits of 5 to 30 seconds that the original has, and at most [`ARTIFACT_MAX`] bytes.
    #[must_use]
    pub fn new(retries: u32, timeout: Duration, hosts: HostOverrides) -> Self {
        let backoff = Backoff { min: Duration::from_secs(5), max: Duration::from_secs(30) };
        Self { retries, timeout, backoff, size_max: ARTIFACT_MAX, hosts }
    }
}

/// Downloads artifacts.
#[derive(Clone)]
pub struct Fetcher {
    client: HttpClient,
    options: FetchOptions,
}

/// Why one try failed.
enum Trouble {
    /// Another try will not help.
    Final(Failure),
    /// Another try may help, after the wait that the server asks for.
    Passing(Failure, Option<Duration>),
}

impl Fetcher {
    /// Downloads with `client`.
    #[must_use]
    pub fn new(client: HttpClient, options: FetchOptions) -> Self {
        Self { client, options }
    }

    /// The bytes behind a URL.
    ///
    /// # Errors
    ///
    /// The last try's HTTP status, or why the server could not be asked.
    pub async fn fetch(&self, url: &str) -> Result<Arc<[u8]>, Failure> {
        let url = self.options.hosts.apply(url);
        let mut attempt = 0;
        loop {
            let (failure, asked) = match self.attempt(&url).await {
                Ok(bytes) => return Ok(Arc::from(bytes.as_ref())),
                Err(Trouble::Final(failure)) => return Err(failure),
                Err(Trouble::Passing(failure, asked)) => (failure, asked),
            };
            if attempt >= self.options.retries {
                return Err(given_up(&url, attempt + 1, failure));
            }
            tokio::time::sleep(self.options.backoff.wait(attempt, asked)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, url: &str) -> Result<Bytes, Trouble> {
        match tokio::time::timeout(self.options.timeout, self.follow(url)).await {
            Ok(result) => result,
            Err(_) => Err(unreachable(format!("no complete answer within {:?}", self.options.timeout))),
        }
    }

    async fn follow(&self, url: &str) -> Result<Bytes, Trouble> {
        let mut url = url.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            let request = Request::get(&url).body(Full::new(Bytes::new())).map_err(|error| {
                Trouble::Final(Failure::Unreachable(format!("invalid URL '{url}': {error}")))
            })?;
            let response = self.client.request(request).await.map_err(|error| unreachable(chain(&error)))?;
            let (head, body) = response.into_parts();
            match redirect(head.status, &head.headers) {
                Some(location) => {
                    url = redirect_target(&url, location).ok_or_else(|| lost(&url, location))?
                }
                None => return self.read(head.status, &head.headers, body).await,
            }
        }
        Err(Trouble::Final(Failure::Unreachable(format!("stopped after {REDIRECTS_MAX} redirects"))))
    }

    async fn read(&self, status: StatusCode, headers: &HeaderMap, body: Incoming) -> Result<Bytes, Trouble> {
        if status != StatusCode::OK {
            let line = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
            let failure = Failure::Http { code: status.as_u16(), line: line.trim_end().to_owned() };
            let is_passing = status == StatusCode::TOO_MANY_REQUESTS || is_server_trouble(status);
            let passing = |failure| Trouble::Passing(failure, asked_wait(status, headers));
            return Err(if is_passing { passing(failure) } else { Trouble::Final(failure) });
        }
        let size_max = self.options.size_max;
        let too_large =
            || Trouble::Final(Failure::Unreachable(format!("artifact is larger than {size_max} bytes")));
        if body.size_hint().lower() > size_max as u64 {
            return Err(too_large());
        }
        match Limited::new(body, size_max).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
            Err(error) => Err(unreachable(error.to_string())),
        }
    }
}

fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<&str> {
    let is_redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    headers.get(header::LOCATION).filter(|_| is_redirect)?.to_str().ok()
}

fn unreachable(text: String) -> Trouble {
    Trouble::Passing(Failure::Unreachable(text), None)
}

fn lost(url: &str, location: &str) -> Trouble {
    Trouble::Final(Failure::Unreachable(format!("cannot follow the redirect from '{url}' to '{location}'")))
}

/// A status is reported as it is; a lost connection in the words of Go's `retryablehttp`.
fn given_up(url: &str, tries: u32, failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable(text) => {
            Failure::Unreachable(format!("GET {url} giving up after {tries} attempt(s): {text}"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
