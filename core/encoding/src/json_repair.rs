//! What Go decodes and `serde_json` refuses: halves of surrogate pairs, and numbers that no float holds.

/// The document without them, and Go's error about the first such number. The document must be well-formed; without such
/// numbers it keeps its length.
#[must_use]
pub fn repaired(source: &str) -> (String, Option<String>) {
    let mut out = String::with_capacity(source.len());
    let mut error = None;
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => string(rest, &mut out),
            '-' | '0'..='9' => {
                let length =
                    rest.len() - rest.trim_start_matches(|c: char| "+-.eE0123456789".contains(c)).len();
                number(&rest[..length], &mut out, &mut error);
                length
            }
            next => {
                out.push(next);
                next.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    (out, error)
}

fn number(text: &str, out: &mut String, error: &mut Option<String>) {
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        out.push_str(text);
        return;
    }
    out.push_str("null");
    error
        .get_or_insert_with(|| format!("json: cannot unmarshal number {text} into Go value of type float64"));
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
        ];
        for (source, expected) in cases {
            assert_eq!(repaired(source).0, expected);
        }
        let error = "json: cannot unmarshal number 1e400 into Go value of type float64";
        assert_eq!(repaired("[1e400, 2e400]").1.as_deref(), Some(error));
    }
}
