//! Value forms of Go's `pflag` package.

use pilothouse_encoding::duration::{DurationError, GoDuration};

/// Go's `strconv.ParseBool`.
///
/// # Errors
///
/// None of the accepted words, in Go's words.
pub(crate) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// Go's `time.ParseDuration`, `1h5m`.
///
/// # Errors
///
/// Those of [`GoDuration::parse`].
pub(super) fn duration(text: &str) -> Result<GoDuration, DurationError> {
    GoDuration::parse(text)
}

/// A listen address of Go's `net` package as one that can be bound here; `None` when the listener is disabled (`0`).
///
/// `:8080` is port 8080 on all addresses of both families.
#[must_use]
pub fn listen_address(text: &str) -> Option<String> {
    match text {
        "0" => None,
        _ if text.starts_with(':') => Some(format!("[::]{text}")),
        _ => Some(text.to_owned()),
    }
}
