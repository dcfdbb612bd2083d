//! Feature gates (spec 06 §2).

use std::collections::BTreeMap;

use super::values::parse_bool;

/// All gates; every one is off by default.
const KNOWN: [&str; 15] = [
    "AdditiveCELDependencyCheck",
    "AdoptLegacyReleases",
    "AllowDNSLookups",
    "CacheSecretsAndConfigMaps",
    "CancelHealthCheckOnNewRevision",
    "CorrectDrift",
    "DefaultToRetryOnFailure",
    "DetectDrift",
    "DirectSourceFetch",
    "DisableChartDigestTracking",
    "DisableConfigWatchers",
    "ExternalArtifact",
    "OOMWatch",
    "ObjectLevelWorkloadIdentity",
    "UseHelm3Defaults",
];

/// One `Name=bool` of the flag; the empty text stands for none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateFlag {
    name: String,
    enabled: bool,
}

impl GateFlag {
    /// Parses `Name=bool`.
    ///
    /// # Errors
    ///
    /// No `=`, or no boolean behind it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let (name, value) =
            text.split_once('=').ok_or_else(|| format!("malformed pair, expect string=bool: {text}"))?;
        Ok(Self { name: name.trim().to_owned(), enabled: parse_bool(value.trim())? })
    }
}

/// Which gates are on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeatureGates {
    set: BTreeMap<String, bool>,
}

/// A gate that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("feature-gate '{0}' not supported")]
pub struct GateError(String);

impl FeatureGates {
    /// The gates that the flags name; later flags win.
    ///
    /// # Errors
    ///
    /// A gate that does not exist.
    pub fn from_flags(flags: &[GateFlag]) -> Result<Self, GateError> {
        let mut set = BTreeMap::new();
        for flag in flags.iter().filter(|flag| !flag.name.is_empty()) {
            if !KNOWN.contains(&flag.name.as_str()) {
                return Err(GateError(flag.name.clone()));
            }
            set.insert(flag.name.clone(), flag.enabled);
        }
        Ok(Self { set })
    }

    /// Whether a gate is on.
    #[must_use]
    pub fn is_enabled(&self, name: &str) -> bool {
        self.set.get(name).copied().unwrap_or_default()
    }

    /// The gates that were named, with what they were set to.
    pub fn named(&self) -> impl Iterator<Item = (&str, bool)> {
        self.set.iter().map(|(name, enabled)| (name.as_str(), *enabled))
    }
}
