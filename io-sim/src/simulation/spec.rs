//! HelmReleases and sources of values, from the settings of a scenario.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use super::shards::LABEL as SHARD_LABEL;
use crate::scenario::{Knob, Settings, Span, Value, ValuesKind, setting};

/// The namespace in which a scenario plays.
pub(super) const NAMESPACE: &str = "default";
/// Another namespace, for `target-namespace`.
pub(super) const OTHER_NAMESPACE: &str = "other";
const SOURCE_VERSION: &str = "source.toolkit.fluxcd.io/v1";

/// `metadata.name`, the other way round: where a release is stored, how it is called, where its objects are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Naming {
    /// The name of the release.
    pub(super) release: String,
    /// The namespace of its objects.
    pub(super) namespace: String,
}

impl Naming {
    pub(super) fn of(name: &str, settings: &Settings) -> Self {
        let target = text(settings, Knob::TargetNamespace);
        let release = match (text(settings, Knob::ReleaseName), target) {
            (Some(release), _) => release.to_owned(),
            (None, Some(target)) => format!("{target}-{name}"),
            (None, None) => name.to_owned(),
        };
        Self { release, namespace: target.unwrap_or(NAMESPACE).to_owned() }
    }
}

/// The whole HelmRelease.
pub(super) fn helm_release(name: &str, settings: &Settings) -> Json {
    let labels: Map<String, Json> =
        text(settings, Knob::Shard).map(|shard| (SHARD_LABEL.to_owned(), json!(shard))).into_iter().collect();
    json!({
        "apiVersion": pilothouse_api::API_VERSION, "kind": pilothouse_api::KIND,
        "metadata": {"namespace": NAMESPACE, "name": name, "labels": labels}, "spec": spec(name, settings),
    })
}

fn spec(name: &str, settings: &Settings) -> Json {
    let source = text(settings, Knob::Source).unwrap_or(name);
    let mut spec = json!({
        "interval": span(settings, Knob::Interval, "5m"), "timeout": span(settings, Knob::Timeout, "1m"),
        "chartRef": {"kind": "OCIRepository", "name": source},
        "install": action(settings, Knob::InstallRetries),
        "upgrade": action(settings, Knob::UpgradeRetries),
        "test": {"enable": flag(settings, Knob::Test)},
        "uninstall": {"keepHistory": flag(settings, Knob::KeepHistory)},
        "values": Json::Object(chart_values(settings)),
    });
    if let Some(strategy) = text(settings, Knob::Strategy) {
        spec["upgrade"]["remediation"]["strategy"] = json!(strategy);
    }
    if let Some(Value::Flag(server_side)) = setting(settings, Knob::ServerSide) {
        spec["install"]["serverSideApply"] = json!(server_side);
        spec["upgrade"]["serverSideApply"] = json!(if *server_side { "enabled" } else { "disabled" });
    }
    for (knob, field) in [(Knob::ReleaseName, "releaseName"), (Knob::TargetNamespace, "targetNamespace")] {
        if let Some(found) = text(settings, knob) {
            spec[field] = json!(found);
        }
    }
    if let Some(policy) = text(settings, Knob::CrdsPolicy) {
        spec["install"]["crds"] = json!(policy);
        spec["upgrade"]["crds"] = json!(policy);
    }
    if let Some(mode) = text(settings, Knob::Drift) {
        spec["driftDetection"] = json!({"mode": mode});
    }
    if flag(settings, Knob::Suspend) {
        spec["suspend"] = json!(true);
    }
    if let Some(Value::Number(most)) = setting(settings, Knob::MaxHistory) {
        spec["maxHistory"] = json!(most);
    }
    spec["dependsOn"] = words(settings, Knob::DependsOn).iter().map(|name| json!({"name": name})).collect();
    spec["valuesFrom"] =
        values_from(settings).map(|(kind, name)| json!({"kind": kind, "name": name})).collect();
    if let Some(label) = text(settings, Knob::PostRender) {
        let patch = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: any\n  labels: {{rendered: {label:?}}}\n"
        );
        let patches = json!([{"patch": patch, "target": {"kind": "ConfigMap"}}]);
        spec["postRenderers"] = json!([{"kustomize": {"patches": patches}}]);
    }
    spec
}

