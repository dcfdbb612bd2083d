//! Floating point numbers as Go's `strconv.FormatFloat`, `encoding/json` and go-yaml print them.

use serde_json::Number;

/// Formats `value` as Go's `strconv.FormatFloat(value, fmt, precision, 64)`.
///
/// `fmt` is `'e'`, `'f'` or `'g'` (also `'E'` and `'G'`); any other letter is printed as Go does, `%` and the
/// letter. Without a precision the shortest text that reads back as `value` is printed.
pub fn format_float(value: f64, fmt: char, precision: Option<usize>) -> String {
    if let Some(special) = non_finite(value) {
        return special.to_owned();
    }
    let text = match fmt {
        'f' => match precision {
            Some(precision) => {
                let kept = precision.min(MOST_DIGITS);
                format!("{value:.kept$}{}", "0".repeat(precision - kept))
            }
            None => digits_below(value, EXACT).unwrap_or_else(|| Decimal::shortest(value).positional()),
        },
        'e' | 'E' => match precision {
            Some(precision) => {
                let kept = precision.min(MOST_DIGITS);
                let mut decimal = Decimal::from_exponent_text(&format!("{value:.kept$e}"));
                decimal.digits.push_str(&"0".repeat(precision - kept));
                decimal.scientific()
            }
            None => Decimal::shortest(value).scientific(),
        },
        'g' | 'G' => general(value, precision),
        _ => return format!("%{fmt}"),
    };
    if matches!(fmt, 'E' | 'G') { text.to_uppercase() } else { text }
}

/// Formats `value` as Go's `encoding/json` does: plain digits from 1e-6 up to 1e21, an exponent of at least
/// two digits outside, except that a small negative exponent loses its zero (`1e-7`).
///
/// JSON has no infinities and no NaN; they are printed as `null`.
pub fn format_json_float(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return format_float(value, 'f', None);
    }
    let text = format_float(value, 'e', None);
    match text.strip_suffix(|c: char| c.is_ascii_digit()) {
        Some(head) if head.ends_with("e-0") => {
            let digit = &text[head.len()..];
            format!("{}{digit}", &head[..head.len() - 1])
        }
        _ => text,
    }
}

/// Formats `value` as go-yaml v2 does: shortest `'g'` format with `.inf`, `-.inf` and `.nan`.
pub fn format_yaml_float(value: f64) -> String {
    match non_finite(value) {
        Some("+Inf") => ".inf".to_owned(),
        Some("-Inf") => "-.inf".to_owned(),
        Some(_) => ".nan".to_owned(),
        None => format_float(value, 'g', None),
    }
}

/// Formats `value`, rounded to 32 bits, as `strconv.FormatFloat(value, 'g', -1, 32)`.
///
/// `sigs.k8s.io/yaml` turns float keys of maps into text in this way.
pub fn format_float32(value: f64) -> String {
    if let Some(special) = non_finite(value) {
        return special.to_owned();
    }
    #[expect(clippy::cast_possible_truncation, reason = "the rounding to 32 bits is the point")]
    let narrow = value as f32;
    if let Some(special) = non_finite(f64::from(narrow)) {
        return special.to_owned();
    }
    let decimal = Decimal::from_exponent_text(&format!("{narrow:e}"));
    decimal.rounded_to_even(f64::from(narrow), |text| text.parse() == Ok(narrow)).general(None)
}

/// The number that a reader of Go's JSON text for `value` sees: an integer when the text has neither fraction
/// nor exponent and fits 64 bits, a float otherwise. `None` for infinities and NaN.
pub fn from_json_float(value: f64) -> Option<Number> {
    if !value.is_finite() {
        return None;
    }
    // The text of the negative zero is "-0", which only a float keeps.
    if value.fract() != 0.0 || value.abs() >= 1e21 || value == 0.0 && value.is_sign_negative() {
        return Number::from_f64(value);
    }
    if value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
        let integer = value as i64;
        return Some(Number::from(integer));
    }
    let text = format_float(value, 'f', None);
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Number::from(integer));
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(Number::from(integer));
    }
    Number::from_f64(value)
}

/// Below, every integral float is the only one that reads back from its digits.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The digits of an integral float whose size is below a limit of no more than [`EXACT`], which most floats are. The text
/// of the negative zero is another.
fn digits_below(value: f64, limit: f64) -> Option<String> {
    if value.fract() != 0.0 || value.abs() >= limit || value == 0.0 && value.is_sign_negative() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
    let integer = value as i64;
    Some(integer.to_string())
}

