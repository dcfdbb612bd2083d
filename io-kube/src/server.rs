//! The health and metrics listeners (spec 06 §3).

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::metrics::Metrics;
use crate::{pprof, resolver};

/// Connections served at the same time by one listener; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 64;

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; charset=utf-8";

/// What a listener answers.
#[derive(Debug, Clone)]
pub enum Site {
    /// `/healthz` and `/readyz`: the process answers, so it is healthy; both are independent of leadership.
    Health,
    /// `/metrics`, and a part of `/debug/pprof/`.
    Metrics(Arc<Metrics>),
}

/// Binds `address` and serves `site` there until the runtime ends.
///
/// # Errors
///
/// The address cannot be bound.
pub async fn serve(address: &str, site: Site) -> io::Result<()> {
    let listener = bind(address).await?;
    tokio::spawn(accept(listener, site));
    Ok(())
}

/// Binds; where the host has no IPv6, an address on all interfaces is bound in IPv4 alone.
async fn bind(address: &str) -> io::Result<TcpListener> {
    match (TcpListener::bind(&*parsed(address).await?).await, address.strip_prefix("[::]")) {
        (Err(error), Some(port)) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind(format!("0.0.0.0{port}")).await
        }
        (bound, _) => bound,
    }
}

/// The addresses that are meant by one with a port, which may have a host's name.
async fn parsed(address: &str) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = address.parse() {
        return Ok(vec![address]);
    }
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "neither ADDRESS:PORT nor HOST:PORT");
    let (host, port) = address.rsplit_once(':').ok_or_else(invalid)?;
    let port: u16 = port.parse().map_err(|_| invalid())?;
    Ok(resolver::addresses(host).await?.into_iter().map(|address| (address, port).into()).collect())
}

async fn accept(listener: TcpListener, site: Site) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let site = site.clone();
                tokio::spawn(async move {
                    connection(stream, site).await;
                    drop(permit);
                });
            }
            // Out of file descriptors, most likely: the pause keeps the loop from spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(stream: TcpStream, site: Site) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(&site, request.method(), request.uri());
        async move { Ok::<_, Infallible>(response) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    // A client that goes away in the middle of an answer is its own affair.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

fn respond(site: &Site, method: &Method, uri: &Uri) -> Response<Full<Bytes>> {
    let (status, content_type, text) = answer(site, method, uri);
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

fn answer(site: &Site, method: &Method, uri: &Uri) -> (StatusCode, &'static str, String) {
    match (site, uri.path()) {
        _ if method != Method::GET && method != Method::HEAD => {
            (StatusCode::METHOD_NOT_ALLOWED, TEXT, "method not allowed\n".to_owned())
        }
        (
            Site::Health,
            "/healthz" | "/healthz/" | "/healthz/ping" | "/readyz" | "/readyz/" | "/readyz/ping",
        ) => (StatusCode::OK, TEXT, "ok".to_owned()),
        (Site::Metrics(metrics), "/metrics") => {
            (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics.render())
        }
        (Site::Metrics(_), path) if let Some(page) = pprof::page(path, uri.query()) => {
            (page.status, TEXT, page.text)
        }
        _ => (StatusCode::NOT_FOUND, TEXT, "404 page not found\n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn paths() {
        let metrics = Site::Metrics(Arc::new(Metrics::new(0)));
        for (site, path, status) in [
            (&Site::Health, "/healthz", 200),
            (&Site::Health, "/readyz", 200),
            (&Site::Health, "/readyz/ping", 200),
            (&Site::Health, "/metrics", 404),
            (&metrics, "/metrics", 200),
            (&metrics, "/healthz", 404),
            (&metrics, "/debug/pprof/", 200),
            (&metrics, "/debug/pprof/heap?debug=1", 200),
            (&metrics, "/debug/pprof/profile?seconds=1", 404),
            (&Site::Health, "/debug/pprof/", 404),
        ] {
            assert_eq!(respond(site, &Method::GET, &Uri::from_static(path)).status(), status, "{path}");
        }
        assert_eq!(respond(&Site::Health, &Method::POST, &Uri::from_static("/healthz")).status(), 405);
    }

    #[tokio::test]
    async fn an_address_may_name_a_host() {
        assert!(bind("localhost:0").await.unwrap().local_addr().unwrap().ip().is_loopback());
        for wrong in ["localhost", "127.0.0.1:port", ":1:2:70000"] {
            let error = bind(wrong).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{wrong}");
            assert_eq!(error.to_string(), "neither ADDRESS:PORT nor HOST:PORT");
        }
    }

    #[tokio::test]
    async fn a_listener_answers() {
        let listener = bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(accept(listener, Site::Health));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nok"), "{answer}");
    }
}
