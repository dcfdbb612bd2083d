//! Charts whose templates are what matters.

use super::functions::{self, Function, Kind};
use super::scope::Scope;
use super::{Topic, chart, expression, literals, program, unstable, values};
use crate::case::Case;
use crate::choices::Choices;

/// Values and what templates can refer to.
fn ground(choices: &mut Choices) -> (String, Scope) {
    let tree = values::tree(choices, 2);
    (format!("{tree}\n"), Scope::root(&tree))
}

/// Expressions of any kind, shown in notes or used as charts use them.
pub(super) fn expressions(choices: &mut Choices) -> Case {
    let (values, mut scope) = ground(choices);
    let helpers =
        if choices.percent(40) { program::define(choices, &mut scope, "m.one") } else { String::new() };
    let kind = [Kind::Any, Kind::Str, Kind::Dict, Kind::List][choices.below(4)];
    if !choices.percent(25) {
        let notes = program::shown(choices, &scope, 5, kind);
        return chart([
            ("values.yaml", values),
            ("templates/_h.tpl", helpers),
            ("templates/NOTES.txt", notes),
        ]);
    }
    let mut text = String::from("kind: ConfigMap\nmetadata:\n  name: x\ndata:\n");
    for _ in 0..=choices.below(4) {
        let inner = expression::pipeline(choices, &scope, Kind::Any, 2);
        text.push_str(&match choices.below(4) {
            0 => format!("  {}: {{{{ {inner} }}}}\n", literals::key(choices)),
            1 => format!("  {}: {{{{ {inner} | quote }}}}\n", literals::key(choices)),
            2 => format!("  {}: {{{{- {inner} | toYaml | nindent 4 }}}}\n", literals::key(choices)),
            _ => format!("  {{{{- with {inner} }}}}\n  k: {{{{ . | toJson }}}}\n  {{{{- end }}}}\n"),
        });
    }
    chart([("values.yaml", values), ("templates/_h.tpl", helpers), ("templates/a.yaml", text)])
}

/// One function again and again, with arguments that fit and some that do not.
pub(super) fn functions(choices: &mut Choices) -> Case {
    let (values, scope) = ground(choices);
    let all = functions::all();
    let function = &all[choices.below(all.len())];
    let mut notes = String::new();
    if choices.percent(8) {
        notes = unstable::line(choices, &scope);
    }
    for _ in 0..=choices.below(4) {
        let mut called = function.clone();
        for parameter in &mut called.parameters {
            if !matches!(parameter, Kind::Printf | Kind::Width) && choices.percent(4) {
                *parameter = Kind::Any;
            }
        }
        notes.push_str(&format!("[{{{{ {} }}}}]\n", stable(choices, &scope, &called)));
    }
    chart([("values.yaml", values), ("templates/NOTES.txt", notes)])
}

fn stable(choices: &mut Choices, scope: &Scope, function: &Function) -> String {
    let call = expression::call(choices, scope, function, 2);
    match function.result {
        Kind::Any | Kind::List | Kind::Dict if function.name != "fromToml" && choices.percent(30) => {
            let write =
                choices.pick(&["toJson", "toYaml", "printf \"%#v\"", "typeOf", "quote", "toPrettyJson"]);
            format!("{call} | {write}")
        }
        _ => call,
    }
}

/// Expressions around a few functions.
pub(super) fn special(choices: &mut Choices, topic: Topic) -> Case {
    let names: &[&str] = match topic {
        Topic::Printf => {
            &["printf", "print", "println", "toString", "quote", "cat", "html", "js", "urlquery"]
        }
        Topic::Versions => &["semverCompare", "semver"],
        Topic::Patterns => &[
            "regexMatch",
            "regexFindAll",
            "regexFind",
            "regexReplaceAll",
            "regexReplaceAllLiteral",
            "regexSplit",
            "mustRegexMatch",
            "mustRegexFindAll",
            "mustRegexReplaceAll",
            "mustRegexSplit",
        ],
        Topic::Dates => &[
            "toDate",
            "mustToDate",
            "date",
            "dateInZone",
            "dateModify",
            "mustDateModify",
            "htmlDate",
            "htmlDateInZone",
            "unixEpoch",
            "duration",
            "durationRound",
        ],
        _ => &[
            "int",
            "int64",
            "float64",
            "toDecimal",
            "atoi",
            "add",
            "sub",
            "mul",
            "div",
            "mod",
            "add1",
            "addf",
            "subf",
            "mulf",
            "divf",
            "add1f",
            "max",
            "min",
            "maxf",
            "minf",
            "ceil",
            "floor",
            "round",
            "eq",
            "lt",
            "gt",
            "le",
            "until",
            "untilStep",
            "seq",
            "biggest",
            "toString",
            "ternary",
            "len",
        ],
    };
    let (values, scope) = ground(choices);
    let fitting: Vec<&Function> =
        functions::all().iter().filter(|function| names.contains(&function.name)).collect();
    let mut notes = String::new();
    for _ in 0..=choices.below(5) {
        let function = fitting[choices.below(fitting.len())];
        notes.push_str(&format!("[{{{{ {} }}}}]\n", expression::call(choices, &scope, function, 2)));
    }
    if topic == Topic::Dates && choices.percent(50) {
        notes.push_str(&super::dates::method(choices));
    }
    if topic == Topic::Versions && choices.percent(40) {
        let version = literals::go_quoted(&super::formats::version(choices));
        let other = literals::go_quoted(&super::formats::version(choices));
        let member = choices.pick(&[
            "Major",
            "Minor",
            "Patch",
            "Prerelease",
            "Metadata",
            "Original",
            "String",
            "Nothing",
        ]);
        notes.push_str(&format!("{{{{ $v := semver {version} }}}}[{{{{ $v.{member} }}}}]\n"));
        let method = choices.pick(&["Compare", "Equal", "LessThan", "GreaterThan"]);
        notes.push_str(&format!("[{{{{ $v.{method} (semver {other}) }}}}]\n"));
        let change = choices.pick(&["IncMajor", "IncMinor", "IncPatch", "SetMetadata \"x\""]);
        notes.push_str(&format!("[{{{{ $v.{change} }}}}]\n"));
    }
    chart([("values.yaml", values), ("templates/NOTES.txt", notes)])
}

