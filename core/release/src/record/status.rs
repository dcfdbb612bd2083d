//! Statuses and apply methods of a release (spec 04 §2).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Helm's status of a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ReleaseStatus {
    /// Never set; not stored.
    #[default]
    Empty,
    /// In a state that Helm could not tell.
    Unknown,
    /// Pushed to the cluster.
    Deployed,
    /// Removed from the cluster, kept in the history.
    Uninstalled,
    /// Replaced by a later revision.
    Superseded,
    /// Not pushed successfully.
    Failed,
    /// Removal is under way.
    Uninstalling,
    /// Install is under way.
    PendingInstall,
    /// Upgrade is under way.
    PendingUpgrade,
    /// Rollback is under way.
    PendingRollback,
    /// A text that this version of Helm does not know; kept as it is.
    Other(String),
}

impl ReleaseStatus {
    /// The status with this name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "" => Self::Empty,
            "unknown" => Self::Unknown,
            "deployed" => Self::Deployed,
            "uninstalled" => Self::Uninstalled,
            "superseded" => Self::Superseded,
            "failed" => Self::Failed,
            "uninstalling" => Self::Uninstalling,
            "pending-install" => Self::PendingInstall,
            "pending-upgrade" => Self::PendingUpgrade,
            "pending-rollback" => Self::PendingRollback,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Other(name) => name,
        }
    }

    /// Whether an install, upgrade or rollback is under way.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }

    /// Whether the status was never set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl fmt::Display for ReleaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ReleaseStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ReleaseStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

/// How the objects of a release were applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApplyMethod {
    /// Client-side, by three-way merge: `csa`.
    ClientSide,
    /// Server-side: `ssa`.
    ServerSide,
}

impl ApplyMethod {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSide => "csa",
            Self::ServerSide => "ssa",
        }
    }

    /// The method with this stored name; Helm takes everything that is not `ssa` for client-side.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "" => None,
            "ssa" => Some(Self::ServerSide),
            _ => Some(Self::ClientSide),
        }
    }
}

impl Serialize for ApplyMethod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_keeps_its_name() {
        for name in [
            "",
            "unknown",
            "deployed",
            "uninstalled",
            "superseded",
            "failed",
            "uninstalling",
            "pending-install",
            "pending-upgrade",
            "pending-rollback",
            "from-the-future",
        ] {
            let status = ReleaseStatus::parse(name);
            assert_eq!(status.to_string(), name);
            assert_eq!(status.is_pending(), name.starts_with("pending-"));
            assert_eq!(matches!(status, ReleaseStatus::Other(_)), name == "from-the-future");
        }
    }

    #[test]
    fn only_ssa_is_server_side() {
        for (name, method) in [
            ("", None),
            ("csa", Some(ApplyMethod::ClientSide)),
            ("ssa", Some(ApplyMethod::ServerSide)),
            ("else", Some(ApplyMethod::ClientSide)),
        ] {
            assert_eq!(ApplyMethod::parse(name), method);
        }
    }
}
