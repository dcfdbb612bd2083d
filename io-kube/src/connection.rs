//! Connections to an API server: HTTP/2 where the server speaks it, so that requests and watches share a connection.

use std::time::Duration;

use http::Request;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use rustls::pki_types::ServerName;

use crate::election::{Fence, FencedBody};
use crate::resolver;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection on which nothing comes is asked for a sign of life, as client-go does.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long that sign may take.
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// A client for the API server of a configuration. It has connections of its own. A request with a [`Fence`] among its
/// extensions is sent only while that is open.
///
/// # Errors
///
/// The configuration names certificates, a proxy or an authentication that cannot be used.
pub(crate) fn client(config: &kube::Config) -> Result<kube::Client, kube::Error> {
    if config.proxy_url.is_some() {
        // Says which kinds of proxy can be used.
        return kube::Client::try_from(config.clone());
    }
    let mut http = resolver::connector();
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let mut builder =
        HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
    if let Some(name) = server_name(config) {
        builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = builder.enable_http1().enable_http2().wrap_connector(http);
    let connections: Client<_, FencedBody> = Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .build(connector);
    let service = tower::ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_request(fenced)
        .map_err(tower::BoxError::from)
        .service(connections);
    Ok(kube::Client::new(service, config.default_namespace.clone()))
}

fn fenced(mut request: Request<Body>) -> Request<FencedBody> {
    let fence = request.extensions_mut().remove::<Fence>();
    request.map(|body| FencedBody::new(body, fence))
}

/// The name in the server's certificate, where the configuration gives another one than that of the URL.
fn server_name(config: &kube::Config) -> Option<ServerName<'static>> {
    ServerName::try_from(config.tls_server_name.clone()?).ok()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    /// Sends a body while the fence is open or closed; what a server receives until the end of the connection.
    async fn received(fence: Fence) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut text, mut buffer) = (Vec::new(), [0; 1024]);
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                text.extend_from_slice(&buffer[..count]);
                if text.ends_with(b"body") {
                    break;
                }
            }
            String::from_utf8(text).unwrap()
        });
        let client = client(&kube::Config::new(url)).unwrap();
        let mut request = Request::put("/").body(Body::from(b"body".to_vec())).unwrap();
        request.extensions_mut().insert(fence);
        let _ = client.send(request).await;
        server.await.unwrap()
    }

    #[tokio::test]
    async fn a_fence_that_closes_before_the_connection_sends_holds_the_body_back() {
        assert!(received(Fence::open()).await.ends_with("body"));
        let text = received(Fence::closed()).await;
        assert!(!text.contains("body"), "{text}");
    }
}
