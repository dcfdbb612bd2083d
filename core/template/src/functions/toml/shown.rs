//! How numbers, times, texts and keys are written, also in messages about what was read.

use pilothouse_encoding::number::format_float;

use crate::time::Time;

/// A float, which never looks like an integer.
pub(super) fn float(number: f64) -> String {
    if !number.is_finite() {
        let sign = if number.is_sign_negative() { "-" } else { "" };
        return format!("{sign}{}", if number.is_nan() { "nan" } else { "inf" });
    }
    let text = format_float(number, 'g', None);
    if text.contains(['e', '.']) { text } else { format!("{text}.0") }
}

/// The layout of a time; those without a zone came from TOML.
pub(super) fn layout(time: &Time) -> &'static str {
    match time.zone.as_str() {
        super::LOCAL_DATETIME => "2006-01-02T15:04:05.999999999",
        super::LOCAL_DATE => "2006-01-02",
        super::LOCAL_TIME => "15:04:05.999999999",
        _ => "2006-01-02T15:04:05.999999999Z07:00",
    }
}

/// The key with its parts quoted where they must be.
pub(super) fn shown_key<K: AsRef<[u8]>>(key: &[K]) -> String {
    key.iter().map(|part| shown_part(part.as_ref())).collect::<Vec<_>>().join(".")
}

/// A part of a key, quoted where it must be.
pub(super) fn shown_part(part: &[u8]) -> String {
    let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let text = String::from_utf8_lossy(part);
    if !part.is_empty() && part.iter().all(is_bare) {
        return text.into_owned();
    }
    format!("\"{}\"", String::from_utf8_lossy(&escape(part)))
}

/// A text as it stands between quotes.
pub(super) fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            8 => out.extend_from_slice(br"\b"),
            b'\t' => out.extend_from_slice(br"\t"),
            b'\n' => out.extend_from_slice(br"\n"),
            12 => out.extend_from_slice(br"\f"),
            b'\r' => out.extend_from_slice(br"\r"),
            0..=31 | 127 => out.extend(format!("\\u{byte:04x}").into_bytes()),
            _ => out.push(*byte),
        }
    }
    out
}