fn action(settings: &Settings, retries: Knob) -> Json {
    let mut action = json!({"disableWait": flag(settings, Knob::DisableWait)});
    if let Some(Value::Number(retries)) = setting(settings, retries) {
        action["remediation"] = json!({"retries": retries});
    }
    if flag(settings, Knob::RemediateLast) {
        action["remediation"]["remediateLastFailure"] = json!(true);
    }
    if let Some(Value::Span(interval)) = setting(settings, Knob::Retry) {
        action["strategy"] = json!({"name": "RetryOnFailure", "retryInterval": interval.to_string()});
    }
    action
}

/// The ConfigMap or Secret.
pub(super) fn values_object(kind: ValuesKind, name: &str, settings: &Settings) -> Json {
    let text = Json::Object(chart_values(settings)).to_string();
    let text = if kind == ValuesKind::Secret { STANDARD.encode(text) } else { text };
    json!({
        "apiVersion": "v1", "kind": kind.word(),
        "metadata": {"namespace": NAMESPACE, "name": name, "labels": {"reconcile.fluxcd.io/watch": "Enabled"}},
        "data": {"values.yaml": text},
    })
}

/// The OCIRepository, without its status.
pub(super) fn source_object(name: &str) -> Json {
    json!({
        "apiVersion": SOURCE_VERSION, "kind": "OCIRepository",
        "metadata": {"namespace": NAMESPACE, "name": name},
        "spec": {"interval": "1m", "url": format!("oci://charts/{name}")},
    })
}

/// The values of the chart among the settings, under the names that the charts use.
pub(super) fn chart_values(settings: &Settings) -> Map<String, Json> {
    let mut values = Map::new();
    for (knob, value) in settings.iter().filter(|(knob, _)| knob.is_chart_value()) {
        let key = match knob {
            Knob::FailHook => "failHook",
            Knob::FailTest => "failTest",
            Knob::FailRender => "failRender",
            other => other.word(),
        };
        let value = match value {
            Value::Number(number) => json!(number),
            Value::Flag(flag) => json!(flag),
            Value::Text(text) => json!(text),
            Value::Words(names) => {
                names.iter().map(|name| json!({"size": 1, "name": name, "kind": "item"})).collect()
            }
            Value::Span(_) => continue,
        };
        values.insert(key.to_owned(), value);
    }
    values
}

/// Kinds and names of `values-from`.
pub(super) fn values_from(settings: &Settings) -> impl Iterator<Item = (&str, &str)> {
    words(settings, Knob::ValuesFrom).iter().filter_map(|word| word.split_once('/'))
}

/// A text; `None` when the knob is not set.
pub(super) fn text(settings: &Settings, knob: Knob) -> Option<&str> {
    match setting(settings, knob) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// A flag; `false` when the knob is not set.
pub(super) fn flag(settings: &Settings, knob: Knob) -> bool {
    setting(settings, knob) == Some(&Value::Flag(true))
}

/// A number; `None` when the knob is not set.
pub(super) fn number(settings: &Settings, knob: Knob) -> Option<i32> {
    match setting(settings, knob) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

/// Words; none when the knob is not set.
pub(super) fn words(settings: &Settings, knob: Knob) -> &[String] {
    match setting(settings, knob) {
        Some(Value::Words(words)) => words,
        _ => &[],
    }
}

fn span(settings: &Settings, knob: Knob, otherwise: &str) -> String {
    match setting(settings, knob) {
        Some(Value::Span(span)) => Span::to_string(span),
        _ => otherwise.to_owned(),
    }
}
