//! Templates: text and actions.

use super::expression::pipeline;
use super::functions::Kind;
use super::literals;
use super::scope::Scope;
use crate::choices::Choices;

/// Deepest nesting of actions.
const DEPTH: usize = 3;

/// A template of several statements.
pub(super) fn body(choices: &mut Choices, scope: &mut Scope, most: usize) -> String {
    statements(choices, scope, most, DEPTH)
}

/// Lines that show the value of an expression each.
pub(super) fn shown(choices: &mut Choices, scope: &Scope, most: usize, kind: Kind) -> String {
    let mut text = String::new();
    for _ in 0..=choices.below(most) {
        text.push_str(&format!("[{{{{ {} }}}}]\n", pipeline(choices, scope, kind, 3)));
    }
    text
}

fn statements(choices: &mut Choices, scope: &mut Scope, most: usize, depth: usize) -> String {
    (0..=choices.below(most)).map(|_| statement(choices, scope, depth)).collect()
}

fn statement(choices: &mut Choices, scope: &mut Scope, depth: usize) -> String {
    let nested = if depth == 0 { 0 } else { 1 };
    let weights = [6, 4, 5 * nested, 3 * nested, 4 * nested, 4, 2, 3, nested, 2, 1, 2];
    match choices.weighted(weights.into_iter()) {
        0 => literals::text(choices).replace("{{", "{"),
        1 => shown_text(choices, scope, "\n"),
        2 => condition(choices, scope, depth),
        3 => with(choices, scope, depth),
        4 => range(choices, scope, depth),
        5 => shown_text(choices, scope, ""),
        6 => assign(choices, scope),
        7 => declare(choices, scope),
        8 => block(choices, scope, depth),
        9 => call(choices, scope),
        10 => choices.pick(&["{{/* a comment */}}", "{{- /* a\ncomment */ -}}", "{{ 1 }}"]).to_owned(),
        _ => mutation(choices, scope),
    }
}

fn shown_text(choices: &mut Choices, scope: &Scope, after: &str) -> String {
    let inner = pipeline(choices, scope, Kind::Any, 2);
    action(choices, &format!("{inner}{after}"))
}

/// An action, with marks that trim now and then.
fn action(choices: &mut Choices, inner: &str) -> String {
    let (inner, after) = inner.strip_suffix('\n').map_or((inner, ""), |inner| (inner, "\n"));
    let open = choices.pick(&["{{ ", "{{- ", "{{", "{{-\n  "]);
    let close = choices.pick(&[" }}", " -}}", "}}", "\t}}"]);
    format!("{open}{inner}{close}{after}")
}

fn condition(choices: &mut Choices, scope: &Scope, depth: usize) -> String {
    let kind = if choices.percent(50) { Kind::Bool } else { Kind::Any };
    let test = pipeline(choices, scope, kind, 2);
    let mut text = action(choices, &format!("if {test}"));
    text.push_str(&statements(choices, &mut scope.clone(), 2, depth - 1));
    while choices.percent(25) {
        let test = pipeline(choices, scope, kind, 2);
        text.push_str(&action(choices, &format!("else if {test}")));
        text.push_str(&statements(choices, &mut scope.clone(), 2, depth - 1));
    }
    text + &alternative(choices, scope, depth) + &end(choices)
}

fn alternative(choices: &mut Choices, scope: &Scope, depth: usize) -> String {
    if !choices.percent(30) {
        return String::new();
    }
    action(choices, "else") + &statements(choices, &mut scope.clone(), 2, depth - 1)
}

fn end(choices: &mut Choices) -> String {
    action(choices, "end")
}

fn with(choices: &mut Choices, scope: &Scope, depth: usize) -> String {
    let kind = [Kind::Any, Kind::Dict, Kind::Str, Kind::List][choices.below(4)];
    let value = pipeline(choices, scope, kind, 2);
    let mut inner = scope.with_dot(kind);
    let variable =
        if choices.percent(30) { format!("{} := ", declared(&mut inner, kind)) } else { String::new() };
    let mut text = action(choices, &format!("with {variable}{value}"));
    text.push_str(&statements(choices, &mut inner, 2, depth - 1));
    if choices.percent(15) {
        let other = pipeline(choices, scope, Kind::Any, 1);
        text.push_str(&action(choices, &format!("else with {other}")));
        text.push_str(&statements(choices, &mut scope.with_dot(Kind::Any), 2, depth - 1));
    }
    text + &alternative(choices, scope, depth) + &end(choices)
}

fn range(choices: &mut Choices, scope: &Scope, depth: usize) -> String {
    let kind = [Kind::List, Kind::Dict, Kind::Width, Kind::Strs][choices.below(4)];
    let value = if kind == Kind::Width {
        literals::width(choices).to_owned()
    } else {
        pipeline(choices, scope, kind, 2)
    };
    let mut inner = scope.with_dot(if kind == Kind::Width { Kind::Int } else { Kind::Any });
    inner.in_range = true;
    let variables = match choices.below(4) {
        0 | 1 => String::new(),
        2 => format!("{} := ", declared(&mut inner, Kind::Any)),
        _ => {
            let key = declared(&mut inner, Kind::Any);
            format!("{key}, {} := ", declared(&mut inner, Kind::Any))
        }
    };
    let mut text = action(choices, &format!("range {variables}{value}"));
    text.push_str(&statements(choices, &mut inner, 2, depth - 1));
    if choices.percent(25) {
        let test = pipeline(choices, &inner, Kind::Bool, 1);
        let leave = choices.pick(&["break", "continue"]);
        text.push_str(&format!("{{{{ if {test} }}}}{{{{ {leave} }}}}{{{{ end }}}}"));
        text.push_str(&statements(choices, &mut inner, 2, depth - 1));
    }
    text + &alternative(choices, scope, depth) + &end(choices)
}

