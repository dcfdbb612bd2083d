//! Files that templates read again and again, patterns that fit them in many ways, rules that ignore them.

use crate::case::{Case, Expected, files};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = CALLS
        .iter()
        .map(|(name, call)| {
            files(&format!("files/{name}"), Expected::Limit("m/templates/a.yaml:2"), move || {
                let text = format!(
                    "#\n{{{{ $l := list }}}}{{{{ range 1000000 }}}}{{{{ $l = append $l ({call}) }}}}{{{{ end }}}}"
                );
                with_files(text)
            })
        })
        .collect();
    cases.push(files("files/ignored-by-stars", Expected::Done, || {
        let mut files = with_files("a: b\n".to_owned());
        files.push((".helmignore".to_owned(), format!("{}b\n", "*a".repeat(500))));
        files
    }));
    cases
}

/// A name, and a call of which all results are kept.
const CALLS: &[(&str, &str)] = &[
    ("glob-of-stars", "$.Files.Glob \"f/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\""),
    ("glob-of-alternatives", "$.Files.Glob (repeat 250 \"{a,aa,aaa,*}\")"),
    ("glob-of-all", "$.Files.Glob \"**\""),
    ("bytes", "$.Files.GetBytes \"large\""),
    ("text", "$.Files.Get \"large\""),
    ("lines", "$.Files.Lines \"lines\""),
    ("as-config", "$.Files.AsConfig"),
    ("as-secrets", "$.Files.AsSecrets"),
];

/// Many files with long names, and two large ones.
fn with_files(template: String) -> Vec<(String, String)> {
    let many = (0..3_000).map(|number| (format!("f/{}{number}", "a".repeat(200)), "x".to_owned()));
    let large = [
        ("templates/a.yaml".to_owned(), template),
        ("large".to_owned(), "x".repeat(4 << 20)),
        ("lines".to_owned(), "\n".repeat(4 << 20)),
    ];
    many.chain(large).collect()
}
