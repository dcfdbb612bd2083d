//! The generated table of docs/helm-compatibility.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use pilothouse_chart::{Chart, Limits};
use pilothouse_template::function_names;

use crate::known::Known;
use crate::{corpus, micro};

const HEAD: &str = "\
# Compatibility with Helm

This page is generated: `WRITE_DOCS=1 cargo test -p pilothouse-chart --test oracle -- docs/` renews it, and that test fails when it is
out of date. Each case is a test of its own that compares, byte for byte, what Pilothouse's chart engine renders with what Helm v4.2.4
printed, failures included. Lines that differ between runs of Helm itself (passwords, keys, certificates, dates) are left out of the
comparison; their number and what stands around them are not.

";

/// Equal cases and all of them.
#[derive(Clone, Copy, Default)]
struct Score {
    equal: usize,
    total: usize,
}

impl Score {
    fn count(&mut self, equal: bool) {
        self.equal += usize::from(equal);
        self.total += 1;
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.total == 0 { f.write_str("–") } else { write!(f, "{} of {}", self.equal, self.total) }
    }
}

/// The text of the page.
pub(crate) fn text(root: &Path, known: &Known) -> String {
    let mut out = HEAD.to_owned();
    let functions: BTreeSet<&str> = function_names().collect();
    let mut by_function: BTreeMap<&str, [Score; 2]> = BTreeMap::new();
    let mut charts: Vec<(String, String, Score)> = Vec::new();
    for chart in corpus::index(root)["charts"].as_array().unwrap() {
        let id = chart["id"].as_str().unwrap();
        let used = used(&functions, &templates(&root.join("charts").join(id).join("chart.tgz")));
        let mut score = Score::default();
        for case in chart["cases"].as_array().unwrap() {
            let equal = known.reason(&format!("corpus/{id}/{}", case["case"].as_str().unwrap())).is_none();
            score.count(equal);
            used.iter().for_each(|name| by_function.entry(name).or_default()[0].count(equal));
        }
        charts.push((id.replace("__", "/"), chart["version"].as_str().unwrap().to_owned(), score));
    }
    let mut groups: BTreeMap<String, Score> = BTreeMap::new();
    for snippet in micro::snippets(root).iter().filter(|snippet| snippet["deterministic"] != false) {
        let id = snippet["id"].as_str().unwrap();
        let equal = known.reason(&format!("micro/{id}")).is_none();
        groups.entry(id.split('/').next().unwrap().to_owned()).or_default().count(equal);
        let texts =
            snippet["files"].as_object().unwrap().values().map(|text| text.as_str().unwrap().to_owned());
        let used = used(&functions, &texts.collect::<Vec<_>>());
        used.iter().for_each(|name| by_function.entry(name).or_default()[1].count(equal));
    }
    summary(&mut out, &charts, &groups, known);
    out.push_str(
        "\n## By function\n\nCases of charts, and small cases, whose templates call the function.\n\n",
    );
    out.push_str("| Function | Charts' cases | Small cases |\n|---|---|---|\n");
    for name in &functions {
        let [charts, small] = by_function.get(name).copied().unwrap_or_default();
        let _ = writeln!(out, "| `{name}` | {charts} | {small} |");
    }
    out.push_str("\n## By chart\n\n| Chart | Version | Cases |\n|---|---|---|\n");
    for (id, version, score) in &charts {
        let _ = writeln!(out, "| {id} | {version} | {score} |");
    }
    out.push_str("\n## By group of small cases\n\n| Group | Cases |\n|---|---|\n");
    for (group, score) in &groups {
        let _ = writeln!(out, "| {group} | {score} |");
    }
    out
}

fn summary(
    out: &mut String,
    charts: &[(String, String, Score)],
    groups: &BTreeMap<String, Score>,
    known: &Known,
) {
    let add =
        |sum: Score, score: &Score| Score { equal: sum.equal + score.equal, total: sum.total + score.total };
    let corpus = charts.iter().map(|(_, _, score)| score).fold(Score::default(), add);
    let micro = groups.values().fold(Score::default(), add);
    let _ = writeln!(out, "{corpus} cases of {} charts and {micro} small cases are equal.", charts.len());
    for (index, (name, reason)) in known.iter().enumerate() {
        if index == 0 {
            out.push_str("\n## Known differences\n\n| Case | Reason |\n|---|---|\n");
        }
        let _ = writeln!(out, "| {name} | {reason} |");
    }
}

/// The texts of all templates, those of subcharts included.
fn templates(archive: &Path) -> Vec<String> {
    fn collect(chart: &Chart, texts: &mut Vec<String>) {
        texts.extend(chart.templates.iter().map(|file| String::from_utf8_lossy(&file.data).into_owned()));
        chart.dependencies.iter().for_each(|chart| collect(chart, texts));
    }
    let chart = Chart::load_archive(&std::fs::read(archive).unwrap(), &Limits::default()).unwrap();
    let mut texts = Vec::new();
    collect(&chart, &mut texts);
    texts
}

/// The functions that the actions of the texts name.
fn used<'f>(functions: &BTreeSet<&'f str>, texts: &[String]) -> BTreeSet<&'f str> {
    let actions =
        texts.iter().flat_map(|text| text.split("{{").skip(1)).filter(|rest| !rest.starts_with("/*"));
    let mut used = BTreeSet::new();
    for action in actions {
        let action = without_strings(action.split("}}").next().unwrap_or_default());
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut rest = action.as_str();
        while let Some(start) = rest.find(is_word) {
            let before = rest[..start].chars().next_back();
            let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |length| start + length);
            if !matches!(before, Some('.' | '$'))
                && let Some(name) = functions.get(&rest[start..end])
            {
                used.insert(*name);
            }
            rest = &rest[end..];
        }
    }
    used
}

/// The text without what stands in quotes.
fn without_strings(action: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    let mut characters = action.chars();
    while let Some(next) = characters.next() {
        match quote {
            None if matches!(next, '"' | '`' | '\'') => quote = Some(next),
            None => out.push(next),
            Some('"') if next == '\\' => drop(characters.next()),
            Some(open) if next == open => quote = None,
            Some(_) => {}
        }
    }
    out
}
