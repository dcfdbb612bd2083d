//! The text that a storage object holds: base64 of gzip of JSON (Go package `helm.sh/helm/v4/pkg/storage/driver`,
//! spec 04 §1).

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use pilothouse_encoding::go_json;

use crate::ReleaseRecord;

/// What compressed data begins with; anything else is plain JSON.
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Bounds of the codec, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest JSON after decompression.
    pub decompressed: usize,
    /// Longest encoded text: what the API server takes as the data of one Secret or ConfigMap.
    pub encoded: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decompressed: 64 << 20, encoded: 1 << 20 }
    }
}

/// Why a release cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Not base64.
    #[error("illegal base64 data at input byte {}", offset(.0))]
    Base64(#[from] base64::DecodeError),
    /// Not a gzip stream.
    #[error("gzip: {0}")]
    Gzip(std::io::Error),
    /// The JSON after decompression is longer than the limit.
    #[error("release is larger than {limit} bytes after decompression")]
    Decompressed {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not the JSON of a release.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A JSON list.
    #[error("release is a list, not an object")]
    List,
    /// The encoded release does not fit into a storage object; worded like the API server's refusal.
    #[error("data: Too long: may not be more than {limit} bytes (release takes {size})")]
    Encoded {
        /// Size of the encoded release in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

/// The release as a storage object holds it.
///
/// # Errors
/// [`CodecError::Encoded`] when it is too large.
pub fn encode(record: &ReleaseRecord, limits: &Limits) -> Result<String, CodecError> {
    let text = compress(&release_json(record)?)?;
    within(limits, text.len())?;
    Ok(text)
}

/// Whether a storage object can hold the release, with so many bytes more for what its status grows by.
///
/// # Errors
/// [`CodecError::Encoded`] when it cannot.
pub fn check_size(record: &ReleaseRecord, limits: &Limits, room: usize) -> Result<(), CodecError> {
    let json = release_json(record)?;
    // Compression makes nothing longer by more than a thousandth, base64 everything by a third: most releases need not
    // be compressed to be known to fit.
    let at_most = (json.len() + json.len() / 1000).saturating_mul(4) / 3;
    if at_most.saturating_add(room) <= limits.encoded {
        return Ok(());
    }
    within(limits, compress(&json)?.len().saturating_add(room))
}

fn within(limits: &Limits, size: usize) -> Result<(), CodecError> {
    if size > limits.encoded { Err(CodecError::Encoded { size, limit: limits.encoded }) } else { Ok(()) }
}

fn compress(json: &str) -> Result<String, CodecError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(json.as_bytes()).map_err(CodecError::Gzip)?;
    Ok(STANDARD.encode(encoder.finish().map_err(CodecError::Gzip)?))
}

/// The release that a storage object holds. Labels are not part of the text.
///
/// # Errors
/// When the text is not a release, or is larger than the limit after decompression.
pub fn decode(text: &str, limits: &Limits) -> Result<ReleaseRecord, CodecError> {
    let bytes = STANDARD.decode(without_line_breaks(text).as_ref())?;
    if bytes.len() > GZIP_MAGIC.len() && bytes.starts_with(&GZIP_MAGIC) {
        return read(&decompress(&bytes, limits.decompressed)?);
    }
    if bytes.len() > limits.decompressed {
        return Err(CodecError::Decompressed { limit: limits.decompressed });
    }
    read(&bytes)
}

/// The JSON of a release, byte for byte as Helm writes it.
///
/// # Errors
/// What the serialisation of a value reports.
pub fn release_json(record: &ReleaseRecord) -> Result<String, serde_json::Error> {
    go_json::to_string_of(record)
}

/// Reads the JSON. Lists would be taken for the members of a struct in their order.
fn read(json: &[u8]) -> Result<ReleaseRecord, CodecError> {
    if json.trim_ascii_start().first() == Some(&b'[') {
        return Err(CodecError::List);
    }
    Ok(serde_json::from_slice(json)?)
}

fn decompress(bytes: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut json = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes).take(bound).read_to_end(&mut json).map_err(CodecError::Gzip)?;
    if json.len() > limit {
        return Err(CodecError::Decompressed { limit });
    }
    Ok(json)
}

/// Where Go's decoder would stop.
fn offset(error: &base64::DecodeError) -> usize {
    match error {
        base64::DecodeError::InvalidByte(offset, _) | base64::DecodeError::InvalidLastSymbol(offset, _) => {
            *offset
        }
        base64::DecodeError::InvalidLength(length) => length - length % 4,
        base64::DecodeError::InvalidPadding => 0,
    }
}

/// Go's decoder skips line breaks.
fn without_line_breaks(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(['\r', '\n']) { text.replace(['\r', '\n'], "").into() } else { text.into() }
}

#[cfg(test)]
mod tests;
