//! Takes URLs apart, after Go's `net/url`.

use crate::format::quote::quoted;

use super::ip_address;
use super::urls::{FOR_PATH, escaped};

/// The parts of a URL, decoded except the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: Vec<u8>,
    pub(super) opaque: Vec<u8>,
    /// User and password as written.
    pub(super) userinfo: Option<Vec<u8>>,
    /// Host and port.
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    /// The path as written, when encoding the decoded one gives another.
    pub(super) raw_path: Vec<u8>,
    pub(super) query: Vec<u8>,
    pub(super) fragment: Vec<u8>,
}

/// Takes a URL apart (`url.Parse`).
///
/// # Errors
/// Go's text. What is wrong with the fragment is told last, and with the whole URL.
pub(super) fn parse(source: &[u8]) -> Result<Url, String> {
    let worded = |text: &[u8], message: String| format!("parse {}: {message}", quoted(text));
    let (rest, fragment) = cut(source, b'#').unwrap_or((source, &[]));
    let mut url = without_fragment(rest).map_err(|message| worded(rest, message))?;
    url.fragment = unescaped(fragment, Part::Other).map_err(|message| worded(source, message))?;
    Ok(url)
}

/// Where an escape stands: a host may have only some.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Host,
    Zone,
    Other,
}

/// Decodes percent escapes.
///
/// # Errors
/// Go's text.
pub(super) fn unescaped(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            if part != Part::Other && byte.is_ascii() && !is_host_byte(byte) {
                return Err(format!("invalid character {} in host name", quoted(&[byte])));
            }
            out.push(byte);
            rest = after;
            continue;
        }
        let escape = &rest[..rest.len().min(3)];
        let decoded = decoded(escape).filter(|decoded| match part {
            _ if escape == b"%25" => true,
            // In a host, only bytes beyond ASCII are written with an escape.
            Part::Host => !decoded.is_ascii(),
            Part::Zone => *decoded == b' ' || is_host_byte(*decoded),
            Part::Other => true,
        });
        out.push(decoded.ok_or_else(|| format!("invalid URL escape {}", quoted(escape)))?);
        rest = &rest[3..];
    }
    Ok(out)
}

fn decoded(escape: &[u8]) -> Option<u8> {
    let digits = escape.get(1..3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}

/// What stands before and behind the first such byte.
fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|byte| *byte == at)?;
    Some((&text[..position], &text[position + 1..]))
}

fn without_fragment(source: &[u8]) -> Result<Url, String> {
    if source.iter().any(u8::is_ascii_control) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if source == b"*" {
        url.path = source.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(source)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = cut(rest, b'?').unwrap_or((rest, &[]));
    url.query = query.to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if rest.split(|byte| *byte == b'/').next().is_some_and(|first| first.contains(&b':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority = !url.scheme.is_empty() || !rest.starts_with(b"///");
    let path = match rest.strip_prefix(b"//").filter(|_| has_authority) {
        Some(after) => {
            let end = after.iter().position(|byte| *byte == b'/').unwrap_or(after.len());
            url.read_authority(&after[..end])?;
            &after[end..]
        }
        None => rest,
    };
    url.path = unescaped(path, Part::Other)?;
    if escaped(&url.path, FOR_PATH).as_bytes() != path {
        url.raw_path = path.to_vec();
    }
    Ok(url)
}

fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Ok((&[], text))
}

impl Url {
    fn read_authority(&mut self, authority: &[u8]) -> Result<(), String> {
        let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
            self.host = host(&self.scheme, authority)?;
            return Ok(());
        };
        let userinfo = &authority[..at];
        self.host = host(&self.scheme, &authority[at + 1..])?;
        let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !userinfo.iter().all(is_allowed) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        unescaped(userinfo, Part::Other)?;
        self.userinfo = Some(userinfo.to_vec());
        Ok(())
    }
}

fn host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    match host.iter().rposition(|byte| *byte == b'[') {
        Some(0) => return literal(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    // A list of hosts has several colons, which Go minds in the web only.
    let is_web = matches!(scheme, b"http" | b"https");
    let is_colon = |byte: &u8| *byte == b':';
    let colon = if is_web { host.iter().position(is_colon) } else { host.iter().rposition(is_colon) };
    check_port(colon.map_or(&[], |colon| &host[colon..]))?;
    unescaped(host, Part::Host)
}

/// An address in brackets, with its port.
fn literal(host: &[u8]) -> Result<Vec<u8>, String> {
    let Some(end) = host.iter().rposition(|byte| *byte == b']') else {
        return Err("missing ']' in host".to_owned());
    };
    let (name, port) = (&host[1..end], &host[end + 1..]);
    check_port(port)?;
    let port = unescaped(port, Part::Host)?;
    let zone = name.windows(3).position(|escape| escape == b"%25").unwrap_or(name.len());
    let mut address = unescaped(&name[..zone], Part::Host)?;
    address.extend(unescaped(&name[zone..], Part::Zone)?);
    match ip_address::parse(&address) {
        Ok(parsed) if parsed.is_v4 => Err("invalid IP-literal".to_owned()),
        Ok(_) => Ok([b"[", address.as_slice(), b"]", port.as_slice()].concat()),
        Err(message) => Err(format!("invalid host: {message}")),
    }
}

fn check_port(port: &[u8]) -> Result<(), String> {
    match port {
        [] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(format!("invalid port {} after host", quoted(port))),
    }
}
