//! Connections to an API server: HTTP/2 where the server speaks it, so that requests and watches share a connection.

use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use rustls::pki_types::ServerName;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection on which nothing comes is asked for a sign of life, as client-go does.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long that sign may take.
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// A client for the API server of a configuration. It has connections of its own.
///
/// # Errors
///
/// The configuration names certificates, a proxy or an authentication that cannot be used.
pub(crate) fn client(config: &kube::Config) -> Result<kube::Client, kube::Error> {
    if config.proxy_url.is_some() {
        // Says which kinds of proxy can be used.
        return kube::Client::try_from(config.clone());
    }
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let mut builder =
        HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
    if let Some(name) = server_name(config) {
        builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = builder.enable_http1().enable_http2().wrap_connector(http);
    let connections: Client<_, Body> = Client::builder(TokioExecutor::new())
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
        .map_err(tower::BoxError::from)
        .service(connections);
    Ok(kube::Client::new(service, config.default_namespace.clone()))
}

/// The name in the server's certificate, where the configuration gives another one than that of the URL.
fn server_name(config: &kube::Config) -> Option<ServerName<'static>> {
    ServerName::try_from(config.tls_server_name.clone()?).ok()
}