/// Collections that change.
pub(super) fn mutations(choices: &mut Choices) -> Case {
    let (values, mut scope) = ground(choices);
    let mut notes = String::new();
    for (name, make) in
        [("$v1", "dict \"a\" (dict \"b\" (list 1 2))"), ("$v2", "deepCopy $v1"), ("$v3", "get $v1 \"a\"")]
    {
        notes.push_str(&format!("{{{{ {name} := {make} }}}}"));
        scope.known.push((name.to_owned(), Kind::Dict));
    }
    scope.variables = 3;
    let changes = [
        "merge",
        "mergeOverwrite",
        "mustMerge",
        "mustMergeOverwrite",
        "append",
        "prepend",
        "concat",
        "without",
        "omit",
        "pick",
        "get",
        "dig",
        "uniq",
        "reverse",
        "slice",
        "chunk",
        "pluck",
        "deepCopy",
        "compact",
        "initial",
        "rest",
        "hasKey",
        "has",
    ];
    let fitting: Vec<&Function> =
        functions::all().iter().filter(|function| changes.contains(&function.name)).collect();
    for _ in 0..=choices.below(5) {
        match choices.below(3) {
            0 => {
                let dict = choices.pick(&["$v1", "$v2", "$v3", ".Values", "$v1.a"]);
                let key = literals::go_quoted(literals::key(choices));
                let value = expression::operand(choices, &Scope::default(), Kind::Any, 1);
                let change = choices.pick(&["set", "set", "unset"]);
                let value = if change == "set" { value } else { String::new() };
                notes.push_str(&format!("{{{{ $_ := {change} {dict} {key} {value} }}}}"));
            }
            1 => {
                let function = fitting[choices.below(fitting.len())];
                let call = expression::call(
                    choices,
                    &Scope { known: scope.known[scope.known.len() - 3..].to_vec(), ..Scope::default() },
                    function,
                    1,
                );
                notes.push_str(&format!("[{{{{ {call} | toJson }}}}]\n"));
            }
            _ => {
                let other = expression::operand(choices, &Scope::default(), Kind::Dict, 2);
                let merge = choices.pick(&["merge", "mergeOverwrite"]);
                let dict = choices.pick(&["$v1", "$v3", ".Values"]);
                notes.push_str(&format!("{{{{ $_ := {merge} {dict} {other} }}}}"));
            }
        }
    }
    notes.push_str("\n{{ toJson $v1 }} {{ toJson $v2 }} {{ toJson $v3 }} {{ toJson .Values }}\n");
    chart([("values.yaml", values), ("templates/NOTES.txt", notes)])
}

/// Templates with control flow and definitions, over several files.
pub(super) fn programs(choices: &mut Choices) -> Case {
    let (values, mut scope) = ground(choices);
    let mut helpers = String::new();
    for index in 0..choices.below(3) {
        helpers.push_str(&program::define(choices, &mut scope, &format!("m.t{index}")));
    }
    let notes = program::body(choices, &mut scope.clone(), 5);
    let mut case =
        chart([("values.yaml", values), ("templates/_h.tpl", helpers), ("templates/NOTES.txt", notes)]);
    if choices.percent(15) {
        let text = program::body(choices, &mut scope, 2);
        case.files.insert("templates/a.yaml".to_owned(), text);
    }
    case
}

/// A template with something in it changed.
pub(super) fn broken(choices: &mut Choices) -> Case {
    let mut case = programs(choices);
    for name in ["templates/NOTES.txt", "templates/_h.tpl"] {
        if let Some(text) = case.files.get_mut(name)
            && (name.ends_with(".txt") || choices.percent(30))
        {
            *text = program::broken(choices, text);
        }
    }
    case
}
