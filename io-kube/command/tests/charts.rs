//! `pilothouse template` and `pilothouse lint` as people run them: what is printed, what is written, how it ends.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn charts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts")
}

/// Exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
        .args(arguments)
        .current_dir(charts())
        .env_remove("HELM_NAMESPACE")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_chart_is_rendered_as_helm_renders_it() {
    let (code, out, err) = run(&["template", "demo", "good", "--include-crds", "--set", "text=a"]);
    let crd = "---\n# Source: good/crds/crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: \
               CustomResourceDefinition\nmetadata:\n  name: things.example.com\n";
    assert!(out.starts_with(crd), "{out}");
    assert!(
        out.contains("name: demo-a\n  namespace: default\ndata:\n  text: \"a\"\n\n---\n# Source: "),
        "{out}"
    );
    assert!(out.ends_with("annotations:\n    helm.sh/hook: test\n\n"), "{out}");
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn flags_are_those_of_helm() {
    let out = |arguments: &[&str]| run(&[&["template"], arguments].concat()).1;
    assert!(out(&["good"]).contains("name: release-name-a\n"));
    assert!(out(&["good", "--name-template", "{{ upper \"x\" | lower }}-1"]).contains("name: x-1-a\n"));
    assert!(out(&["demo", "good", "--is-upgrade"]).contains("upgrade: \"true\""));
    assert!(out(&["demo", "good", "--is-upgrade=false"]).contains("upgrade: \"false\""));
    assert!(!out(&["demo", "good", "--skip-tests"]).contains("demo-test"));
    assert!(!out(&["demo", "good", "--no-hooks"]).contains("demo-test"));
    assert!(out(&["demo", "good", "-n", "x"]).contains("namespace: x\n"));
    let shown = out(&["demo", "good", "-s", "templates/test.yaml"]);
    assert!(shown.starts_with("---\n# Source: good/templates/test.yaml\n") && !shown.contains("demo-a"));
}

#[test]
fn files_are_written_to_a_folder() {
    let folder = std::env::temp_dir().join(format!("pilothouse-output-{}", std::process::id()));
    let path = folder.to_str().unwrap();
    let (code, out, _) =
        run(&["template", "demo", "good", "--output-dir", path, "--include-crds", "--release-name"]);
    let wrote = |name: &str| format!("wrote {path}/{name}\n");
    let a = wrote("demo/good/templates/a.yaml");
    let expected =
        [wrote("good/crds/crd.yaml"), a.clone(), a, wrote("demo/good/templates/test.yaml"), "\n".to_owned()];
    assert_eq!((code, out), (0, expected.concat()));
    let text = fs::read_to_string(folder.join("demo/good/templates/a.yaml")).unwrap();
    assert_eq!(text.matches("---\n# Source: good/templates/a.yaml\n").count(), 2);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_release_is_printed_as_json() {
    let (code, out, _) = run(&["template", "demo", "good", "-o", "json", "--set", "text=a", "-n", "x"]);
    let release: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &release["name"], &release["namespace"]), (0, &"demo".into(), &"x".into()));
    assert_eq!(release["info"]["notes"], "Installed demo.\n");
    assert_eq!(release["info"]["status"], "pending-install");
    assert_eq!(release["config"]["text"], "a");
    assert_eq!(release["hooks"][0]["events"][0], "test");
    assert_eq!(release["chart"]["metadata"]["name"], "good");
    let (code, _, err) = run(&["template", "good", "-o", "json"]);
    let text = "Error: INSTALLATION FAILED: must either provide a name or specify --generate-name\n";
    assert_eq!((code, err.as_str()), (1, text));
}

