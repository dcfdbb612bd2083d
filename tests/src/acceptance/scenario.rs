//! Reading scenarios from their folders.

use std::fs;
use std::path::{Path, PathBuf};

use pilothouse_encoding::yaml;
use pilothouse_io_sim::world::SERVER_URL;
use serde_json::{Map, Value, json};

use super::cluster::BASE_URL;

/// What stands for the kubeconfig of the runner: another way to the same simulated cluster.
fn kube_config() -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": SERVER_URL, "insecure-skip-tls-verify": true}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    })
    .to_string()
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, that of its folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// `scenario.yaml` with its placeholders replaced.
    pub document: Value,
}

/// Why a scenario cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The text is not YAML.
    #[error("{path}: {error}")]
    Yaml {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: yaml::YamlError,
    },
    /// The text is not JSON.
    #[error("{path}: {error}")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
}

/// The folder with the recordings; `None` when this checkout has none beside it.
#[must_use]
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/acceptance");
    folder.join("scenarios").is_dir().then_some(folder)
}

/// All scenarios of a folder, by name.
///
/// # Errors
/// When a file cannot be read or parsed.
pub fn scenarios(shared: &Path) -> Result<Vec<Scenario>, ScenarioError> {
    let folder = shared.join("scenarios");
    let failed = |error| ScenarioError::File { path: folder.clone(), error };
    let mut folders = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        folders.push(entry.map_err(failed)?.path());
    }
    folders.retain(|folder| folder.join("scenario.yaml").is_file());
    folders.sort();
    folders.into_iter().map(Scenario::read).collect()
}

impl Scenario {
    /// Reads the scenario in a folder.
    ///
    /// # Errors
    /// When its file cannot be read or parsed.
    pub fn read(folder: PathBuf) -> Result<Self, ScenarioError> {
        let path = folder.join("scenario.yaml");
        let text = read(&path)?;
        let document = yaml::parse(&text).map_err(|error| ScenarioError::Yaml { path, error })?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let document = substitute(document, &format!("acc-{name}"));
        Ok(Self { name, folder, document })
    }

    /// The namespace that `${NS}` stands for.
    #[must_use]
    pub fn namespace(&self) -> String {
        format!("acc-{}", self.name)
    }

    /// All namespaces that are collected, the own one first.
    #[must_use]
    pub fn namespaces(&self) -> Vec<String> {
        std::iter::once(self.namespace()).chain(self.texts("namespaces")).collect()
    }

    /// A list of texts of the document; empty when absent.
    #[must_use]
    pub fn texts(&self, field: &str) -> Vec<String> {
        let items = self.document.get(field).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Value] {
        self.document.get("steps").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The recorded result.
    ///
    /// # Errors
    /// When the file cannot be read or parsed.
    pub fn golden(&self) -> Result<Value, ScenarioError> {
        self.json("golden.json")
    }

    /// A JSON file of the folder with its placeholders replaced.
    ///
    /// # Errors
    /// When the file cannot be read or parsed.
    pub fn json(&self, file: &str) -> Result<Value, ScenarioError> {
        let path = self.folder.join(file);
        let value =
            serde_json::from_str(&read(&path)?).map_err(|error| ScenarioError::Json { path, error })?;
        Ok(substitute(value, &self.namespace()))
    }
}

fn read(path: &Path) -> Result<String, ScenarioError> {
    fs::read_to_string(path).map_err(|error| ScenarioError::File { path: path.to_owned(), error })
}

fn substitute(value: Value, namespace: &str) -> Value {
    match value {
        Value::String(text) => Value::String(replace(&text, namespace)),
        Value::Array(items) => items.into_iter().map(|item| substitute(item, namespace)).collect(),
        Value::Object(members) => {
            let replaced = members
                .into_iter()
                .map(|(key, value)| (replace(&key, namespace), substitute(value, namespace)));
            Value::Object(replaced.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn replace(text: &str, namespace: &str) -> String {
    if !text.contains("${") {
        return text.to_owned();
    }
    text.replace("${NS}", namespace).replace("${CHARTS}", BASE_URL).replace("${KUBECONFIG}", &kube_config())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_in_keys_and_values() {
        let value = json!({"${NS}-a": ["${CHARTS}/x.tgz", 1, "${DIGEST}"]});
        assert_eq!(
            substitute(value, "acc-a"),
            json!({"acc-a-a": ["http://127.0.0.1:8899/x.tgz", 1, "${DIGEST}"]})
        );
    }
}
