//! Addresses, names of hosts, mail addresses, URLs.

use pilothouse_template::{check_ipv6, go_quote, url_path, url_unescaped};

use super::{Checked, refused, shown};

pub(super) fn ipv4(text: &str) -> Checked {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return refused("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return refused("leading zeros");
        }
        if !(0..=255).contains(&number(group)?) {
            return refused("decimal must be between 0 and 255");
        }
    }
    Ok(())
}

/// A number as Go reads one, sign included.
fn number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.parse().map_err(|_| {
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        let reason = if is_number { "value out of range" } else { "invalid syntax" };
        format!("strconv.Atoi: parsing {}: {reason}", go_quote(text))
    })
}

pub(super) fn ipv6(text: &str) -> Checked {
    check_ipv6(text)
}

pub(super) fn hostname(text: &str) -> Checked {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return refused("more than 253 characters long");
    }
    for label in text.split('.') {
        if !(1..=63).contains(&label.len()) {
            return refused("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return refused("label starts with hyphen");
        }
        if label.ends_with('-') {
            return refused("label ends with hyphen");
        }
        if let Some(other) = label.chars().find(|letter| !letter.is_ascii_alphanumeric() && *letter != '-') {
            return Err(format!("invalid character {}", shown(other)));
        }
    }
    Ok(())
}

pub(super) fn email(text: &str) -> Checked {
    if text.len() > 254 {
        return refused("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return refused("missing @") };
    if local.len() > 64 {
        return refused("local part more than 64 characters long");
    }
    // Helm's validator asks for the opening quote only, and takes what stands last for the closing one.
    match local.as_bytes() {
        [b'"', quoted @ .., _] if quoted.iter().any(|byte| matches!(byte, b'\\' | b'"')) => {
            return refused("backslash and quote are not allowed within quoted local part");
        }
        [b'"', _, ..] => {}
        _ => unquoted(local)?,
    }
    let Some(address) = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']')) else {
        return hostname(domain).map_err(|reason| format!("invalid domain: {reason}"));
    };
    match address.strip_prefix("IPv6:") {
        Some(address) => ipv6(address).map_err(|reason| format!("invalid ipv6 address: {reason}")),
        None => ipv4(address).map_err(|reason| format!("invalid ipv4 address: {reason}")),
    }
}

fn unquoted(local: &str) -> Checked {
    if local.starts_with('.') {
        return refused("starts with dot");
    }
    if local.ends_with('.') {
        return refused("ends with dot");
    }
    if local.contains("..") {
        return refused("consecutive dots");
    }
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(letter);
    match local.chars().find(|letter| !is_allowed(*letter)) {
        Some(other) => Err(format!("invalid character {}", shown(other))),
        None => Ok(()),
    }
}

pub(super) fn absolute(text: &str) -> Checked {
    url_path(text, true).map(drop)
}

pub(super) fn reference(text: &str) -> Checked {
    if text.contains('\\') {
        return refused("contains \\");
    }
    url_path(text, false).map(drop)
}

/// Braces must be closed within a part of the path, and are not nested.
pub(super) fn template(text: &str) -> Checked {
    for part in url_path(text, false)?.split('/') {
        let part = url_unescaped(part).map_err(|reason| format!("percent decode failed: {reason}"))?;
        let mut open = false;
        for brace in part.chars().filter(|letter| matches!(letter, '{' | '}')) {
            if open == (brace == '{') {
                return refused("nested curly braces");
            }
            open = !open;
        }
        if open {
            return refused("no matching closing brace");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::assert_said;
    use super::*;

    #[test]
    fn addresses_have_the_words_of_go() {
        assert_said(
            ipv4,
            &[
                ("1.2.3.4", ""),
                ("1.2.3", "expected four decimals"),
                ("01.2.3.4", "leading zeros"),
                ("1.2.3.256", "decimal must be between 0 and 255"),
                ("1.2.3.a", "strconv.Atoi: parsing \"a\": invalid syntax"),
                (
                    "99999999999999999999.2.3.4",
                    "strconv.Atoi: parsing \"99999999999999999999\": value out of range",
                ),
            ],
        );
        assert_said(ipv6, &[("::1", ""), ("1.2.3.4", "missing colon")]);
    }

    #[test]
    fn names_have_labels() {
        assert_said(
            hostname,
            &[
                ("a-1.example.", ""),
                ("a..b", "label must be 1 to 63 characters long"),
                ("-a", "label starts with hyphen"),
                ("a-", "label ends with hyphen"),
                ("a_b", "invalid character '_'"),
            ],
        );
        assert_said(
            email,
            &[
                ("a@b.c", ""),
                ("\"a b\"@c", ""),
                ("\"a bé@c", ""),
                ("\"a\"b\"@c", "backslash and quote are not allowed within quoted local part"),
                ("a", "missing @"),
                (".a@b", "starts with dot"),
                ("a.@b", "ends with dot"),
                ("a..b@c", "consecutive dots"),
                ("a b@c", "invalid character ' '"),
                ("a@b c", "invalid domain: invalid character ' '"),
                ("a@[1.2.3.4]", ""),
                ("a@[1.2]", "invalid ipv4 address: expected four decimals"),
                ("a@[IPv6:::1]", ""),
                ("a@[IPv6:x]", "invalid ipv6 address: missing colon"),
            ],
        );
    }

    #[test]
    fn urls_are_those_of_go() {
        assert_said(
            absolute,
            &[
                ("http://a b", "parse \"http://a b\": invalid character \" \" in host name"),
                (
                    "line one\nline two",
                    "parse \"line one\\nline two\": net/url: invalid control character in URL",
                ),
                ("a/b", "relative url"),
                ("http://h/<a b>", ""),
            ],
        );
        assert_said(reference, &[("a/b", ""), ("a\\b", "contains \\")]);
    }

    #[test]
    fn braces_are_closed() {
        assert_said(
            template,
            &[
                ("http://h/{a}/b{c}", ""),
                ("http://h/{a", "no matching closing brace"),
                ("http://h/%7Ba", ""),
                ("http://h/%7ba", "no matching closing brace"),
                ("{a{b}}", "nested curly braces"),
            ],
        );
    }
}