#[test]
fn wrong_arguments_of_template_are_named() {
    let cases: [(&[&str], &str); 15] = [
        (&["demo", "./none"], "path \"./none\" not found"),
        (
            &["demo", "repo/none"],
            "chart \"repo/none\" not found: CHART must be a folder or a .tgz file; charts of",
        ),
        (&["demo", "good/values.yaml"], "file '"),
        (&["demo", "good", "-f", "none.yaml"], "open none.yaml: no such file or directory"),
        (&["demo", "good", "--set", "a"], "failed parsing --set data: key \"a\" has no value"),
        (
            &["demo", "good", "--kube-version", "x"],
            "invalid kube version 'x': could not parse \"x\" as version",
        ),
        (&["demo", "good", "more"], "expected at most two arguments, unexpected arguments: more"),
        (&["demo", "good", "-g"], "cannot set --generate-name and also specify a name"),
        (
            &["Demo", "good"],
            "release name check failed: release name \"Demo\": invalid release name, must match",
        ),
        (&["demo", "good", "-s", "x"], "could not find template x in chart"),
        (&["demo", "good", "--dependency-update"], "--dependency-update is not supported: charts and"),
        (&["demo", "good", "--validate"], "--validate is not supported: there is no cluster to ask"),
        (&["demo", "good", "--no-such"], "unknown flag: --no-such"),
        (
            &["demo", "good", "--is-upgrade=x"],
            "invalid argument \"x\" for \"--is-upgrade\" flag: strconv.ParseBool",
        ),
        (
            &[],
            "\"pilothouse template\" requires at least 1 argument\n\nUsage:  pilothouse template [NAME] [CHART]",
        ),
    ];
    for (arguments, expected) in cases {
        let (code, out, err) = run(&[&["template"], arguments].concat());
        let error = err
            .lines()
            .position(|line| line.starts_with("Error: "))
            .map(|at| err.lines().skip(at).collect::<Vec<_>>().join("\n"));
        let error = error.unwrap_or_default();
        assert!(error.starts_with(&format!("Error: {expected}")), "{arguments:?}: {err}");
        assert_eq!((code, out.as_str()), (1, ""), "{arguments:?}");
    }
}

#[test]
fn what_is_no_yaml_is_printed_with_debug() {
    let error = "Error: YAML parse error on broken/templates/a.yaml: error converting YAML to JSON: yaml: line 1: did not \
                 find expected node content\n";
    let (code, out, err) = run(&["template", "demo", "broken"]);
    let hint = "\nUse --debug flag to render out invalid YAML\n";
    assert_eq!((code, out.as_str(), err), (1, "", format!("{error}{hint}")));
    let (_, _, warned) = run(&["template", "demo", "broken", "--set", "label.x=1"]);
    let warning = "level=INFO msg=\"warning: skipped value for broken.label: Not a table.\"\n";
    assert_eq!(warned, format!("{warning}{error}{hint}"));
    let (code, out, err) = run(&["template", "demo", "broken", "--debug"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (1, "---\n# Source: broken/templates/a.yaml\na: [\n", error)
    );
}

#[test]
fn lint_reports_everything_at_once() {
    let (code, out, err) = run(&["lint", "bad"]);
    let expected = fs::read_to_string(charts().join("bad.txt")).unwrap();
    assert_eq!(out, expected, "tests/charts/bad.txt has what is expected");
    assert_eq!((code, err.as_str()), (1, ""));
    let (code, out, _) = run(&["lint", "bad", "-o", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, report["charts"][0]["path"].as_str()), (1, Some("bad")));
    assert_eq!(report["errors"].as_u64().unwrap() as usize, expected.matches(": error: ").count());
}

#[test]
fn lint_ends_as_its_problems_say() {
    let code = |arguments: &[&str]| run(&[&["lint"], arguments].concat()).0;
    assert_eq!(run(&["lint", "good"]).1, "1 chart linted: 0 errors, 0 warnings, 0 for information\n");
    assert_eq!(code(&["good"]), 0);
    assert_eq!(code(&["good", "bad"]), 1);
    assert_eq!(code(&["none"]), 2);
    assert_eq!(code(&["good", "-f", "none.yaml"]), 2);
    assert_eq!(code(&["good", "--no-such"]), 2);
    assert_eq!(code(&[]), 2);
}
