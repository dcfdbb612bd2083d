//! URLs, after Go's `net/url`.

use std::fmt::Write as _;
use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format::quote::quoted;
use crate::value::{Entries, ParamType, Value};

use super::arguments::{map, text};
use super::url_parse::{Url, parse, valid_userinfo};
use super::{Function, fixed};

pub(super) static FUNCTIONS: &[Function] =
    &[fixed("urlParse", &[ParamType::String], url_parse), fixed("urlJoin", &[ParamType::Map], url_join)];

fn url_parse(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    let url = parse(&source)
        .map_err(|message| ExecError::plain(format!("unable to parse url: {}", worded(&source, &message))))?;
    let hostname = hostname(&url.host).to_owned();
    let mut entries = Entries::new();
    for (name, part) in [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", url.userinfo.as_deref().map(shown_userinfo).unwrap_or_default()),
    ] {
        entries.insert(Rc::from(name), part.into());
    }
    Ok(Value::map(entries))
}

/// The path of a URL as it is written, if the text is one as Go reads them, and has a scheme when it must be absolute.
///
/// # Errors
/// What Go says, or the validator that uses its `net/url`.
pub fn url_path(source: &str, absolute: bool) -> Result<String, String> {
    let url = parse(source).map_err(|message| worded(source, &message))?;
    if hostname(&url.host).contains(':') && !url.host.contains(['[', ']']) {
        return Err("ipv6 address not enclosed in brackets".to_owned());
    }
    if absolute && url.scheme.is_empty() {
        return Err("relative url".to_owned());
    }
    Ok(if url.raw_path.is_empty() { url.path } else { url.raw_path })
}

/// Go's error about a URL. The fragment has been cut off by then.
fn worded(source: &str, message: &str) -> String {
    let shown = quoted(source.split('#').next().unwrap_or_default().as_bytes());
    format!("parse {shown}: {message}")
}

fn url_join(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let part = |name: &str| match map(arguments, 0).and_then(|map| map.get(name)) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.as_str().into_owned()),
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
        userinfo: None,
        raw_path: String::new(),
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        if !valid_userinfo(&userinfo) {
            let source = quoted(format!("proto://{userinfo}@host").as_bytes());
            let message =
                format!("unable to parse userinfo in dict: parse {source}: net/url: invalid userinfo");
            return Err(ExecError::plain(message));
        }
        url.userinfo = Some(userinfo);
    }
    Ok(joined(&url).into())
}

/// The host without its port and without the brackets of an IPv6 address.
fn hostname(host: &str) -> &str {
    if let Some(address) = host.strip_prefix('[') {
        return address.split_once(']').map_or(address, |(address, _)| address);
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The URL as text (`URL.String`).
fn joined(url: &Url) -> String {
    let mut out = String::new();
    if !url.scheme.is_empty() {
        let _ = write!(out, "{}:", url.scheme);
    }
    if url.opaque.is_empty() {
        write_authority_and_path(&mut out, url);
    } else {
        out.push_str(&url.opaque);
    }
    if !url.query.is_empty() {
        let _ = write!(out, "?{}", url.query);
    }
    if !url.fragment.is_empty() {
        let _ = write!(out, "#{}", escaped(&url.fragment, "$&+,/:;=?@!()*'"));
    }
    out
}

fn write_authority_and_path(out: &mut String, url: &Url) {
    if !url.scheme.is_empty() || !url.host.is_empty() || url.userinfo.is_some() {
        if !url.host.is_empty() || !url.path.is_empty() || url.userinfo.is_some() {
            out.push_str("//");
        }
        if let Some(userinfo) = &url.userinfo {
            let _ = write!(out, "{}@", shown_userinfo(userinfo));
        }
        out.push_str(&escaped(&url.host, "!$&'()*+,;=:[]<>\""));
    }
    let path = if url.raw_path.is_empty() { escaped(&url.path, "$&+,/:;=@") } else { url.raw_path.clone() };
    if !path.is_empty() && !path.starts_with('/') && !url.host.is_empty() {
        out.push('/');
    }
    // A colon in the first part of a relative path would read as a scheme.
    if out.is_empty() && path.split('/').next().is_some_and(|first| first.contains(':')) {
        out.push_str("./");
    }
    out.push_str(&path);
}

/// User and password, each escaped anew.
fn shown_userinfo(userinfo: &str) -> String {
    let shown = |part: &str| escaped(&super::url_parse::unescaped(part).unwrap_or_default(), "$&+,;=");
    match userinfo.split_once(':') {
        Some((user, password)) => format!("{}:{}", shown(user), shown(password)),
        None => shown(userinfo),
    }
}

/// Percent-encodes all but letters, digits, `-_.~` and what is allowed.
fn escaped(text: &str, allowed: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        let plain = byte.is_ascii_alphanumeric() || "-_.~".contains(character);
        if plain || byte.is_ascii() && allowed.contains(character) {
            out.push(character);
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
        ];
        for source in sources {
            assert_eq!(joined(&parse(source).unwrap()), source);
        }
    }

    #[test]
    fn bad_urls_are_refused_in_gos_words() {
        let cases = [
            ("http://[bad", "missing ']' in host"),
            ("http://a b/", "invalid character \" \" in host name"),
            (":x", "missing protocol scheme"),
            ("http://h:p/", "invalid port \":p\" after host"),
            ("http://h:p:1/", "invalid port \":p:1\" after host"),
            ("x://h:1:p/", "invalid port \":p\" after host"),
            ("%zz", "invalid URL escape \"%zz\""),
        ];
        for (source, expected) in cases {
            assert_eq!(parse(source).unwrap_err(), expected, "{source}");
        }
    }
}
