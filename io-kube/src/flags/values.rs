//! Value forms of Go's `pflag` package.

use pilothouse_encoding::duration::{DurationError, GoDuration};

/// A number of bytes: `1048576`, `512Ki`, `64Mi` or `2Gi`. No form of Go's: the original has no such flag.
///
/// # Errors
///
/// Another unit, no number, or more than 64 bits hold.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" => 0,
        "Ki" => 10,
        "Mi" => 20,
        "Gi" => 30,
        _ => return Err("must be a number of bytes, with Ki, Mi or Gi after it or nothing".to_owned()),
    };
    let number = number.parse::<u64>().map_err(|error| error.to_string())?;
    number.checked_mul(1 << shift).ok_or_else(|| "is too large".to_owned())
}

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
