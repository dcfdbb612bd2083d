//! Files of charts, and which of them are ignored.

use super::literals;
use super::{chart, packed, yaml};
use crate::case::Case;
use crate::choices::Choices;

const PATHS: [&str; 15] = [
    "a.txt",
    "b.yaml",
    "conf/d.txt",
    "conf/b.json",
    "conf/deep/c.txt",
    "g.txt",
    "x y.txt",
    "[a].txt",
    ".hidden",
    "conf/.keep",
    "README.md",
    "values-x.yaml",
    "conf/a.bak",
    "crds-x/a",
    "é.txt",
];

const PATTERNS: [&str; 32] = [
    "a}.txt",
    "a.txt\\",
    "{a.txt,",
    "{a,{b,c}}.*",
    "*",
    "**",
    "*.txt",
    "conf/*",
    "conf/**",
    "**/*.txt",
    "conf/*/*",
    "{a,b}.*",
    "[a-b].*",
    "?.txt",
    "conf",
    "",
    "[!a].txt",
    "[^a].txt",
    "a.txt",
    "\\[a\\].txt",
    "**.txt",
    "c*",
    "conf/**/c.txt",
    "conf/[a-",
    "{a,b",
    "{a.txt,conf/*.json}",
    "*/",
    "**/",
    "/a.txt",
    "./a.txt",
    "conf/{a,b}.{txt,json}",
    "[[]a].txt",
];

/// A chart with files and templates that read them.
pub(super) fn files(choices: &mut Choices) -> Case {
    let mut case = chart([]);
    for _ in 0..choices.below(6) {
        let path = choices.pick(&PATHS);
        if choices.percent(10) {
            case.files.remove(path);
            case.binary.insert(path.to_owned(), packed::bytes(choices));
            continue;
        }
        let text = if choices.percent(20) { yaml::document(choices, 1) } else { content(choices) };
        case.binary.remove(path);
        case.files.insert(path.to_owned(), text);
    }
    if choices.percent(8) {
        let path = choices.pick(&[
            "templates/b.yaml",
            "values.yaml",
            "templates/_b.tpl",
            "values.schema.json",
            "crds/b.yaml",
        ]);
        case.binary.insert(path.to_owned(), packed::bytes(choices));
    }
    if choices.percent(30) {
        case.files.insert(".helmignore".to_owned(), rules(choices));
    }
    let mut notes = String::new();
    for _ in 0..=choices.below(4) {
        notes.push_str(&use_of(choices));
    }
    case.files.insert("templates/NOTES.txt".to_owned(), notes);
    case
}

fn content(choices: &mut Choices) -> String {
    match choices.below(3) {
        0 => literals::text(choices),
        1 => choices
            .pick(&["one\ntwo\n", "", "\n", "a\r\nb", "no end", "{{ .Values }}", "\u{feff}bom", "a\n\nb\n\n"])
            .to_owned(),
        _ => (0..choices.below(5)).map(|_| literals::letter(choices)).collect(),
    }
}

fn use_of(choices: &mut Choices) -> String {
    let path = literals::go_quoted(choices.pick(&PATHS));
    let pattern = literals::go_quoted(choices.pick(&PATTERNS));
    match choices.below(9) {
        0 => format!("[{{{{ .Files.Get {path} }}}}]\n"),
        1 => format!("{{{{ range $p, $_ := .Files.Glob {pattern} }}}}{{{{ $p }}}};{{{{ end }}}}\n"),
        2 => format!("{{{{ (.Files.Glob {pattern}).AsConfig }}}}\n"),
        3 => format!("{{{{ (.Files.Glob {pattern}).AsSecrets }}}}\n"),
        4 => format!("{{{{ range .Files.Lines {path} }}}}<{{{{ . }}}}>{{{{ end }}}}\n"),
        5 => format!("[{{{{ .Files.GetBytes {path} }}}}]\n"),
        6 => "{{ .Files.AsConfig }}{{ len .Files }}\n".to_owned(),
        7 => "{{ range $p, $b := .Files }}{{ $p }}={{ $b | toString | quote }};{{ end }}\n".to_owned(),
        _ => format!("[{{{{ tpl (.Files.Get {path}) . }}}}]\n"),
    }
}

fn rules(choices: &mut Choices) -> String {
    const RULES: [&str; 22] = [
        "*.txt",
        "conf/",
        "conf",
        "!a.txt",
        "/a.txt",
        "# comment",
        "",
        " *.md ",
        "conf/*.json",
        "a.txt",
        ".*",
        "*.bak",
        "**",
        "[ab].*",
        "?.txt",
        "!conf/",
        "\\#x",
        "conf/deep",
        "/conf/deep/",
        "x y.txt",
        "[a",
        "*.yaml",
    ];
    literals::joined(choices, 3, "\n", |choices| choices.pick(&RULES).to_owned())
}
