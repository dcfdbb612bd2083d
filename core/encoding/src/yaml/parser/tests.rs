use super::*;

/// The events in short: `{}` and `[]` for collections, `=` for scalars, `*` for aliases, with what stands before them.
fn events(text: &str) -> String {
    let mut parser = Parser::new(text, None);
    let mut shown = String::new();
    let mut open = Vec::new();
    loop {
        let event = match parser.step() {
            Ok(event) => event,
            Err(error) => return format!("{shown}! {} {}", error.line.unwrap_or(0), error.problem),
        };
        match event.kind {
            EventKind::StreamStart => {}
            EventKind::StreamEnd => return shown.trim_end().to_owned(),
            EventKind::DocumentStart => shown.push_str("--- "),
            EventKind::DocumentEnd => shown.push_str("... "),
            EventKind::Alias(name) => shown.push_str(&format!("*{name} ")),
            EventKind::Scalar { properties, value, is_implicit } => {
                let mark = if is_implicit { "=" } else { "'" };
                shown.push_str(&format!("{}{mark}{} ", before(properties), value.escape_debug()));
            }
            EventKind::SequenceStart(properties) => {
                shown.push_str(&format!("{}[ ", before(properties)));
                open.push("] ");
            }
            EventKind::MappingStart(properties) => {
                shown.push_str(&format!("{}{{ ", before(properties)));
                open.push("} ");
            }
            EventKind::CollectionEnd => shown.push_str(open.pop().unwrap()),
        }
    }
}

fn before(properties: Properties<'_>) -> String {
    let anchor = properties.anchor.map(|name| format!("&{name}")).unwrap_or_default();
    let tag = properties.tag.map(|tag| format!("!{tag:?}")).unwrap_or_default();
    anchor + &tag
}

#[test]
fn collections() {
    for (text, expected) in [
        ("", ""),
        ("# c\n", ""),
        ("a: 1\nb:\n- x\n- - y\n  -\n", "--- { =a =1 =b [ =x [ =y = ] ] } ..."),
        ("? a\n: b\n? c\n", "--- { =a =b =c = } ..."),
        ("[a, b: c, ? d, ]", "--- [ =a { =b =c } { =d = } ] ..."),
        ("{a, b: , ? c : d, \"e\":f}", "--- { =a = =b = =c =d 'e =f } ..."),
        ("[a]: b", "--- { [ =a ] =b } ..."),
        // go-yaml forgets that a collection without content may be a key.
        ("[]: b", "--- [ ] ... ! 0 did not find expected <document start>"),
        ("- [a]: b", "--- [ { [ =a ] =b } ] ..."),
        ("a\n--- b\n...\n---\n", "--- =a ... --- =b ... --- = ..."),
        ("&x a: !!int &y 1\nb: *x", "--- { &x=a &y!Int'1 =b *x } ..."),
        ("! a", "--- !NonSpecific=a ..."),
        ("!a,b &c\n", "--- &c!Other' ..."),
        ("%TAG !x! tag:yaml.org,2002:\n---\n!x!bool a", "--- !Bool'a ..."),
    ] {
        assert_eq!(events(text), expected, "{text:?}");
    }
}

#[test]
fn errors_have_lines() {
    for (text, expected) in [
        ("a: [b\nc: d", "--- { =a [ =b c ! 1 did not find expected ',' or ']'"),
        ("x: - a", "--- { =x ! 0 block sequence entries are not allowed in this context"),
        ("a: b\n'c\n", "--- { =a =b ! 3 found unexpected end of stream"),
        ("- a\n\n b: c", "--- [ =a\\nb ! 3 mapping values are not allowed in this context"),
        ("a:\n- b\nc\n", "--- { =a [ =b ! 4 could not find expected ':'"),
        ("a: !x!y b", "--- { =a ! 0 found undefined tag handle"),
        ("%YAML 1.2\n---\n", "! 0 found incompatible YAML document"),
        ("%TAG ! a\n%TAG ! b\n---\n", "! 1 found duplicate %TAG directive"),
    ] {
        assert_eq!(events(text), expected, "{text:?}");
    }
}

#[test]
fn the_end_comes_again() {
    let mut parser = Parser::new("a", None);
    while parser.step().unwrap().kind != EventKind::StreamEnd {}
    assert_eq!(parser.step().unwrap().kind, EventKind::StreamEnd);
}
