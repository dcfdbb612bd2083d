//! Charts with subcharts, and what `Chart.yaml` says.

use serde_json::{Value, json};

use super::literals::{self, go_quoted, text};
use super::{chart, formats, packed, values};
use crate::case::Case;
use crate::choices::Choices;

const SHOW: &str = "{{ toJson .Values }}\n";
const NAMES: [&str; 3] = ["sub", "other", "deep"];

/// Values that reach subcharts.
pub(super) fn coalesce(choices: &mut Choices) -> Case {
    let mut case = chart([("templates/NOTES.txt", SHOW.to_owned())]);
    let mut dependencies = Vec::new();
    let count = 1 + choices.below(2);
    for (index, name) in NAMES.iter().take(count).enumerate() {
        subchart(choices, &mut case, &format!("charts/{name}"), name);
        if choices.percent(25) && index == 0 {
            subchart(choices, &mut case, &format!("charts/{name}/charts/deep"), "deep");
        }
        if !choices.percent(25) {
            dependencies.push(dependency(choices, name));
            if choices.percent(12) {
                dependencies.push(dependency(choices, name));
            }
        }
    }
    case.files.insert("values.yaml".to_owned(), format!("{}\n", parent_values(choices)));
    if let Some(metadata) = case.files.get_mut("Chart.yaml")
        && !dependencies.is_empty()
    {
        metadata.push_str(&format!("dependencies: {}\n", Value::from(dependencies)));
    }
    if choices.percent(60) {
        case.cwd_files.insert("v.yaml".to_owned(), format!("{}\n", parent_values(choices)));
        case.values_files.push("v.yaml".to_owned());
    }
    if choices.percent(40) {
        feature(choices, &mut case);
    }
    if choices.percent(25) {
        case.args.push("--render-subchart-notes".to_owned());
    }
    if choices.percent(20) {
        let name = NAMES[choices.below(2)];
        packed::pack(choices, &mut case, name);
    }
    if choices.percent(30) {
        let set = choices.pick(&[
            "sub.enabled=false",
            "sub.a=null",
            "tags.t=false",
            "global.a=x",
            "sub=null",
            "sub.map.a=1",
            "al.b=2",
            "other.x=null",
        ]);
        case.args.extend(["--set".to_owned(), set.to_owned()]);
    }
    case
}

/// Something else that charts have.
fn feature(choices: &mut Choices, case: &mut Case) {
    let object = "kind: ConfigMap\nmetadata: {name: x}\n";
    let mut add = |name: &str, text: &str| drop(case.files.insert(name.to_owned(), text.to_owned()));
    match choices.below(14) {
        0 => add("charts/sub/values.schema.json", choices.pick(&[
            "{\"required\": [\"a\"]}",
            "{\"properties\": {\"a\": {\"type\": \"string\"}, \"global\": {\"type\": \"object\"}}}",
            "{\"additionalProperties\": false}",
        ])),
        1 => add("values.schema.json", "{\"properties\": {\"sub\": {\"type\": \"object\", \"required\": [\"a\"]}}}"),
        2 => {
            add("charts/sub/crds/a.yaml", "kind: CustomResourceDefinition\nmetadata: {name: c}\n");
            case.args.push("--include-crds".to_owned());
        }
        3 => {
            // The same name in parent and subchart: one of the two wins.
            add("templates/_h.tpl", "{{ define \"h\" }}parent {{ .Chart.Name }}{{ end }}");
            add("charts/sub/templates/_h.tpl", "{{ define \"h\" }}sub {{ .Chart.Name }}{{ end }}");
            add("charts/sub/templates/b.yaml", "a: {{ include \"h\" . }}\n");
            add("templates/b.yaml", "b: {{ include \"h\" . }}\nc: {{ include \"h\" .Subcharts.sub }}\n");
        }
        4 => {
            let kind = choices.pick(&["library", "application"]);
            add("charts/lib/Chart.yaml", &format!("apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: {kind}\n"));
            add("charts/lib/templates/_l.tpl", "{{ define \"lib.x\" }}{{ .Values.a | default 1 }}{{ end }}");
            add("charts/lib/templates/l.yaml", object);
            add("templates/l.yaml", "l: {{ include \"lib.x\" . }}\n");
        }
        5 => add(&format!("charts/{}/Chart.yaml", choices.pick(&["_x", ".y", "z"])), choices.pick(&[
            "apiVersion: v2\nname: odd\nversion: 0.1.0\n",
            "apiVersion: v2\nname: odd\n",
            "name: [",
            "",
        ])),
        6 => add(choices.pick(&["charts/README.md", "charts/.x", "charts/_x", "charts/x.txt", "charts/sub/README.md"]), "text"),
        7 => add("charts/sub/charts/deep/values.yaml", "global: {a: deep}\na: 1\nmap: {a: null, b: 2}\n"),
        8 => {
            let constraint = choices.pick(&[">=1.20.0-0", ">=1.99", "<1.0", "x"]);
            add("charts/sub/Chart.yaml", &format!(
                "apiVersion: v2\nname: sub\nversion: 0.1.0\nkubeVersion: \"{constraint}\"\n"
            ));
        }
        9 => {
            add("Chart.yaml", "apiVersion: v1\nname: m\nversion: 0.1.0\n");
            let entry = dependency(choices, "sub");
            case.files.insert("requirements.yaml".to_owned(), format!("dependencies: [{entry}]\n"));
        }
        10 => add("charts/sub/templates/hook.yaml", choices.pick(&[
            "kind: Job\nmetadata:\n  name: h\n  annotations: {helm.sh/hook: pre-install}\n",
            "kind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test, helm.sh/hook-weight: \"-1\"}\n",
        ])),
        11 => add("charts/sub/templates/f.yaml", "f: {{ .Files.Get \"f.txt\" | quote }}\ng: {{ .Template.Name }} {{ .Template.BasePath }}\n"),
        12 => {
            add("templates/NOTES.txt", "{{ range $name, $sub := .Subcharts }}{{ $name }}={{ toJson $sub.Values }};{{ end }}");
        }
        _ => {
            let flag = choices.pick(&["--skip-schema-validation", "--is-upgrade", "--include-crds"]);
            case.args.push(flag.to_owned());
        }
    }
}

