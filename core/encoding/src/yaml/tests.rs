use serde_json::json;

use super::*;

const TWO_MEGABYTES: usize = 2 << 20;

/// Runs `check` with the stack that threads get by default.
fn on_small_stack(check: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(TWO_MEGABYTES).spawn(check).unwrap().join().unwrap();
}

#[test]
fn only_the_first_document_is_read() {
    assert_eq!(parse("a: 1\n---\nb: [\n").unwrap(), json!({"a": 1}));
    assert_eq!(parse("").unwrap(), json!(null));
}

#[test]
fn block_scalars_at_the_end_of_the_text() {
    for (text, expected) in [
        ("a: |\n  x", "x"),
        ("a: |\n  x\n", "x\n"),
        ("a: |\n  x\n\n", "x\n"),
        ("a: |+\n  x", "x"),
        ("a: |+\n  x\n\n", "x\n\n"),
        ("a: |+\n  x\n ", "x\n"),
        ("a: |-\n  x", "x"),
        ("a: >\n  x\n  y", "x y"),
        ("a: |\n  x\n# c", "x\n"),
        ("a: |", ""),
    ] {
        assert_eq!(parse(text).unwrap(), json!({ "a": expected }), "{text:?}");
    }
}

#[test]
fn deep_nesting_is_refused_before_it_hurts() {
    on_small_stack(|| {
        let limits = Limits::default();
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let accepted = parse(&nested(limits.depth)).unwrap();
        assert_eq!(parse(&emit(&accepted).unwrap()).unwrap(), accepted.clone());
        let error = parse(&nested(100_000)).unwrap_err();
        assert_eq!(error.to_string(), "yaml: exceeded max depth of 500");
        let maps: String = (0..limits.depth).map(|depth| " ".repeat(depth) + "a:\n").collect();
        let accepted = parse(&maps).unwrap();
        assert_eq!(parse(&emit(&accepted).unwrap()).unwrap(), accepted.clone());
        assert_eq!(accepted, accepted.clone());
    });
}

#[test]
fn aliases_count_for_depth_and_nodes() {
    let (open, close) = ("[".repeat(300), "]".repeat(300));
    let twice = format!("a: &a {open}{close}\nb: {open}*a{close}\n");
    assert_eq!(parse(&twice).unwrap_err().to_string(), "yaml: exceeded max depth of 500");
    let limits = Limits { nodes: 100, ..Limits::default() };
    let list = "- 1\n".repeat(101);
    assert_eq!(parse_with(&list, &limits), Err(YamlError::Nodes { limit: 100 }));
    let limits = Limits { text_bytes: 100, ..Limits::default() };
    let texts = "a: &a 1234567890\nb: [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n";
    assert_eq!(parse_with(texts, &limits), Err(YamlError::TextSize { limit: 100 }));
    let limits = Limits { input_bytes: 10, ..Limits::default() };
    assert_eq!(parse_with("a: 1234567890", &limits), Err(YamlError::InputSize { limit: 10 }));
}

#[test]
fn repeated_deep_flow_nesting_is_bounded() {
    let limits = Limits { nesting_work: 1_000_000, ..Limits::default() };
    let deep = "[".repeat(400) + &"]".repeat(400);
    let text = format!("[{}]", vec![deep; 50].join(","));
    assert!(matches!(parse_with(&text, &limits), Err(YamlError::NestingWork { .. })));
}

#[test]
fn strict_mode_names_every_repeated_key() {
    let error = parse_strict("a: 1\nb: 2\na: 3\nb: 4\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map\n  line 4: key \"b\" already set in map"
    );
}

#[test]
fn letters_that_ended_the_parser_once_are_an_error() {
    let text = "*+[yes,+,?\u{1a},no, on, off, y\u{fffd}, ?)O\u{fffd}q,?!no, ?:[[yes,?!no]\n--O,\n";
    assert!(parse(text).is_err());
    let text = text.replace('\u{1a}', "x");
    assert!(parse(&text).is_err());
    assert_eq!(
        parse("[!<a>,b]").unwrap_err().to_string(),
        "yaml: did not find expected whitespace or line break"
    );
}

#[test]
fn hostile_texts_take_time_in_proportion() {
    const LENGTH: usize = 1 << 20;
    let repeated = [
        "[",
        "{",
        "- ",
        "? ",
        ": ",
        "&a ",
        "*a ",
        "!a ",
        "!a,",
        "!!",
        "[a,",
        "[a: ",
        "{a: ",
        "[]",
        "{}",
        "[[],",
        "a",
        "a ",
        "a\n",
        "a:\n",
        "a: ",
        "\"",
        "'",
        "''",
        "\"\\\"",
        "\\",
        "#",
        " #",
        "# a\n",
        "\n",
        "\r",
        " ",
        "\t",
        "|\n",
        "- |\n",
        ">\n\n",
        "---\n",
        "...\n",
        "%TAG ! a\n",
        "\u{feff}",
        "\u{feff}\n",
        "\u{2028}",
        "\u{e9}",
        "-",
        "?",
        ":",
        ",",
        "]",
        "}",
        "[? ",
        "[\n",
        "- a\n ",
        "- - a\n",
    ];
    let begun = [
        "",
        "a: ",
        "- ",
        "[",
        "\"",
        "'",
        "|\n ",
        "|\n\n",
        ">\n a\n",
        "#",
        "a",
        "? ",
        "\u{feff}\u{feff}",
        "a: \"\\\n",
    ];
    #[expect(clippy::disallowed_methods, reason = "what is measured is time")]
    let started = std::time::Instant::now();
    for part in repeated {
        for begin in begun {
            let text = format!("{begin}{}", part.repeat(LENGTH / 4 / part.len()));
            let _ = parse(&text);
        }
    }
    let handles: String = (0..LENGTH / 16).map(|number| format!("%TAG !{number}! a\n")).collect();
    let _ = parse(&format!("{handles}---\na"));
    let prefix = format!("%TAG ! {}\n---\n{}", "x".repeat(LENGTH), "- !a b\n".repeat(LENGTH / 8));
    assert!(parse(&prefix).is_ok());
    // Some seconds without optimisation; in square it would be hours.
    assert!(started.elapsed().as_secs() < 120);
}

#[test]
fn unwritable_values() {
    let error = emit(&json!({"a": "\u{7f}"})).unwrap_err();
    assert_eq!(error.to_string(), "yaml: control characters are not allowed");
    assert_eq!(emit_sorted_bytes(&json!({"a": "\u{7f}"})).unwrap(), "a: \"\\x7F\"\n");
    let mut deep = json!(1);
    for _ in 0..501 {
        deep = json!([deep]);
    }
    assert_eq!(emit(&deep).unwrap_err().to_string(), "yaml: exceeded max depth of 500");
}
