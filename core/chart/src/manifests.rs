//! From rendered files to the manifest and the hooks of a release (Go package `helm.sh/helm/v4/pkg/release/v1/util`).

use std::collections::BTreeMap;

use pilothouse_encoding::yaml;
use pilothouse_protocol::metadata;
use serde_json::Value;

use crate::kind_order::KindOrder;
use crate::{Hook, HookDeletePolicy, HookEvent, HookOutputLogPolicy, RenderError};

/// Annotation that makes an object a hook.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
/// Annotation with the order of a hook.
const WEIGHT_ANNOTATION: &str = "helm.sh/hook-weight";
/// Annotation that says when the object of a hook is deleted.
const DELETE_ANNOTATION: &str = "helm.sh/hook-delete-policy";
/// Annotation that says when the logs of a hook are printed.
const LOG_ANNOTATION: &str = "helm.sh/hook-output-log-policy";

/// One document of a rendered file.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Path of the template.
    pub path: String,
    /// The text.
    pub content: String,
    /// Kind of the object.
    pub kind: String,
}

/// Splits the files into hooks and other objects, both in install order.
///
/// # Errors
/// When a document is no YAML, named by its path.
pub fn sort_manifests(files: &BTreeMap<String, String>) -> Result<(Vec<Hook>, Vec<Manifest>), RenderError> {
    let (mut hooks, mut manifests) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.starts_with('_') || content.trim().is_empty() {
            continue;
        }
        for document in split_manifests(content) {
            let value = yaml::parse(document).map_err(|error| RenderError::Manifest {
                path: path.clone(),
                reason: format!("error converting YAML to JSON: {error}"),
            })?;
            let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            match metadata::annotation(&value, HOOK_ANNOTATION) {
                None => manifests.push(Manifest { path: path.clone(), content: document.to_owned(), kind }),
                Some(events) => hooks.extend(hook(path, document, &value, kind, events)),
            }
        }
    }
    hooks.sort_by(|a, b| KindOrder::Install.compare(&a.kind, &b.kind));
    manifests.sort_by(|a, b| KindOrder::Install.compare(&a.kind, &b.kind));
    Ok((hooks, manifests))
}

/// The manifest of a release: every document behind a line that names its template.
#[must_use]
pub fn manifest_text(manifests: &[Manifest]) -> String {
    let mut text = String::new();
    for manifest in manifests {
        text.push_str("---\n# Source: ");
        text.push_str(&manifest.path);
        text.push('\n');
        text.push_str(&manifest.content);
        text.push('\n');
    }
    text
}

/// The documents of a text: separated by `---` at the beginning of a line; empty ones are left out, white space at the
/// beginning of a document goes.
#[must_use]
pub fn split_manifests(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut start = 0;
    let mut line = 0;
    loop {
        if text[line..].starts_with("---") {
            documents.push(&text[start..line]);
            let rest = &text[line + 3..];
            start = text.len() - rest.trim_start_matches([' ', '\t']).len();
        }
        match text[line..].find('\n') {
            Some(end) => line += end + 1,
            None => break,
        }
    }
    documents.push(&text[start..]);
    documents.into_iter().filter(|document| !document.trim().is_empty()).map(str::trim_start).collect()
}

/// `None` for a hook with an event that Helm does not know: it is left out.
fn hook(path: &str, manifest: &str, value: &Value, kind: String, events: &str) -> Option<Hook> {
    let events = events.split(',').map(|event| HookEvent::parse(&event.trim().to_lowercase()));
    let events = events.collect::<Option<Vec<_>>>()?;
    let weight = metadata::annotation(value, WEIGHT_ANNOTATION).and_then(|weight| weight.parse().ok());
    Some(Hook {
        name: metadata::text(value, "name").to_owned(),
        kind,
        path: path.to_owned(),
        manifest: manifest.to_owned(),
        events,
        weight: weight.unwrap_or_default(),
        delete_policies: policies(value, DELETE_ANNOTATION).iter().map(|name| HookDeletePolicy::parse(name)).collect(),
        output_log_policies: policies(value, LOG_ANNOTATION).iter().map(|name| HookOutputLogPolicy::parse(name)).collect(),
        ..Hook::default()
    })
}

fn policies(value: &Value, annotation: &str) -> Vec<String> {
    let names = metadata::annotation(value, annotation).map(|names| names.split(','));
    names.into_iter().flatten().map(|name| name.trim().to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_split_at_lines_only() {
        let text = "\n---\n# c\na: 1\n--- \nb: |\n  x ---\n  ---y\n---\n\n---  c: 3\n";
        assert_eq!(split_manifests(text), ["# c\na: 1\n", "b: |\n  x ---\n  ---y\n", "c: 3\n"]);
        assert!(split_manifests("  \n---\n").is_empty());
    }

    #[test]
    fn hooks_and_objects_are_told_apart_and_sorted() {
        let files = BTreeMap::from([
            ("c/templates/a.yaml".to_owned(), "kind: Deployment\n---\nkind: ConfigMap\n".to_owned()),
            (
                "c/templates/b.yaml".to_owned(),
                "kind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: pre-install, Post-Upgrade\n    \
                 helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: hook-succeeded,odd\n"
                    .to_owned(),
            ),
            ("c/templates/_x.tpl".to_owned(), "kind: [".to_owned()),
        ]);
        let (hooks, manifests) = sort_manifests(&files).unwrap();
        assert_eq!(manifests.iter().map(|m| m.kind.as_str()).collect::<Vec<_>>(), ["ConfigMap", "Deployment"]);
        assert_eq!(hooks[0].weight, -5);
        assert_eq!(hooks[0].events, [HookEvent::PreInstall, HookEvent::PostUpgrade]);
        assert_eq!(hooks[0].delete_policies[1], HookDeletePolicy::Other("odd".to_owned()));
        assert_eq!(manifest_text(&manifests[..1]), "---\n# Source: c/templates/a.yaml\nkind: ConfigMap\n\n");
    }

    #[test]
    fn a_document_that_is_no_yaml_is_named() {
        let files = BTreeMap::from([("c/templates/a.yaml".to_owned(), "a: [".to_owned())]);
        let error = sort_manifests(&files).unwrap_err().to_string();
        assert!(error.starts_with("YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml:"), "{error}");
    }
}
