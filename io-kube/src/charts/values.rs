//! Values from flags (Go package `helm.sh/helm/v4/pkg/cli/values`).

use std::io::Read;
use std::path::Path;

use clap::Args;
use pilothouse_chart::{SetError, SetMode, ValuesText, load_values, merge_maps, set_all, set_files};
use pilothouse_encoding::go_json::floats;
use serde_json::{Map, Value};

use super::go_errors::file_error;
use super::lists::comma_list;

/// Flags that give values. Files come first, then JSON values, and so on in the order of the fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct ValueFlags {
    /// YAML files with values, - for standard input; what comes later wins. Several with commas or by repetition.
    #[arg(short = 'f', long = "values", value_name = "FILE", allow_hyphen_values = true, value_parser = comma_list)]
    pub files: Vec<Vec<String>>,
    /// Values as JSON: PATH=JSON, several with commas; or one JSON object.
    #[arg(long = "set-json", value_name = "PATH=JSON", allow_hyphen_values = true)]
    pub json: Vec<String>,
    /// Values, several with commas: a.b=1,list={x,y},list[0]=z.
    #[arg(long, value_name = "PATH=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
    /// The same; every value is a text.
    #[arg(long = "set-string", value_name = "PATH=TEXT", allow_hyphen_values = true)]
    pub text: Vec<String>,
    /// Values that are the content of files, several with commas.
    #[arg(long = "set-file", value_name = "PATH=FILE", allow_hyphen_values = true)]
    pub content: Vec<String>,
    /// One value that is the text as it stands, commas and braces included.
    #[arg(long = "set-literal", value_name = "PATH=TEXT", allow_hyphen_values = true)]
    pub literal: Vec<String>,
}

/// Why there are no values, in Helm's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// A file cannot be read.
    #[error("{0}")]
    Read(String),
    /// A file lies on a server.
    #[error("cannot read values from {0:?}: values are not downloaded, -f takes files")]
    Remote(String),
    /// A file holds no values.
    #[error("failed to parse {file}: {reason}")]
    File {
        /// As given.
        file: String,
        /// Why.
        reason: String,
    },
    /// The text of `--set-json` is no JSON object though it begins like one.
    #[error("failed parsing --set-json data JSON: {0}")]
    JsonObject(String),
    /// The text of `--set-json` is malformed.
    #[error("failed parsing --set-json data {0}")]
    Json(String),
    /// The text of another flag is malformed.
    #[error("failed parsing {flag} data: {error}")]
    Set {
        /// The flag.
        flag: &'static str,
        /// Why.
        error: SetError,
    },
}

impl ValueFlags {
    /// The values that the flags give together.
    ///
    /// # Errors
    /// When a file cannot be read or a text is malformed.
    pub fn compose(&self, stdin: &mut dyn Read) -> Result<Map<String, Value>, ValuesError> {
        let mut values = Map::new();
        for file in self.files.iter().flatten() {
            let data = read_file(file, stdin)?;
            let loaded =
                load_values(&data).map_err(|reason| ValuesError::File { file: file.clone(), reason })?;
            if let Value::Object(loaded) = loaded {
                merge_maps(&mut values, loaded);
            }
        }
        for text in &self.json {
            set_json(&mut values, text)?;
        }
        let plain = [("--set", &self.set, SetMode::Typed), ("--set-string", &self.text, SetMode::Text)];
        for (flag, texts, mode) in plain {
            set_each(&mut values, flag, texts, mode)?;
        }
        for text in &self.content {
            let mut read = |path: &str| {
                let data = read_file(path, stdin).map_err(|error| error.to_string())?;
                Ok(String::from_utf8_lossy(&data).into_owned())
            };
            set_files(&mut values, text, &mut read)
                .map_err(|error| ValuesError::Set { flag: "--set-file", error })?;
        }
        set_each(&mut values, "--set-literal", &self.literal, SetMode::Literal)?;
        Ok(values)
    }

