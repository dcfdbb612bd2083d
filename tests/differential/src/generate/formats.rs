//! Versions, patterns, paths, addresses, encoded texts.

use super::literals::joined;
use crate::choices::Choices;

/// A version, well-formed more often than not.
pub(super) fn version(choices: &mut Choices) -> String {
    const NUMBERS: [&str; 10] = ["1", "0", "2", "3", "10", "20", "29", "01", "99999999999999999999", "x"];
    const LABELS: [&str; 12] =
        ["alpha", "beta.1", "rc.1", "0", "01", "gke.100", "eks-1a2b", "alpha.beta", "-", "1.2.3", "é", ""];
    let prefix = choices.pick(&["", "", "", "v", "V", " ", "="]);
    let count = [3, 3, 3, 3, 2, 1, 4, 0][choices.below(8)];
    let known = choices.percent(85);
    let numbers: Vec<&str> = (0..count).map(|_| NUMBERS[choices.below(if known { 7 } else { 10 })]).collect();
    let mut version = format!("{prefix}{}", numbers.join("."));
    if choices.percent(35) {
        version.push('-');
        version.push_str(choices.pick(&LABELS));
    }
    if choices.percent(20) {
        version.push('+');
        version.push_str(choices.pick(&LABELS));
    }
    version
}

/// A constraint on versions.
pub(super) fn constraint(choices: &mut Choices) -> String {
    const OPERATORS: [&str; 16] =
        [">=", "", "<", ">", "<=", "=", "!=", "^", "~", "~>", "=>", "=<", "==", ">=  ", "!", "^ "];
    let part = |choices: &mut Choices| {
        let operator = choices.pick(&OPERATORS);
        match choices.below(8) {
            0..=5 => format!("{operator}{}", version(choices)),
            6 => format!(
                "{operator}{}",
                choices.pick(&["*", "x", "1.x", "1.2.x", "1.*", "X.1", "1.x.2", "1.x-0"])
            ),
            _ => format!("{} - {}", version(choices), version(choices)),
        }
    };
    let mut all = part(choices);
    while choices.percent(30) {
        all.push_str(choices.pick(&[", ", " ", " || ", "||", ",", " , "]));
        all.push_str(&part(choices));
    }
    if choices.percent(15) {
        all.push_str(choices.pick(&["-0", " ", ",", "||"]));
    }
    all
}

/// A pattern in the syntax of RE2, seldom malformed.
pub(super) fn pattern(choices: &mut Choices, depth: usize) -> String {
    const ATOMS: [&str; 44] = [
        "a",
        "o",
        "[a-z]",
        ".",
        "\\d",
        "\\w",
        "\\s",
        "[^a]",
        "b",
        "foo",
        "^",
        "$",
        "[0-9]",
        "-",
        "\\.",
        "[[:alpha:]]",
        "\\D",
        "\\W",
        "\\S",
        "\\b",
        "\\B",
        "\\A",
        "\\z",
        "\\pL",
        "\\p{Greek}",
        "\\PN",
        "[\\w-]",
        "[^\\s,]",
        "[]a]",
        "\\x41",
        "\\x{1F600}",
        "\\Qa.b\\E",
        "é",
        "[a-",
        "\\Z",
        "\\1",
        "(?=a)",
        "[z-a]",
        "\\pX",
        "\\8",
        "\\/",
        "\\-",
        "\\C",
        "[[:foo:]]",
    ];
    let known = if choices.percent(8) { ATOMS.len() } else { 33 };
    let mut all = String::new();
    for _ in 0..=choices.below(3) {
        if depth > 0 && choices.percent(30) {
            let open =
                choices.pick(&["(", "(?:", "(?P<n>", "(?i:", "(?s:", "(?<n>", "(?U:", "(?i-s:", "(?x:"]);
            let inner = pattern(choices, depth - 1);
            all.push_str(&format!("{open}{inner})"));
        } else {
            all.push_str(ATOMS[choices.below(known)]);
        }
        if choices.percent(35) {
            let repetitions = [
                "*", "+", "?", "{2}", "{1,2}", "{1,}", "*?", "+?", "??", "{0}", "{2,1}", "**", "{1001}",
                "{,2}", "{a}",
            ];
            all.push_str(repetitions[choices.below(if known > 33 { repetitions.len() } else { 10 })]);
        }
        if choices.percent(10) {
            all.push('|');
        }
    }
    if choices.percent(8) {
        all.insert_str(0, choices.pick(&["(?i)", "(?m)", "(?s)", "(?U)", "(?im)", "(?q)", "^", "(", ")"]));
    }
    all
}

/// What replaces a match.
pub(super) fn replacement(choices: &mut Choices) -> String {
    const PARTS: [&str; 14] =
        ["x", "", "$1", "${1}", "$0", "$n", "${n}", "$1x", "${1}x", "$$", "$", "${", "\\1", "$9"];
    joined(choices, 3, "", |choices| choices.pick(&PARTS).to_owned())
}

/// A path.
pub(super) fn path(choices: &mut Choices) -> String {
    const PARTS: [&str; 12] =
        ["a", "b.txt", "..", ".", "", "/", "c.tar.gz", ".hidden", "é", "a b", "*", "\\"];
    let root = choices.pick(&["", "/", "//", "./", "../"]);
    format!("{root}{}", joined(choices, 4, "/", |choices| choices.pick(&PARTS).to_owned()))
}

/// An address.
pub(super) fn url(choices: &mut Choices) -> String {
    let scheme = choices
        .pick(&["http://", "https://", "", "ftp://", "mailto:", "//", "HTTP://", "1http://", "a+b://", ":"]);
    let user = choices.pick(&["", "", "", "user@", "user:pass@", "us%20er:p%40@", "u:p:q@", "@"]);
    let host = choices.pick(&[
        "example.com",
        "example.com:8080",
        "",
        "[::1]:80",
        "127.0.0.1",
        "exa mple",
        "host:port",
        "ä.de",
        "h%41",
    ]);
    let path = choices.pick(&["", "/", "/a/b", "/a%20b", "/a b", "/%zz", "/../x", "*", "/é", "/a;b"]);
    let query = choices.pick(&["", "", "?a=b", "?", "?a=b&c=%20d", "?a b", "?é"]);
    let fragment = choices.pick(&["", "", "#frag", "#", "#a%20b", "#é"]);
    format!("{scheme}{user}{host}{path}{query}{fragment}")
}

/// Base64, or something like it.
pub(super) fn base64(choices: &mut Choices) -> String {
    const TEXTS: [&str; 12] = [
        "Zm9v",
        "Zm9vYg==",
        "Zm9vYmE=",
        "",
        "Zm9vYg",
        "Z",
        "Zm 9v",
        "Zm9v\n",
        "_-8=",
        "////",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ];
    choices.pick(&TEXTS).to_owned()
}

/// Base32, or something like it.
pub(super) fn base32(choices: &mut Choices) -> String {
    choices.pick(&["MZXW6===", "MZXW6YQ=", "", "mzxw6===", "MZXW6", "M", "MZ======", "1189===="]).to_owned()
}
