//! Measures rendering speed; run it in a release build with `--ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement")]

use std::time::Instant;

use pilothouse_template::{
    Budget, Detached, Environment, Limits, MissingKey, Moment, SeededEntropy, TemplateSet, Value,
};

const HELPERS: &str = r#"
{{- define "app.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name (default "app" .Values.nameOverride) | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}
{{- define "app.labels" -}}
app.kubernetes.io/name: {{ include "app.fullname" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}"#;

const PART: &str = r#"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "app.fullname" . }}
  labels:
    {{- include "app.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  template:
    spec:
      containers:
        - name: {{ .Values.name | quote }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default "latest" }}"
          {{- if and .Values.probes.enabled (gt (int .Values.replicas) 0) }}
          livenessProbe:
            httpGet: { path: {{ .Values.probes.path }}, port: http }
          {{- end }}
          env:
            {{- range $key, $value := .Values.env }}
            - name: {{ $key | upper }}
              value: {{ $value | quote }}
            {{- end }}
          ports:
            {{- range $index, $port := .Values.ports }}
            - name: {{ printf "port-%d" $index }}
              containerPort: {{ $port.number }}
              protocol: {{ $port.protocol | default "TCP" }}
            {{- else }}
            []
            {{- end }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
"#;

#[test]
#[ignore = "a measurement"]
fn speed_of_a_typical_template() {
    let text = PART.repeat(5);
    let mut set = TemplateSet::new(MissingKey::Zero);
    set.parse("helpers", HELPERS).unwrap();
    let started = Instant::now();
    for _ in 0..200 {
        set.parse("t", &text).unwrap();
    }
    let parse = (text.len() * 200) as f64 / started.elapsed().as_secs_f64() / 1e6;
    let env: serde_json::Map<String, serde_json::Value> =
        (0..12).map(|index| (format!("variable_{index}"), format!("some value {index}").into())).collect();
    let data = Value::from_json(&serde_json::json!({
        "Release": {"Name": "demo", "Service": "Helm"},
        "Values": {
            "replicas": 2.0, "name": "server", "image": {"repository": "ghcr.io/x/y", "tag": "1.2.3"},
            "probes": {"enabled": true, "path": "/healthz"}, "env": env,
            "ports": [{"number": 80.0}, {"number": 443.0, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "100m", "memory": "128Mi"}, "requests": {"cpu": "10m"}}
        }
    }));
    let (mut host, mut entropy) = (Detached, SeededEntropy::new(1));
    let limits = Limits { steps: u64::MAX, bytes: u64::MAX, ..Limits::default() };
    let mut environment = Environment {
        host: &mut host,
        entropy: &mut entropy,
        now: Moment::default(),
        budget: Budget::new(limits),
    };
    let started = Instant::now();
    let mut bytes = 0;
    for _ in 0..20_000 {
        bytes += set.execute("t", &data, &mut environment).unwrap().len();
    }
    let execute = bytes as f64 / started.elapsed().as_secs_f64() / 1e6;
    println!("{} bytes of template: parse {parse:.1} MB/s, execute {execute:.1} MB/s", text.len());
}