    /// The files, for messages that say where in them something stands; those that cannot be read again are left out.
    #[must_use]
    pub fn texts(&self) -> Vec<ValuesText> {
        let text = |name: &String| {
            let text = std::fs::read_to_string(name).ok()?;
            Some(ValuesText { name: name.clone(), text })
        };
        self.files.iter().flatten().filter_map(text).collect()
    }
}

fn set_each(
    values: &mut Map<String, Value>,
    flag: &'static str,
    texts: &[String],
    mode: SetMode,
) -> Result<(), ValuesError> {
    for text in texts {
        set_all(values, text, mode).map_err(|error| ValuesError::Set { flag, error })?;
    }
    Ok(())
}

fn set_json(values: &mut Map<String, Value>, text: &str) -> Result<(), ValuesError> {
    let trimmed = text.trim();
    if !trimmed.starts_with('{') {
        return set_all(values, text, SetMode::Json).map_err(|_| ValuesError::Json(text.to_owned()));
    }
    match serde_json::from_str(trimmed).map(floats) {
        Ok(Value::Object(object)) => {
            merge_maps(values, object);
            Ok(())
        }
        _ => Err(ValuesError::JsonObject(text.to_owned())),
    }
}

fn read_file(name: &str, stdin: &mut dyn Read) -> Result<Vec<u8>, ValuesError> {
    if name.trim() == "-" {
        let mut data = Vec::new();
        stdin
            .read_to_end(&mut data)
            .map_err(|error| ValuesError::Read(format!("read standard input: {error}")))?;
        return Ok(data);
    }
    if ["http://", "https://", "oci://"].iter().any(|scheme| name.starts_with(scheme)) {
        return Err(ValuesError::Remote(name.to_owned()));
    }
    let path = Path::new(name);
    let operation = if path.is_dir() { "read" } else { "open" };
    std::fs::read(path).map_err(|error| ValuesError::Read(file_error(operation, path, &error)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compose(flags: &ValueFlags, stdin: &str) -> Result<Value, String> {
        let composed = flags.compose(&mut stdin.as_bytes());
        composed.map(Value::Object).map_err(|error| error.to_string())
    }

    fn one(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn flags_come_in_helms_order() {
        let flags = ValueFlags {
            files: vec![one("-")],
            json: vec!["{\"a\": {\"j\": 1}}".to_owned(), "b=[1]".to_owned()],
            set: one("a.s=1,c=2"),
            text: one("c=3"),
            literal: one("d={x,y}"),
            ..ValueFlags::default()
        };
        let expected = json!({
            "a": {"f": 1.0, "j": 1.0, "s": 1}, "b": [1.0], "c": "3", "d": "{x,y}",
        });
        assert_eq!(compose(&flags, "a: {f: 1, s: 0}\n"), Ok(expected));
    }

    #[test]
    fn what_is_malformed_is_named() {
        let cases = [
            (
                ValueFlags { files: vec![one("/nowhere.yaml")], ..ValueFlags::default() },
                "open /nowhere.yaml: no such file or directory",
            ),
            (
                ValueFlags { files: vec![one("https://x/y.yaml")], ..ValueFlags::default() },
                "cannot read values from \"https://x/y.yaml\": values are not downloaded, -f takes files",
            ),
            (
                ValueFlags { set: one("a"), ..ValueFlags::default() },
                "failed parsing --set data: key \"a\" has no value",
            ),
            (
                ValueFlags { json: one("{a"), ..ValueFlags::default() },
                "failed parsing --set-json data JSON: {a",
            ),
            (
                ValueFlags { json: one("a={b"), ..ValueFlags::default() },
                "failed parsing --set-json data a={b",
            ),
            (
                ValueFlags { content: one("a=/nowhere"), ..ValueFlags::default() },
                "failed parsing --set-file data: open /nowhere: no such file or directory",
            ),
        ];
        for (flags, expected) in cases {
            assert_eq!(compose(&flags, ""), Err(expected.to_owned()));
        }
    }
}
