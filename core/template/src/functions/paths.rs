//! Slash-separated paths (Go's `path`, which on Linux `path/filepath` equals).

use crate::value::{ParamType, Value};

use super::arguments::text;
use super::{Function, fixed};

const PATH: &[ParamType] = &[ParamType::String];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("base", PATH, |_, arguments| Ok(base(&text(arguments, 0)).into())),
    fixed("osBase", PATH, |_, arguments| Ok(base(&text(arguments, 0)).into())),
    fixed("dir", PATH, |_, arguments| Ok(dir(&text(arguments, 0)).into())),
    fixed("osDir", PATH, |_, arguments| Ok(dir(&text(arguments, 0)).into())),
    fixed("clean", PATH, |_, arguments| Ok(clean(&text(arguments, 0)).into())),
    fixed("osClean", PATH, |_, arguments| Ok(clean(&text(arguments, 0)).into())),
    fixed("ext", PATH, |_, arguments| Ok(ext(&text(arguments, 0)).into())),
    fixed("osExt", PATH, |_, arguments| Ok(ext(&text(arguments, 0)).into())),
    fixed("isAbs", PATH, |_, arguments| Ok(Value::Bool(text(arguments, 0).starts_with('/')))),
    fixed("osIsAbs", PATH, |_, arguments| Ok(Value::Bool(text(arguments, 0).starts_with('/')))),
];

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("") | None => "/",
        Some(name) => name,
    }
}

fn dir(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    clean(&path[..end])
}

fn ext(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// The shortest equivalent path.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
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
            assert_eq!((base(path), dir(path).as_str()), (expected_base, expected_dir), "{path}");
        }
        assert_eq!(clean("a/../../b/./c//d"), "../b/c/d");
        assert_eq!((ext("a.b/c"), ext("c.tar.gz")), ("", ".gz"));
    }
}
