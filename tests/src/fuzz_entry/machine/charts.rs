//! The artifacts that a script can choose from.

use std::sync::Arc;

use pilothouse_chart::File;
use pilothouse_io_sim::source_controller::{Package, PackageError};

use super::script::Artifact;

/// No node of the simulated cluster has the label of the selector, so the Pods stay Pending.
const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      {{- if .Values.stuck }}
      nodeSelector: {acceptance/never: "true"}
      {{- end }}
      containers: [{name: web, image: "web:{{ .Chart.Version }}"}]
"#;

const TEST: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: test
  annotations: {helm.sh/hook: test}
spec:
  template:
    spec:
      restartPolicy: Never
      {{- if .Values.failingTest }}
      nodeSelector: {acceptance/never: "true"}
      {{- end }}
      containers: [{name: test, image: test}]
"#;

const HOOK: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: prepare
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: prepare, image: prepare}]}
"#;

/// What lies under the address of an artifact, and what the source says about it.
pub(super) struct Served {
    /// The bytes; `None` when nothing is there.
    pub(super) bytes: Option<Arc<[u8]>>,
    /// Version of the chart.
    pub(super) version: &'static str,
    /// `sha256:<hex>`.
    pub(super) digest: String,
}

/// What is served for an artifact.
///
/// # Errors
/// When a chart cannot be packaged.
pub(super) fn serve(artifact: Artifact) -> Result<Served, PackageError> {
    let version = if artifact == Artifact::First { "1.0.0" } else { "1.1.0" };
    let package = package(version, artifact == Artifact::Broken)?;
    let bytes = match artifact {
        Artifact::First | Artifact::Second | Artifact::Broken => Some(package.archive),
        Artifact::Corrupt => Some(Arc::from(&b"\x1f\x8bno archive"[..])),
        Artifact::Missing => None,
        Artifact::WrongDigest => Some(self::package("1.0.0", false)?.archive),
    };
    Ok(Served { bytes, version, digest: package.digest })
}

fn package(version: &str, broken: bool) -> Result<Package, PackageError> {
    let metadata = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    let mut files = vec![
        file("Chart.yaml", &metadata),
        file("values.yaml", "replicas: 1\nstuck: false\nfailingTest: false\n"),
        file("templates/deployment.yaml", DEPLOYMENT),
        file("templates/hook.yaml", HOOK),
        file("templates/test.yaml", TEST),
    ];
    if broken {
        files.push(file("templates/broken.yaml", "{{ fail \"broken\" }}"));
    }
    Package::from_files("web", files)
}

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), data: text.as_bytes().to_vec().into(), modtime: None }
}
