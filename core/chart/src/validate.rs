//! What `Chart.yaml` must say (Go package `helm.sh/helm/v4/pkg/chart/v2`).

use std::collections::BTreeSet;

use pilothouse_template::go_printable;
use pilothouse_template::semver::Version;

use crate::{ChartError, ChartMetadata};

/// Which lists of `Chart.yaml` have nulls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Nulls {
    /// The maintainers.
    pub(crate) maintainers: bool,
    /// The dependencies.
    pub(crate) dependencies: bool,
}

/// Cleans the texts of the metadata and checks them.
pub(crate) fn validate(metadata: &mut ChartMetadata, nulls: Nulls) -> Result<(), ChartError> {
    sanitize(metadata);
    let invalid = |text: String| Err(ChartError::Validation(text));
    if metadata.name.is_empty() {
        return invalid("chart.metadata.name is required".to_owned());
    }
    if metadata.name == "." || metadata.name == ".." {
        return invalid(format!("chart.metadata.name {:?} is not allowed", metadata.name));
    }
    if metadata.name.contains('/') {
        return invalid(format!("chart.metadata.name {:?} is invalid", metadata.name));
    }
    if metadata.version.is_empty() {
        return invalid("chart.metadata.version is required".to_owned());
    }
    if Version::parse(&metadata.version).is_err() {
        return invalid(format!("chart.metadata.version {:?} is invalid", metadata.version));
    }
    if !matches!(metadata.kind.as_str(), "" | "application" | "library") {
        return invalid("chart.metadata.type must be application or library".to_owned());
    }
    for (has_nulls, list) in [(nulls.maintainers, "maintainers"), (nulls.dependencies, "dependencies")] {
        if has_nulls {
            return invalid(format!("{list} must not contain empty or null nodes"));
        }
    }
    validate_dependencies(metadata)
}

fn validate_dependencies(metadata: &ChartMetadata) -> Result<(), ChartError> {
    let mut seen = BTreeSet::new();
    for dependency in &metadata.dependencies {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !dependency.alias.chars().all(allowed) {
            let name = &dependency.name;
            let text = format!("dependency {name:?} has disallowed characters in the alias");
            return Err(ChartError::Validation(text));
        }
        let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
        if !seen.insert(key) {
            return Err(ChartError::Validation(format!(
                "more than one dependency with name or alias {key:?}"
            )));
        }
    }
    Ok(())
}

fn sanitize(metadata: &mut ChartMetadata) {
    let texts = [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ];
    for text in texts.into_iter().chain(&mut metadata.sources).chain(&mut metadata.keywords) {
        *text = sanitized(text);
    }
    for maintainer in &mut metadata.maintainers {
        for text in [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url] {
            *text = sanitized(text);
        }
    }
    for dependency in &mut metadata.dependencies {
        let texts = [
            &mut dependency.name,
            &mut dependency.version,
            &mut dependency.repository,
            &mut dependency.condition,
        ];
        for text in texts.into_iter().chain(&mut dependency.tags) {
            *text = sanitized(text);
        }
    }
}

/// White space becomes blanks, what cannot be printed goes.
fn sanitized(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| go_printable(*c)).collect()
}
