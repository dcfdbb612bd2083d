//! `.Files` in templates (Go package `helm.sh/helm/v4/pkg/engine`).

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pilothouse_encoding::yaml;
use pilothouse_template::Value;
use pilothouse_template::value::{
    Entries, Map, MapType, Method, MethodError, Object, ParamType, Shape, lossy,
};

use super::glob::Glob;
use crate::File;

const METHODS: &[Method] = &[
    Method { name: "AsConfig", params: &[], variadic: None },
    Method { name: "AsSecrets", params: &[], variadic: None },
    Method { name: "Get", params: &[ParamType::String], variadic: None },
    Method { name: "GetBytes", params: &[ParamType::String], variadic: None },
    Method { name: "Glob", params: &[ParamType::String], variadic: None },
    Method { name: "Lines", params: &[ParamType::String], variadic: None },
];

/// Bytes of a file in a map or a list of lines, besides its content.
const ENTRY: usize = 64;
/// Bytes of files that are written as YAML or cut into lines in a step.
const BYTES_PER_STEP: u64 = 4;

/// The files of a chart, by path.
pub(super) struct Files {
    contents: BTreeMap<Rc<str>, Rc<Content>>,
    /// What few templates look at as a map.
    map: OnceCell<Rc<Map>>,
}

/// The content of a file, which all its places share.
struct Content {
    data: Bytes,
    /// The same as a value, for the few templates that ask for one.
    bytes: OnceCell<Rc<[u8]>>,
}

impl Content {
    fn bytes(&self) -> Value {
        Value::Bytes(Rc::clone(self.bytes.get_or_init(|| Rc::from(&*self.data))).into())
    }
}

impl Files {
    /// The files of a chart.
    pub(super) fn new(files: &[File]) -> Self {
        let content = |file: &File| {
            let content = Content { data: file.data.clone(), bytes: OnceCell::new() };
            (Rc::from(file.name.as_str()), Rc::new(content))
        };
        Self::of(files.iter().map(content).collect())
    }

    fn of(contents: BTreeMap<Rc<str>, Rc<Content>>) -> Self {
        Self { contents, map: OnceCell::new() }
    }

    fn map(&self) -> &Rc<Map> {
        self.map.get_or_init(|| {
            let entries: Entries =
                self.contents.iter().map(|(name, content)| (Rc::clone(name), content.bytes())).collect();
            Rc::new(Map::new(MapType::Named { name: "engine.files", boxed: false }, entries))
        })
    }

    fn matching(&self, pattern: &str) -> Self {
        let glob = Glob::compile(pattern);
        // A malformed pattern matches everything, as in Helm.
        let matches = |name: &str| glob.as_ref().is_none_or(|glob| glob.matches(name));
        let found = self.contents.iter().filter(|(name, _)| matches(name));
        Self::of(found.map(|(name, content)| (Rc::clone(name), Rc::clone(content))).collect())
    }

    /// YAML of a map from the last part of each path to what `convert` makes of the content.
    fn as_yaml(&self, convert: impl Fn(&[u8]) -> String) -> String {
        let entries = self.contents.iter().map(|(name, content)| {
            let base = name.rsplit('/').next().unwrap_or(name).to_owned();
            (base, serde_json::Value::String(convert(&content.data)))
        });
        let text = yaml::emit(&serde_json::Value::Object(entries.collect())).unwrap_or_default();
        text.strip_suffix('\n').map_or_else(|| text.clone(), str::to_owned)
    }

    fn lines(&self, name: &str) -> Result<Value, MethodError> {
        let Some(content) = self.contents.get(name) else {
            return Ok(Value::strings(Vec::<String>::new()));
        };
        let data = &*content.data;
        if data.is_empty() {
            return Err(MethodError("runtime error: index out of range [-1]".to_owned()));
        }
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        Ok(Value::strings(data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec)))
    }
}

impl Object for Files {
    fn type_name(&self) -> &'static str {
        "engine.files"
    }

    fn shape(&self) -> Shape {
        Shape::Map(Rc::clone(self.map()))
    }

    fn methods(&self) -> &'static [Method] {
        METHODS
    }

    fn cost(&self, method: &str, arguments: &[Value]) -> (u64, usize) {
        let argument = argument(arguments);
        let all = || self.contents.iter().map(|(name, content)| (name.len(), content.data.len()));
        match method {
            "Glob" => {
                let glob = Glob::compile(&argument);
                let steps = |length: usize| glob.as_ref().map_or(1, |glob| glob.steps(length));
                (all().map(|(name, _)| steps(name)).sum(), self.contents.len().saturating_mul(ENTRY))
            }
            "Lines" => {
                let data = self.contents.get(argument.as_str()).map_or(&[][..], |content| &content.data);
                let lines = 1 + data.iter().filter(|byte| **byte == b'\n').count();
                (data.len() as u64 / BYTES_PER_STEP + lines as u64, data.len() + lines.saturating_mul(ENTRY))
            }
            // Their texts are longer by what is escaped, and exist several times while they are made.
            "AsConfig" | "AsSecrets" => {
                let length: usize = all().map(|(name, data)| name + data).sum();
                (length as u64 / BYTES_PER_STEP, length)
            }
            _ => (0, 0),
        }
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let argument = argument(arguments);
        let content = || self.contents.get(argument.as_str());
        Ok(match method {
            "Get" => Value::string(content().map_or_else(Vec::new, |content| content.data.to_vec())),
            "GetBytes" => {
                content().map_or_else(|| Value::Bytes(Vec::new().into()), |content| content.bytes())
            }
            "Glob" => Value::native(self.matching(&argument)),
            "Lines" => self.lines(&argument)?,
            "AsConfig" => Value::string(self.as_yaml(|data| lossy(data).into_owned())),
            "AsSecrets" => Value::string(self.as_yaml(|data| STANDARD.encode(data))),
            _ => return Err(MethodError(format!("files have no method {method}"))),
        })
    }
}

fn argument(arguments: &[Value]) -> String {
    let text = arguments.first().and_then(Value::as_text);
    text.map(|text| text.as_str().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(files: &Files, method: &str, argument: &str) -> String {
        let value = files.call(method, &[Value::from(argument)]).unwrap();
        value.as_text().map(|text| text.as_str().into_owned()).unwrap_or_default()
    }

    #[test]
    fn files_are_read_and_encoded() {
        let file = |name: &str, data: &str| File {
            name: name.to_owned(),
            data: data.as_bytes().to_vec().into(),
            modtime: None,
        };
        let files = Files::new(&[file("conf/a.txt", "one\ntwo\n"), file("b.bin", "\u{1}")]);
        assert_eq!(call(&files, "Get", "conf/a.txt"), "one\ntwo\n");
        assert_eq!(call(&files, "Get", "missing"), "");
        assert_eq!(call(&files.matching("conf/*"), "AsConfig", ""), "a.txt: |\n  one\n  two");
        assert_eq!(call(&files.matching("*.bin"), "AsSecrets", ""), "b.bin: AQ==");
        assert_eq!(files.call("Lines", &[Value::from("conf/a.txt")]).unwrap().as_list().unwrap().len(), 2);
    }
}
