//! Addresses of hosts: those of `/etc/hosts`, and those that the name servers of `/etc/resolv.conf` know.
//!
//! The C library would load plug-ins for this, which have to be of its own version; the command has the C library in it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{Resolver, TokioResolver};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;

/// How long all name servers together may take, with every domain that a name is looked for in.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The addresses of a host, IPv4 and IPv6.
///
/// The system's settings are read each time: they can change while an operator runs, and nothing but connections asks.
///
/// # Errors
///
/// No address is known, or nobody who would know it answers.
pub async fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    let named = |reason: String| io::Error::other(format!("lookup {host}: {reason}"));
    let resolver = system_resolver().map_err(|error| named(error.to_string()))?;
    match tokio::time::timeout(TIMEOUT, resolver.lookup_ip(host)).await {
        Ok(found) => Ok(found.map_err(|error| named(error.to_string()))?.iter().collect()),
        Err(_) => Err(named(format!("no answer of a name server within {} s", TIMEOUT.as_secs()))),
    }
}

/// Finds the addresses of hosts for connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostResolver;

impl tower::Service<Name> for HostResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: Name) -> Self::Future {
        Box::pin(async move {
            let found = addresses(host.as_str()).await?;
            // The connector puts in the port of the URL.
            let found: Vec<SocketAddr> = found.into_iter().map(|address| (address, 0).into()).collect();
            Ok(found.into_iter())
        })
    }
}

/// What connects to hosts, with or without TLS above it.
pub(crate) fn connector() -> HttpConnector<HostResolver> {
    let mut connector = HttpConnector::new_with_resolver(HostResolver);
    connector.enforce_http(false);
    connector
}

/// A resolver with the settings of the system. As with the C library, it asks the own host where none are given.
fn system_resolver() -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_tokio().unwrap_or_else(|_| {
        let own = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![own]);
        Resolver::builder_with_config(config, TokioRuntimeProvider::default())
    });
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // Each is used once.
    options.cache_size = 0;
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_host_is_known_without_a_name_server() {
        let found = addresses("localhost").await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }

    #[tokio::test]
    async fn an_address_is_its_own_address() {
        assert_eq!(addresses("192.0.2.1").await.unwrap(), [IpAddr::from([192, 0, 2, 1])]);
        assert_eq!(addresses("2001:db8::1").await.unwrap(), ["2001:db8::1".parse::<IpAddr>().unwrap()]);
    }

    #[tokio::test]
    async fn an_error_names_the_host() {
        let error = addresses("no such host").await.unwrap_err();
        assert!(error.to_string().starts_with("lookup no such host: "), "{error}");
    }
}