fn subchart(choices: &mut Choices, case: &mut Case, folder: &str, name: &str) {
    let kind = if choices.percent(5) { "type: library\n" } else { "" };
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n{kind}");
    case.files.insert(format!("{folder}/Chart.yaml"), metadata);
    if !choices.percent(15) {
        let mut values = values::tree(choices, 2);
        if choices.percent(40) {
            values["global"] = values::tree(choices, 1);
        }
        if choices.percent(40) {
            values["exports"] = json!({"data": values::tree(choices, 1)});
        }
        case.files.insert(format!("{folder}/values.yaml"), format!("{values}\n"));
    }
    let template = "kind: ConfigMap\nmetadata:\n  name: {{ .Chart.Name }}\nvalues: {{ toJson .Values }}\n";
    case.files.insert(format!("{folder}/templates/a.yaml"), template.to_owned());
    if choices.percent(30) {
        let place = choices.pick(&["NOTES.txt", "NOTES.txt", "deeper/NOTES.txt", "aNOTES.txt", "notes.txt"]);
        let text = choices.pick(&[SHOW, SHOW, "", "\n \n", "{{ fail \"no\" }}", "text", "\n\ntext\n\n"]);
        case.files.insert(format!("{folder}/templates/{place}"), format!("{name} {text}"));
    }
}

fn parent_values(choices: &mut Choices) -> Value {
    let mut values = values::tree(choices, 2);
    for name in ["sub", "other", "al", "deep", "global"] {
        if choices.percent(40) {
            values[name] = values::tree(choices, 2);
            if choices.percent(30) {
                values[name]["enabled"] = Value::from(choices.percent(50));
            }
            if name == "sub" && choices.percent(20) {
                values[name]["deep"] = values::tree(choices, 1);
            }
        }
    }
    if choices.percent(20) {
        values["tags"] = json!({"t": choices.percent(50), "u": choices.percent(50)});
    }
    if choices.percent(4) {
        let name = choices.pick(&["sub", "global", "other"]);
        values[name] = Value::from(choices.pick(&["text", ""]));
    }
    values
}

fn dependency(choices: &mut Choices, name: &str) -> Value {
    let version = choices.pick(&["0.1.0", ">=0.1.0", "*", "^0.1", "0.1.x", ""]);
    let mut entry = json!({"name": name, "version": version, "repository": ""});
    if choices.percent(4) {
        entry["version"] = Value::from(formats::constraint(choices));
    }
    if choices.percent(35) {
        let condition = choices.pick(&[
            "sub.enabled",
            "enabled",
            "al.enabled",
            "sub.enabled,other.enabled",
            "none.x",
            "name",
            "tags.t",
            "global.enabled",
            " enabled ",
        ]);
        entry["condition"] = Value::from(condition);
    }
    if choices.percent(25) {
        entry["tags"] = choices.pick(&[&json!(["t"]), &json!(["t", "u"]), &json!(["none"])]).clone();
    }
    if choices.percent(20) {
        entry["alias"] = Value::from(choices.pick(&["al", "al", "sub2", "other"]));
    }
    if choices.percent(30) {
        entry["import-values"] = imports(choices);
    }
    entry
}

