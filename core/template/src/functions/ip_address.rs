//! Addresses of the Internet as Go's package `net/netip` reads them.

use crate::format::quote::quoted;

/// Most digits of a group, and bytes of an address.
const MAX_DIGITS: usize = 4;
const BYTES: usize = 16;
/// Where the four bytes of an embedded IPv4 address begin.
const EMBEDDED: usize = 12;

/// An address, as far as somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Whether it has four bytes.
    pub(super) is_v4: bool,
    /// The zone behind a percent sign.
    pub(super) zone: Vec<u8>,
}

/// Why a text is not an IPv6 address without a zone, in the words of Go's validator of schemas.
///
/// # Errors
/// The reason.
pub fn check_ipv6(text: &str) -> Result<(), String> {
    if !text.contains(':') {
        return Err("missing colon".to_owned());
    }
    match parse(text.as_bytes())? {
        Address { zone, .. } if zone.is_empty() => Ok(()),
        _ => Err("zone id is not a part of ipv6 address".to_owned()),
    }
}

/// Reads an address (`netip.ParseAddr`).
///
/// # Errors
/// Go's text.
pub(super) fn parse(source: &[u8]) -> Result<Address, String> {
    let error = |message: &str, rest: &[u8]| {
        let place = if rest.is_empty() { String::new() } else { format!(" (at {})", quoted(rest)) };
        format!("ParseAddr({}): {message}{place}", quoted(source))
    };
    let parsed = match source.iter().find(|byte| matches!(byte, b'.' | b':' | b'%')) {
        Some(b'.') => fields(source).map(|()| Address { is_v4: true, zone: Vec::new() }),
        Some(b':') => parse_v6(source),
        Some(_) => Err(("missing IPv6 address", &[][..])),
        None => Err(("unable to parse IP", &[][..])),
    };
    parsed.map_err(|(message, rest)| error(message, rest))
}

/// What is wrong, and the part of the text at which it was noticed.
type Wrong<'t> = (&'static str, &'t [u8]);

/// Checks the four numbers of an IPv4 address.
fn fields(text: &[u8]) -> Result<(), Wrong<'_>> {
    let (mut value, mut digits, mut dots) = (0_u32, 0, 0);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if digits == 1 && value == 0 => {
                return Err(("IPv4 field has octet with leading zero", &[]));
            }
            b'0'..=b'9' => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(("IPv4 field has value >255", &[]));
                }
            }
            b'.' if at == 0 || at + 1 == text.len() || text[at - 1] == b'.' => {
                return Err(("IPv4 field must have at least one digit", &text[at..]));
            }
            b'.' if dots == 3 => return Err(("IPv4 address too long", &[])),
            b'.' => {
                dots += 1;
                (value, digits) = (0, 0);
            }
            _ => return Err(("unexpected character", &text[at..])),
        }
    }
    if dots < 3 { Err(("IPv4 address too short", &[])) } else { Ok(()) }
}

fn parse_v6(source: &[u8]) -> Result<Address, Wrong<'_>> {
    let (mut rest, zone) = match source.iter().position(|byte| *byte == b'%') {
        Some(at) if at + 1 == source.len() => return Err(("zone must be a non-empty string", &[])),
        Some(at) => (&source[..at], &source[at + 1..]),
        None => (source, &[][..]),
    };
    let address = Address { is_v4: false, zone: zone.to_vec() };
    let mut has_gap = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        if after.is_empty() {
            return Ok(address);
        }
        (has_gap, rest) = (true, after);
    }
    let mut count = 0;
    while count < BYTES {
        let digits = group(rest)?;
        if rest.get(digits) == Some(&b'.') {
            embedded(rest, has_gap, count)?;
            (rest, count) = (&[], count + 4);
            break;
        }
        count += 2;
        rest = &rest[digits..];
        rest = match rest {
            [] => break,
            [b':'] => return Err(("colon must be followed by more characters", rest)),
            [b':', after @ ..] => after,
            _ => return Err(("unexpected character, want colon", rest)),
        };
        if let Some(after) = rest.strip_prefix(b":") {
            if has_gap {
                return Err(("multiple :: in address", rest));
            }
            (has_gap, rest) = (true, after);
            if rest.is_empty() {
                break;
            }
        }
    }
    match (rest, count, has_gap) {
        ([_, ..], ..) => Err(("trailing garbage after address", rest)),
        (_, ..BYTES, false) => Err(("address string too short", &[])),
        (_, BYTES.., true) => Err(("the :: must expand to at least one field of zeros", &[])),
        _ => Ok(address),
    }
}

/// How many digits the group at the beginning has.
fn group(rest: &[u8]) -> Result<usize, Wrong<'_>> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    match digits {
        0 => Err(("each colon-separated field must have at least one digit", rest)),
        1..=MAX_DIGITS => Ok(digits),
        _ => Err(("each group must have 4 or less digits", rest)),
    }
}

/// Checks the IPv4 address that the last two groups may be.
fn embedded(rest: &[u8], has_gap: bool, count: usize) -> Result<(), Wrong<'_>> {
    if !has_gap && count != EMBEDDED {
        return Err(("embedded IPv4 address must replace the final 2 fields of the address", rest));
    }
    if count + 4 > BYTES {
        return Err(("too many hex fields to fit an embedded IPv4 at the end of the address", rest));
    }
    fields(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_go() {
        let cases = [
            ("::1", ""),
            ("::", ""),
            ("1:2:3:4:5:6:7:8", ""),
            ("::ffff:1.2.3.4", ""),
            ("fe80::1%eth0", ""),
            ("1.2.3.4", ""),
            ("1.2.3", "IPv4 address too short"),
            ("1.2.3.4.5", "IPv4 address too long"),
            ("1.2.3.", "IPv4 field must have at least one digit (at \".\")"),
            ("01.2.3.4", "IPv4 field has octet with leading zero"),
            ("256.1.1.1", "IPv4 field has value >255"),
            ("1.x.1.1", "unexpected character (at \"x.1.1\")"),
            ("x", "unable to parse IP"),
            ("%a", "missing IPv6 address"),
            ("::1%", "zone must be a non-empty string"),
            ("1:2", "address string too short"),
            ("1:2:3:4:5:6:7::8", "the :: must expand to at least one field of zeros"),
            ("1:2:3:4:5:6:7:8::", "the :: must expand to at least one field of zeros"),
            ("1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")"),
            ("1::2::3", "multiple :: in address (at \":3\")"),
            ("12345::", "each group must have 4 or less digits (at \"12345::\")"),
            ("1:", "colon must be followed by more characters (at \":\")"),
            ("1:2x", "unexpected character, want colon (at \"x\")"),
            (":1", "each colon-separated field must have at least one digit (at \":1\")"),
            (
                "1:1.2.3.4",
                "embedded IPv4 address must replace the final 2 fields of the address (at \"1.2.3.4\")",
            ),
        ];
        for (text, expected) in cases {
            let said = parse(text.as_bytes()).err().unwrap_or_default();
            let prefix = format!("ParseAddr(\"{text}\"): ");
            assert_eq!(said.strip_prefix(&prefix).unwrap_or(&said), expected, "{text}");
        }
    }

    #[test]
    fn zones_and_ipv4_are_no_ipv6() {
        assert_eq!(check_ipv6("::1"), Ok(()));
        assert_eq!(check_ipv6("1.2.3.4"), Err("missing colon".to_owned()));
        assert_eq!(check_ipv6("::1%lo"), Err("zone id is not a part of ipv6 address".to_owned()));
    }
}
