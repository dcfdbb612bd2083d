//! `.Capabilities` in templates.

use std::rc::Rc;

use pilothouse_template::Value;
use pilothouse_template::value::{List, ListType, Method, MethodError, Object, ParamType, Shape};

use crate::capabilities::{Capabilities, HelmVersion, KubeVersion};

/// The value of `.Capabilities`.
pub(super) fn capabilities(capabilities: &Capabilities) -> Value {
    let versions = capabilities.api_versions.iter().map(|version| Value::from(version.as_str())).collect();
    Value::native(Cluster {
        kube_version: Value::native(Kube(capabilities.kube_version.clone())),
        api_versions: Value::native(Versions(Rc::new(List::new(
            ListType::Named("common.VersionSet"),
            versions,
        )))),
        helm_version: Value::native(Helm(capabilities.helm_version.clone())),
    })
}

struct Cluster {
    kube_version: Value,
    api_versions: Value,
    helm_version: Value,
}

impl Object for Cluster {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }

    fn methods(&self) -> &'static [Method] {
        &[Method { name: "Copy", params: &[], variadic: None }]
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value, MethodError> {
        let (kube_version, api_versions) = (self.kube_version.clone(), self.api_versions.clone());
        Ok(Value::native(Self { kube_version, api_versions, helm_version: self.helm_version.clone() }))
    }

    fn copied(&self) -> Option<Value> {
        let kube_version = match &self.kube_version {
            Value::Native(kube) => kube.copied()?,
            other => other.clone(),
        };
        let (api_versions, helm_version) = (self.api_versions.clone(), self.helm_version.clone());
        Some(Value::native(Self { kube_version, api_versions, helm_version }))
    }

    fn shape(&self) -> Shape {
        Shape::Struct(vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm_version.clone()),
        ])
    }
}

struct Kube(KubeVersion);

impl Object for Kube {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn shape(&self) -> Shape {
        kube_shape(&self.0, self.0.normalized.as_deref().unwrap_or_default())
    }

    fn field(&self, name: &str) -> Option<Value> {
        kube_field(&self.0, name)
    }

    fn methods(&self) -> &'static [Method] {
        &[
            Method { name: "GitVersion", params: &[], variadic: None },
            Method { name: "String", params: &[], variadic: None },
        ]
    }

    fn call(&self, method: &str, _: &[Value]) -> Result<Value, MethodError> {
        Ok(Value::from(if method == "GitVersion" { self.0.version.as_str() } else { self.0.text() }))
    }

    fn string_by_pointer(&self) -> Option<String> {
        Some(self.0.text().to_owned())
    }

    fn boxed(&self) -> Option<Value> {
        let normalized = self.0.normalized.clone().unwrap_or_default();
        Some(Value::native(BoxedKube { kube: self.0.clone(), normalized }))
    }

    /// One field is not exported, and so not part of a deep copy.
    fn copied(&self) -> Option<Value> {
        Some(Value::native(Self(KubeVersion { normalized: None, ..self.0.clone() })))
    }
}

/// The same without an address, and so without the methods of a pointer.
struct BoxedKube {
    kube: KubeVersion,
    /// Not exported, and so not part of a deep copy.
    normalized: String,
}

impl Object for BoxedKube {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn shape(&self) -> Shape {
        kube_shape(&self.kube, &self.normalized)
    }

    fn field(&self, name: &str) -> Option<Value> {
        kube_field(&self.kube, name)
    }

    fn copied(&self) -> Option<Value> {
        Some(Value::native(Self { kube: self.kube.clone(), normalized: String::new() }))
    }
}

/// One field is not exported: it is printed, and nothing else.
fn kube_shape(kube: &KubeVersion, normalized: &str) -> Shape {
    Shape::Struct(vec![
        ("Version", Value::from(kube.version.as_str())),
        ("normalizedVersion", Value::from(normalized)),
        ("Major", Value::from(kube.major.as_str())),
        ("Minor", Value::from(kube.minor.as_str())),
    ])
}

fn kube_field(kube: &KubeVersion, name: &str) -> Option<Value> {
    let fields = [("Version", &kube.version), ("Major", &kube.major), ("Minor", &kube.minor)];
    fields.iter().find(|(field, _)| *field == name).map(|(_, text)| Value::from(text.as_str()))
}

struct Versions(Rc<List>);

impl Object for Versions {
    fn type_name(&self) -> &'static str {
        "common.VersionSet"
    }

    fn shape(&self) -> Shape {
        Shape::List(Rc::clone(&self.0))
    }

    fn methods(&self) -> &'static [Method] {
        &[Method { name: "Has", params: &[ParamType::String], variadic: None }]
    }

    fn call(&self, _: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let wanted = arguments.first().and_then(Value::as_text).map(|text| text.as_bytes().to_vec());
        let items = self.0.items();
        let has = items.iter().any(|item| item.as_text().map(|text| text.as_bytes().to_vec()) == wanted);
        Ok(Value::Bool(has))
    }
}

struct Helm(HelmVersion);

impl Object for Helm {
    fn type_name(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn shape(&self) -> Shape {
        Shape::Struct(vec![
            ("Version", Value::from(self.0.version.as_str())),
            ("GitCommit", Value::from(self.0.git_commit.as_str())),
            ("GitTreeState", Value::from(self.0.git_tree_state.as_str())),
            ("GoVersion", Value::from(self.0.go_version.as_str())),
            ("KubeClientVersion", Value::from(self.0.kube_client_version.as_str())),
        ])
    }

    fn encoded_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        let optional = [
            ("version", &self.0.version),
            ("git_commit", &self.0.git_commit),
            ("git_tree_state", &self.0.git_tree_state),
            ("go_version", &self.0.go_version),
        ];
        let given = optional.into_iter().filter(|(_, text)| !text.is_empty());
        let all = given.chain([("kube_client_version", &self.0.kube_client_version)]);
        Some(all.map(|(name, text)| (name, Value::from(text.as_str()))).collect())
    }
}
