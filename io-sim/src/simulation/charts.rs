//! The charts of scenarios, made from a few knobs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use pilothouse_chart::File;

use crate::scenario::{ChartVersion, Knob, Settings, Value, setting};
use crate::source_controller::{Package, PackageError};

/// The knobs of a chart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct ChartShape {
    pub(super) workloads: i32,
    pub(super) hooks: Vec<String>,
    pub(super) test: bool,
    pub(super) keep: bool,
    pub(super) secret: bool,
    pub(super) crds: bool,
}

/// The most Deployments of a chart.
const WORKLOADS_MAX: i32 = 20;

const VALUES: &str = "replicas: 1\nmessage: \"\"\npassword: \"\"\nstuck: false\nfailHook: false\nfailTest: false\n\
failRender: false\nselector: one\nwithout: -1\nitems: []\n";

const CONFIG: &str = r#"{{- if .Values.failRender }}{{ fail (printf "no way to render %s" .Values.message) }}{{ end -}}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config}
data:
  message: {{ .Values.message | quote }}
  version: {{ .Chart.Version | quote }}
{{- range .Values.items }}
  item-{{ .name }}: {{ .size | quote }}
{{- end }}
"#;

const CRD: &str = r#"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.CHART.example.com, annotations: {chart-version: "VERSION"}}
spec:
  group: CHART.example.com
  names: {kind: Thing, listKind: ThingList, plural: things, singular: thing}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
"#;

const KEPT: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-kept
  annotations: {helm.sh/resource-policy: keep}
data: {kept: "yes"}
"#;

const SECRET: &str = r#"apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-secret}
data:
  password: {{ .Values.password | b64enc | quote }}
"#;

/// Stands in a workload whose Pods stay Pending.
pub(super) const NEVER_READY: &str = "acceptance/never";

/// No node has the label of the selector, so the Pods stay Pending.
const WORKLOAD: &str = r#"{{- if ne (int .Values.without) NUMBER }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-web-NUMBER}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}-web-NUMBER, selector: {{ .Values.selector }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}-web-NUMBER, selector: {{ .Values.selector }}}}
    spec:
      {{- if .Values.stuck }}
      nodeSelector: {acceptance/never: "true"}
      {{- end }}
      containers: [{name: web, image: "web:{{ .Chart.Version }}", env: [{name: MESSAGE, value: {{ .Values.message | quote }}}]}]
{{- end }}
"#;

const HOOK: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-EVENT
  annotations: {helm.sh/hook: EVENT, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  backoffLimit: 0
  template:
    metadata:
      labels:
        app: hook
        {{- if .Values.FAIL }}
        acceptance-outcome: fail
        {{- end }}
    spec: {restartPolicy: Never, containers: [{name: hook, image: hook}]}
"#;

impl ChartShape {
    /// From the settings of a statement.
    pub(super) fn of(settings: &Settings) -> Self {
        let flag = |knob| setting(settings, knob) == Some(&Value::Flag(true));
        let workloads = match setting(settings, Knob::Workloads) {
            Some(Value::Number(count)) => *count,
            _ => 1,
        };
        let hooks = match setting(settings, Knob::Hooks) {
            Some(Value::Words(events)) => events.clone(),
            _ => Vec::new(),
        };
        Self {
            workloads: workloads.clamp(0, WORKLOADS_MAX),
            hooks,
            test: flag(Knob::Test),
            keep: flag(Knob::Keep),
            secret: flag(Knob::Secret),
            crds: flag(Knob::Crds),
        }
    }

    fn files(&self, chart: &ChartVersion) -> Vec<File> {
        let ChartVersion { name, version } = chart;
        let mut files = vec![
            file("Chart.yaml", &format!("apiVersion: v2\nname: {name}\nversion: {version}\n")),
            file("values.yaml", VALUES),
            file("templates/config.yaml", CONFIG),
        ];
        let mut optional = |wanted: bool, path: &str, text: &str| {
            if wanted {
                files.push(file(path, text));
            }
        };
        optional(self.keep, "templates/kept.yaml", KEPT);
        optional(self.secret, "templates/secret.yaml", SECRET);
        optional(self.crds, "crds/crd.yaml", &CRD.replace("CHART", name).replace("VERSION", version));
        optional(
            self.test,
            "templates/test.yaml",
            &HOOK.replace("EVENT", "test").replace("FAIL", "failTest"),
        );
        let mut workloads = String::new();
        for number in 0..self.workloads {
            let _ = write!(workloads, "---\n{}", WORKLOAD.replace("NUMBER", &number.to_string()));
        }
        optional(self.workloads > 0, "templates/workloads.yaml", &workloads);
        for event in &self.hooks {
            let text = HOOK.replace("EVENT", event).replace("FAIL", "failHook");
            optional(true, &format!("templates/{event}.yaml"), &text);
        }
        files
    }
}

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), data: text.as_bytes().to_vec().into(), modtime: None }
}

/// The CustomResourceDefinition that a chart may bring.
pub(super) fn crd_name(chart: &str) -> String {
    format!("things.{chart}.example.com")
}

thread_local! {
    /// Archives that were made before: packing one takes longer than many a run.
    static PACKED: RefCell<BTreeMap<(ChartVersion, ChartShape), Arc<Package>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The archive of a chart.
///
/// # Errors
/// When name or version are none that a chart can have.
pub(super) fn package(chart: &ChartVersion, shape: &ChartShape) -> Result<Arc<Package>, PackageError> {
    let place = (chart.clone(), shape.clone());
    if let Some(known) = PACKED.with_borrow(|packed| packed.get(&place).cloned()) {
        return Ok(known);
    }
    let package = Arc::new(Package::from_files(chart.name.clone(), shape.files(chart))?);
    PACKED.with_borrow_mut(|packed| packed.insert(place, Arc::clone(&package)));
    Ok(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_puts_something_into_the_chart() {
        let chart = ChartVersion { name: "web".to_owned(), version: "1.0.0".to_owned() };
        let hooks = vec!["pre-install".to_owned()];
        let full = ChartShape { workloads: 2, hooks, test: true, keep: true, secret: true, crds: true };
        let names: Vec<String> = full.files(&chart).into_iter().map(|file| file.name).collect();
        for part in ["kept", "secret", "crd", "test", "workloads", "pre-install"] {
            assert!(names.iter().any(|name| name.contains(part)), "{part}");
        }
        assert_eq!(ChartShape::default().files(&chart).len(), 3);
        assert!(package(&chart, &full).is_ok());
    }
}
