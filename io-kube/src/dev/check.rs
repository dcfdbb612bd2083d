//! Checks of the manifests that need no cluster: fields that do not exist, sources and charts that are not there.

use pilothouse_api::{API_VERSION, HelmRelease, KIND, SOURCE_API_VERSION, custom_resource_definition};
use pilothouse_io_sim::source_controller::Library;
use pilothouse_protocol::ObjectRef;
use serde_json::{Value, json};

use super::InputError;
use super::manifest::Manifest;

/// The first thing that is wrong.
pub(super) fn check(manifests: &[Manifest], library: &Library) -> Result<(), InputError> {
    let definition = custom_resource_definition();
    let schema = definition.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap_or(&Value::Null);
    for manifest in manifests {
        match (manifest.group(), manifest.kind()) {
            ("helm.toolkit.fluxcd.io", KIND) => check_release(manifest, manifests, library, schema)?,
            ("source.toolkit.fluxcd.io", kind) => check_source(manifest, kind, manifests, library)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_release(
    manifest: &Manifest,
    manifests: &[Manifest],
    library: &Library,
    schema: &Value,
) -> Result<(), InputError> {
    check_version(manifest, API_VERSION)?;
    if let Some(path) = unknown_field(schema, &manifest.object, "") {
        return Err(manifest.wrong(format!("unknown field {path:?}")));
    }
    let release = HelmRelease::from_object(&manifest.object)
        .map_err(|error| manifest.wrong(format!("field {}: {}", error.field, error.reason)))?;
    let own = release.metadata.namespace;
    match (release.spec.chart, release.spec.chart_ref) {
        (Some(chart), None) => {
            let source = chart.spec.source_ref;
            let namespace = source.namespace.unwrap_or(own);
            let field = "spec.chart.spec.sourceRef";
            find_source(manifest, manifests, field, &source.kind, &namespace, &source.name)?;
            let spec = json!({
                "chart": chart.spec.chart, "version": chart.spec.version, "valuesFiles": chart.spec.values_files,
                "ignoreMissingValuesFiles": chart.spec.ignore_missing_values_files,
                "sourceRef": {"kind": source.kind, "name": source.name},
            });
            found(manifest, "spec.chart.spec", library.for_helm_chart(&spec))
        }
        (None, Some(reference)) => {
            let namespace = reference.namespace.unwrap_or(own);
            find_source(manifest, manifests, "spec.chartRef", &reference.kind, &namespace, &reference.name)
        }
        (Some(_), Some(_)) => Err(manifest.wrong("only one of spec.chart and spec.chartRef may be set")),
        (None, None) => Err(manifest.wrong("either spec.chart or spec.chartRef must be set")),
    }
}

fn check_source(
    manifest: &Manifest,
    kind: &str,
    manifests: &[Manifest],
    library: &Library,
) -> Result<(), InputError> {
    check_version(manifest, SOURCE_API_VERSION)?;
    let empty = Value::Null;
    let spec = manifest.object.get("spec").unwrap_or(&empty);
    let text = |pointer: &str| spec.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "HelmChart" => {
            let namespace = manifest.reference().namespace.unwrap_or_default();
            let (kind, name) = (text("/sourceRef/kind"), text("/sourceRef/name"));
            find_source(manifest, manifests, "spec.sourceRef", kind, &namespace, name)?;
            found(manifest, "spec.chart", library.for_helm_chart(spec))
        }
        "OCIRepository" => found(manifest, "spec.url", library.for_oci_repository(spec)),
        "ExternalArtifact" => {
            found(manifest, "metadata.name", library.for_external_artifact(&manifest.object))
        }
        _ => Ok(()),
    }
}

fn check_version(manifest: &Manifest, served: &str) -> Result<(), InputError> {
    if manifest.api_version() == served {
        return Ok(());
    }
    Err(manifest.wrong(format!("apiVersion {} is not served, {served} is", manifest.api_version())))
}

fn find_source(
    manifest: &Manifest,
    manifests: &[Manifest],
    field: &str,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<(), InputError> {
    let wanted = ObjectRef::namespaced(SOURCE_API_VERSION, kind, namespace, name);
    if manifests.iter().any(|other| other.reference() == wanted) {
        return Ok(());
    }
    Err(manifest.wrong(format!("{field}: {wanted} is not among the manifests")))
}

fn found<T>(
    manifest: &Manifest,
    field: &str,
    result: Result<T, impl std::fmt::Display>,
) -> Result<(), InputError> {
    result.map(drop).map_err(|error| manifest.wrong(format!("{field}: {error}")))
}

/// The path of the first field that an OpenAPI schema does not know.
fn unknown_field(schema: &Value, value: &Value, path: &str) -> Option<String> {
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true)) {
        return None;
    }
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            let known = schema.get("properties").and_then(Value::as_object);
            let open = schema.get("additionalProperties").filter(|open| open.is_object());
            if path == "metadata" || (known.is_none() && open.is_none()) {
                return None;
            }
            fields.iter().find_map(|(name, member)| match known.and_then(|known| known.get(name)).or(open) {
                Some(schema) => unknown_field(schema, member, &join(name)),
                None => Some(join(name)),
            })
        }
        Value::Array(items) => {
            let schema = schema.get("items")?;
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| unknown_field(schema, item, &format!("{path}[{index}]")))
        }
        _ => None,
    }
}
