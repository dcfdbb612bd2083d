//! URLs, after Go's `net/url`.

use std::fmt::Write as _;
use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{Entries, ParamType, Value};

use super::arguments::{bytes, map};
use super::ip_address::check_ipv6;
use super::url_parse::{Part, Url, parse, unescaped};
use super::{Function, fixed};

pub(super) static FUNCTIONS: &[Function] =
    &[fixed("urlParse", &[ParamType::String], url_parse), fixed("urlJoin", &[ParamType::Map], url_join)];

/// What needs no escape besides letters, digits and `-_.~`.
pub(super) const FOR_PATH: &[u8] = b"$&+,/:;=@";
const FOR_HOST: &[u8] = b"!$&'()*+,;=:[]<>\"";
const FOR_USER: &[u8] = b"$&+,;=";
const FOR_FRAGMENT: &[u8] = b"$&+,/:;=?@!()*";

fn url_parse(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    // Each byte is decoded, and encoded again.
    run.environment.budget.charge_steps(bytes(arguments, 0).len() as u64)?;
    let url = parse(bytes(arguments, 0))
        .map_err(|message| ExecError::plain(format!("unable to parse url: {message}")))?;
    let hostname = hostname(&url.host).to_vec();
    let userinfo = url.userinfo.as_deref().map(shown_userinfo).unwrap_or_default();
    let mut entries = Entries::new();
    for (name, part) in [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", userinfo.into_bytes()),
    ] {
        entries.insert(Rc::from(name), Value::string(part));
    }
    Ok(Value::map(entries))
}

/// The path of a URL, with its escapes when those that it needs are others; nothing when they are not.
///
/// The text must be a URL as Go's validator of schemas reads them, with a scheme when it must be absolute.
///
/// # Errors
/// Go's text.
pub fn url_path(source: &str, absolute: bool) -> Result<String, String> {
    let url = parse(source.as_bytes())?;
    let host = String::from_utf8_lossy(hostname(&url.host));
    if host.contains(':') {
        if !url.host.contains(&b'[') || !url.host.contains(&b']') {
            return Err("ipv6 address not enclosed in brackets".to_owned());
        }
        check_ipv6(&host).map_err(|reason| format!("invalid ipv6 address: {reason}"))?;
    }
    if absolute && url.scheme.is_empty() {
        return Err("relative url".to_owned());
    }
    Ok(String::from_utf8_lossy(&url.raw_path).into_owned())
}

/// A part of such a path without its escapes.
///
/// # Errors
/// Go's text.
pub fn url_unescaped(part: &str) -> Result<String, String> {
    unescaped(part.as_bytes(), Part::Other).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn url_join(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let part = |name: &str| match map(arguments, 0).and_then(|map| map.get(name)) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Nil) => Err(ExecError::plain(super::arguments::NIL_DEREFERENCE)),
        Some(other) => {
            let kind = other.kind().name();
            let message = format!("unable to parse {name} key, must be of type string, but {kind} found");
            Err(ExecError::plain(message))
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        ..Url::default()
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        // It may hold more than a user, and then ends earlier or is part of something else.
        let source = [b"proto://", userinfo.as_slice(), b"@host"].concat();
        let parsed = parse(&source)
            .map_err(|message| ExecError::plain(format!("unable to parse userinfo in dict: {message}")))?;
        url.userinfo = parsed.userinfo;
    }
    Ok(Value::string(joined(&url)))
}

/// The host without its port and without the brackets of an IPv6 address.
fn hostname(host: &[u8]) -> &[u8] {
    let colon = host.iter().rposition(|byte| *byte == b':');
    let without_port = match colon {
        Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => &host[..colon],
        _ => host,
    };
    match without_port {
        [b'[', address @ .., b']'] => address,
        other => other,
    }
}

/// The URL as text (`URL.String`).
fn joined(url: &Url) -> Vec<u8> {
    let mut out = Vec::new();
    if !url.scheme.is_empty() {
        out.extend([url.scheme.as_slice(), b":"].concat());
    }
    if url.opaque.is_empty() {
        write_authority_and_path(&mut out, url);
    } else {
        out.extend_from_slice(&url.opaque);
    }
    if !url.query.is_empty() {
        out.push(b'?');
        out.extend_from_slice(&url.query);
    }
    if !url.fragment.is_empty() {
        out.push(b'#');
        out.extend(escaped(&url.fragment, FOR_FRAGMENT).into_bytes());
    }
    out
}

