//! A kustomization: patches, then images (Go package `sigs.k8s.io/kustomize/api`, spec 05 §8).

use pilothouse_encoding::yaml;
use serde_json::{Map, Value};

use super::images::{Image, set_images};
use super::json_patch;
use super::selector::{Selector, Target};
use super::strategic;
use super::stream::Object;
use crate::head::scalar_text;
use crate::split::{Separation, split_manifests};

/// One entry of `spec.postRenderers`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kustomization {
    /// Patches.
    pub patches: Vec<Patch>,
    /// Images.
    pub images: Vec<Image>,
}

/// A patch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    /// A strategic merge patch or a JSON patch (RFC 6902), as YAML.
    pub patch: String,
    /// Which objects; a strategic merge patch may name its object itself.
    pub target: Option<Selector>,
}

/// What the text of a patch is.
enum Parsed {
    Strategic(Vec<Map<String, Value>>),
    Json(Vec<json_patch::Operation>),
}

/// Applies a kustomization to all objects.
pub(super) fn apply(kustomization: &Kustomization, objects: &mut Vec<Object>) -> Result<(), String> {
    for patch in &kustomization.patches {
        match parse(&patch.patch)? {
            Parsed::Json(operations) => apply_json(patch, &operations, objects)?,
            Parsed::Strategic(patches) => apply_strategic(patch, patches, objects)?,
        }
    }
    for image in &kustomization.images {
        for object in objects.iter_mut() {
            set_images(&mut object.value, image)?;
        }
    }
    objects.iter_mut().for_each(|object| annotations_as_texts(&mut object.value));
    Ok(())
}

fn parse(text: &str) -> Result<Parsed, String> {
    let text = text.trim();
    let source = format!("[patch: {text:?}]");
    if text.is_empty() {
        return Err("must specify one of patch and path in a patch".to_owned());
    }
    let unreadable = || format!("unable to parse SM or JSON patch from {source}");
    let mut patches = Vec::new();
    for document in split_manifests(text, Separation::Exact) {
        match yaml::parse_modern(document).map_err(|_| unreadable())? {
            Value::Array(operations) => {
                let operations = operations.iter().map(json_patch::Operation::parse);
                return operations.collect::<Option<_>>().map(Parsed::Json).ok_or_else(unreadable);
            }
            Value::Object(patch) if patch.contains_key("kind") => patches.push(patch),
            Value::Null => {}
            _ => return Err(unreadable()),
        }
    }
    if patches.is_empty() { Err(unreadable()) } else { Ok(Parsed::Strategic(patches)) }
}

fn apply_json(
    patch: &Patch,
    operations: &[json_patch::Operation],
    objects: &mut [Object],
) -> Result<(), String> {
    let Some(selector) = &patch.target else {
        return Err(format!("must specify a target for JSON patch [patch: {:?}]", patch.patch.trim()));
    };
    let selector = selector.compile()?;
    for object in objects.iter_mut().filter(|object| selector.matches(&object.value)) {
        object.value = json_patch::apply(operations, std::mem::take(&mut object.value))?;
    }
    Ok(())
}

fn apply_strategic(
    patch: &Patch,
    mut patches: Vec<Map<String, Value>>,
    objects: &mut Vec<Object>,
) -> Result<(), String> {
    let Some(selector) = &patch.target else {
        for patch in patches {
            let wanted = Target::of(&patch);
            let mut found = false;
            patch_where(objects, &patch, |object| {
                let is_it = Target::of(object) == wanted;
                found |= is_it;
                is_it
            })?;
            if !found {
                return Err(format!(
                    "no resource matches strategic merge patch \"{wanted}\": no matches for Id {wanted}; failed to \
                     find unique target for patch {wanted}"
                ));
            }
        }
        return Ok(());
    };
    let (Some(single), true) = (patches.pop(), patches.is_empty()) else {
        return Err(format!(
            "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: \
             [patch: {:?}]",
            patch.patch.trim()
        ));
    };
    let selector = selector.compile()?;
    patch_where(objects, &single, |object| selector.matches(object))
}

/// Patches the objects that are wanted; a patch may delete them.
fn patch_where(
    objects: &mut Vec<Object>,
    patch: &Map<String, Value>,
    mut wanted: impl FnMut(&Map<String, Value>) -> bool,
) -> Result<(), String> {
    let mut left = Vec::with_capacity(objects.len());
    for mut object in std::mem::take(objects) {
        if !wanted(&object.value) {
            left.push(object);
            continue;
        }
        let before = Target::of(&object.value);
        if let Some(mut value) = strategic::merge(std::mem::take(&mut object.value), patch)? {
            before.restore(&mut value);
            left.push(Object { value, ..object });
        }
    }
    *objects = left;
    Ok(())
}

/// Kustomize writes annotations back as texts.
fn annotations_as_texts(object: &mut Map<String, Value>) {
    let annotations = object.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
    for value in annotations.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Some(text) = scalar_text(value) {
            *value = Value::String(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn objects() -> Vec<Object> {
        let values = [
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"t": "w"}}}),
        ];
        let object =
            |value: Value| Object { file: "f".to_owned(), value: value.as_object().unwrap().clone() };
        values.into_iter().map(object).collect()
    }

    fn run(patch: &str, target: Option<Selector>) -> Result<Vec<Value>, String> {
        let mut objects = objects();
        let patch = Patch { patch: patch.to_owned(), target };
        apply(&Kustomization { patches: vec![patch], images: vec![] }, &mut objects)?;
        Ok(objects.into_iter().map(|object| Value::Object(object.value)).collect())
    }

    #[test]
    fn patches_find_their_objects() {
        let by_name =
            run("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: null\n  y: b\n", None);
        assert_eq!(by_name.unwrap()[0]["data"], json!({"y": "b"}));
        let labelled = Selector { label_selector: "t in (w, x)".to_owned(), ..Selector::default() };
        let by_label =
            run("kind: Deployment\nmetadata:\n  name: other\nspec: {replicas: 2}\n", Some(labelled)).unwrap();
        assert_eq!(by_label[1]["spec"], json!({"replicas": 2}));
        assert_eq!(by_label[1]["metadata"]["name"], "web");
        let kind = Selector { kind: "Config.*".to_owned(), ..Selector::default() };
        let json = run("- {op: replace, path: /data/x, value: z}\n", Some(kind.clone())).unwrap();
        assert_eq!(json[0]["data"], json!({"x": "z"}));
        assert_eq!(
            run("$patch: delete\nkind: ConfigMap\nmetadata: {name: a}\n", Some(kind)).unwrap().len(),
            1
        );
    }

    #[test]
    fn what_is_wrong_is_worded_as_in_kustomize() {
        let kind = Selector { kind: "ConfigMap".to_owned(), ..Selector::default() };
        assert_eq!(
            run("- op: remove\n  path: /data/nope\n", Some(kind)).unwrap_err(),
            "error in remove for path: '/data/nope': Unable to remove nonexistent key: nope: missing value"
        );
        assert_eq!(
            run("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", None).unwrap_err(),
            "no resource matches strategic merge patch \"Secret.v1.[noGrp]/s.[noNs]\": no matches for Id \
             Secret.v1.[noGrp]/s.[noNs]; failed to find unique target for patch Secret.v1.[noGrp]/s.[noNs]"
        );
        assert!(run("text", None).unwrap_err().starts_with("unable to parse SM or JSON patch from [patch: "));
        assert!(run("- {op: test, path: /a}", None).unwrap_err().starts_with("must specify a target"));
    }
}
