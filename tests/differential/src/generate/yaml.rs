//! Documents of YAML: odd scalars, every style, anchors, tags, comments.

use super::literals;
use crate::choices::Choices;

const SCALARS: [&str; 95] = [
    "a",
    "1",
    "true",
    "null",
    "text with blanks",
    "\"quoted\"",
    "'single'",
    "~",
    "",
    "1.5",
    "no",
    "yes",
    "on",
    "off",
    "y",
    "n",
    "True",
    "NULL",
    "1e3",
    "1E3",
    "0x1F",
    "0o17",
    "017",
    "08",
    "0b11",
    "1_000",
    "+1",
    "-1",
    ".5",
    "1.",
    "-.5",
    ".inf",
    "-.Inf",
    ".nan",
    "NaN",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "12:30:45",
    "190:20:30",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e400",
    "123456789012345678",
    "0.1",
    "1e-7",
    "1e21",
    "-0",
    "-0.0",
    "0.0",
    "100000000",
    "1.0",
    "a: b",
    "\"a\\tb\\u00e9\\x41\\n\"",
    "'it''s'",
    "\"\\\n  folded\"",
    "a#b",
    "a #c",
    "http://x:80/y",
    "-a",
    "?a",
    ":a",
    "\"\"",
    "''",
    "é",
    "😀",
    "\"\\ud83d\"",
    "<<",
    "=",
    "!!str 1",
    "!!int \"1\"",
    "!!float 1",
    "!!binary aGk=",
    "!!binary |\n                    aGk=\n                    aGk=",
    "!!binary \"aG\n                    k=\"",
    "!!binary aGk",
    "!custom x",
    "!!null a",
    "{}",
    "[]",
    "\u{a0}nbsp",
    "!!bool yes",
    "!!bool \"true\"",
    "!!timestamp 2001-01-01",
    "!!seq [a]",
    "!!map {a: 1}",
    "!!set {a, b}",
    "!!omap [a: 1]",
    "!!int 0b11",
    "!!float .inf",
    "!!str ~",
    "\"\\N\\_\\L\\P\\e\\a\"",
    "a long text that is folded when it is written again, as it has more than eighty letters in a line",
    "\"a quoted text: that is folded when it is written again, as it has more than eighty letters in it\"",
    "1_0.5_0",
];

/// A document, or several.
pub(super) fn document(choices: &mut Choices, depth: usize) -> String {
    let mut anchors = 0;
    let mut text = String::new();
    if choices.percent(10) {
        text.push_str(choices.pick(&[
            "---\n",
            "# comment\n",
            "%YAML 1.1\n---\n",
            "--- \n",
            "\n",
            "\u{feff}",
            "%YAML 1.2\n---\n",
        ]));
    }
    text.push_str(&match choices.below(8) {
        7 => sequence(choices, 0, depth, &mut anchors),
        6 => format!("{}\n", flow(choices, depth)),
        _ => mapping(choices, 0, depth, &mut anchors),
    });
    if choices.percent(6) {
        text.push_str(choices.pick(&[
            "---\nb: 2\n",
            "...\n",
            "# end",
            "...\n---\nc: 3\n",
            "\t",
            "}",
            "- x\n",
            "@",
        ]));
    }
    text
}

/// A mapping with only plain entries, for values that templates refer to.
pub(super) fn values(choices: &mut Choices) -> String {
    let mut anchors = 0;
    mapping(choices, 0, 3, &mut anchors)
}

/// A document with something in it changed.
pub(super) fn broken(choices: &mut Choices, text: &str) -> String {
    const PIECES: [&str; 24] = [
        "", " ", "\n", "\t", ":", ": ", "- ", "{", "}", "[", "]", "\"", "'", "#", " #", "|", ">", "&a ",
        "*a", "!!", ",", "?", "%", "\r\n",
    ];
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=choices.below(2) {
        let at = choices.below(letters.len() + 1);
        let end = (at + choices.below(3)).min(letters.len());
        letters.splice(at..end, choices.pick(&PIECES).chars());
    }
    letters.into_iter().collect()
}

fn key(choices: &mut Choices) -> String {
    if choices.percent(80) {
        return literals::key(choices).to_owned();
    }
    choices
        .pick(&[
            "\"q k\"",
            "'s'",
            "1",
            "1.5",
            "true",
            "null",
            "~",
            "y",
            "a b",
            "é",
            "\"\"",
            "? x\n",
            "-1",
            "0x1",
            "2001-01-01",
            "!!str k",
            "[x]",
            "a.b",
            "? [a, b]\n",
            "&k k",
            "'it''s'",
            "? |\n  block\n",
            "a-key-of-more-than-one-hundred-and-twenty-eight-letters-that-is-written-behind-a-question-mark-when-it-is-\
             written-again-as-yaml-text-x",
        ])
        .to_owned()
}