fn imports(choices: &mut Choices) -> Value {
    let items = (0..=choices.below(2)).map(|_| match choices.below(3) {
        0 => Value::from(choices.pick(&["data", "data", "missing", "a"])),
        _ => json!({
            "child": choices.pick(&["exports.data", "map", "a", "missing", "global", "exports"]),
            "parent": choices.pick(&["imported", "map", ".", "a.b", "sub", "global"]),
        }),
    });
    items.collect()
}

/// Odd fields of `Chart.yaml`.
pub(super) fn metadata(choices: &mut Choices) -> Case {
    const SCALARS: [&str; 16] = [
        "1.0",
        "\"1.0\"",
        "true",
        "null",
        "1e3",
        "0x10",
        "text",
        "[]",
        "{}",
        "2024-01-01",
        "~",
        "1_000",
        "'x'",
        "",
        "0123",
        "1.10",
    ];
    let mut lines = vec![format!(
        "apiVersion: {}",
        choices.pick(&["v2", "v2", "v2", "v2", "v1", "", "v3", "\"v2\"", "v4"])
    )];
    lines.push(format!(
        "name: {}",
        choices.pick(&["m", "m", "m", "m", "my-chart", "a/b", "1", "", "'n m'", "..", "é"])
    ));
    let version =
        if choices.percent(60) { "0.1.0".to_owned() } else { go_quoted(&formats::version(choices)) };
    lines.push(format!("version: {version}"));
    for _ in 0..choices.below(6) {
        lines.push(match choices.below(10) {
            0 => format!("appVersion: {}", choices.pick(&SCALARS)),
            1 => format!("description: {}", go_quoted(&text(choices))),
            2 => format!("kubeVersion: {}", go_quoted(&kube_constraint(choices))),
            3 => format!(
                "type: {}",
                choices.pick(&["application", "library", "", "Application", "other", "null"])
            ),
            4 => {
                format!("keywords: {}", choices.pick(&["[a, b]", "[]", "a", "[1, true]", "null", "[\"é\"]"]))
            }
            5 => format!(
                "maintainers: {}",
                choices.pick(&[
                    "[{name: a, email: b, url: c}]",
                    "[{}]",
                    "[null]",
                    "[a]",
                    "[{email: x}]",
                    "[{name: \"a\\nb\"}]"
                ])
            ),
            6 => format!(
                "annotations: {}",
                choices.pick(&["{a: b}", "{a: 1}", "{a: true}", "{a: null}", "{\"a/b\": \"c\"}"])
            ),
            7 => format!(
                "{}: {}",
                choices.pick(&["home", "icon", "deprecated", "condition", "tags", "unknown"]),
                choices.pick(&SCALARS)
            ),
            8 => format!("sources: {}", choices.pick(&["[a]", "[]", "x", "[\"\\u0007a\"]"])),
            _ => choices
                .pick(&[
                    "# comment",
                    "dependencies: []",
                    "dependencies: null",
                    "dependencies: [{name: x}]",
                    "name: again",
                    ": x",
                    "  a: b",
                ])
                .to_owned(),
        });
    }
    let show = "{{ .Chart.Name }}|{{ .Chart.Version }}|{{ .Chart.AppVersion }}|{{ .Chart.Keywords }}|{{ .Chart.Annotations }}|\
                {{ .Chart.Type }}|{{ .Chart.Description }}|{{ .Chart.Deprecated }}|{{ .Chart.Home }}|{{ toJson .Chart.Maintainers }}|\
                {{ .Chart.KubeVersion }}|{{ .Chart.APIVersion }}|{{ .Chart.Sources }}|{{ .Chart.Icon }}\n";
    let whole = choices.pick(&[
        "",
        "{{ toJson .Chart }}\n",
        "{{ toYaml .Chart }}\n",
        "{{ .Chart }}\n",
        "{{ printf \"%#v\" .Chart.Sources }}\n",
    ]);
    let mut case = chart([("templates/NOTES.txt", format!("{show}{whole}"))]);
    case.files.insert("Chart.yaml".to_owned(), format!("{}\n", lines.join("\n")));
    if choices.percent(20) {
        case.args.extend(["--kube-version".to_owned(), kube_version(choices)]);
    }
    if choices.percent(10) {
        case.release = choices.pick(&["a.b", "A", "", "a_b", "-a", "0", "x--y"]).to_owned();
    }
    literals::key(choices);
    case
}

fn kube_constraint(choices: &mut Choices) -> String {
    if choices.percent(60) {
        return choices
            .pick(&[">=1.20.0-0", ">=1.99", "^1.30", "1.36.x", "<2", ">= 1.16.0 < 1.40.0", "~1.36.0"])
            .to_owned();
    }
    formats::constraint(choices)
}

fn kube_version(choices: &mut Choices) -> String {
    choices
        .pick(&["v1.20.15", "1.30", "1.29.0-gke.100", "v1.31.1-eks-1a2b", "1", "x", "1.30.0+k3s1"])
        .to_owned()
}
