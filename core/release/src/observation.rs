//! What a digest is computed of (spec 04 §3.2 to §6).

use std::fmt;

use pilothouse_api::{CommonMetadata, PostRenderer};
use pilothouse_chart::{ChartMetadata, Hook, HookEvent};
use pilothouse_encoding::digest::{Algorithm, Digest};
use pilothouse_encoding::{go_json, yaml};
use serde::Serialize;
use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};

use crate::record::json;
use crate::{Info, ReleaseRecord};

/// The parts of a release by which it is recognised. Test hooks are left out, so that running tests does not change
/// the digest; so are labels, apply method, and the chart but for its metadata.
#[derive(Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// Release name.
    pub name: String,
    /// Revision.
    pub version: u32,
    /// Status and times.
    pub info: Info,
    /// Action that resulted in this observation. Not part of the digest.
    #[serde(skip)]
    pub action: String,
    /// Metadata of the chart.
    pub chart_metadata: ChartMetadata,
    /// Values of the user; `None` when empty.
    #[serde(serialize_with = "json::floats")]
    pub config: Option<Map<String, Value>>,
    /// Rendered objects without hooks.
    pub manifest: String,
    /// Hooks except test hooks, in stored order.
    #[serde(serialize_with = "json::empty_as_null")]
    pub hooks: Vec<Hook>,
    /// Release namespace.
    pub namespace: String,
    /// Digest of the OCI artifact of the chart; empty when it came from elsewhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub oci_digest: String,
}

impl Observation {
    /// Observes a release.
    #[must_use]
    pub fn of(record: &ReleaseRecord) -> Self {
        let is_test = |hook: &Hook| hook.events.contains(&HookEvent::Test);
        Self {
            name: record.name.clone(),
            version: record.version,
            info: record.info.clone(),
            action: String::new(),
            chart_metadata: record.chart.metadata.clone().unwrap_or_default(),
            config: record.config.clone().filter(|config| !config.is_empty()),
            manifest: record.manifest.clone(),
            hooks: record.hooks.iter().filter(|hook| !is_test(hook)).cloned().collect(),
            namespace: record.namespace.clone(),
            oci_digest: String::new(),
        }
    }

    /// The same observation with the digest of the OCI artifact and the action.
    #[must_use]
    pub fn with(self, oci_digest: &str, action: &str) -> Self {
        Self { oci_digest: oci_digest.to_owned(), action: action.to_owned(), ..self }
    }

    /// The line that the digest is computed of, with its newline.
    ///
    /// # Errors
    /// What the serialisation of a value reports.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        Ok(go_json::to_string_of(self)? + "\n")
    }

    /// The release digest.
    ///
    /// # Errors
    /// What the serialisation of a value reports.
    pub fn digest(&self, algorithm: Algorithm) -> Result<Digest, serde_json::Error> {
        Ok(algorithm.compute(self.line()?.as_bytes()))
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.v{} {:?}", self.namespace, self.name, self.version, self.info)
    }
}

/// The digest of values, as YAML with sorted keys; of empty ones it is that of the empty text.
///
/// # Errors
/// When a value cannot be written as YAML.
pub fn config_digest(values: &Map<String, Value>, algorithm: Algorithm) -> Result<Digest, yaml::EmitError> {
    Ok(algorithm.compute(canonical(values)?.as_bytes()))
}

/// Whether values have a digest; the algorithm is the one that the digest names. A text that is no digest fits no
/// values.
#[must_use]
pub fn verify_config(digest: &str, values: &Map<String, Value>) -> bool {
    let Ok(digest) = digest.parse::<Digest>() else { return false };
    canonical(values).is_ok_and(|text| digest.verify(text.as_bytes()))
}

/// The SHA-1 of values in hexadecimal: the legacy `lastAttemptedValuesChecksum`.
///
/// # Errors
/// When a value cannot be written as YAML.
pub fn values_checksum(values: &Map<String, Value>) -> Result<String, yaml::EmitError> {
    let digest = Sha1::digest(canonical(values)?.as_bytes());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The digest of `spec.postRenderers`; empty when there are none.
///
/// # Errors
/// What the serialisation of a value reports.
pub fn post_renderers_digest(
    post_renderers: Option<&[PostRenderer]>,
    algorithm: Algorithm,
) -> Result<String, serde_json::Error> {
    json_digest(post_renderers, algorithm)
}

/// The digest of `spec.commonMetadata`; empty when there is none.
///
/// # Errors
/// What the serialisation of a value reports.
pub fn common_metadata_digest(
    common_metadata: Option<&CommonMetadata>,
    algorithm: Algorithm,
) -> Result<String, serde_json::Error> {
    json_digest(common_metadata, algorithm)
}

fn json_digest<T: Serialize + ?Sized>(
    value: Option<&T>,
    algorithm: Algorithm,
) -> Result<String, serde_json::Error> {
    let Some(value) = value else { return Ok(String::new()) };
    let line = go_json::to_string_of(value)? + "\n";
    Ok(algorithm.compute(line.as_bytes()).to_string())
}

/// Values as the text that their digest is computed of; empty ones are the empty text.
pub(crate) fn canonical(values: &Map<String, Value>) -> Result<String, yaml::EmitError> {
    if values.is_empty() {
        return Ok(String::new());
    }
    yaml::emit_sorted_bytes(&go_json::floats(Value::Object(values.clone())))
}

#[cfg(test)]
mod tests;
