//! Other names, tags and digests of images (Go package `sigs.k8s.io/kustomize/api/filters/imagetag`).

use regex::Regex;
use serde_json::{Map, Value};

/// A replacement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// Name of the image, without tag: a regular expression for all of it.
    pub name: String,
    /// New name; empty to keep it.
    pub new_name: String,
    /// New tag; empty to keep it.
    pub new_tag: String,
    /// New digest; it replaces the tag.
    pub digest: String,
}

/// Replaces the image in the containers of an object, wherever they are. Definitions of custom resources stay as they are.
pub(super) fn set_images(object: &mut Map<String, Value>, image: &Image) -> Result<(), String> {
    if object.get("kind").is_some_and(|kind| kind == "CustomResourceDefinition") {
        return Ok(());
    }
    let name = &image.name;
    let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    let pattern = Regex::new(&pattern).map_err(|error| format!("image name {name:?}: {error}"))?;
    let replacement = Replacement { image, pattern };
    replacement.walk_map(object);
    for path in [&["spec"][..], &["spec", "template", "spec"]] {
        replacement.volumes(object, path);
    }
    Ok(())
}

struct Replacement<'a> {
    image: &'a Image,
    pattern: Regex,
}

impl Replacement<'_> {
    fn walk(&self, value: &mut Value) {
        match value {
            Value::Object(map) => self.walk_map(map),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            _ => {}
        }
    }

    fn walk_map(&self, map: &mut Map<String, Value>) {
        for (key, value) in map {
            self.walk(value);
            if key == "containers" || key == "initContainers" {
                for container in value.as_array_mut().into_iter().flatten() {
                    self.replace(container.get_mut("image"));
                }
            }
        }
    }

    /// Images that are mounted as volumes of a pod.
    fn volumes(&self, object: &mut Map<String, Value>, path: &[&str]) {
        let mut spec = Some(object);
        for key in path {
            spec = spec.and_then(|map| map.get_mut(*key)?.as_object_mut());
        }
        let volumes = spec.and_then(|spec| spec.get_mut("volumes")?.as_array_mut());
        for volume in volumes.into_iter().flatten() {
            self.replace(volume.get_mut("image").and_then(|image| image.get_mut("reference")));
        }
    }

    fn replace(&self, image: Option<&mut Value>) {
        if let Some(Value::String(text)) = image
            && self.pattern.is_match(text)
        {
            *text = self.replaced(text);
        }
    }

    fn replaced(&self, text: &str) -> String {
        let (name, tag, digest) = split(text);
        let Image { new_name, new_tag, digest: new_digest, .. } = self.image;
        let name = if new_name.is_empty() { name } else { new_name };
        let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
            (true, true) => (tag, digest),
            _ => (new_tag.as_str(), new_digest.as_str()),
        };
        let mut image = name.to_owned();
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                image.push(mark);
                image.push_str(part);
            }
        }
        image
    }
}

/// Name, tag and digest; a port of the registry is no tag.
fn split(image: &str) -> (&str, &str, &str) {
    let path = image.find('/').unwrap_or(0);
    let find = |mark: char| image[path..].find(mark).map(|at| at + path);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(tag), None) => (&image[..tag], &image[tag + 1..], ""),
        (Some(tag), Some(digest)) if tag < digest => {
            (&image[..tag], &image[tag + 1..digest], &image[digest + 1..])
        }
        (_, Some(digest)) => (&image[..digest], "", &image[digest + 1..]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn images_are_replaced() {
        let image = |name: &str, new_name: &str, new_tag: &str, digest: &str| Image {
            name: name.to_owned(),
            new_name: new_name.to_owned(),
            new_tag: new_tag.to_owned(),
            digest: digest.to_owned(),
        };
        let cases = [
            ("web", image("web", "other/web", "9", ""), "other/web:9"),
            ("web:1@sha256:abc", image("web", "", "2", ""), "web:2"),
            ("host:5000/web:1", image("host:5000/web", "x", "", ""), "x:1"),
            ("web:1", image("web", "", "", "sha256:d"), "web@sha256:d"),
            ("web:1", image("web", "", "2", "sha256:d"), "web:2@sha256:d"),
            ("webs:1", image("web", "x", "", ""), "webs:1"),
        ];
        for (before, image, after) in cases {
            let mut object = json!({"spec": {"template": {"spec": {"initContainers": [{"image": before}]}}}});
            set_images(object.as_object_mut().unwrap(), &image).unwrap();
            assert_eq!(object["spec"]["template"]["spec"]["initContainers"][0]["image"], after);
        }
    }
}
