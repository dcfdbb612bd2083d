//! Formats that Helm's validator checks in another way than ours: those of URLs, which are whatever Go's package `net/url`
//! reads, versions, and two that it does not know.

use std::error::Error;

use boon::{Compiler, Format};
use pilothouse_template::{check_regex, go_quoted_char, url_path};
use serde_json::Value;

type Checked = Result<(), Box<dyn Error>>;
type Check = fn(&Value) -> Checked;

/// The format of Go's regular expressions, which schemas call `regex`.
pub(super) const GO_REGEX: &str = "regex of Go";

/// Makes the formats those of Helm's validator.
pub(super) fn register(compiler: &mut Compiler) {
    let formats: [(&str, Check); 9] = [
        ("uri", absolute),
        ("iri", absolute),
        ("uri-reference", reference),
        ("iri-reference", reference),
        ("uri-template", template),
        (GO_REGEX, pattern),
        ("semver", version),
        ("idn-email", anything),
        ("idn-hostname", anything),
    ];
    for (name, func) in formats {
        compiler.register_format(Format { name, func });
    }
}

fn anything(_: &Value) -> Checked {
    Ok(())
}

fn pattern(value: &Value) -> Checked {
    Ok(value.as_str().map_or(Ok(()), check_regex)?)
}

fn absolute(value: &Value) -> Checked {
    if let Some(text) = value.as_str() {
        url_path(text, true)?;
    }
    Ok(())
}

fn reference(value: &Value) -> Checked {
    let Some(text) = value.as_str() else { return Ok(()) };
    if text.contains('\\') {
        return Err("contains \\".into());
    }
    url_path(text, false)?;
    Ok(())
}

/// Braces must be closed within a part of the path, and are not nested.
fn template(value: &Value) -> Checked {
    let Some(text) = value.as_str() else { return Ok(()) };
    for part in url_path(text, false)?.split('/') {
        let mut open = false;
        for brace in part.chars().filter(|letter| matches!(letter, '{' | '}')) {
            if open == (brace == '{') {
                return Err("nested curly braces".into());
            }
            open = !open;
        }
        if open {
            return Err("no matching closing brace".into());
        }
    }
    Ok(())
}

/// A version of three numbers, as semver.org has them.
fn version(value: &Value) -> Checked {
    let Some(text) = value.as_str() else { return Ok(()) };
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, early) = rest.split_once('-').map_or((rest, None), |(core, early)| (core, Some(early)));
    if build == Some("") {
        return Err("build is empty".into());
    }
    for (name, labels) in [("build", build), ("pre-release", early)] {
        for label in labels.into_iter().flat_map(|labels| labels.split('.')) {
            check_label(name, label)?;
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return Err("versionCore must have 3 numbers separated by dot".into());
    }
    for (name, number) in ["major", "minor", "patch"].iter().zip(numbers) {
        if number.is_empty() {
            return Err(format!("{name} is empty").into());
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero").into());
        }
        if !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(format!("{name} contains non-digit").into());
        }
    }
    Ok(())
}

fn check_label(name: &str, label: &str) -> Checked {
    if label.is_empty() {
        return Err(format!("{name} identifier is empty").into());
    }
    if let Some(other) = label.chars().find(|letter| !(letter.is_ascii_alphanumeric() || *letter == '-')) {
        let shown = go_quoted_char(i64::from(u32::from(other)), false);
        return Err(format!("invalid character {shown} in {name} identifier").into());
    }
    let is_number = label.bytes().all(|digit| digit.is_ascii_digit());
    if name == "pre-release" && is_number && label.len() > 1 && label.starts_with('0') {
        return Err("pre-release numeric identifier starts with zero".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(check: Check, text: &str) -> String {
        check(&Value::from(text)).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn urls_are_those_of_go() {
        assert_eq!(
            said(absolute, "http://a b"),
            "parse \"http://a b\": invalid character \" \" in host name"
        );
        let refused = "parse \"line one\\nline two\": net/url: invalid control character in URL";
        assert_eq!(said(absolute, "line one\nline two"), refused);
        assert_eq!(said(absolute, "a/b"), "relative url");
        assert_eq!(said(absolute, "http://h/<a b>"), "");
        assert_eq!(said(reference, "a/b"), "");
        assert_eq!(said(reference, "a\\b"), "contains \\");
        assert!(absolute(&Value::from(1)).is_ok());
    }

    #[test]
    fn versions_have_three_numbers() {
        for (text, words) in [
            ("1.2.3-a.1+b", ""),
            ("1.2", "versionCore must have 3 numbers separated by dot"),
            ("v1.2.3", "major contains non-digit"),
            ("1.02.3", "minor starts with zero"),
            ("1.2.", "patch is empty"),
            ("1.2.3-01", "pre-release numeric identifier starts with zero"),
            ("1.2.3-a..b", "pre-release identifier is empty"),
            ("1.2.3+", "build is empty"),
            ("1.2.3+a_b", "invalid character '_' in build identifier"),
        ] {
            assert_eq!(said(version, text), words, "{text}");
        }
    }

    #[test]
    fn braces_are_closed() {
        assert_eq!(said(template, "http://h/{a}/b{c}"), "");
        assert_eq!(said(template, "http://h/{a"), "no matching closing brace");
        assert_eq!(said(template, "{a{b}}"), "nested curly braces");
        assert_eq!(said(anything, "@"), "");
        assert_eq!(said(pattern, "{a}"), "");
        assert_eq!(said(pattern, "("), "error parsing regexp: missing closing ): `(`");
    }
}