fn write_authority_and_path(out: &mut Vec<u8>, url: &Url) {
    if !url.scheme.is_empty() || !url.host.is_empty() || url.userinfo.is_some() {
        if !url.host.is_empty() || !url.path.is_empty() || url.userinfo.is_some() {
            out.extend_from_slice(b"//");
        }
        if let Some(userinfo) = &url.userinfo {
            out.extend(format!("{}@", shown_userinfo(userinfo)).into_bytes());
        }
        out.extend(escaped(&url.host, FOR_HOST).into_bytes());
    }
    let path = match url.path.as_slice() {
        _ if !url.raw_path.is_empty() => url.raw_path.clone(),
        b"*" => b"*".to_vec(),
        path => escaped(path, FOR_PATH).into_bytes(),
    };
    if !path.is_empty() && !path.starts_with(b"/") && !url.host.is_empty() {
        out.push(b'/');
    }
    // A colon in the first part of a relative path would read as a scheme.
    if out.is_empty() && path.split(|byte| *byte == b'/').next().is_some_and(|first| first.contains(&b':')) {
        out.extend_from_slice(b"./");
    }
    out.extend(path);
}

/// User and password, each escaped anew.
fn shown_userinfo(userinfo: &[u8]) -> String {
    let shown = |part: &[u8]| escaped(&unescaped(part, Part::Other).unwrap_or_default(), FOR_USER);
    match userinfo.iter().position(|byte| *byte == b':') {
        Some(colon) => format!("{}:{}", shown(&userinfo[..colon]), shown(&userinfo[colon + 1..])),
        None => shown(userinfo),
    }
}

/// Percent-encodes all but letters, digits, `-_.~` and what is allowed.
pub(super) fn escaped(text: &[u8], allowed: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) || allowed.contains(byte);
        if plain {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_survive_parsing_and_joining() {
        let sources = [
            "https://user:pa%20ss@host.example:8443/p/a%20th?q=1&r=a%2Fb#frag",
            "http://[::1]:80/",
            "mailto:a@b.c",
            "/only/path?x",
            "host.example/x",
            "*",
            "http://h/%7Ba'",
        ];
        for source in sources {
            let url = parse(source.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(joined(&url)).unwrap(), source);
        }
    }

    #[test]
    fn bad_urls_are_refused_in_gos_words() {
        let cases = [
            ("http://[bad", "missing ']' in host"),
            ("http://[bad]", "invalid host: ParseAddr(\"bad\"): unable to parse IP"),
            ("http://[1.2.3.4]", "invalid IP-literal"),
            ("http://a[::1]", "invalid IP-literal"),
            ("http://[::1%25a%20b]", ""),
            ("http://[::1%25a%2f]", "invalid URL escape \"%2f\""),
            ("http://a b/", "invalid character \" \" in host name"),
            (":x", "missing protocol scheme"),
            ("http://h:p/", "invalid port \":p\" after host"),
            ("http://h:p:1/", "invalid port \":p:1\" after host"),
            ("x://h:1:p/", "invalid port \":p\" after host"),
            ("%zz", "invalid URL escape \"%zz\""),
            ("http://a%41", "invalid URL escape \"%41\""),
            ("a#%zz", "invalid URL escape \"%zz\""),
        ];
        for (source, expected) in cases {
            let said = parse(source.as_bytes()).err().unwrap_or_default();
            let prefix = format!("parse \"{source}\": ");
            assert_eq!(said.strip_prefix(&prefix).unwrap_or(&said), expected, "{source}");
        }
    }

    #[test]
    fn zones_are_no_part_of_addresses() {
        let zone = "invalid ipv6 address: zone id is not a part of ipv6 address";
        assert_eq!(url_path("http://[::1%25lo]/", true), Err(zone.to_owned()));
        assert_eq!(url_path("x://a:1:2/", true), Err("ipv6 address not enclosed in brackets".to_owned()));
        assert_eq!(url_path("http://h/a", true), Ok(String::new()));
        assert_eq!(url_path("http://h/{a", true), Ok("/{a".to_owned()));
    }
}