fn mapping(choices: &mut Choices, indent: usize, depth: usize, anchors: &mut usize) -> String {
    let mut text = String::new();
    let pad = " ".repeat(indent);
    for _ in 0..=choices.below(4) {
        if *anchors > 0 && choices.percent(8) {
            let anchor = choices.below(*anchors);
            text.push_str(&match choices.below(3) {
                0 | 1 => format!("{pad}<<: *n{anchor}\n"),
                _ => format!("{pad}<<: [*n{anchor}, {{a: 1}}]\n"),
            });
            continue;
        }
        let value = value(choices, indent, depth, anchors);
        text.push_str(&format!("{pad}{}:{value}", key(choices)));
        comment(choices, &mut text);
    }
    text
}

fn sequence(choices: &mut Choices, indent: usize, depth: usize, anchors: &mut usize) -> String {
    let pad = " ".repeat(indent);
    (0..=choices.below(3)).map(|_| format!("{pad}-{}", value(choices, indent, depth, anchors))).collect()
}

fn comment(choices: &mut Choices, text: &mut String) {
    if choices.percent(4) {
        text.push_str(choices.pick(&["# comment\n", "\n", "   # indented\n"]));
    }
}

/// What stands after the colon or the dash, with its line end.
fn value(choices: &mut Choices, indent: usize, depth: usize, anchors: &mut usize) -> String {
    if *anchors > 0 && choices.percent(6) {
        return format!(" *n{}\n", choices.below(*anchors));
    }
    let mut anchor = String::new();
    if choices.percent(8) {
        anchor = format!(" &n{anchors}");
        *anchors += 1;
    }
    let nested = if depth == 0 { 0 } else { 1 };
    match choices.weighted([8, 5 * nested, 3 * nested, 2, 2, 1].into_iter()) {
        1 => {
            let deeper = indent + 1 + choices.below(4);
            format!("{anchor}\n{}", mapping(choices, deeper, depth - 1, anchors))
        }
        2 => {
            let deeper = indent + choices.below(3);
            format!("{anchor}\n{}", sequence(choices, deeper.max(1), depth - 1, anchors))
        }
        3 => format!("{anchor} {}\n", flow(choices, depth)),
        4 => format!("{anchor} {}", block(choices, indent + 2)),
        5 => format!("{anchor} {}\n", folded(choices, indent + 2)),
        _ => format!("{anchor} {}\n", choices.pick(&SCALARS)),
    }
}

/// A literal or folded block.
fn block(choices: &mut Choices, indent: usize) -> String {
    let style = choices.pick(&["|", ">"]);
    let chomp = choices.pick(&["", "-", "+"]);
    let explicit = choices.percent(8);
    let digit = if explicit { choices.pick(&["2", "1", "4"]) } else { "" };
    let pad = " ".repeat(indent);
    let mut text = format!("{style}{digit}{chomp}\n");
    for _ in 0..=choices.below(4) {
        let line = choices.pick(&[
            "text",
            "",
            "  more",
            "a: b",
            "# no comment",
            "- x",
            "\ttab",
            "trailing ",
            "{{ x }}",
            "é",
        ]);
        let pad = if line.is_empty() { "" } else { &pad };
        text.push_str(&format!("{pad}{line}\n"));
    }
    text
}

/// A scalar over several lines.
fn folded(choices: &mut Choices, indent: usize) -> String {
    let quote = choices.pick(&["", "\"", "'"]);
    let pad = format!("\n{}", " ".repeat(indent));
    let words = literals::joined(choices, 4, &pad, |choices| {
        choices.pick(&["one", "two three", "", "x ", "1"]).to_owned()
    });
    format!("{quote}w{words}{quote}")
}

fn flow(choices: &mut Choices, depth: usize) -> String {
    const ITEMS: [&str; 20] = [
        "a", "1", "\"q\"", "'s'", "true", "null", "", "1.5", "a b", "no", "http://x", "-1", "~", "é",
        "\"a,b\"", "a:b", "0x1", "&f x", "1e3", "!!str 2",
    ];
    if depth == 0 || choices.percent(25) {
        return choices.pick(&ITEMS).to_owned();
    }
    let separator = choices.pick(&[", ", ",", " , ", ",\n    "]);
    if choices.percent(50) {
        let items = literals::joined(choices, 3, separator, |choices| flow(choices, depth - 1));
        return format!("[{items}]");
    }
    let members = literals::joined(choices, 3, separator, |choices| {
        let colon = choices.pick(&[": ", ": ", ":", " : "]);
        format!("{}{colon}{}", literals::key(choices), flow(choices, depth - 1))
    });
    format!("{{{members}}}")
}
