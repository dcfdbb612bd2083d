//! What an API server serves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::GroupVersionKind;

/// Server version and served kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Discovery {
    /// `gitVersion` of the server, `v1.36.1`.
    pub git_version: String,
    /// `major`.
    pub major: String,
    /// `minor`.
    pub minor: String,
    /// Served kinds. Serialised as a list.
    #[serde(with = "as_list")]
    pub resources: BTreeMap<GroupVersionKind, ApiResource>,
}

/// How a kind is served.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApiResource {
    /// The plural in the path.
    pub plural: String,
    /// Whether objects of the kind live in a namespace.
    pub namespaced: bool,
    /// Whether the kind has a `status` subresource.
    #[serde(default)]
    pub status: bool,
}

impl Discovery {
    /// How a kind is served; `None` if it is not.
    #[must_use]
    pub fn resource(&self, api_version: &str, kind: &str) -> Option<&ApiResource> {
        self.resources.get(&GroupVersionKind::new(api_version, kind))
    }

    /// The `group/version` strings and the `group/version/Kind` strings, sorted: what `.Capabilities.APIVersions` holds.
    #[must_use]
    pub fn api_versions(&self) -> Vec<String> {
        let mut all = std::collections::BTreeSet::new();
        for gvk in self.resources.keys() {
            all.insert(gvk.api_version.clone());
            all.insert(format!("{}/{}", gvk.api_version, gvk.kind));
        }
        all.into_iter().collect()
    }
}

mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{ApiResource, GroupVersionKind};

    pub(super) fn serialize<S: Serializer>(
        resources: &BTreeMap<GroupVersionKind, ApiResource>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        resources.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<GroupVersionKind, ApiResource>, D::Error> {
        Ok(Vec::<(GroupVersionKind, ApiResource)>::deserialize(deserializer)?.into_iter().collect())
    }
}