/// More digits than a float of 64 bits has, before and after its point.
const MOST_DIGITS: usize = 1100;

fn general(value: f64, precision: Option<usize>) -> String {
    match precision {
        None => digits_below(value, 1e6).unwrap_or_else(|| Decimal::shortest(value).general(None)),
        Some(precision) => {
            // Further digits are zeros, and none of them is printed.
            let precision = precision.clamp(1, MOST_DIGITS);
            let digits = precision - 1;
            Decimal::from_exponent_text(&format!("{value:.digits$e}")).general(Some(precision))
        }
    }
}

fn non_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

/// Decimal digits `d.ddd × 10^exponent`.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// Reads Rust's `{:e}` text, for example `-1.25e-7`.
    fn from_exponent_text(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        Self {
            negative: mantissa.starts_with('-'),
            digits: mantissa.chars().filter(char::is_ascii_digit).collect(),
            exponent: exponent.parse().unwrap_or(0),
        }
    }

    /// The shortest digits that read back as `value`; of two equally near ones those that end even.
    fn shortest(value: f64) -> Self {
        let decimal = Self::from_exponent_text(&format!("{value:e}"));
        decimal.rounded_to_even(value, |text| text.parse() == Ok(value))
    }

    /// For a value exactly between these digits and the even ones below, the latter if they read back: Rust
    /// rounds such values up, Go to even.
    fn rounded_to_even(self, value: f64, reads_back: impl Fn(&str) -> bool) -> Self {
        /// Fewer digits never leave a choice between two neighbours, even with 32 bits.
        const MIN_TIE_DIGITS: usize = 6;
        let odd = self.digits.ends_with(['1', '3', '5', '7', '9']);
        if self.digits.len() < MIN_TIE_DIGITS || !odd {
            return self;
        }
        let exact = Self::from_exponent_text(&format!("{value:.40e}"));
        let Some((head, tail)) = exact.digits.split_at_checked(self.digits.len()) else {
            return self;
        };
        let tie = tail.starts_with('5') && tail[1..].bytes().all(|b| b == b'0');
        if !tie || exact.exponent != self.exponent || !head.ends_with(['0', '2', '4', '6', '8']) {
            return self;
        }
        let even = Self { digits: head.to_owned(), ..exact };
        if reads_back(&even.scientific()) { even } else { self }
    }

    /// `%e`: one digit, the fraction, a signed exponent of at least two digits.
    fn scientific(&self) -> String {
        let mut text = self.sign();
        let (first, rest) = self.digits.split_at(1);
        text.push_str(first);
        if !rest.is_empty() {
            text.push('.');
            text.push_str(rest);
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        text.push_str(&format!("e{sign}{:02}", self.exponent.abs()));
        text
    }

    /// `%g`: positional from 1e-4 up to as many digits as the precision (6 for the shortest text), scientific
    /// outside.
    fn general(mut self, precision: Option<usize>) -> String {
        let kept = self.digits.trim_end_matches('0').len().max(1);
        self.digits.truncate(kept);
        let integer_digits = i64::from(self.exponent) + 1;
        let digits = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let threshold = match precision {
            None => 6,
            Some(precision) => {
                let precision = i64::try_from(precision).unwrap_or(i64::MAX);
                if precision > digits && digits >= integer_digits { digits } else { precision }
            }
        };
        if self.exponent < -4 || i64::from(self.exponent) >= threshold {
            return self.scientific();
        }
        self.positional()
    }

    /// Digits with the decimal point at its place and no exponent.
    fn positional(&self) -> String {
        let mut text = self.sign();
        let point = i64::from(self.exponent) + 1;
        if point <= 0 {
            text.push_str("0.");
            text.extend((point..0).map(|_| '0'));
            text.push_str(&self.digits);
            return text;
        }
        let point = usize::try_from(point).unwrap_or(usize::MAX);
        if point >= self.digits.len() {
            text.push_str(&self.digits);
            text.extend((self.digits.len()..point).map(|_| '0'));
        } else {
            let (integer, fraction) = self.digits.split_at(point);
            text.push_str(integer);
            text.push('.');
            text.push_str(fraction);
        }
        text
    }

    fn sign(&self) -> String {
        if self.negative { "-".to_owned() } else { String::new() }
    }
}
