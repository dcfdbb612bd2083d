//! `Chart.yaml`.

use std::collections::BTreeSet;

use pilothouse_encoding::yaml::{self, Positions};
use pilothouse_template::semver::{Constraints, Version};
use serde_json::{Map, Value};

use super::{Problem, Severity, documents, files, quoted};
use crate::{File, RenderOptions, is_compatible};

/// The file.
const FILE: &str = "Chart.yaml";

/// Fields that Helm knows.
const FIELDS: [&str; 17] = [
    "annotations",
    "apiVersion",
    "appVersion",
    "condition",
    "dependencies",
    "deprecated",
    "description",
    "home",
    "icon",
    "keywords",
    "kubeVersion",
    "maintainers",
    "name",
    "sources",
    "tags",
    "type",
    "version",
];

/// Looks at the file; says whether a chart can be loaded with it.
pub(super) fn check(files: &[File], options: &RenderOptions, problems: &mut Vec<Problem>) -> bool {
    if !files.iter().any(|file| file.name == FILE) {
        problems.push(Problem::new(Severity::Error, "chart-yaml", FILE, "the file is missing"));
        return false;
    }
    let text = files::text(files, FILE);
    let chart = match yaml::parse(&text) {
        Ok(Value::Object(chart)) => chart,
        Ok(_) => {
            problems.push(Problem::new(Severity::Error, "chart-yaml", FILE, "it is no map of fields"));
            return false;
        }
        Err(error) => {
            let problem = Problem::new(Severity::Error, "chart-yaml", FILE, documents::reason(&error));
            problems.push(problem.at_line(Some(documents::line_of(&error))));
            return false;
        }
    };
    let before = problems.len();
    let mut check = Check { chart: &chart, positions: Positions::of(&text), problems };
    check.repeated(&text);
    check.identity();
    check.kind();
    check.kube_version(options);
    check.people();
    check.pages();
    check.dependencies();
    check.unknown();
    let is_usable = |problem: &Problem| problem.severity != Severity::Error || SOFT.contains(&problem.rule);
    problems[before..].iter().all(is_usable)
}

/// Rules that Helm does not have when it loads a chart.
const SOFT: [&str; 4] = ["chart-kube-version", "chart-dependency", "chart-text", "chart-page"];

