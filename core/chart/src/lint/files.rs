//! The files of a chart by themselves.

use pilothouse_encoding::yaml;

use super::{Problem, Severity, quoted};
use crate::File;

/// A `Chart.yaml` that stands in for one that cannot be used, so that the rest can be looked at.
const STAND_IN: &str = "apiVersion: v2\nname: chart\nversion: 0.0.0\n";

/// Names and contents that are wrong whatever the chart says.
pub(super) fn check(files: &[File], problems: &mut Vec<Problem>) {
    if !files.iter().any(|file| file.name.starts_with("templates/")) {
        let text = "there are no templates";
        problems.push(Problem::new(Severity::Warning, "templates-missing", "templates/", text));
    }
    for file in files {
        if file.name.starts_with("templates/") {
            check_template(file, problems);
        } else if file.name.starts_with("crds/") {
            check_crds(file, problems);
        }
    }
}

/// The files with which the chart can be loaded: `Chart.yaml` and values that cannot be read are replaced.
pub(super) fn usable(files: &[File], chart_yaml: bool, values: bool) -> Vec<File> {
    let mut usable: Vec<File> =
        files.iter().filter(|file| values || file.name != "values.yaml").cloned().collect();
    if !chart_yaml {
        let name = "Chart.yaml".to_owned();
        usable.retain(|file| !matches!(file.name.as_str(), "Chart.yaml" | "Chart.lock"));
        usable.push(File { name, data: STAND_IN.as_bytes().to_vec().into(), modtime: None });
    }
    usable
}

/// The content of a file as text; empty when there is none.
pub(super) fn text(files: &[File], name: &str) -> String {
    let file = files.iter().find(|file| file.name == name);
    file.map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default()
}

fn check_template(file: &File, problems: &mut Vec<Problem>) {
    let base = file.name.rsplit('/').next().unwrap_or_default();
    let extension = base.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !matches!(extension, "yaml" | "yml" | "tpl" | "txt") {
        let text = format!("the name should end in .yaml, .yml, .tpl or .txt, not in {}", quoted(extension));
        problems.push(Problem::new(Severity::Warning, "template-extension", &file.name, text));
    }
    if let Err(error) = std::str::from_utf8(&file.data) {
        let line = 1 + file.data[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        let problem = Problem::new(Severity::Error, "template-encoding", &file.name, "the text is not UTF-8");
        problems.push(problem.at_line(Some(line)));
    }
}

/// Definitions are not rendered: a template in them stays as it is.
fn check_crds(file: &File, problems: &mut Vec<Problem>) {
    let text = String::from_utf8_lossy(&file.data);
    let is_manifest = [".yaml", ".yml", ".json"].iter().any(|extension| file.name.ends_with(extension));
    if !is_manifest {
        return;
    }
    if let Some(index) = text.lines().position(|line| line.trim_start().starts_with("{{")) {
        let message = "files in crds/ are not rendered, this template stays in the object";
        let problem = Problem::new(Severity::Warning, "crd-template", &file.name, message);
        problems.push(problem.at_line(Some(index + 1)));
        return;
    }
    for (start, document) in super::documents::of(&text) {
        match yaml::parse(document) {
            Err(error) => problems.push(
                Problem::new(Severity::Error, "crd-yaml", &file.name, super::documents::reason(&error))
                    .at_line(Some(start + super::documents::line_of(&error))),
            ),
            Ok(value) if value.is_null() => {}
            Ok(value) => {
                let kind = value.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default();
                if kind != "CustomResourceDefinition" {
                    let message = format!("kind is {}, not CustomResourceDefinition", quoted(kind));
                    let problem = Problem::new(Severity::Error, "crd-kind", &file.name, message);
                    problems.push(problem.at_line(Some(start + 1)));
                }
            }
        }
    }
}
