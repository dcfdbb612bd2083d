use proptest::prelude::*;
use serde_json::{Value, json};

use super::{is_plain_text, read};
use crate::yaml::{Limits, YamlError, decode::Rules, parse_whole};

fn quick(text: &str) -> Option<Value> {
    read(text, &Limits::default(), false)
}

fn whole(text: &str) -> Result<Value, YamlError> {
    parse_whole(text, None, &Limits::default(), Rules::default())
}

#[test]
fn plain_documents_are_read() {
    let text = "---\n# Values.\nreplicas: 2 # so many\nimage:\n  repository: ghcr.io/x/y\n  tag: \"1.2\\t\\\"3\\\"\"\n  \
                digest:\n\nenv: []\nports:\n- name: http\n  port: 8_0\n  tls: {enabled: no, 'hosts': [\"a\", b.c]}\n-\n\
                - - 0x1F\n  - ~\n  -   k: 'it''s'\n\n      l: -1.50\nscript: |-\n    if a: b\n\n      # no comment\n    fi\n\
                # A comment.\nfolded: >\n  one\n  two\n\n  three\nplain: more\n  than one: line\n8080: on\n\"quoted key\": 2001-01-01\n";
    let text = text.replace("than one: line", "than one");
    let expected = json!({
        "replicas": 2, "image": {"repository": "ghcr.io/x/y", "tag": "1.2\t\"3\"", "digest": null}, "env": [],
        "ports": [
            {"name": "http", "port": 80, "tls": {"enabled": false, "hosts": ["a", "b.c"]}}, null,
            [31, null, {"k": "it's", "l": -1.5}],
        ],
        "script": "if a: b\n\n  # no comment\nfi", "folded": "one two\nthree\n", "plain": "more than one",
        "8080": true, "quoted key": "2001-01-01",
    });
    assert_eq!(whole(&text), Ok(expected.clone()));
    assert_eq!(quick(&text), Some(expected));
}

#[test]
fn scalars_of_several_lines_are_read() {
    let text = "a: 'it''s   \n  one'\nb: \"two\n\n\n    breaks \\\n   joined\\n \\\n\n  end\" # x\nc:\n- |2-\n   x\n  y\n\n- >1\n  z\n";
    let text = text.replace("- >1\n  z", "- >1\n z");
    let expected = json!({
        "a": "it's one", "b": "two\n\nbreaks joined\n \nend", "c": [" x\ny", "z\n"],
    });
    assert_eq!(whole(&text), Ok(expected.clone()));
    assert_eq!(quick(&text), Some(expected));
}

/// What [`is_plain_text`] says, letter by letter.
fn has_plain_letters(text: &str) -> bool {
    text.chars().all(|c| match c {
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        '\n' | '\t' | ' '..='~' => true,
        c => c >= '\u{a0}',
    })
}

#[test]
fn letters_that_the_parser_refuses_are_found_wherever_they_are() {
    let letters = (0..0x300).chain(0x2000..0x2100).chain(0xfe00..=0x1_0010).filter_map(char::from_u32);
    for letter in letters {
        for before in [0, 1, 61, 62, 63, 64, 70] {
            for after in [0, 3, 70] {
                let text = format!("{}{letter}{}", "x".repeat(before), "é".repeat(after));
                assert_eq!(is_plain_text(&text), has_plain_letters(&text), "{text:?}");
            }
        }
    }
}

#[test]
fn what_is_unusual_is_left_to_the_parser() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "text\n",
        "1\n",
        "{}\n",
        " a: 1\n",
        "a: &x 1\n",
        "a: *x\n",
        "a: !!str 1\n",
        "<<: {}\n",
        "? a\n",
        "a: ? b\n",
        "a: .inf\n",
        "~: 1\n",
        "null: 1\n",
        "1.5: 1\n",
        "a: b: c\n",
        "a: b:\n",
        "a: - b\n",
        "a: -\n",
        "a: \"x\n y\"",
        "a: \"x\ny\"\n",
        "a: \"x\n---\n  y\"\n",
        "a: \"x\n \ty\"\n",
        "a: \"x\t\n  y\"\n",
        "a: \"x\n  y\": z\n",
        "a: 'x\n  y' z\n",
        "a: 'x\n  y\n",
        "a: \"x\" y\n",
        "a: \"\\/\"\n",
        "a: \"\\x41\"\n",
        "a: 'x' # y\n  z\n",
        "a: x # y\n  z\n",
        "a: x\n\n  z\n",
        "a: x\n  y: z\n",
        "a:\n  x\n",
        "a:\n\tb: 1\n",
        "a: x\ty\n",
        "a: 1\n b: 2\n",
        "a:\n  - b\n - c\n",
        "a:\n  b: 1\n  - c\n",
        "- a\nb: 1\n",
        "a: |0\n  x\n",
        "a: |-2\n  x\n",
        "a: |12\n  x\n",
        "a: |2\n x\n",
        "a: |\n   \n  x\n",
        "a: |\n  x\n y: 1\n",
        "a: |\nb: 1\n",
        "a: |\n  x",
        "a: >\n  x\n   y\n",
        "a: >\n\n  x\n",
        "a: {b: c}}\n",
        "a: {b:c}\n",
        "a: {b: }\n",
        "a: {{ .x }}\n",
        "a: [b, ]\n",
        "a: [b: c]\n",
        "a: [b c]\n",
        "a: [- b]\n",
        "a: [b,\n  c]\n",
        "a: @x\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\n",
        "%YAML 1.1\n---\na: 1\n",
        "--- # x\na: 1\n",
        "a: 1\r\n",
        "a: \u{85}\n",
        "\u{feff}a: 1\n",
    ] {
        assert_eq!(quick(text), None, "{text:?}");
    }
}

