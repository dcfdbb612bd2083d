//! What a render takes besides the chart and the values.

use std::collections::BTreeMap;

use pilothouse_template::{Limits, Moment};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Capabilities;
use crate::post_render::PostRender;

/// Inputs of a render.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// Name of the release.
    pub release_name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Revision that the release will have.
    pub revision: i64,
    /// Whether it is an install.
    pub is_install: bool,
    /// Whether it is an upgrade.
    pub is_upgrade: bool,
    /// What is known of the cluster.
    pub capabilities: Capabilities,
    /// Whether the values are not checked against the schemas of the charts.
    pub skip_schema_validation: bool,
    /// Whether the manifest begins with the custom resource definitions of `crds/`.
    pub include_crds: bool,
    /// Whether `getHostByName` asks for addresses; otherwise it finds nothing.
    pub resolve_hosts: bool,
    /// Whether the notes of subcharts are appended.
    pub sub_notes: bool,
    /// Seed of the random functions: as hard to guess as the passwords and keys that charts make of it have to be.
    pub entropy: [u8; 32],
    /// Time that `now` returns.
    pub now: Moment,
    /// Bounds of the template engine.
    pub limits: Limits,
    /// What is done with the rendered objects before they are sorted.
    pub post_render: Option<PostRender>,
    /// Whether the process ends with this render: what it needed stays in memory then, for giving it back piece by piece
    /// takes time.
    pub is_last: bool,
}

impl Default for RenderOptions {
    /// An install of revision 1 without a cluster, without post-rendering, at the Unix epoch.
    fn default() -> Self {
        Self {
            release_name: String::new(),
            namespace: "default".to_owned(),
            revision: 1,
            is_install: true,
            is_upgrade: false,
            capabilities: Capabilities::default(),
            skip_schema_validation: false,
            include_crds: false,
            resolve_hosts: false,
            sub_notes: false,
            entropy: [0; 32],
            now: Moment::default(),
            limits: Limits::default(),
            post_render: None,
            is_last: false,
        }
    }
}

/// A question of the template function `lookup`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LookupKey {
    /// API version, `apps/v1`.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for all namespaces and for kinds without one.
    pub namespace: String,
    /// Name; empty for a list.
    pub name: String,
}

impl LookupKey {
    /// What stands for the API version in a question for the address of a host. No group is named so.
    const HOST: &str = "dns:";

    /// A question of the template function `getHostByName`; the answer is a text.
    #[must_use]
    pub fn host(name: &str) -> Self {
        let (kind, namespace) = (String::new(), String::new());
        Self { api_version: Self::HOST.to_owned(), kind, namespace, name: name.to_owned() }
    }

    /// The host whose address is asked for, if that is the question.
    #[must_use]
    pub fn as_host(&self) -> Option<&str> {
        (self.api_version == Self::HOST && self.kind.is_empty()).then_some(&self.name)
    }
}

/// Where answers to `lookup` come from.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Lookups {
    /// There is no cluster: every answer is empty, as in `helm template`.
    #[default]
    Detached,
    /// Answers so far: an object, a list, an empty map for what does not exist, or the text of an error. A question
    /// without an answer ends the render with a request for it.
    Answers(BTreeMap<LookupKey, Result<Value, String>>),
}
