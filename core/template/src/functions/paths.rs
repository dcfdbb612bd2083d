//! Slash-separated paths (Go's `path`, which on Linux `path/filepath` equals).

use crate::value::{ParamType, Value};

use super::arguments::bytes;
use super::{Function, fixed};

const PATH: &[ParamType] = &[ParamType::String];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("base", PATH, |_, arguments| Ok(Value::string(base(bytes(arguments, 0)).to_vec()))),
    fixed("osBase", PATH, |_, arguments| Ok(Value::string(base(bytes(arguments, 0)).to_vec()))),
    fixed("dir", PATH, |_, arguments| Ok(Value::string(dir(bytes(arguments, 0))))),
    fixed("osDir", PATH, |_, arguments| Ok(Value::string(dir(bytes(arguments, 0))))),
    fixed("clean", PATH, |_, arguments| Ok(Value::string(clean(bytes(arguments, 0))))),
    fixed("osClean", PATH, |_, arguments| Ok(Value::string(clean(bytes(arguments, 0))))),
    fixed("ext", PATH, |_, arguments| Ok(Value::string(ext(bytes(arguments, 0)).to_vec()))),
    fixed("osExt", PATH, |_, arguments| Ok(Value::string(ext(bytes(arguments, 0)).to_vec()))),
    fixed("isAbs", PATH, |_, arguments| Ok(Value::Bool(bytes(arguments, 0).starts_with(b"/")))),
    fixed("osIsAbs", PATH, |_, arguments| Ok(Value::Bool(bytes(arguments, 0).starts_with(b"/")))),
];

fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let name = last_part(&path[..end]);
    if name.is_empty() { b"/" } else { name }
}

fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..path.len() - last_part(path).len()])
}

fn ext(path: &[u8]) -> &[u8] {
    let name = last_part(path);
    name.iter().rposition(|byte| *byte == b'.').map_or(b"", |dot| &name[dot..])
}

/// What is behind the last slash.
fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The shortest equivalent path.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_in_go() {
        let cases = [
            ("", ".", "."),
            ("/", "/", "/"),
            ("a/b/", "b", "a/b"),
            ("/../a", "a", "/"),
            ("a/../..", "..", "."),
        ];
        for (path, expected_base, expected_dir) in cases {
            assert_eq!(base(path.as_bytes()), expected_base.as_bytes(), "{path}");
            assert_eq!(dir(path.as_bytes()), expected_dir.as_bytes(), "{path}");
        }
        assert_eq!(clean(b"a/../../b/./c//d"), b"../b/c/d");
        assert_eq!((ext(b"a.b/c"), ext(b"c.tar.gz")), (&b""[..], &b".gz"[..]));
        assert_eq!((base(b"a/\xff"), dir(b"\xff/./b")), (&b"\xff"[..], b"\xff".to_vec()));
    }
}
