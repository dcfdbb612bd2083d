//! What templates learn about the cluster (Go package `helm.sh/helm/v4/pkg/chart/common`).

use serde::{Deserialize, Serialize};

/// The version that Helm states when it was built without one.
pub const HELM_VERSION: &str = "v4.2";

/// The cluster and the Helm version, `.Capabilities` in templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Version of the API server.
    pub kube_version: KubeVersion,
    /// API versions (`apps/v1`) and kinds (`apps/v1/Deployment`) that the API server serves, in order.
    pub api_versions: Vec<String>,
    /// Version of Helm.
    pub helm_version: HelmVersion,
}

/// A Kubernetes version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeVersion {
    /// In full, `v1.33.4-gke.1245000`.
    pub version: String,
    /// Without suffixes, for constraints and printing; absent for a version that the API server stated.
    pub normalized: Option<String>,
    /// First number, as stated.
    pub major: String,
    /// Second number, as stated; some providers add a plus sign.
    pub minor: String,
}

/// Build information of Helm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmVersion {
    /// Version.
    pub version: String,
    /// Commit.
    pub git_commit: String,
    /// Whether the tree was clean.
    pub git_tree_state: String,
    /// Version of Go.
    pub go_version: String,
    /// Version of the Kubernetes client, `v1.36`.
    pub kube_client_version: String,
}

/// Why a text is no Kubernetes version, in the words of Go package `k8s.io/apimachinery/pkg/util/version`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeVersionError {
    /// It does not begin with a number.
    #[error("could not parse {0:?} as version")]
    NoVersion(String),
    /// It has one number only.
    #[error("illegal version string {0:?}")]
    TooShort(String),
    /// A number begins with a zero.
    #[error("illegal zero-prefixed version component {component:?} in {text:?}")]
    ZeroPrefixed {
        /// The number.
        component: String,
        /// All of the text.
        text: String,
    },
    /// A number is too large.
    #[error("illegal non-numeric version component {component:?} in {text:?}")]
    NotNumeric {
        /// The number.
        component: String,
        /// All of the text.
        text: String,
    },
}

impl KubeVersion {
    /// The version that an API server states at `/version`.
    #[must_use]
    pub fn from_server(git_version: &str, major: &str, minor: &str) -> Self {
        Self {
            version: git_version.to_owned(),
            normalized: None,
            major: major.to_owned(),
            minor: minor.to_owned(),
        }
    }

    /// The version that a user states, as with `--kube-version`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let trimmed = text.trim_start();
        let digits = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
        let numbers = digits[..end].trim_end_matches('.');
        if !numbers.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(KubeVersionError::NoVersion(text.to_owned()));
        }
        let components: Vec<&str> = numbers.split('.').take_while(|part| !part.is_empty()).collect();
        let [major, minor, ..] = components[..] else {
            return Err(KubeVersionError::TooShort(text.to_owned()));
        };
        for component in &components {
            check_component(component, text)?;
        }
        let version = if text.starts_with('v') { text.to_owned() } else { format!("v{text}") };
        let normalized = Some(format!("v{}", components.join(".")));
        Ok(Self { version, normalized, major: major.to_owned(), minor: minor.to_owned() })
    }

    /// The version as constraints and templates see it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.normalized.as_deref().unwrap_or(&self.version)
    }
}

impl Default for HelmVersion {
    /// A Helm that was built without a version, with a client for Kubernetes 1.36.
    fn default() -> Self {
        Self {
            version: HELM_VERSION.to_owned(),
            git_commit: String::new(),
            git_tree_state: String::new(),
            go_version: "go1.26.8".to_owned(),
            kube_client_version: "v1.36".to_owned(),
        }
    }
}

impl Default for Capabilities {
    /// What Helm assumes when it is not connected to a cluster.
    fn default() -> Self {
        Self {
            kube_version: KubeVersion {
                version: "v1.36.0".to_owned(),
                normalized: Some("v1.36.0".to_owned()),
                major: "1".to_owned(),
                minor: "36".to_owned(),
            },
            api_versions: DEFAULT_API_VERSIONS.split_whitespace().map(str::to_owned).collect(),
            helm_version: HelmVersion::default(),
        }
    }
}

fn check_component(component: &str, text: &str) -> Result<(), KubeVersionError> {
    let (component_text, text) = (component.to_owned(), text.to_owned());
    if component.len() > 1 && component.starts_with('0') {
        return Err(KubeVersionError::ZeroPrefixed { component: component_text, text });
    }
    match component.parse::<u64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(KubeVersionError::NotNumeric { component: component_text, text }),
    }
}

/// The groups that the Kubernetes client of Helm v4.2.4 knows, in its order of preference.
const DEFAULT_API_VERSIONS: &str = "\
    v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 admissionregistration.k8s.io/v1beta1 \
    internal.apiserver.k8s.io/v1alpha1 apps/v1 apps/v1beta1 apps/v1beta2 authentication.k8s.io/v1 \
    authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 authorization.k8s.io/v1 \
    authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1 certificates.k8s.io/v1 \
    certificates.k8s.io/v1beta1 certificates.k8s.io/v1alpha1 coordination.k8s.io/v1alpha2 \
    coordination.k8s.io/v1beta1 coordination.k8s.io/v1 discovery.k8s.io/v1 discovery.k8s.io/v1beta1 \
    events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1 \
    flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 \
    flowcontrol.apiserver.k8s.io/v1beta3 networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 \
    node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 policy/v1beta1 rbac.authorization.k8s.io/v1 \
    rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1alpha1 resource.k8s.io/v1 \
    resource.k8s.io/v1beta2 resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3 scheduling.k8s.io/v1alpha2 \
    scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 storage.k8s.io/v1beta1 storage.k8s.io/v1 \
    storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1beta1 apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_normalised() {
        let version = KubeVersion::parse("1.33.4-gke.1245000").unwrap();
        assert_eq!(version.version, "v1.33.4-gke.1245000");
        assert_eq!(version.text(), "v1.33.4");
        assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "33"));
        assert_eq!(KubeVersion::parse("v1.20").unwrap().text(), "v1.20");
        assert!(matches!(KubeVersion::parse("x"), Err(KubeVersionError::NoVersion(_))));
        assert!(matches!(KubeVersion::parse("1"), Err(KubeVersionError::TooShort(_))));
        assert!(matches!(KubeVersion::parse("1.02"), Err(KubeVersionError::ZeroPrefixed { .. })));
    }

    #[test]
    fn what_the_server_says_stays() {
        let version = KubeVersion::from_server("v1.36.1+k3s1", "1", "36+");
        assert_eq!((version.text(), version.minor.as_str()), ("v1.36.1+k3s1", "36+"));
    }
}
