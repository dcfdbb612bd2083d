//! Values and documents.

use serde_json::{Map, Number, Value, json};

use super::literals::{self, KEYS, go_quoted};
use super::{chart, documents, yaml};
use crate::case::Case;
use crate::choices::Choices;

/// Values of known kinds, written as JSON.
pub(super) fn tree(choices: &mut Choices, depth: usize) -> Value {
    let mut members = Map::new();
    for _ in 0..choices.below(6) {
        members.insert(KEYS[choices.below(KEYS.len())].to_owned(), node(choices, depth));
    }
    Value::Object(members)
}

fn node(choices: &mut Choices, depth: usize) -> Value {
    match choices.below(if depth == 0 { 5 } else { 8 }) {
        0 => Value::from(literals::text(choices)),
        1 => Value::from(choices.percent(50)),
        2 => Value::from(
            [0_i64, 1, 2, 80, 8080, -1, 999_999, 1_000_000, 123_456_789, 1 << 53, i64::MAX]
                [choices.below(11)],
        ),
        3 => Number::from_f64([0.5, 1.5, -0.25, 1e21, 1e-7, 100.0, 1e6, 3.0e-5][choices.below(8)])
            .map_or(Value::Null, Value::Number),
        4 => Value::Null,
        5 => tree(choices, depth - 1),
        6 => Value::Array((0..choices.below(4)).map(|_| node(choices, depth - 1)).collect()),
        _ => json!([{"name": literals::text(choices), "value": node(choices, 0)}]),
    }
}

/// Documents that are read as values, as files and as texts, and written again.
pub(super) fn yaml_documents(choices: &mut Choices) -> Case {
    let depth = 1 + choices.below(3);
    let mut document = yaml::document(choices, depth);
    if choices.percent(25) {
        document = yaml::broken(choices, &document);
    }
    match choices.below(6) {
        0 | 1 => {
            let notes = choices.pick(&[
                "{{ toYaml .Values }}\n{{ toJson .Values }}\n",
                "{{ .Values }}\n",
                "{{ toYamlPretty .Values }}\n",
                "{{ range $k, $v := .Values }}{{ $k }}={{ typeOf $v }}:{{ $v }}\n{{ end }}",
            ]);
            chart([("values.yaml", document), ("templates/NOTES.txt", notes.to_owned())])
        }
        2 | 3 => {
            let read = choices.pick(&["fromYaml", "fromYaml", "fromYamlArray", "fromJson"]);
            let notes = format!(
                "{{{{ $v := .Files.Get \"a.yaml\" | {read} }}}}{{{{ toYaml $v }}}}\n{{{{ toJson $v }}}}\n{{{{ $v }}}}\n"
            );
            chart([("a.yaml", document), ("templates/NOTES.txt", notes)])
        }
        4 => chart([("templates/a.yaml", document.replace("{{", "{ {"))]),
        _ => {
            let mut case = chart([
                ("templates/NOTES.txt", "{{ toYaml .Values }}\n".to_owned()),
                ("values.yaml", yaml::values(choices)),
            ]);
            case.cwd_files.insert("v.yaml".to_owned(), document);
            case.values_files.push("v.yaml".to_owned());
            case
        }
    }
}

/// Texts of other formats, and values written in them.
pub(super) fn encodings(choices: &mut Choices) -> Case {
    let mut notes = String::new();
    for _ in 0..=choices.below(3) {
        match choices.below(4) {
            0 => {
                let text = documents::json(choices, 3);
                let quoted = literals::quoted(choices, &text);
                let read = choices.pick(&["fromJson", "fromJsonArray", "mustFromJson", "fromYaml"]);
                notes.push_str(&format!("[{{{{ {quoted} | {read} | {} }}}}]\n", written(choices)));
            }
            1 => {
                let text = documents::toml(choices);
                notes.push_str(&format!(
                    "[{{{{ {} | fromToml | {} }}}}]\n",
                    go_quoted(&text),
                    written(choices).replace("Pretty", "")
                ));
            }
            2 => notes.push_str(&format!("[{{{{ .Values | {} }}}}]\n", written(choices))),
            _ => {
                let text = literals::text(choices);
                notes.push_str(&format!("[{{{{ list {} 1 | {} }}}}]\n", go_quoted(&text), written(choices)));
            }
        }
    }
    let values = tree(choices, 3);
    chart([("values.yaml", format!("{values}\n")), ("templates/NOTES.txt", notes)])
}

fn written(choices: &mut Choices) -> &'static str {
    choices.pick(&[
        "toJson",
        "toYaml",
        "toPrettyJson",
        "toRawJson",
        "toString",
        "toYamlPretty",
        "toToml",
        "mustToJson",
        "quote",
    ])
}

/// Flags that set values, over values of the chart.
pub(super) fn set_flags(choices: &mut Choices) -> Case {
    let values = tree(choices, 2);
    let notes = "{{ toJson .Values }}\n{{ range $k, $v := .Values }}{{ $k }}:{{ typeOf $v }} {{ end }}\n";
    let mut case = chart([("values.yaml", format!("{values}\n")), ("templates/NOTES.txt", notes.to_owned())]);
    if choices.percent(30) {
        case.cwd_files.insert("v.yaml".to_owned(), format!("{}\n", tree(choices, 2)));
        case.values_files.push("v.yaml".to_owned());
    }
    for _ in 0..=choices.below(3) {
        let flag = choices.pick(&[
            "--set",
            "--set",
            "--set",
            "--set-string",
            "--set-literal",
            "--set-json",
            "--set-file",
        ]);
        let text = match flag {
            "--set-json" => json_assignments(choices),
            "--set-file" => {
                let path = choices.pick(&[
                    "a", "a.b", "list[0]", "map", "é", "b[x]", "", "x\\.y", "a[1].b", ".a", "a[", "map.a",
                ]);
                let file = choices.pick(&[
                    "v.txt",
                    "v.txt",
                    "missing.txt",
                    "",
                    "{v.txt,v.txt}",
                    "./v.txt",
                    "folder",
                    "folder/v.txt",
                    ".",
                    "v.txt/",
                    "v.txt/x",
                    "chart/values.yaml",
                    "v.txt,b=v.txt",
                    "v.txt,b",
                    "\\v.txt",
                    "v.txt,",
                    " v.txt",
                ]);
                case.cwd_files.insert("v.txt".to_owned(), literals::text(choices));
                case.cwd_files.insert("folder/v.txt".to_owned(), "folder".to_owned());
                format!("{path}={file}")
            }
            _ => documents::assignments(choices),
        };
        case.args.extend([flag.to_owned(), text]);
    }
    case
}

fn json_assignments(choices: &mut Choices) -> String {
    if choices.percent(25) {
        return documents::json(choices, 2);
    }
    let separator = choices.pick(&[",", ", ", " , "]);
    literals::joined(choices, 3, separator, |choices| {
        let path = choices.pick(&["a", "a.b", "list[0]", "map", "name", "x\\.y", "a[1].b"]);
        format!("{path}={}", documents::json(choices, 2))
    })
}
