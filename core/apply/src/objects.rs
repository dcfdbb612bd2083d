//! A rendered manifest as a list of objects (`k8s.io/cli-runtime/pkg/resource`, as Helm uses it).

use pilothouse_encoding::yaml;
use pilothouse_protocol::{Discovery, ErrorClass, ObjectRef};
use serde_json::{Map, Value};

/// Lists inside lists are opened to this depth.
const LIST_DEPTH: usize = 16;

/// One object of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestObject {
    /// Which object; the namespace is filled in for namespaced kinds and absent for others.
    pub reference: ObjectRef,
    /// The object as it will be written.
    pub body: Value,
}

/// Why a manifest cannot be turned into objects. The words are those of `k8s.io/cli-runtime` without the prefix of
/// the action (`unable to build kubernetes objects from release manifest: `).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A document is no YAML.
    #[error("error parsing : {0}")]
    Parse(String),
    /// A document is no Kubernetes object.
    #[error("error validating \"\": error validating data: {0}")]
    Invalid(String),
    /// The server does not serve the kind.
    #[error(
        "resource mapping not found for name: {name:?} namespace: {namespace:?} from \"\": no matches for kind \
         {kind:?} in version {api_version:?}\nensure CRDs are installed first"
    )]
    UnknownKind {
        /// `metadata.name`.
        name: String,
        /// `metadata.namespace` as written in the manifest.
        namespace: String,
        /// `kind`.
        kind: String,
        /// `apiVersion`.
        api_version: String,
    },
    /// The server does not serve the kind of an item of a list.
    #[error("unable to recognize no matches for kind {kind:?} in version {api_version:?}")]
    UnknownItemKind {
        /// `kind`.
        kind: String,
        /// `apiVersion`.
        api_version: String,
    },
    /// Several of them.
    #[error("[{}]", join(.0))]
    Several(Vec<BuildError>),
}

impl BuildError {
    /// What trying again can do about it: a kind may come to be served, a text stays as it is. A chart that uses a kind
    /// before it is there fails all the same, and counts as failed where the original counts it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Parse(_) | Self::Invalid(_) => ErrorClass::Terminal,
            Self::UnknownKind { .. } | Self::UnknownItemKind { .. } => ErrorClass::Ordinary,
            Self::Several(errors) => errors.iter().map(Self::class).max().unwrap_or(ErrorClass::Ordinary),
        }
    }
}

/// The objects of a manifest, in its order.
///
/// # Errors
///
/// A document that is no object, or kinds that the server does not serve (all of them are named).
pub fn parse_manifest(
    manifest: &str,
    release_namespace: &str,
    discovery: &Discovery,
) -> Result<Vec<ManifestObject>, BuildError> {
    let (mut objects, mut errors) = (Vec::new(), Vec::new());
    for document in documents(manifest) {
        read_document(&document, release_namespace, discovery, &mut objects, &mut errors)?;
    }
    match errors.pop() {
        None => Ok(objects),
        Some(error) if errors.is_empty() => Err(error),
        Some(error) => {
            errors.push(error);
            Err(BuildError::Several(errors))
        }
    }
}

