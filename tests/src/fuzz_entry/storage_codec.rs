//! The text of a storage object, and the JSON inside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_release::{CodecError, Limits, ReleaseRecord, decode, encode, release_json};

/// Small enough that a compression bomb ends within milliseconds.
const LIMITS: Limits = Limits { decompressed: 1 << 20, encoded: 1 << 20 };

/// Decodes the bytes as the text of a storage object, then as the JSON of a release. What can be decoded must keep its
/// meaning when it is encoded and decoded again.
pub fn storage_codec(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        round_trip(decode(text, &LIMITS));
    }
    // Base64 and gzip hide the JSON from mutation; this way it is reached directly.
    round_trip(decode(&STANDARD.encode(bytes), &LIMITS));
}

/// Numbers of maps become 64-bit floats when they are written, so JSON is compared, and records only from the second
/// reading on.
fn round_trip(decoded: Result<ReleaseRecord, CodecError>) {
    let Ok(first) = decoded else { return };
    let Ok(text) = encode(&first, &LIMITS) else { return };
    let second = decode(&text, &LIMITS);
    assert!(second.is_ok(), "what was encoded cannot be decoded: {:?}", second.err());
    let Ok(second) = second else { return };
    assert_eq!(release_json(&first).ok(), release_json(&second).ok(), "the JSON differs after a round trip");
    let third = encode(&second, &LIMITS).and_then(|text| decode(&text, &LIMITS));
    assert!(third.is_ok_and(|third| third == second), "the record differs after a round trip");
}