struct Check<'a> {
    chart: &'a Map<String, Value>,
    positions: Positions,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn push(&mut self, severity: Severity, rule: &'static str, path: &[&str], message: impl Into<String>) {
        let position = self.positions.nearest(path);
        self.problems.push(Problem::new(severity, rule, FILE, message).at(position));
    }

    /// The text of a field; empty when it is absent. Numbers are texts for Helm.
    fn text(&self, field: &str) -> String {
        self.chart.get(field).and_then(crate::head::scalar_text).unwrap_or_default()
    }

    fn repeated(&mut self, text: &str) {
        let Err(yaml::YamlError::DuplicateKeys(lines)) = yaml::parse_strict(text) else { return };
        for line in lines {
            let number = line.strip_prefix("line ").and_then(|rest| rest.split(':').next()?.parse().ok());
            let message = line.split_once(": ").map_or(line.as_str(), |(_, message)| message).to_owned();
            let problem = Problem::new(Severity::Warning, "chart-yaml", FILE, message);
            self.problems.push(problem.at_line(number));
        }
    }

    fn identity(&mut self) {
        let name = self.text("name");
        if name.is_empty() {
            self.push(Severity::Error, "chart-name", &["name"], "name is required");
        } else if name == "." || name == ".." || name.contains('/') {
            self.push(Severity::Error, "chart-name", &["name"], format!("name {} is invalid", quoted(&name)));
        } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            let text =
                format!("name {} should consist of lower case letters, digits and hyphens", quoted(&name));
            self.push(Severity::Warning, "chart-name", &["name"], text);
        }
        match self.text("apiVersion").as_str() {
            "v1" | "v2" => {}
            "" => self.push(
                Severity::Error,
                "chart-api-version",
                &["apiVersion"],
                "apiVersion is required: v1 or v2",
            ),
            other => {
                let text = format!("apiVersion {} is not valid: it must be v1 or v2", quoted(other));
                self.push(Severity::Error, "chart-api-version", &["apiVersion"], text);
            }
        }
        let version = self.text("version");
        if version.is_empty() {
            self.push(Severity::Error, "chart-version", &["version"], "version is required");
        } else if Version::parse(&version).is_err() {
            let text = format!("version {} is no semantic version", quoted(&version));
            self.push(Severity::Error, "chart-version", &["version"], text);
        } else if !is_strict(&version) {
            let text = format!("version {} should have the form MAJOR.MINOR.PATCH", quoted(&version));
            self.push(Severity::Warning, "chart-version", &["version"], text);
        }
        for field in ["version", "appVersion"] {
            if self.chart.get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
                let text = format!("{field} is no text: put it into quotes, or digits may be lost");
                self.push(Severity::Error, "chart-text", &[field], text);
            }
        }
    }

    fn kind(&mut self) {
        let kind = self.text("type");
        if !matches!(kind.as_str(), "" | "application" | "library") {
            let text = format!("type {} is not valid: it must be application or library", quoted(&kind));
            self.push(Severity::Error, "chart-type", &["type"], text);
        }
        if self.text("apiVersion") == "v1" && !kind.is_empty() {
            self.push(Severity::Warning, "chart-type", &["type"], "type has no meaning with apiVersion v1");
        }
        if self.chart.get("deprecated") == Some(&Value::Bool(true)) {
            self.push(Severity::Info, "chart-deprecated", &["deprecated"], "the chart is deprecated");
        }
    }

    fn kube_version(&mut self, options: &RenderOptions) {
        let constraint = self.text("kubeVersion");
        if constraint.is_empty() {
            return;
        }
        let version = options.capabilities.kube_version.text().to_owned();
        if Constraints::parse(&constraint).is_err() {
            let text = format!("kubeVersion {} is no constraint on versions", quoted(&constraint));
            self.push(Severity::Error, "chart-kube-version", &["kubeVersion"], text);
        } else if !is_compatible(&constraint, &version) {
            let text = format!("kubeVersion {constraint} does not allow Kubernetes {version}");
            self.push(Severity::Error, "chart-kube-version", &["kubeVersion"], text);
        }
    }

    fn people(&mut self) {
        let maintainers =
            self.chart.get("maintainers").and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, maintainer) in maintainers.iter().enumerate() {
            let index = index.to_string();
            let text = |field: &str| maintainer.get(field).and_then(Value::as_str).unwrap_or_default();
            if text("name").is_empty() {
                self.push(
                    Severity::Error,
                    "chart-maintainer",
                    &["maintainers", &index],
                    "a maintainer has no name",
                );
            }
            let email = text("email");
            if !email.is_empty()
                && !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            {
                let message = format!("{} is no mail address", quoted(email));
                self.push(Severity::Warning, "chart-maintainer", &["maintainers", &index, "email"], message);
            }
        }
    }

    fn pages(&mut self) {
        if self.text("icon").is_empty() {
            self.push(Severity::Info, "chart-icon", &["icon"], "an icon is recommended");
        }
        for field in ["icon", "home"] {
            let page = self.text(field);
            if !page.is_empty() && !is_url(&page) {
                self.push(
                    Severity::Error,
                    "chart-page",
                    &[field],
                    format!("{field} {} is no URL", quoted(&page)),
                );
            }
        }
        let sources = self.chart.get("sources").and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, source) in sources.iter().enumerate() {
            let page = source.as_str().unwrap_or_default();
            if !is_url(page) {
                let text = format!("source {} is no URL", quoted(page));
                self.push(Severity::Error, "chart-page", &["sources", &index.to_string()], text);
            }
        }
    }

    fn dependencies(&mut self) {
        let dependencies =
            self.chart.get("dependencies").and_then(Value::as_array).cloned().unwrap_or_default();
        if !dependencies.is_empty() && self.text("apiVersion") == "v1" {
            let text = "with apiVersion v1, dependencies belong into requirements.yaml";
            self.push(Severity::Error, "chart-dependency", &["dependencies"], text);
        }
        let mut seen = BTreeSet::new();
        for (index, dependency) in dependencies.iter().enumerate() {
            let index = index.to_string();
            let text =
                |field: &str| dependency.get(field).and_then(crate::head::scalar_text).unwrap_or_default();
            let (name, alias, version) = (text("name"), text("alias"), text("version"));
            let mut wrong = |field: &str, rule: &'static str, message: String| {
                self.push(Severity::Error, rule, &["dependencies", &index, field], message);
            };
            if name.is_empty() {
                wrong("name", "chart-dependency", "a dependency has no name".to_owned());
                continue;
            }
            if !alias.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
                let message = format!("alias {} has characters that are not allowed", quoted(&alias));
                wrong("alias", "chart-dependency-name", message);
            }
            if Constraints::parse(&version).is_err() {
                let message = format!("version {} is no constraint on versions", quoted(&version));
                wrong("version", "chart-dependency", message);
            }
            let key = if alias.is_empty() { name } else { alias };
            if !seen.insert(key.clone()) {
                let message = format!("more than one dependency with name or alias {}", quoted(&key));
                wrong("name", "chart-dependency-name", message);
            }
        }
    }

    fn unknown(&mut self) {
        let unknown: Vec<&String> = self.chart.keys().filter(|key| !FIELDS.contains(&key.as_str())).collect();
        for key in unknown {
            let text =
                format!("Helm knows no field {}; annotations are for data of other programs", quoted(key));
            self.push(Severity::Warning, "chart-field", &[key.as_str()], text);
        }
    }
}

/// Whether a version has three numbers, as semver.org wants it.
fn is_strict(version: &str) -> bool {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = numbers.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty())
}

fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+') && rest.len() > 2
    })
}