#[test]
fn limits_hold() {
    let text = "a: [1, 2]\nb: {c: 3}\n";
    let limits = Limits::default();
    assert!(read(text, &limits, false).is_some());
    for small in [
        Limits { input_bytes: 10, ..limits },
        Limits { depth: 1, ..limits },
        Limits { nodes: 6, ..limits },
        Limits { nesting_work: 10, ..limits },
    ] {
        assert_eq!(read(text, &small, false), None, "{small:?}");
    }
    let deep = |levels: usize| format!("a: {}{}\n", "[".repeat(levels), "]".repeat(levels));
    assert!(quick(&deep(20)).is_some());
    assert_eq!(quick(&deep(80)), None);
    assert_eq!(read("a: 1\na: 2\n", &limits, true), None);
    assert_eq!(quick("a: 1\na: 2\n"), Some(json!({"a": 2})));
}

/// Lines that make documents of all kinds, valid and not.
fn line() -> impl Strategy<Value = String> {
    let parts = [
        "a: 1",
        "a:",
        "a: b",
        "b: |",
        "b: >-",
        "b: >",
        "b: |+",
        "- a",
        "- a: b",
        "- - c",
        "-",
        "- |",
        "- >",
        "- # c",
        "text",
        "more text: x",
        "d: \"q\\n\"",
        "d: 'q'",
        "# comment",
        "e: {}",
        "e: []",
        "f: [1, 2]",
        "f: [a, 'b c']",
        "f: [\"\"] # x",
        "f: {a: b, \"c\": [d]}",
        "f: {a: b, a: c}",
        "f: { a: 1 , b: [] }",
        "f: [[a], {}]",
        "\"k\": v",
        "'k':",
        "t: .a.b",
        "w: =",
        "- =",
        "u: :a:b",
        "|-",
        "{}",
        "v: 1.50",
        "yes: no",
        "y: n",
        "v: 0.1.2",
        "g: -",
        "h: - x",
        "h: -x",
        "i: x # y",
        "j: x #y: z",
        "j: x#y",
        "k: http://x",
        "",
        " ",
        "  ",
        "      ",
        "\tx",
        " \t",
        "l: \"open",
        "end\"",
        "r: 'it''s",
        "r: 'it''s'",
        "end' # x",
        "s: \"a\\",
        "s: \"a \\",
        "b \\n \\",
        "s: 'a ",
        "c\\t ",
        "- \"a",
        "- 'b",
        "b: |2",
        "b: |1-",
        "- |2+",
        "b: >1",
        "---",
        "...",
        "1: x",
        "1: y",
        "0x1: z",
        "m: 1.5e3",
        "m: 1e999",
        "n: ~",
        "n: null",
        "o: 'a' b",
        "p: \"a\": b",
        "x: a:",
        "y : z",
        "z:b",
        "é: ü",
        "q: é",
        "- 'a'",
        "- \"a: b\"",
        "- \"a\": b",
        "- [a]: b",
        "- {a: b}",
        "- -1",
        "- - - a",
        "- -",
        "-   a: 1",
        "-   - a",
        "n: 2001-01-01",
        "n: 1_000",
        "n: 0777",
        "n: 12:30",
        "$a/b.c-d_e: f",
        "-a: b",
        ".a: b",
        "...: x",
        "a: ---",
        "a: ...",
        "a: <<",
        "<<: a",
        "a: &b c",
        "a: *b",
        "a: !c d",
        "a: %",
        "a: @",
        "a: `",
        "a: ]",
        "a: ,",
        "a: ?",
        "a: ?b",
        "a: +1",
        "a: \\n",
        "a:  spaced   text  ",
        "a: \"x\"  ",
        "a: x\ty",
        "a: \"x\ty\"",
        "a: |\t",
        "a: | # c",
        "a: |#c",
        "a: \u{a0}",
    ];
    (0usize..6, proptest::sample::select(parts.to_vec()))
        .prop_map(|(indent, text)| format!("{}{text}\n", " ".repeat(indent)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 20_000 } else { 400_000 }))]
    #[test]
    fn what_is_read_is_what_the_parser_reads(
        lines in proptest::collection::vec(line(), 1..8),
        is_complete in any::<bool>(),
    ) {
        let mut text: String = lines.concat();
        if !is_complete {
            text.pop();
        }
        if let Some(value) = quick(&text) {
            prop_assert_eq!(Ok(value), whole(&text), "{:?}", text);
        }
    }

    #[test]
    fn any_characters_do(characters in proptest::collection::vec(
        proptest::sample::select("ab1 -:#,[]{}'\"|>\n\n  \t\\.?&*!%~<=".chars().collect::<Vec<_>>()), 0..40,
    )) {
        let text: String = characters.into_iter().collect();
        if let Some(value) = quick(&text) {
            prop_assert_eq!(Ok(value), whole(&text), "{:?}", text);
        }
    }
}
