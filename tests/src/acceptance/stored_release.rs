//! Helm's storage Secrets as plain JSON, for fixtures and for looking at them without the codec under test.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pilothouse_encoding::go_json;
use pilothouse_protocol::ObjectRef;
use serde_json::{Value, json};

use super::StepError;

/// The `type` of a storage Secret.
pub(super) const TYPE: &str = "helm.sh/release.v1";

/// The name of the Secret that holds a revision.
pub(super) fn secret_name(release: &str, version: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{version}")
}

/// The release that a storage Secret holds.
///
/// # Errors
/// When it cannot be decoded.
pub fn decode_release(secret: &Value) -> Result<Value, StepError> {
    let failed = |error: &dyn std::fmt::Display| StepError(format!("release cannot be decoded: {error}"));
    let text = secret.pointer("/data/release").and_then(Value::as_str).unwrap_or_default();
    let inner = STANDARD.decode(text).map_err(|error| failed(&error))?;
    let bytes = STANDARD.decode(inner).map_err(|error| failed(&error))?;
    let json = if bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
        let mut json = Vec::new();
        GzDecoder::new(bytes.as_slice()).read_to_end(&mut json).map_err(|error| failed(&error))?;
        json
    } else {
        bytes
    };
    serde_json::from_slice(&json).map_err(|error| failed(&error))
}

/// The text that a storage Secret holds for a release, as in its `data`.
///
/// # Errors
/// When the compression fails.
pub(super) fn encode_release(release: &Value) -> Result<String, StepError> {
    let failed = |error: std::io::Error| StepError(format!("release cannot be encoded: {error}"));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(go_json::to_string(release).as_bytes()).map_err(failed)?;
    let bytes = encoder.finish().map_err(failed)?;
    Ok(STANDARD.encode(STANDARD.encode(bytes)))
}

/// A storage Secret as Helm writes it.
///
/// # Errors
/// When the compression fails.
pub fn release_secret(object: &ObjectRef, release: &Value, labels: &Value) -> Result<Value, StepError> {
    Ok(
        json!({"apiVersion": "v1", "kind": "Secret", "type": TYPE, "data": {"release": encode_release(release)?},
        "metadata": {"name": object.name, "namespace": object.namespace, "labels": labels}}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_can_be_decoded() {
        let release = json!({"name": "app", "info": {"notes": "<ü>"}});
        let secret = json!({"data": {"release": encode_release(&release).unwrap()}});
        assert_eq!(decode_release(&secret).unwrap(), release);
        assert!(decode_release(&json!({})).is_err());
    }
}
