//! YAML, JSON and base encodings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::{go_json, yaml};
use serde_json::Value as Json;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{Entries, ParamType, Value};

use super::arguments::{bytes, charge_text, text};
use super::{Function, base32, fixed, json_error};

const ANY: &[ParamType] = &[ParamType::Any];
const STRING: &[ParamType] = &[ParamType::String];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("toYaml", ANY, |run, arguments| lenient(run, yaml_of, &arguments[0])),
    fixed("mustToYaml", ANY, |run, arguments| yaml_of(run, &arguments[0]).map(Value::from)),
    fixed("toYamlPretty", ANY, |run, arguments| lenient(run, pretty_yaml_of, &arguments[0])),
    fixed("fromYaml", STRING, from_yaml),
    fixed("fromYamlArray", STRING, from_yaml_array),
    fixed("toJson", ANY, |run, arguments| lenient(run, json_of, &arguments[0])),
    fixed("mustToJson", ANY, |run, arguments| json_of(run, &arguments[0]).map(Value::from)),
    fixed("toPrettyJson", ANY, |run, arguments| lenient(run, pretty_json_of, &arguments[0])),
    fixed("mustToPrettyJson", ANY, |run, arguments| pretty_json_of(run, &arguments[0]).map(Value::from)),
    fixed("toRawJson", ANY, raw_json),
    fixed("mustToRawJson", ANY, raw_json),
    fixed("fromJson", STRING, from_json),
    fixed("fromJsonArray", STRING, from_json_array),
    fixed("mustFromJson", STRING, must_from_json),
    fixed("b64enc", STRING, |run, arguments| {
        charge_text(run, bytes(arguments, 0).len())?;
        Ok(STANDARD.encode(bytes(arguments, 0)).into())
    }),
    fixed("b64dec", STRING, |_, arguments| {
        // sprig gives the error's text as the result.
        Ok(base32::decode_base64(bytes(arguments, 0)).map_or_else(Value::from, Value::string))
    }),
    fixed("b32enc", STRING, |run, arguments| {
        charge_text(run, bytes(arguments, 0).len() * 2)?;
        Ok(base32::encode(bytes(arguments, 0)).into())
    }),
    fixed("b32dec", STRING, |_, arguments| Ok(base32::decode(bytes(arguments, 0)))),
];

/// A function from a value to text.
type Encoder = fn(&mut Run<'_, '_>, &Value) -> Executed<String>;

/// Helm's encoders give nothing when they fail; passing a bound still fails.
fn lenient(run: &mut Run<'_, '_>, encode: Encoder, value: &Value) -> Executed<Value> {
    match encode(run, value) {
        Err(error) if error.limit().is_none() => Ok("".into()),
        result => result.map(Value::from),
    }
}

/// The YAML of a value without its last newline.
pub(super) fn yaml_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    let json = document(run, value)?;
    let mut yaml = yaml::emit(&json).map_err(|error| ExecError::plain(error.to_string()))?;
    if yaml.ends_with('\n') {
        yaml.pop();
    }
    Ok(yaml)
}

fn pretty_yaml_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    let (json, nodes) = value.to_json_without_nils()?;
    run.environment.budget.charge_steps(nodes as u64)?;
    let mut yaml = yaml::emit_modern(&json).map_err(|error| ExecError::plain(error.to_string()))?;
    if yaml.ends_with('\n') {
        yaml.pop();
    }
    Ok(yaml)
}

fn json_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    Ok(go_json::to_string(&document(run, value)?))
}

fn pretty_json_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    Ok(go_json::to_string_pretty(&document(run, value)?))
}

fn raw_json(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    Ok(go_json::to_string_plain(&document(run, &arguments[0])?).into())
}

/// The value as a document, charged by its size.
fn document(run: &mut Run<'_, '_>, value: &Value) -> Executed<Json> {
    let (json, nodes) = value.to_json_counted()?;
    run.environment.budget.charge_steps(nodes as u64)?;
    Ok(json)
}

fn from_yaml(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    Ok(match parse_yaml(&source) {
        Ok(Json::Null) => Value::map(Entries::new()),
        Ok(json @ Json::Object(_)) => Value::from_json(&go_json::floats(json)),
        Ok(json) => error_map(yaml_mismatch(&json, "map[string]interface {}")),
        Err(message) => error_map(message),
    })
}

fn from_yaml_array(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    Ok(match parse_yaml(&source) {
        Ok(Json::Null) => Value::list(Vec::new()),
        Ok(json @ Json::Array(_)) => Value::from_json(&go_json::floats(json)),
        Ok(json) => Value::list(vec![yaml_mismatch(&json, "[]interface {}").into()]),
        Err(message) => Value::list(vec![message.into()]),
    })
}

fn parse_yaml(source: &str) -> Result<Json, String> {
    yaml::parse(source).map_err(|error| {
        let message = error.to_string();
        if message.starts_with("error ") {
            message
        } else {
            format!("error converting YAML to JSON: {message}")
        }
    })
}

fn yaml_mismatch(json: &Json, wanted: &str) -> String {
    let prefix = "error unmarshaling JSON: while decoding JSON: ";
    format!("{prefix}{}", json_error::mismatch(json, wanted))
}

fn from_json(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    let decoded = match json_error::parse(&source) {
        Ok(decoded) => decoded,
        Err(message) => return Ok(error_map(message)),
    };
    Ok(match decoded.json {
        Json::Null if decoded.error.is_none() => {
            Value::Map(std::rc::Rc::new(crate::value::Map::new_nil(crate::value::MapType::Any)))
        }
        Json::Null => error_map(json_error::mismatch(&Json::from(0), "map[string]interface {}")),
        Json::Object(mut object) => {
            // What was decoded before the error stays.
            object.extend(decoded.error.map(|message| ("Error".to_owned(), Json::from(message))));
            Value::from_json(&go_json::floats(Json::Object(object)))
        }
        json => error_map(json_error::mismatch(&json, "map[string]interface {}")),
    })
}

fn from_json_array(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    let message = match json_error::parse(&source) {
        Ok(decoded) => match (decoded.json, decoded.error) {
            (Json::Null, None) => return Ok(super::lists::nil_list()),
            (json @ Json::Array(_), None) => return Ok(Value::from_json(&go_json::floats(json))),
            (Json::Array(_), Some(message)) => message,
            (Json::Null, Some(_)) => json_error::mismatch(&Json::from(0), "[]interface {}"),
            (json, _) => json_error::mismatch(&json, "[]interface {}"),
        },
        Err(message) => message,
    };
    Ok(Value::list(vec![message.into()]))
}

fn must_from_json(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    let decoded = json_error::parse(&source).map_err(ExecError::plain)?;
    match decoded.error {
        Some(message) => Err(ExecError::plain(message)),
        None => Ok(Value::from_json(&go_json::floats(decoded.json))),
    }
}

fn error_map(message: String) -> Value {
    let mut entries = Entries::new();
    entries.insert("Error".into(), message.into());
    Value::map(entries)
}

/// Parsing runs at a few ten MB/s. What it gives takes room for each part, of which there are about as many as marks
/// between them.
fn charge_parsing(run: &mut Run<'_, '_>, source: &str) -> Executed<()> {
    const PART: usize = 120;
    let marks = source.bytes().filter(|byte| matches!(byte, b',' | b':' | b'\n' | b'[' | b'{')).count();
    run.environment.budget.charge_bytes(marks.saturating_mul(PART))?;
    Ok(run.environment.budget.charge_steps((source.len() / 4) as u64)?)
}
