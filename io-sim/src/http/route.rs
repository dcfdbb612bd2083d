//! Paths of a Kubernetes API server.

use super::query::decode;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/version`.
    Version,
    /// `/healthz`, `/readyz`, `/livez` and what is below them.
    Health,
    /// `/api`: the versions of the core group.
    CoreVersions,
    /// `/apis`: all other groups.
    Groups,
    /// `/apis/<group>`.
    Group(String),
    /// `/api/v1` or `/apis/<group>/<version>`: its resources.
    Resources(String),
    /// `/openapi/v3`: the list of documents.
    OpenApiIndex,
    /// `/openapi/v3/...` of one group and version.
    OpenApi(String),
    /// Objects.
    Objects(Objects),
    /// Anything else.
    Unknown,
}

/// A resource, or an object of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Objects {
    /// `group/version`, or `version` alone for the core group.
    pub(crate) api_version: String,
    /// The plural.
    pub(crate) plural: String,
    /// The namespace; empty for none.
    pub(crate) namespace: String,
    /// The name; empty for the collection.
    pub(crate) name: String,
    /// The subresource; empty for the object itself.
    pub(crate) subresource: String,
}

impl Route {
    /// Reads a path, without the query.
    pub(crate) fn parse(path: &str) -> Self {
        let parts: Vec<String> =
            path.split('/').filter(|part| !part.is_empty()).map(|part| decode(part, false)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["version"] => Self::Version,
            ["healthz" | "readyz" | "livez", ..] => Self::Health,
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group((*group).to_owned()),
            ["api", version] => Self::Resources((*version).to_owned()),
            ["apis", group, version] => Self::Resources(format!("{group}/{version}")),
            ["openapi", "v3"] => Self::OpenApiIndex,
            ["openapi", "v3", "api", version] => Self::OpenApi((*version).to_owned()),
            ["openapi", "v3", "apis", group, version] => Self::OpenApi(format!("{group}/{version}")),
            ["api", version, rest @ ..] => objects((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => objects(format!("{group}/{version}"), rest),
            _ => Self::Unknown,
        }
    }
}

fn objects(api_version: String, parts: &[&str]) -> Route {
    let (namespace, rest) = match parts {
        // Namespaces themselves look like the beginning of a path to something in them.
        ["namespaces"] | ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", parts),
        ["namespaces", namespace, rest @ ..] => (*namespace, rest),
        _ => ("", parts),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Route::Unknown,
    };
    Route::Objects(Objects {
        api_version,
        plural: plural.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(api_version: &str, namespace: &str, plural: &str, name: &str, subresource: &str) -> Route {
        Route::Objects(Objects {
            api_version: api_version.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: subresource.to_owned(),
        })
    }

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/api", Route::CoreVersions),
            ("/apis/", Route::Groups),
            ("/apis/apps", Route::Group("apps".to_owned())),
            ("/api/v1", Route::Resources("v1".to_owned())),
            ("/apis/apps/v1", Route::Resources("apps/v1".to_owned())),
            ("/openapi/v3/apis/apps/v1", Route::OpenApi("apps/v1".to_owned())),
            ("/readyz/ping", Route::Health),
            ("/api/v1/namespaces", at("v1", "", "namespaces", "", "")),
            ("/api/v1/namespaces/a", at("v1", "", "namespaces", "a", "")),
            ("/api/v1/namespaces/a/status", at("v1", "", "namespaces", "a", "status")),
            ("/api/v1/namespaces/a/pods", at("v1", "a", "pods", "", "")),
            ("/api/v1/namespaces/a/pods/b%20c/log", at("v1", "a", "pods", "b c", "log")),
            ("/apis/apps/v1/deployments", at("apps/v1", "", "deployments", "", "")),
            (
                "/apis/apps/v1/namespaces/a/deployments/b/scale",
                at("apps/v1", "a", "deployments", "b", "scale"),
            ),
            ("/nonsense", Route::Unknown),
            ("/api/v1/namespaces/a/pods/b/c/d", Route::Unknown),
        ] {
            assert_eq!(Route::parse(path), expected, "{path}");
        }
    }
}
