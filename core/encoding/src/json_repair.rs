//! What Go decodes and `serde_json` refuses: halves of surrogate pairs, and numbers that no float holds.

/// A document that was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The document, with U+FFFD for halves of pairs, and null for numbers that no float holds. What is malformed stays so.
    pub text: String,
    /// The first such number.
    pub refused: Option<RefusedNumber>,
}

/// A number that no float holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedNumber {
    /// Where it stands, in bytes. Up to there the document has kept its length.
    pub at: usize,
    /// Go's error about it.
    pub message: String,
}

/// The document without what `serde_json` refuses and Go reads.
#[must_use]
pub fn repaired(source: &str) -> Repaired {
    let mut out = Repaired { text: String::with_capacity(source.len()), refused: None };
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => string(rest, &mut out.text),
            '-' | '0'..='9' => {
                let length =
                    rest.len() - rest.trim_start_matches(|c: char| "+-.eE0123456789".contains(c)).len();
                number(&rest[..length], &mut out);
                length
            }
            next => {
                out.text.push(next);
                next.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

fn number(text: &str, out: &mut Repaired) {
    if !is_number(text) || text.parse::<f64>().is_ok_and(f64::is_finite) {
        out.text.push_str(text);
        return;
    }
    out.refused.get_or_insert_with(|| RefusedNumber {
        at: out.text.len(),
        message: format!("json: cannot unmarshal number {text} into Go value of type float64"),
    });
    out.text.push_str("null");
}

/// Whether the text is a number of JSON (RFC 8259, section 6).
fn is_number(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// Copies a string; returns its length in the document.
fn string(text: &str, out: &mut String) -> usize {
    out.push('"');
    let mut at = 1;
    while let Some(next) = text[at..].chars().next() {
        let length = match next {
            '\\' => escape(&text[at..], out),
            next => {
                out.push(next);
                next.len_utf8()
            }
        };
        at += length;
        if next == '"' {
            break;
        }
    }
    at
}

/// Copies an escape; returns its length in the document.
fn escape(text: &str, out: &mut String) -> usize {
    let Some(unit) = unit(text) else {
        let length = 1 + text[1..].chars().next().map_or(0, char::len_utf8);
        out.push_str(&text[..length]);
        return length;
    };
    let is_pair = matches!(unit, 0xd800..0xdc00)
        && text.get(6..).and_then(self::unit).is_some_and(|second| (0xdc00..0xe000).contains(&second));
    if is_pair {
        out.push_str(&text[..12]);
        return 12;
    }
    out.push_str(if (0xd800..0xe000).contains(&unit) { "\\ufffd" } else { &text[..6] });
    6
}

/// The code that `\uXXXX` at the beginning of the text stands for.
fn unit(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_repaired() {
        let cases = [
            (r#"["\ud800", "\ud83d\ude00", "\"1e999"]"#, r#"["\ufffd", "\ud83d\ude00", "\"1e999"]"#),
            (r#"{"a":1e400,"b":-1.5}"#, r#"{"a":null,"b":-1.5}"#),
            ("[1-2, 1.e999, -1e999]", "[1-2, 1.e999, null]"),
        ];
        for (source, expected) in cases {
            assert_eq!(repaired(source).text, expected);
        }
        let error = "json: cannot unmarshal number 1e400 into Go value of type float64";
        let refused = RefusedNumber { at: 1, message: error.to_owned() };
        assert_eq!(repaired("[1e400, 2e400]").refused, Some(refused));
    }
}
