//! What the templates of a chart and its subcharts are run with (Go package `helm.sh/helm/v4/pkg/engine`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use pilothouse_encoding::utf8;
use pilothouse_template::Value;
use pilothouse_template::value::{Entries, Map, MapType, entries_from_json};
use serde_json::{Map as Object, Value as Json};

use super::cluster;
use super::files::Files;
use super::options::RenderOptions;
use crate::{Chart, ChartMetadata, Dependency};

/// A template with what it is run with.
pub(crate) struct Renderable<'c> {
    /// The text.
    pub(crate) text: Cow<'c, str>,
    /// The same as it lies in the chart.
    pub(crate) bytes: &'c Bytes,
    /// The root of the data; shared by the templates of a chart.
    pub(crate) data: Rc<Map>,
    /// Folder of the templates of the chart.
    pub(crate) base_path: String,
}

/// All templates of a chart and its subcharts by path, with the coalesced values.
pub(crate) fn renderables<'c>(
    chart: &'c Chart,
    values: &Object<String, Json>,
    options: &RenderOptions,
) -> BTreeMap<String, Renderable<'c>> {
    let shared =
        Shared { release: release(options), capabilities: cluster::capabilities(&options.capabilities) };
    let mut templates = BTreeMap::new();
    let values = entries_from_json(values);
    shared.collect(chart, None, values, &mut templates);
    templates
}

/// What all charts see.
struct Shared {
    release: Value,
    capabilities: Value,
}

impl Shared {
    /// Adds the templates of `chart` and of its subcharts; returns the data of the chart.
    fn collect<'c>(
        &self,
        chart: &'c Chart,
        parent: Option<&str>,
        values: Entries,
        templates: &mut BTreeMap<String, Renderable<'c>>,
    ) -> Rc<Map> {
        let path = match parent {
            None => chart.name().to_owned(),
            Some(parent) => format!("{parent}/charts/{}", chart.name()),
        };
        let mut subcharts = Entries::new();
        for subchart in &chart.dependencies {
            let inner = values.get(subchart.name()).map(entries).unwrap_or_default();
            let data = self.collect(subchart, Some(&path), inner, templates);
            subcharts.insert(Rc::from(subchart.name()), Value::Map(data));
        }
        let root = [
            ("Chart", metadata(&chart.metadata, parent.is_none())),
            ("Files", Value::native(Files::new(&chart.files))),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Values", Value::typed_map(MapType::Values, values)),
            ("Subcharts", Value::map(subcharts)),
        ];
        let data = Rc::new(Map::new(MapType::Values, named(root)));
        for template in &chart.templates {
            let base = template.name.rsplit('/').next().unwrap_or_default();
            if chart.is_library() && !base.starts_with('_') {
                continue;
            }
            let renderable = Renderable {
                text: utf8::lossy(&template.data),
                bytes: &template.data,
                data: Rc::clone(&data),
                base_path: format!("{path}/templates"),
            };
            templates.insert(format!("{path}/{}", template.name), renderable);
        }
        data
    }
}

fn release(options: &RenderOptions) -> Value {
    Value::map(named([
        ("Name", Value::from(options.release_name.as_str())),
        ("Namespace", Value::from(options.namespace.as_str())),
        ("IsUpgrade", Value::Bool(options.is_upgrade)),
        ("IsInstall", Value::Bool(options.is_install)),
        ("Revision", Value::int(options.revision)),
        ("Service", Value::from("Helm")),
    ]))
}

/// `Chart.yaml` with Go's names of the fields.
fn metadata(metadata: &ChartMetadata, is_root: bool) -> Value {
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        Value::map(named([
            ("Name", text(&maintainer.name)),
            ("Email", text(&maintainer.email)),
            ("URL", text(&maintainer.url)),
        ]))
    });
    let entries = metadata.annotations.iter().map(|(key, value)| (Rc::from(key.as_str()), text(value)));
    let annotations = if metadata.annotations.is_empty() {
        Value::Map(Rc::new(Map::new_nil(MapType::String)))
    } else {
        Value::typed_map(MapType::String, entries.collect())
    };
    Value::map(named([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::list(maintainers.collect())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", annotations),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Value::list(metadata.dependencies.iter().map(dependency).collect())),
        ("Type", text(&metadata.kind)),
        ("IsRoot", Value::Bool(is_root)),
    ]))
}

fn dependency(dependency: &Dependency) -> Value {
    let imports = dependency.import_values.iter().map(Value::from_json).collect();
    Value::map(named([
        ("Name", text(&dependency.name)),
        ("Version", text(&dependency.version)),
        ("Repository", text(&dependency.repository)),
        ("Condition", text(&dependency.condition)),
        ("Tags", texts(&dependency.tags)),
        ("Enabled", Value::Bool(dependency.enabled)),
        ("ImportValues", Value::list(imports)),
        ("Alias", text(&dependency.alias)),
    ]))
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn texts(texts: &[String]) -> Value {
    Value::list(texts.iter().map(|entry| text(entry)).collect())
}

fn named<const N: usize>(fields: [(&str, Value); N]) -> Entries {
    fields.into_iter().map(|(name, value)| (Rc::from(name), value)).collect()
}

/// The entries of a map; none of anything else.
fn entries(value: &Value) -> Entries {
    value.as_map().map(|map| map.entries().clone()).unwrap_or_default()
}
