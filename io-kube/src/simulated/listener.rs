//! A listener on the loopback interface in front of a simulated API server, and the kubeconfig that leads to it.
//!
//! There is no encryption, for nothing leaves the machine, and client-go sends no credentials without it. So the way in
//! is a path that nobody can guess; it is in the kubeconfig, which only its owner can read.

use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

use super::body::AnswerBody;
use super::service::ApiService;
use crate::clock::entropy;

/// Connections at one time; whoever has another one waits.
const CONNECTIONS_MAX: usize = 256;

/// How long a client may take for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Only programs on this machine may come in.
    #[error("--listen {0}: only loopback addresses can be listened on, as 127.0.0.1:0")]
    NotLoopback(String),
    /// The address cannot be bound.
    #[error("unable to listen on {0}: {1}")]
    Bind(String, io::Error),
    /// The kubeconfig cannot be written.
    #[error("{0}: {1}")]
    KubeConfig(String, io::Error),
}

/// A listener. Its kubeconfig is removed with it.
#[derive(Debug)]
pub struct Listener {
    kubeconfig: PathBuf,
}

impl Listener {
    /// Listens until the runtime ends, and writes a kubeconfig to `path`, which must not exist yet, or to a new file
    /// among the temporary ones.
    ///
    /// # Errors
    ///
    /// The address is not of this machine or cannot be bound; the file cannot be written.
    pub async fn start(address: &str, path: Option<&Path>, service: ApiService) -> Result<Self, ListenError> {
        let parsed: SocketAddr = address.parse().map_err(|_| ListenError::NotLoopback(address.to_owned()))?;
        if !parsed.ip().is_loopback() {
            return Err(ListenError::NotLoopback(address.to_owned()));
        }
        let bind_error = |error| ListenError::Bind(address.to_owned(), error);
        let listener = TcpListener::bind(parsed).await.map_err(bind_error)?;
        let bound = listener.local_addr().map_err(bind_error)?;
        let secret = entropy()
            .map_err(bind_error)?
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let kubeconfig = path.map_or_else(
            || std::env::temp_dir().join(format!("pilothouse-dev-{}.kubeconfig", &secret[..12])),
            Path::to_owned,
        );
        write_private(&kubeconfig, &kubeconfig_of(bound, &secret))
            .map_err(|error| ListenError::KubeConfig(kubeconfig.display().to_string(), error))?;
        tokio::spawn(accept(listener, format!("/{secret}"), service));
        Ok(Self { kubeconfig })
    }

    /// The file that leads to the server.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It leads nowhere any more. Where it cannot be removed, it does no harm.
        let _ = fs::remove_file(&self.kubeconfig);
    }
}

fn kubeconfig_of(address: SocketAddr, secret: &str) -> String {
    let name = "pilothouse-dev";
    let document = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": format!("http://{address}/{secret}")}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "users": [{"name": name, "user": {}}],
    });
    format!("{document}\n")
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

async fn accept(listener: TcpListener, prefix: String, service: ApiService) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = connection(stream, prefix.clone(), service.clone());
                tokio::spawn(async move {
                    served.await;
                    drop(permit);
                });
            }
            // Out of file descriptors, most likely: the pause keeps the loop from spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(stream: TcpStream, prefix: String, service: ApiService) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let handler = service_fn(move |request: Request<Incoming>| {
        let answer = enter(request, &prefix).map(|request| service.clone().call(request));
        async move {
            Ok::<_, Infallible>(match answer {
                Some(answer) => answer.await.unwrap_or_else(|_| plain(StatusCode::SERVICE_UNAVAILABLE)),
                None => plain(StatusCode::NOT_FOUND),
            })
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    // A client that goes away in the middle of an answer is its own affair.
    let _ = builder.serve_connection(TokioIo::new(stream), handler).await;
}

/// A request without the secret path; `None` when it does not begin with it.
fn enter<B>(mut request: Request<B>, prefix: &str) -> Option<Request<B>> {
    let target = request.uri().path_and_query()?.as_str().strip_prefix(prefix)?;
    let target = if target.is_empty() { "/" } else { target };
    *request.uri_mut() = target.parse::<Uri>().ok().filter(|_| target.starts_with('/'))?;
    Some(request)
}

fn plain(status: StatusCode) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(Vec::new()));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::simulated::Desk;

    #[test]
    fn only_the_secret_path_leads_in() {
        let path = |target: &str| {
            let request = Request::get(target).body(()).unwrap();
            enter(request, "/s3cret").map(|request| request.uri().to_string())
        };
        assert_eq!(path("/s3cret/api/v1?x=y").as_deref(), Some("/api/v1?x=y"));
        assert_eq!(path("/s3cret").as_deref(), Some("/"));
        for other in ["/", "/api/v1", "/s3cre", "/s3crett/api"] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn the_kubeconfig_is_private_and_goes_with_the_listener() {
        let (_desk, service) = Desk::open();
        let listener = Listener::start("127.0.0.1:0", None, service.clone()).await.unwrap();
        let path = listener.kubeconfig().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&path).unwrap().contains("\"server\":\"http://127.0.0.1:"));
        let again = Listener::start("127.0.0.1:0", Some(&path), service.clone()).await;
        assert!(matches!(again, Err(ListenError::KubeConfig(..))), "an existing file is overwritten");
        drop(listener);
        assert!(!path.exists());
        let outside = Listener::start("0.0.0.0:0", None, service).await;
        assert!(matches!(outside, Err(ListenError::NotLoopback(_))));
    }
}
