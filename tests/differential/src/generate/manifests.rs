//! Objects of many kinds, hooks among them.

use super::literals;
use super::{chart, yaml};
use crate::case::Case;
use crate::choices::Choices;

const KINDS: [&str; 22] = [
    "ConfigMap",
    "Secret",
    "Deployment",
    "Service",
    "Namespace",
    "CustomResourceDefinition",
    "ClusterRole",
    "Job",
    "Pod",
    "Ingress",
    "ServiceAccount",
    "PriorityClass",
    "Unknown",
    "RoleBinding",
    "List",
    "APIService",
    "StorageClass",
    "ReplicaSet",
    "",
    "configmap",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
];

/// Templates that render objects.
pub(super) fn manifests(choices: &mut Choices) -> Case {
    let mut case = chart([]);
    for _ in 0..=choices.below(3) {
        let name =
            choices.pick(&["a.yaml", "b.yml", "c.txt", "_d.tpl", "sub/e.yaml", "Z.yaml", "f", "g.json"]);
        let mut text = String::new();
        for _ in 0..=choices.below(3) {
            text.push_str(&object(choices));
            text.push_str(choices.pick(&[
                "---\n",
                "---\n",
                "--- # comment\n",
                "\n---\n\n",
                "---",
                "----\n",
                " ---\n",
                "--- \n---\n",
                "\r\n---\r\n",
                "---\t\n",
                "...\n",
            ]));
        }
        if choices.percent(10) {
            text = yaml::broken(choices, &text);
        }
        case.files.insert(format!("templates/{name}"), text);
    }
    if choices.percent(20) {
        let name = choices.pick(&["crds/a.yaml", "crds/sub/b.yaml", "crds/c.txt", "crds/d.json"]);
        case.files.insert(name.to_owned(), object(choices));
    }
    for flag in ["--include-crds", "--skip-tests", "--is-upgrade"] {
        if choices.percent(15) {
            case.args.push(flag.to_owned());
        }
    }
    case
}

fn object(choices: &mut Choices) -> String {
    let mut text = String::new();
    if choices.percent(15) {
        text.push_str(choices.pick(&[
            "# comment\n",
            "\n\n",
            "{{- /* x */ -}}\n",
            "#\n---\n",
            "   \n",
            "# a: b\n# c\n",
        ]));
    }
    if choices.percent(6) {
        return text
            + choices.pick(&[
                "",
                "null\n",
                "text\n",
                "[]\n",
                "- a\n",
                "a: [\n",
                "1\n",
                "{}\n",
                "a: b: c\n",
                "\ta: b\n",
            ]);
    }
    text.push_str(choices.pick(&["apiVersion: v1\n", "apiVersion: apps/v1\n", "", "apiVersion: 1\n"]));
    text.push_str(&format!("kind: {}\n", choices.pick(&KINDS)));
    text.push_str(&format!(
        "metadata:\n  name: {}\n",
        choices.pick(&["x", "y", "\"z\"", "1", "", "{{ .Release.Name }}", "true"])
    ));
    if choices.percent(45) {
        text.push_str("  annotations:\n");
        for _ in 0..choices.below(4) {
            text.push_str(&annotation(choices));
        }
    }
    if choices.percent(30) {
        text.push_str(choices.pick(&[
            "data:\n  a: |\n    ---\n    x\n",
            "spec: {a: 1}\n",
            "items: []\n",
            "data: {}\n  \n",
            "data:\n  a: \"---\"\n",
        ]));
    }
    text
}

fn annotation(choices: &mut Choices) -> String {
    match choices.below(6) {
        0 | 1 => {
            const EVENTS: [&str; 12] = [
                "pre-install",
                "post-install",
                "pre-upgrade",
                "test",
                "pre-delete",
                "post-delete",
                "pre-rollback",
                "post-upgrade",
                "test-success",
                "crd-install",
                "unknown",
                "Pre-Install",
            ];
            let events = literals::joined(choices, 3, ",", |choices| {
                let space = choices.pick(&["", "", " "]);
                format!("{space}{}", choices.pick(&EVENTS))
            });
            format!("    helm.sh/hook: \"{events}\"\n")
        }
        2 => format!(
            "    helm.sh/hook-weight: {}\n",
            choices.pick(&["\"5\"", "\"-5\"", "5", "\"x\"", "\"\"", "\"1.5\"", "\" 3\"", "\"+2\""])
        ),
        3 => format!(
            "    helm.sh/hook-delete-policy: {}\n",
            choices.pick(&[
                "before-hook-creation",
                "hook-succeeded,hook-failed",
                "\" hook-failed \"",
                "unknown",
                "\"\""
            ])
        ),
        4 => format!("    helm.sh/resource-policy: {}\n", choices.pick(&["keep", "\" Keep \"", "other"])),
        _ => format!(
            "    {}: {}\n",
            choices.pick(&["a", "b/c", "helm.sh/hook-output-log-policy"]),
            choices.pick(&["x", "1", "true", "\"y\"", "null", "hook-failed"])
        ),
    }
}
