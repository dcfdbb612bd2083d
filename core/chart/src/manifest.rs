//! From rendered files to sorted manifests and hooks (Go package `helm.sh/helm/v4/pkg/release/v1/util`).

use std::collections::BTreeMap;

use crate::head::Head;
use crate::kind_order::KindOrder;
use crate::split::{Separation, split_manifests};
use crate::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookOutputLogPolicy};

/// Annotation that makes an object a hook and names its events.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
/// Annotation with the weight of a hook.
const WEIGHT: &str = "helm.sh/hook-weight";
/// Annotation with the delete policies of a hook.
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
/// Annotation with the log policies of a hook.
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// An object that is not a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Path of the template.
    pub name: String,
    /// The object as text.
    pub content: String,
    /// What was read from it.
    pub head: Head,
}

/// Hooks and other objects, each in the order of an install.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sorted {
    /// Hooks.
    pub hooks: Vec<Hook>,
    /// Everything else.
    pub manifests: Vec<Manifest>,
    /// What Helm says about hooks that are left out.
    pub notices: Vec<String>,
}

/// Splits and sorts rendered files, given by path. Partials and empty files are left out, and so are hooks for events that
/// Helm does not know.
///
/// # Errors
/// Helm's text for a document that is no object.
pub fn sort_manifests(files: BTreeMap<String, String>, separation: Separation) -> Result<Sorted, String> {
    let mut sorted = Sorted::default();
    for (path, content) in files {
        let base = path.rsplit('/').next().unwrap_or(&path);
        if !base.starts_with('_') {
            sorted.add(&path, content, separation)?;
        }
    }
    sorted.manifests.sort_by(|left, right| KindOrder::Install.compare(&left.head.kind, &right.head.kind));
    sorted.hooks.sort_by(|left, right| KindOrder::Install.compare(&left.kind, &right.kind));
    Ok(sorted)
}

impl Sorted {
    /// Adds the objects of a file, unsorted.
    fn add(&mut self, path: &str, content: String, separation: Separation) -> Result<(), String> {
        let documents = split_manifests(&content, separation);
        // Most files hold one object, and large ones need not be copied.
        if let [document] = documents[..]
            && content.ends_with(document)
        {
            let start = content.len() - document.len();
            let mut content = content;
            content.drain(..start);
            return self.add_object(path, content);
        }
        documents.into_iter().try_for_each(|document| self.add_object(path, document.to_owned()))
    }

    fn add_object(&mut self, path: &str, content: String) -> Result<(), String> {
        let head = Head::parse(&content).map_err(|error| format!("YAML parse error on {path}: {error}"))?;
        match head.annotations.get(HOOK_ANNOTATION) {
            None => self.manifests.push(Manifest { name: path.to_owned(), content, head }),
            Some(events) => match hook(path, &content, &head, events) {
                Some(hook) => self.hooks.push(hook),
                None => self.notices.push(format!("skipping unknown hooks hookTypes={events}")),
            },
        }
        Ok(())
    }
}

fn hook(path: &str, document: &str, head: &Head, events: &str) -> Option<Hook> {
    let events = words(events).map(|event| HookEvent::parse(&event)).collect::<Option<Vec<_>>>()?;
    let annotated = |name: &str| head.annotations.get(name).map(String::as_str);
    let delete_policies = annotated(DELETE_POLICY).into_iter().flat_map(words);
    let output_log_policies = annotated(OUTPUT_LOG_POLICY).into_iter().flat_map(words);
    Some(Hook {
        name: head.name.clone(),
        kind: head.kind.clone(),
        path: path.to_owned(),
        manifest: document.to_owned(),
        events,
        last_run: HookExecution::default(),
        weight: annotated(WEIGHT).and_then(|weight| weight.parse().ok()).unwrap_or_default(),
        delete_policies: delete_policies.map(|policy| HookDeletePolicy::parse(&policy)).collect(),
        output_log_policies: output_log_policies.map(|policy| HookOutputLogPolicy::parse(&policy)).collect(),
    })
}

/// The parts of a list with commas, in lower case.
fn words(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|word| word.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_and_objects_are_told_apart() {
        let files = BTreeMap::from([
            ("c/templates/_x.tpl".to_owned(), "junk: [".to_owned()),
            ("c/templates/a.yaml".to_owned(), "kind: Deployment\n---\nkind: Service\n".to_owned()),
            (
                "c/templates/h.yaml".to_owned(),
                "kind: Job\nmetadata:\n  name: h\n  annotations:\n    helm.sh/hook: Post-Install , test-success\n    \
                 helm.sh/hook-weight: \"-3\"\n    helm.sh/hook-delete-policy: hook-succeeded,other\n---\nkind: \
                 Pod\nmetadata:\n  annotations:\n    helm.sh/hook: crd-install\n"
                    .to_owned(),
            ),
        ]);
        let sorted = sort_manifests(files, Separation::Exact).unwrap();
        let kinds: Vec<&str> = sorted.manifests.iter().map(|manifest| manifest.head.kind.as_str()).collect();
        assert_eq!(kinds, ["Service", "Deployment"]);
        assert_eq!(sorted.notices, ["skipping unknown hooks hookTypes=crd-install"]);
        let [hook] = &sorted.hooks[..] else { panic!("one hook") };
        assert_eq!(hook.events, [HookEvent::PostInstall, HookEvent::Test]);
        assert_eq!((hook.weight, hook.name.as_str()), (-3, "h"));
        let other = HookDeletePolicy::Other("other".to_owned());
        assert_eq!(hook.delete_policies, [HookDeletePolicy::HookSucceeded, other]);
    }

    #[test]
    fn what_is_no_yaml_names_its_file() {
        let files = BTreeMap::from([("c/templates/a.yaml".to_owned(), "a: [\n".to_owned())]);
        let error = sort_manifests(files, Separation::Exact).unwrap_err();
        assert!(
            error
                .starts_with("YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml: ")
        );
    }
}