/// The objects of a manifest that can be told, in its order, and why others cannot.
pub(crate) fn read_manifest(
    manifest: &str,
    release_namespace: &str,
    discovery: &Discovery,
) -> (Vec<ManifestObject>, Vec<String>) {
    let (mut objects, mut errors, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for document in documents(manifest) {
        if let Err(error) = read_document(&document, release_namespace, discovery, &mut objects, &mut errors)
        {
            texts.push(format!("failed to read objects from release manifest: {error}"));
        }
    }
    texts.extend(errors.iter().map(|error| match error {
        BuildError::UnknownKind { kind, api_version, .. }
        | BuildError::UnknownItemKind { kind, api_version } => {
            format!(
                "failed to determine if {kind} is namespace scoped: no matches for kind {kind:?} in version \
                 {api_version:?}"
            )
        }
        other => other.to_string(),
    }));
    (objects, texts)
}

/// Adds the objects of one document. Kinds that are not served are noted once.
fn read_document(
    document: &str,
    release_namespace: &str,
    discovery: &Discovery,
    objects: &mut Vec<ManifestObject>,
    errors: &mut Vec<BuildError>,
) -> Result<(), BuildError> {
    let value = yaml::parse(document).map_err(|error| BuildError::Parse(error.to_string()))?;
    if value.is_null() {
        return Ok(());
    }
    check_kind(&value)?;
    for (item, in_list) in flatten(value, LIST_DEPTH) {
        match resolve(item, in_list, release_namespace, discovery) {
            Ok(object) => objects.push(object),
            Err(error) if errors.contains(&error) => {}
            Err(error) => errors.push(error),
        }
    }
    Ok(())
}

/// Splits at lines that begin with `---` and hold nothing else but a comment, as apimachinery's YAML reader does.
fn documents(manifest: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in manifest.split_inclusive('\n') {
        let separates = line.strip_prefix("---").map(str::trim);
        if separates.is_some_and(|rest| rest.is_empty() || rest.starts_with('#')) {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

fn check_kind(value: &Value) -> Result<(), BuildError> {
    let Some(fields) = value.as_object() else {
        return Err(BuildError::Invalid("invalid object to validate".to_owned()));
    };
    let problems: Vec<String> = ["apiVersion", "kind"]
        .into_iter()
        .filter_map(|field| match fields.get(field) {
            None | Some(Value::Null) => Some(format!("{field} not set")),
            Some(Value::String(_)) => None,
            Some(_) => Some(format!("{field} isn't string type")),
        })
        .collect();
    match problems.as_slice() {
        [] => Ok(()),
        [problem] => Err(BuildError::Invalid(problem.clone())),
        problems => Err(BuildError::Invalid(format!("[{}]", problems.join(", ")))),
    }
}

/// The object itself, or the items of a list with a mark that they were in one.
fn flatten(value: Value, depth: usize) -> Vec<(Value, bool)> {
    let kind = text(&value, "kind").to_owned();
    let is_list = kind.ends_with("List") && value.get("items").is_some_and(Value::is_array) && depth > 0;
    let Value::Object(mut list) = value else { return vec![(value, false)] };
    if !is_list {
        return vec![(Value::Object(list), false)];
    }
    let Some(Value::Array(items)) = list.remove("items") else { return Vec::new() };
    let item_kind = kind.trim_end_matches("List");
    let api_version = list.get("apiVersion").cloned();
    let mut all = Vec::new();
    for mut item in items {
        fill_item(&mut item, item_kind, api_version.as_ref());
        all.extend(flatten(item, depth - 1).into_iter().map(|(item, _)| (item, true)));
    }
    all
}

/// Items of a `PodList` may leave out their kind.
fn fill_item(item: &mut Value, kind: &str, api_version: Option<&Value>) {
    let Some(fields) = item.as_object_mut() else { return };
    if kind.is_empty() || fields.contains_key("kind") {
        return;
    }
    fields.insert("kind".to_owned(), Value::String(kind.to_owned()));
    if let Some(api_version) = api_version {
        fields.entry("apiVersion").or_insert_with(|| api_version.clone());
    }
}

fn resolve(
    mut body: Value,
    in_list: bool,
    release_namespace: &str,
    discovery: &Discovery,
) -> Result<ManifestObject, BuildError> {
    let reference = ObjectRef::of(&body);
    let ObjectRef { api_version, kind, namespace, name } = reference;
    let Some(resource) = discovery.resource(&api_version, &kind) else {
        return Err(if in_list {
            BuildError::UnknownItemKind { kind, api_version }
        } else {
            BuildError::UnknownKind { name, namespace: namespace.unwrap_or_default(), kind, api_version }
        });
    };
    let namespace = resource.namespaced.then(|| namespace.unwrap_or_else(|| release_namespace.to_owned()));
    set_namespace(&mut body, namespace.as_deref());
    Ok(ManifestObject { reference: ObjectRef { api_version, kind, namespace, name }, body })
}

fn set_namespace(body: &mut Value, namespace: Option<&str>) {
    let Some(fields) = body.as_object_mut() else { return };
    let metadata = fields.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = Value::Object(Map::new());
    }
    let Some(metadata) = metadata.as_object_mut() else { return };
    match namespace {
        Some(namespace) => metadata.insert("namespace".to_owned(), Value::String(namespace.to_owned())),
        None => metadata.remove("namespace"),
    };
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn join(errors: &[BuildError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{ApiResource, GroupVersionKind};
    use serde_json::json;

    use super::*;

    fn discovery() -> Discovery {
        let mut discovery = Discovery::default();
        for (api_version, kind, namespaced) in
            [("v1", "ConfigMap", true), ("v1", "Namespace", false), ("apps/v1", "Deployment", true)]
        {
            let resource = ApiResource { plural: kind.to_lowercase() + "s", namespaced, status: false };
            discovery.resources.insert(GroupVersionKind::new(api_version, kind), resource);
        }
        discovery
    }

    fn parse(documents: &[Value]) -> Result<Vec<ManifestObject>, BuildError> {
        let manifest: String = documents.iter().map(|document| format!("---\n{document}\n")).collect();
        parse_manifest(&manifest, "ns", &discovery())
    }

    #[test]
    fn namespaces_follow_the_scope_of_the_kind() {
        let objects = parse(&[
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "other"}}),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "c", "namespace": "x"}}),
        ])
        .unwrap();
        let names: Vec<String> = objects.iter().map(|object| object.reference.to_string()).collect();
        assert_eq!(names, ["ConfigMap/ns/a", "ConfigMap/other/b", "Namespace/c"]);
        assert_eq!(objects[0].body["metadata"]["namespace"], "ns");
        assert_eq!(objects[2].body["metadata"], json!({"name": "c"}));
    }

    #[test]
    fn lists_are_opened() {
        let objects = parse(&[
            json!({"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
                {"apiVersion": "v1", "kind": "List", "items": [
                    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "b"}}]}]}),
            json!({"apiVersion": "v1", "kind": "ConfigMapList", "items": [{"metadata": {"name": "c"}}]}),
        ])
        .unwrap();
        let names: Vec<String> = objects.iter().map(|object| object.reference.to_string()).collect();
        assert_eq!(names, ["ConfigMap/ns/a", "Deployment/ns/b", "ConfigMap/ns/c"]);
    }

    #[test]
    fn unknown_kinds_are_all_named() {
        let unknown = json!({"apiVersion": "v1", "kind": "Unknown", "metadata": {"name": "app-unknown"}});
        let text = "resource mapping not found for name: \"app-unknown\" namespace: \"\" from \"\": no matches for \
                    kind \"Unknown\" in version \"v1\"\nensure CRDs are installed first";
        assert_eq!(parse(std::slice::from_ref(&unknown)).unwrap_err().to_string(), text);
        let other =
            json!({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "a/v1", "kind": "B"}]});
        assert_eq!(
            parse(&[unknown, other]).unwrap_err().to_string(),
            format!("[{text}, unable to recognize no matches for kind \"B\" in version \"a/v1\"]")
        );
    }

    #[test]
    fn documents_without_a_kind_are_refused() {
        assert_eq!(
            parse(&[json!({"metadata": {}})]).unwrap_err().to_string(),
            "error validating \"\": error validating data: [apiVersion not set, kind not set]"
        );
    }

    #[test]
    fn separators_may_carry_comments() {
        assert_eq!(
            documents("---\n# only a comment\n--- # x\na: 1\n---b\n---\n"),
            ["# only a comment\n", "a: 1\n---b\n"]
        );
    }
}
