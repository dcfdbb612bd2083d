//! Artifact URLs: the host that stands in for the cluster's, and the targets of redirects.

/// Hosts that replace those of artifact URLs when the operator runs outside of the cluster (spec 02 §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostOverrides {
    /// For artifacts of the source-controller.
    pub source_controller: Option<String>,
    /// For artifacts of the source-watcher.
    pub source_watcher: Option<String>,
}

impl HostOverrides {
    /// The URL from which an artifact is downloaded.
    #[must_use]
    pub fn apply(&self, url: &str) -> String {
        let host =
            if url.contains("//source-watcher") { &self.source_watcher } else { &self.source_controller };
        match (host, url.split_once("://")) {
            (Some(host), Some((scheme, rest))) => {
                let path = rest.find(['/', '?']).and_then(|end| rest.get(end..)).unwrap_or_default();
                format!("{scheme}://{host}{path}")
            }
            _ => url.to_owned(),
        }
    }
}

/// The target of a redirect: `location` as seen from `base` (RFC 3986 §5.2, without `..` in relative paths).
///
/// `None` when the base has no scheme.
#[must_use]
pub fn redirect_target(base: &str, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    if location.starts_with("http://") || location.starts_with("https://") {
        return Some(location.to_owned());
    }
    let (scheme, rest) = base.split_once("://")?;
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = path.split('?').next().unwrap_or_default();
    let directory = path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or("/");
    Some(match location {
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if location.starts_with('/') => format!("{scheme}://{host}{location}"),
        _ if location.starts_with('?') => format!("{scheme}://{host}{path}{location}"),
        _ => format!("{scheme}://{host}{directory}{location}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_replaced() {
        let overrides = HostOverrides { source_controller: Some("localhost:1".into()), source_watcher: None };
        for (url, expected) in [
            ("http://source-controller.flux-system.svc/a/b.tgz", "http://localhost:1/a/b.tgz"),
            ("http://source-controller", "http://localhost:1"),
            ("http://source-watcher.x.svc/a", "http://source-watcher.x.svc/a"),
        ] {
            assert_eq!(overrides.apply(url), expected);
        }
        assert_eq!(HostOverrides::default().apply("http://a/b"), "http://a/b");
    }

    #[test]
    fn redirects_are_resolved() {
        let base = "http://host:1/a/b?q=1";
        for (location, expected) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "http://other/x"),
            ("/x", "http://host:1/x"),
            ("x#part", "http://host:1/a/x"),
            ("?r=2", "http://host:1/a/b?r=2"),
        ] {
            assert_eq!(redirect_target(base, location).as_deref(), Some(expected));
        }
        assert_eq!(redirect_target("http://host", "x").as_deref(), Some("http://host/x"));
        assert_eq!(redirect_target("nonsense", "x"), None);
    }
}
