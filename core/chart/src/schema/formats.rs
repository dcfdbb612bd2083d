//! The formats of texts that schemas ask for, as Helm's validator checks them (Go package
//! `github.com/santhosh-tekuri/jsonschema/v6`), with what it says about texts that are not of the format.

mod network;
mod times;

use std::error::Error;

use boon::{Compiler, Format};
use pilothouse_template::{check_regex, go_quoted_char};
use serde_json::Value;

/// Whether a text is of a format, and if not, why.
type Checked = Result<(), String>;
type Check = fn(&Value) -> Result<(), Box<dyn Error>>;

/// The format of Go's regular expressions, which schemas call `regex`.
pub(super) const GO_REGEX: &str = "regex of Go";

/// Makes the formats those of Helm's validator.
pub(super) fn register(compiler: &mut Compiler) {
    let formats: [(&str, Check); 21] = [
        ("json-pointer", |value| check(value, pointer)),
        ("relative-json-pointer", |value| check(value, relative_pointer)),
        ("uuid", |value| check(value, uuid)),
        ("semver", |value| check(value, version)),
        (GO_REGEX, |value| check(value, check_regex)),
        ("duration", |value| check(value, times::duration)),
        ("period", |value| check(value, times::period)),
        ("date", |value| check(value, times::date)),
        ("time", |value| check(value, times::time)),
        ("date-time", |value| check(value, times::date_time)),
        ("ipv4", |value| check(value, network::ipv4)),
        ("ipv6", |value| check(value, network::ipv6)),
        ("hostname", |value| check(value, network::hostname)),
        ("email", |value| check(value, network::email)),
        ("uri", |value| check(value, network::absolute)),
        ("iri", |value| check(value, network::absolute)),
        ("uri-reference", |value| check(value, network::reference)),
        ("iri-reference", |value| check(value, network::reference)),
        ("uri-template", |value| check(value, network::template)),
        // The validator knows neither of these, and what it does not know holds.
        ("idn-email", |_| Ok(())),
        ("idn-hostname", |_| Ok(())),
    ];
    for (name, func) in formats {
        compiler.register_format(Format { name, func });
    }
}

/// Formats are those of texts; anything else is of any format.
fn check(value: &Value, of: fn(&str) -> Checked) -> Result<(), Box<dyn Error>> {
    Ok(value.as_str().map_or(Ok(()), of)?)
}

fn refused(reason: &str) -> Checked {
    Err(reason.to_owned())
}

/// A character in single quotes, as Go shows one.
fn shown(letter: char) -> String {
    go_quoted_char(i64::from(u32::from(letter)), false)
}

fn pointer(text: &str) -> Checked {
    if !text.is_empty() && !text.starts_with('/') {
        return refused("not starting with /");
    }
    let mut behind_tildes = text.split('~').skip(1);
    if behind_tildes.any(|rest| !rest.starts_with(['0', '1'])) {
        return refused("~ must be followed by 0 or 1");
    }
    Ok(())
}

fn relative_pointer(text: &str) -> Checked {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        0 => refused("must start with non-negative integer"),
        2.. if text.starts_with('0') => refused("starts with zero"),
        _ if &text[digits..] == "#" => Ok(()),
        _ => pointer(&text[digits..]),
    }
}

fn uuid(text: &str) -> Checked {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != LENGTHS.len() {
        return Err(format!("must have {} elements", LENGTHS.len()));
    }
    for (index, (group, length)) in groups.iter().zip(LENGTHS).enumerate() {
        if group.len() != length {
            return Err(format!("element {} must be {length} characters long", index + 1));
        }
        if let Some(other) = group.chars().find(|letter| !letter.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {}", shown(other)));
        }
    }
    Ok(())
}

/// A version of three numbers, as semver.org has them.
fn version(text: &str) -> Checked {
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, early) = rest.split_once('-').map_or((rest, None), |(core, early)| (core, Some(early)));
    if build == Some("") {
        return refused("build is empty");
    }
    for (name, labels) in [("build", build), ("pre-release", early)] {
        for label in labels.into_iter().flat_map(|labels| labels.split('.')) {
            check_label(name, label)?;
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return refused("versionCore must have 3 numbers separated by dot");
    }
    for (name, number) in ["major", "minor", "patch"].iter().zip(numbers) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}

fn check_label(name: &str, label: &str) -> Checked {
    if label.is_empty() {
        return Err(format!("{name} identifier is empty"));
    }
    if let Some(other) = label.chars().find(|letter| !(letter.is_ascii_alphanumeric() || *letter == '-')) {
        return Err(format!("invalid character {} in {name} identifier", shown(other)));
    }
    let is_number = label.bytes().all(|digit| digit.is_ascii_digit());
    if name == "pre-release" && is_number && label.len() > 1 && label.starts_with('0') {
        return refused("pre-release numeric identifier starts with zero");
    }
    Ok(())
}

/// What a check says about texts: nothing when they are of the format.
#[cfg(test)]
fn assert_said(of: fn(&str) -> Checked, cases: &[(&str, &str)]) {
    for (text, words) in cases {
        assert_eq!(of(text).err().unwrap_or_default(), *words, "{text:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_three_numbers() {
        assert_said(
            version,
            &[
                ("1.2.3-a.1+b", ""),
                ("1.2", "versionCore must have 3 numbers separated by dot"),
                ("v1.2.3", "major contains non-digit"),
                ("1.02.3", "minor starts with zero"),
                ("1.2.", "patch is empty"),
                ("1.2.3-01", "pre-release numeric identifier starts with zero"),
                ("1.2.3-a..b", "pre-release identifier is empty"),
                ("1.2.3+", "build is empty"),
                ("1.2.3+a_b", "invalid character '_' in build identifier"),
            ],
        );
    }

    #[test]
    fn pointers_have_escapes() {
        assert_said(
            pointer,
            &[
                ("", ""),
                ("/a~0~1/b", ""),
                ("a", "not starting with /"),
                ("/~2", "~ must be followed by 0 or 1"),
                ("/~~0", "~ must be followed by 0 or 1"),
                ("/~", "~ must be followed by 0 or 1"),
            ],
        );
        assert_said(
            relative_pointer,
            &[
                ("0#", ""),
                ("1/a", ""),
                ("/a", "must start with non-negative integer"),
                ("01", "starts with zero"),
                ("1##", "not starting with /"),
            ],
        );
    }

    #[test]
    fn identifiers_have_five_groups() {
        assert_said(
            uuid,
            &[
                ("01234567-89ab-cdef-0123-456789abcdef", ""),
                ("a-b", "must have 5 elements"),
                ("01234567-8-cdef-0123-456789abcdef", "element 2 must be 4 characters long"),
                ("0123456g-89ab-cdef-0123-456789abcdef", "non-hex character 'g'"),
            ],
        );
    }
}
