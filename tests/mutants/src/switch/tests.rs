//! Switches as text: a case is a source, a mutant in it, and what is made of it.

use super::*;
use crate::list::Span;

/// The place of a mutant is where `at` first stands.
fn mutant(source: &str, genre: Genre, at: &str, replacement: &str) -> Mutant {
    let before = &source[..source.find(at).unwrap()];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    let start = Position { line, column: before[line_start..].chars().count() + 1 };
    Mutant {
        file: String::new(),
        function: None,
        genre,
        name: String::new(),
        package: String::new(),
        replacement: replacement.to_owned(),
        span: Span { start },
    }
}

/// The text without marks, in one line, with a short name for the switch.
fn short(text: &str) -> String {
    let mut rest = text.replace("crate::mutant_switch::", "");
    while let Some((before, (_, after))) =
        rest.split_once("/*").and_then(|(before, mark)| Some((before, mark.split_once("*/")?)))
    {
        rest = format!("{before}{after}");
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_genre_gets_its_switch() {
    let cases = [
        ("fn f() -> u8 { 1 }", Genre::FnValue, "1", "0", "fn f() -> u8 { if on(7) { return 0; } 1 }"),
        (
            "fn f() -> bool { /* ä */ a == b }",
            Genre::BinaryOperator,
            "==",
            "!=",
            "fn f() -> bool { (if on(7) { a != b } else { a == b }) }",
        ),
        (
            "fn f() { g(!a.b()) }",
            Genre::UnaryOperator,
            "!",
            "",
            "fn f() { g((if on(7) { a.b() } else { !a.b() })) }",
        ),
        (
            "fn f() { match a { 1 => b, _ => c } }",
            Genre::MatchArm,
            "1",
            "",
            "fn f() { match a { 1 if !on(7) => b, _ => c } }",
        ),
        (
            "fn f() { match a { x if p => b, _ => c } }",
            Genre::MatchArm,
            "x",
            "",
            "fn f() { match a { x if (!on(7) && (p)) => b, _ => c } }",
        ),
        (
            "fn f() { match a { x if p => b, _ => c } }",
            Genre::MatchArmGuard,
            "p",
            "true",
            "fn f() { match a { x if (if on(7) { true } else { p }) => b, _ => c } }",
        ),
        (
            "fn f() { S { a: 1, ..b } }",
            Genre::StructField,
            "a",
            "",
            "fn f() { (if on(7) { S { ..b } } else { S { a: 1, ..b } }) }",
        ),
    ];
    for (source, genre, at, replacement, expected) in cases {
        let mutant = mutant(source, genre, at, replacement);
        let switched = switched(source, &[(7, &mutant)]).unwrap();
        assert_eq!(short(&switched.text), expected);
        assert_eq!(switched.missing, BTreeSet::new(), "{source}");
    }
}

#[test]
fn mutants_within_mutants_are_in_every_branch() {
    let source = "fn f() { a == b && c }";
    let and = mutant(source, Genre::BinaryOperator, "&&", "||");
    let equal = mutant(source, Genre::BinaryOperator, "==", "!=");
    let body = mutant(source, Genre::FnValue, "a", "()");
    let switched = switched(source, &[(1, &and), (2, &equal), (3, &body)]).unwrap();
    let inner = "(if on(2) { a != b } else { a == b })";
    let expected = format!(
        "fn f() {{ if on(3) {{ return (); }} (if on(1) {{ {inner} || c }} else {{ {inner} && c }}) }}"
    );
    assert_eq!(short(&switched.text), expected);
}

#[test]
fn a_let_in_a_chain_has_no_switch() {
    let source = "fn f() { if a && let Some(b) = c {} }";
    let mutant = mutant(source, Genre::BinaryOperator, "&&", "||");
    let switched = switched(source, &[(7, &mutant)]).unwrap();
    assert_eq!((&*switched.text, switched.missing), (source, BTreeSet::from([7])));
}

#[test]
fn an_error_is_about_the_mutant_around_it_or_before_it() {
    let text = "a /*mutant 1*/b /*mutant 2*/c/*mutant end 2*/ p/*mutant end 1*/ q";
    for (at, mutant) in [("a ", None), ("b ", Some(1)), ("c/", Some(2)), ("p/", Some(1)), ("q", Some(1))] {
        assert_eq!(blamed(text, text.find(at).unwrap()), mutant, "{at}");
    }
}