/// A new variable in the scope.
fn declared(scope: &mut Scope, kind: Kind) -> String {
    scope.variables += 1;
    let name = format!("$v{}", scope.variables);
    scope.known.push((name.clone(), kind));
    name
}

fn declare(choices: &mut Choices, scope: &mut Scope) -> String {
    let kind = [Kind::Any, Kind::Dict, Kind::Str, Kind::List, Kind::Int, Kind::Bool][choices.below(6)];
    let value = pipeline(choices, scope, kind, 2);
    let name = declared(scope, kind);
    action(choices, &format!("{name} := {value}"))
}

fn assign(choices: &mut Choices, scope: &mut Scope) -> String {
    let variables: Vec<(String, Kind)> =
        scope.known.iter().filter(|(text, _)| text.starts_with("$v")).cloned().collect();
    if variables.is_empty() {
        return declare(choices, scope);
    }
    let (name, kind) = &variables[choices.below(variables.len())];
    let value = pipeline(choices, scope, *kind, 2);
    action(choices, &format!("{name} = {value}"))
}

/// Changes a dictionary that something else refers to as well.
fn mutation(choices: &mut Choices, scope: &mut Scope) -> String {
    let dicts: Vec<String> = scope
        .known
        .iter()
        .filter(|(text, kind)| {
            *kind == Kind::Dict && !text.ends_with("Subcharts") && !text.ends_with("Release")
        })
        .map(|(text, _)| text.clone())
        .collect();
    if dicts.is_empty() {
        return declare(choices, scope);
    }
    let dict = &dicts[choices.below(dicts.len())];
    let key = literals::go_quoted(literals::key(choices));
    let change = match choices.below(4) {
        // A value that cannot hold the dictionary itself.
        0 => {
            let value = pipeline(choices, &Scope::default(), Kind::Any, 1);
            format!("set {dict} {key} ({value})")
        }
        1 => format!("unset {dict} {key}"),
        function => {
            let name = if function == 2 { "merge" } else { "mergeOverwrite" };
            let other = super::expression::operand(choices, &Scope::default(), Kind::Dict, 2);
            format!("{name} {dict} {other}")
        }
    };
    let ignored = if choices.percent(50) { "$_ := " } else { "" };
    let tail = if choices.percent(50) { format!("[{{{{ toJson {dict} }}}}]") } else { String::new() };
    format!("{{{{ {ignored}{change} }}}}{tail}")
}

fn block(choices: &mut Choices, scope: &mut Scope, depth: usize) -> String {
    let name = format!("block{}", choices.below(3));
    let value = pipeline(choices, scope, Kind::Any, 1);
    let inner = Scope { known: vec![(".".to_owned(), Kind::Any)], templates: Vec::new(), ..Scope::default() };
    let text = statements(choices, &mut inner.clone(), 2, depth - 1);
    format!("{{{{ block \"{name}\" {value} }}}}{text}{{{{ end }}}}")
}

fn call(choices: &mut Choices, scope: &Scope) -> String {
    let name = match scope.templates.len() {
        0 => "missing".to_owned(),
        count => scope.templates[choices.below(count)].clone(),
    };
    let data = if choices.percent(80) { "$".to_owned() } else { pipeline(choices, scope, Kind::Any, 1) };
    match choices.below(4) {
        0 => action(choices, &format!("template \"{name}\" {data}")),
        1 => action(choices, &format!("template \"{name}\"")),
        2 => {
            let width = literals::width(choices);
            action(choices, &format!("include \"{name}\" ({data}) | nindent {width}"))
        }
        _ => action(choices, &format!("include \"{name}\" {data}")),
    }
}

/// A defined template. It may call those defined before, so that no call is endless.
pub(super) fn define(choices: &mut Choices, scope: &mut Scope, name: &str) -> String {
    let mut inner = scope.clone();
    let text = statements(choices, &mut inner, 3, 2);
    scope.templates.push(name.to_owned());
    let open = action(choices, &format!("define \"{name}\""));
    format!("{open}{text}{{{{ end }}}}\n")
}

/// A text with some of its letters changed, so that it is malformed more often than not.
pub(super) fn broken(choices: &mut Choices, text: &str) -> String {
    const PIECES: [&str; 30] = [
        "",
        "{{",
        "}}",
        "{{-",
        "-}}",
        "(",
        ")",
        "\"",
        "`",
        "'",
        ".",
        "|",
        ":=",
        "=",
        ",",
        "$",
        "$x",
        "end",
        "else",
        "{{ end }}",
        "{{ else }}",
        "/*",
        "*/",
        "{{/*",
        " ",
        "\n",
        "..",
        "@",
        "nil",
        "{{ break }}",
    ];
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=choices.below(2) {
        let at = choices.below(letters.len() + 1);
        let removed = if choices.percent(50) { choices.below(4) } else { 0 };
        let end = (at + removed).min(letters.len());
        letters.splice(at..end, choices.pick(&PIECES).chars());
    }
    letters.into_iter().collect()
}
