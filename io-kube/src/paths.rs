//! Paths and queries of the Kubernetes API.

use std::fmt::Write;

use pilothouse_protocol::{ApiResource, Failure};
use std::collections::BTreeMap;

/// A path with its query, built from escaped parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    has_query: bool,
}

impl Path {
    /// The collection of a kind: in one namespace, or over all of them.
    #[must_use]
    pub fn collection(api_version: &str, plural: &str, namespace: Option<&str>) -> Self {
        // The core group is the only one that is served below another root.
        let root = if api_version.contains('/') { "/apis" } else { "/api" };
        let mut text = format!("{root}/{api_version}");
        if let Some(namespace) = namespace {
            text.push_str("/namespaces/");
            escape(&mut text, namespace);
        }
        text.push('/');
        text.push_str(plural);
        Self { text, has_query: false }
    }

    /// The collection to which an object of a kind belongs; the namespace of cluster-scoped kinds is ignored.
    ///
    /// # Errors
    ///
    /// The kind is namespaced and no namespace is given: the path would name something else.
    pub fn home(api_version: &str, resource: &ApiResource, namespace: Option<&str>) -> Result<Self, Failure> {
        if !resource.namespaced {
            return Ok(Self::collection(api_version, &resource.plural, None));
        }
        match namespace.filter(|namespace| !namespace.is_empty()) {
            Some(namespace) => Ok(Self::collection(api_version, &resource.plural, Some(namespace))),
            None => Err(unsendable("an empty namespace may not be set when a resource name is provided")),
        }
    }

    /// One object of the collection.
    ///
    /// # Errors
    ///
    /// The name is empty: the path would name the collection.
    pub fn object(mut self, name: &str) -> Result<Self, Failure> {
        if name.is_empty() {
            return Err(unsendable("resource name may not be empty"));
        }
        self.text.push('/');
        escape(&mut self.text, name);
        Ok(self)
    }

    /// A subresource of the object.
    #[must_use]
    pub fn subresource(mut self, name: &str) -> Self {
        self.text.push('/');
        self.text.push_str(name);
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.push_str(name);
        self.text.push('=');
        escape(&mut self.text, value);
        self
    }

    /// Adds a query parameter unless its value is empty.
    #[must_use]
    pub fn query_unless_empty(self, name: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.query(name, value) }
    }

    /// The path as it goes over the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The text of a label selector that wants these labels.
#[must_use]
pub fn label_selector(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// A request that is not sent because its path would name something else than meant: nothing was changed.
fn unsendable(text: &str) -> Failure {
    Failure::Api(pilothouse_protocol::ApiError::new(400, "BadRequest", text))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986 and `:`, which names of RBAC objects contain.
fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                out.push(char::from(byte))
            }
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(plural: &str, namespaced: bool) -> ApiResource {
        ApiResource { plural: plural.to_owned(), namespaced, status: false }
    }

    #[test]
    fn paths_of_objects() {
        let cases = [
            ("v1", "secrets", true, Some("ns"), "x", "/api/v1/namespaces/ns/secrets/x"),
            ("v1", "namespaces", false, None, "ns", "/api/v1/namespaces/ns"),
            ("apps/v1", "deployments", true, Some("ns"), "x", "/apis/apps/v1/namespaces/ns/deployments/x"),
            (
                "rbac.authorization.k8s.io/v1",
                "clusterroles",
                false,
                Some("ignored"),
                "system:a/b",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%2Fb",
            ),
        ];
        for (api_version, plural, namespaced, namespace, name, expected) in cases {
            let home = Path::home(api_version, &resource(plural, namespaced), namespace).unwrap();
            assert_eq!(home.object(name).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn a_path_that_would_name_something_else_is_refused() {
        let secrets = resource("secrets", true);
        for namespace in [None, Some("")] {
            assert_eq!(Path::home("v1", &secrets, namespace).unwrap_err().api().unwrap().code, 400);
        }
        assert!(Path::home("v1", &secrets, Some("ns")).unwrap().object("").is_err());
    }

    #[test]
    fn queries_are_escaped() {
        let labels = [("b".to_owned(), "2".to_owned()), ("a/x".to_owned(), "1".to_owned())].into();
        let path = Path::collection("v1", "pods", None)
            .query("labelSelector", &label_selector(&labels))
            .query_unless_empty("fieldSelector", "")
            .query("watch", "true");
        assert_eq!(path.as_str(), "/api/v1/pods?labelSelector=a%2Fx%3D1%2Cb%3D2&watch=true");
    }
}
