//! Lists with commas as Go's `pflag` reads them: one line of CSV.

/// The parts of a list. Double quotes keep commas within a part; two of them stand for one.
///
/// # Errors
/// Quotes that are not closed or stand within a part, in the words of Go's package `encoding/csv`.
pub fn comma_list(text: &str) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    if text.is_empty() {
        return Ok(parts);
    }
    let mut rest = text;
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_part(quoted, text)?,
            None => plain_part(rest, text)?,
        };
        parts.push(part);
        match after {
            Some(after) => rest = after,
            None => return Ok(parts),
        }
    }
}

/// A part up to a comma, and what follows the comma.
fn plain_part<'a>(rest: &'a str, text: &str) -> Result<(String, Option<&'a str>), String> {
    let (part, after) = match rest.split_once(',') {
        Some((part, after)) => (part, Some(after)),
        None => (rest, None),
    };
    match part.find('"') {
        Some(at) => Err(malformed(text, &rest[at..], "bare \" in non-quoted-field")),
        None => Ok((part.to_owned(), after)),
    }
}

fn quoted_part<'a>(mut rest: &'a str, text: &str) -> Result<(String, Option<&'a str>), String> {
    let mut part = String::new();
    loop {
        let Some((before, after)) = rest.split_once('"') else {
            return Err(malformed(text, "", "extraneous or missing \" in quoted-field"));
        };
        part.push_str(before);
        match after.chars().next() {
            None => return Ok((part, None)),
            Some(',') => return Ok((part, Some(&after[1..]))),
            Some('"') => {
                part.push('"');
                rest = &after[1..];
            }
            Some(_) => {
                let at = &rest[before.len()..];
                return Err(malformed(text, at, "extraneous or missing \" in quoted-field"));
            }
        }
    }
}

/// `at` is the end of `text` that begins where the error is.
fn malformed(text: &str, at: &str, reason: &str) -> String {
    format!("parse error on line 1, column {}: {reason}", text.len() - at.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_separated_by_commas() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("a", &["a"]),
            ("a,b,", &["a", "b", ""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\"", &["a\"b"]),
            ("/x y,z", &["/x y", "z"]),
        ];
        for (text, expected) in cases {
            assert_eq!(comma_list(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn misplaced_quotes_are_refused() {
        let cases = [
            ("a\"b", "parse error on line 1, column 2: bare \" in non-quoted-field"),
            ("\"a", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ("\"a\"b", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
        ];
        for (text, expected) in cases {
            assert_eq!(comma_list(text).unwrap_err(), expected, "{text}");
        }
    }
}
