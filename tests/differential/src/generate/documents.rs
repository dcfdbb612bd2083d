//! JSON, TOML, `--set` and the formats of `printf`.

use super::literals::{go_quoted, integer, joined, text};
use crate::choices::Choices;

/// JSON, seldom malformed.
pub(super) fn json(choices: &mut Choices, depth: usize) -> String {
    const ATOMS: [&str; 22] = [
        "1",
        "\"a\"",
        "true",
        "null",
        "1.5",
        "-0",
        "1e3",
        "12345678901234567890",
        "1e400",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"<&>\"",
        "0.1",
        "1E+2",
        "\"\\/\"",
        "false",
        "01",
        "'a'",
        "nul",
        "",
        "\"\t\"",
    ];
    let nested = depth > 0 && choices.percent(50);
    if !nested {
        let known = if choices.percent(5) { ATOMS.len() } else { 17 };
        return ATOMS[choices.below(known)].to_owned();
    }
    let space = choices.pick(&["", "", " ", "\n  "]);
    if choices.percent(40) {
        let items = joined(choices, 3, ", ", |choices| json(choices, depth - 1));
        return format!("[{space}{items}{space}]");
    }
    let members = joined(choices, 3, ",", |choices| {
        let key = choices.pick(&["a", "b", "c", "a.b", "é", "<", "1", ""]);
        format!("{space}{}: {}", go_quoted(key), json(choices, depth - 1))
    });
    format!("{{{members}{space}}}")
}

/// TOML, seldom malformed.
pub(super) fn toml(choices: &mut Choices) -> String {
    const LINES: [&str; 26] = [
        "a = 1",
        "b = \"x\"",
        "[t]",
        "c = [1, 2]",
        "d = 1.5",
        "e = true",
        "f = 2024-02-29T13:04:05Z",
        "g = {x = 1, y = \"z\"}",
        "[[arr]]",
        "'lit' = 'a\\b'",
        "x.y.z = 1",
        "h = \"\"\"\nmulti\nline\"\"\"",
        "i = 0xff",
        "j = inf",
        "k = 1_000",
        "l = 2024-02-29",
        "# comment",
        "[t.u]",
        "m = []",
        "n = [[1], [\"a\"]]",
        "\"quoted key\" = 1",
        "o = 07:32:00",
        "a = 2",
        "p = ",
        "= 1",
        "q = [1",
    ];
    let known = if choices.percent(10) { LINES.len() } else { 22 };
    joined(choices, 5, "\n", |choices| LINES[choices.below(known)].to_owned())
}

/// A format with one verb for each of `count` values, or nearly so.
pub(super) fn format(choices: &mut Choices, count: usize) -> String {
    const VERBS: [&str; 21] = [
        "v", "s", "d", "q", "t", "f", "g", "e", "x", "X", "T", "c", "b", "o", "U", "O", "E", "G", "F", "w",
        "z",
    ];
    let mut format = String::new();
    for _ in 0..count {
        format.push_str(choices.pick(&["", " ", "a", "-", "%%", "é", "\n"]));
        format.push('%');
        if choices.percent(35) {
            format.push_str(&joined(choices, 2, "", |choices| {
                choices.pick(&["+", "-", "#", "0", " "]).to_owned()
            }));
            format.push_str(choices.pick(&["", "5", "10", "3", "08", "*", "[1]", "[2]"]));
            format.push_str(choices.pick(&["", ".2", ".0", ".", ".10", ".*", ".3"]));
        }
        let known = if choices.percent(40) { VERBS.len() } else { 5 };
        format.push_str(VERBS[choices.below(known)]);
    }
    if choices.percent(6) {
        format.push_str(choices.pick(&["%d", "%", "%!", "%[3]d", "%[x]d", "%-", "%5"]));
    }
    format
}

/// A line of `--set` with one or more assignments.
pub(super) fn assignments(choices: &mut Choices) -> String {
    let path = |choices: &mut Choices| {
        let mut path =
            String::from(choices.pick(&["a", "b", "name", "list", "map", "x\\.y", "", "é", "a b"]));
        while choices.percent(45) {
            path.push_str(choices.pick(&[
                ".a", ".b", "[0]", "[1]", "[3]", ".", "[", "]", "[-1]", "[x]", "[0]x", "[ 1]", ".c\\,d",
            ]));
        }
        path
    };
    let value = |choices: &mut Choices| match choices.below(6) {
        0 => integer(choices).to_owned(),
        1 => choices
            .pick(&[
                "true",
                "null",
                "x",
                "",
                "{a,b}",
                "{1,true,null}",
                "{}",
                "{a",
                "a\\,b",
                "TRUE",
                "{a,{b}}",
                "a=b",
                "\"q\"",
            ])
            .to_owned(),
        2 => choices
            .pick(&[
                "1.5",
                "007",
                "-0",
                "1e3",
                "0x10",
                "+1",
                "9223372036854775808",
                "{ a , b }",
                "{a}x",
                "\\",
                "a\\",
            ])
            .to_owned(),
        3 => text(choices),
        4 => joined(choices, 3, ",", |choices| choices.pick(&["1", "a", "", "null"]).to_owned()),
        _ => "v".to_owned(),
    };
    let mut all = format!("{}={}", path(choices), value(choices));
    while choices.percent(35) {
        all.push(',');
        all.push_str(&path(choices));
        if !choices.percent(6) {
            all.push('=');
            all.push_str(&value(choices));
        }
    }
    all
}
