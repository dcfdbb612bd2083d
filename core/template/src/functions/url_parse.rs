//! Takes URLs apart.

use crate::format::quote::quoted;

/// The parts of a URL, decoded except the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    pub(super) opaque: String,
    /// User and password as written.
    pub(super) userinfo: Option<String>,
    /// Host and port.
    pub(super) host: String,
    pub(super) path: String,
    /// The path as written, when encoding the decoded one gives another.
    pub(super) raw_path: String,
    pub(super) query: String,
    pub(super) fragment: String,
}

/// Takes a URL apart (`url.Parse`); the error is Go's text without the URL.
pub(super) fn parse(source: &str) -> Result<Url, String> {
    let (rest, fragment) = source.split_once('#').unwrap_or((source, ""));
    if rest.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url { fragment: unescaped(fragment)?, ..Url::default() };
    if rest == "*" {
        url.path = rest.to_owned();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(rest)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    url.query = query.to_owned();
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_owned();
            return Ok(url);
        }
        if rest.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority = rest.starts_with("//") && (!url.scheme.is_empty() || !rest.starts_with("///"));
    let path = match rest.strip_prefix("//").filter(|_| has_authority) {
        Some(after) => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            url.read_authority(authority)?;
            path
        }
        None => rest,
    };
    url.path = unescaped(path)?;
    if path.contains('%') {
        url.raw_path = path.to_owned();
    }
    Ok(url)
}

/// Whether user and password have only characters they may have.
pub(super) fn valid_userinfo(userinfo: &str) -> bool {
    userinfo.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte))
}

/// Decodes percent escapes.
pub(super) fn unescaped(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        if byte != b'%' {
            out.push(byte);
            index += 1;
            continue;
        }
        let digits = bytes.get(index + 1..index + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => out.push(decoded),
            None => {
                let end = bytes.len().min(index + 3);
                return Err(format!("invalid URL escape {}", quoted(&bytes[index..end])));
            }
        }
        index += 3;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (index, character) in text.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

impl Url {
    fn read_authority(&mut self, authority: &str) -> Result<(), String> {
        let host = match authority.rsplit_once('@') {
            None => authority,
            Some((userinfo, host)) => {
                if !valid_userinfo(userinfo) {
                    return Err("net/url: invalid userinfo".to_owned());
                }
                unescaped(userinfo)?;
                self.userinfo = Some(userinfo.to_owned());
                host
            }
        };
        self.host = check_host(&self.scheme, host)?;
        Ok(())
    }
}

fn check_host(scheme: &str, host: &str) -> Result<String, String> {
    let port = if host.starts_with('[') {
        let Some(end) = host.rfind(']') else {
            return Err("missing ']' in host".to_owned());
        };
        &host[end + 1..]
    } else {
        // A list of hosts has several colons, which Go minds in the web only.
        let colon = if matches!(scheme, "http" | "https") { host.find(':') } else { host.rfind(':') };
        colon.map_or("", |colon| &host[colon..])
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let is_port =
        port.is_empty() || port.starts_with(':') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_port {
        return Err(format!("invalid port {} after host", quoted(port.as_bytes())));
    }
    let is_allowed = |byte: u8| {
        !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    if let Some(bad) = host.bytes().find(|byte| !is_allowed(*byte)) {
        return Err(format!("invalid character {} in host name", quoted(&[bad])));
    }
    // In a host, only bytes beyond ASCII are written with an escape.
    for (at, _) in host.match_indices('%') {
        let escape = &host.as_bytes()[at..host.len().min(at + 3)];
        if escape.get(1).is_some_and(|digit| digit.is_ascii_digit() && *digit < b'8') && escape != b"%25" {
            return Err(format!("invalid URL escape {}", quoted(escape)));
        }
    }
    unescaped(host)
}
