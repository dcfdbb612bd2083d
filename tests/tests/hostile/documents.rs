//! YAML, JSON and TOML: deep, large, made of aliases; as values and within templates.

use crate::case::{Case, Expected, files, template, values};

const DEEP: usize = 10_000;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, build) in yaml() {
        cases.push(values(&format!("values/{name}"), Expected::Limit(""), build));
        cases.push(in_chart(&format!("values.yaml/{name}"), "values.yaml", build));
        cases.push(in_chart(&format!("Chart.yaml/{name}"), "Chart.yaml", build));
        cases.push(template(&format!("fromYaml/{name}"), move || call("fromYaml", &build())));
    }
    for (name, build) in others() {
        let (function, _) = name.split_once('/').unwrap_or((name, ""));
        cases.push(template(name, move || call(function, &build())));
    }
    cases.push(values("values/100-mb-of-text", Expected::Limit("input size"), || {
        format!("a: {}", "x".repeat(100 << 20))
    }));
    cases.push(values("values/100-mb-of-entries", Expected::Limit("input size"), || {
        (0..8_000_000).map(|number| format!("k{number}: 1\n")).collect()
    }));
    cases.push(values("values/controls", Expected::Done, || {
        format!("a: [{}]", vec![format!("\"{}\"", "\\a".repeat(1 << 20)); 7].join(", "))
    }));
    cases
}

type Build = fn() -> String;

fn yaml() -> Vec<(&'static str, Build)> {
    vec![
        ("deep-lists", || format!("a: {}{}", "[".repeat(DEEP), "]".repeat(DEEP))),
        ("deep-maps", || format!("{}1{}", "{a: ".repeat(DEEP), "}".repeat(DEEP))),
        ("deep-blocks", || (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()),
        ("deep-dashes", || format!("a:\n  {}1", "- ".repeat(DEEP))),
        ("open-brackets", || format!("a: {}", "[".repeat(1 << 20))),
        ("alias-bomb", || laughs(10, 10)),
        ("alias-bomb-of-maps", || laughs(2, 40)),
        ("alias-bomb-of-texts", || {
            format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 900].join(", "))
        }),
        ("alias-bomb-of-keys", || {
            let uses: String = (0..900).map(|number| format!("k{number}: {{*a : 1}}\n")).collect();
            format!("a: &a {}\n{uses}", "x".repeat(1 << 20))
        }),
        ("merge-bomb", || {
            let mut text = "a0: &a0 {k: 1}\n".to_owned();
            for level in 1..40 {
                let below = level - 1;
                text.push_str(&format!("a{level}: &a{level} {{<<: [*a{below}, *a{below}], k{level}: 1}}\n"));
            }
            text
        }),
        ("many-nodes", || format!("a: [{}]\n", vec!["1"; 600_000].join(","))),
    ]
}

fn others() -> Vec<(&'static str, Build)> {
    vec![
        ("fromYamlArray/deep", || "[".repeat(DEEP) + &"]".repeat(DEEP)),
        ("fromJson/deep", || format!("{}1{}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP))),
        ("fromJsonArray/deep", || "[".repeat(DEEP) + &"]".repeat(DEEP)),
        ("mustFromJson/deep", || "[".repeat(DEEP) + &"]".repeat(DEEP)),
        ("fromToml/deep-lists", || format!("a = {}{}", "[".repeat(DEEP), "]".repeat(DEEP))),
        ("fromToml/deep-tables", || format!("a = {}1{}", "{a = ".repeat(DEEP), "}".repeat(DEEP))),
        ("fromToml/deep-keys", || format!("{}a = 1", "a.".repeat(DEEP))),
        ("fromToml/deep-header", || format!("[{}a]", "a.".repeat(DEEP))),
        ("fromToml/many-deep-keys", || {
            (0..500).map(|number| format!("{}k{number} = 1\n", "a.".repeat(400))).collect()
        }),
        ("fromToml/many-keys-below-deep-ones", || {
            let keys: String = (0..30_000).map(|number| format!("k{number}=1\n")).collect();
            format!("[{}a]\n{keys}", "a.".repeat(450))
        }),
    ]
}

fn in_chart(name: &str, file: &'static str, build: Build) -> Case {
    files(name, Expected::Refused(file), move || vec![(file.to_owned(), build())])
}

/// Calls a function with a text until the budget is used up, unless the text itself is too much.
fn call(function: &str, text: &str) -> String {
    format!("{{{{ range 1000000 }}}}{{{{ $_ := {function} {text:?} }}}}{{{{ end }}}}")
}

/// Each level refers to the one below so many times.
fn laughs(times: usize, levels: usize) -> String {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..levels {
        let uses = vec![format!("*a{}", level - 1); times].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{uses}]\n"));
    }
    text
}
