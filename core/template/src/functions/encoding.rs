//! YAML, JSON and base encodings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::yaml::{EmitError, YamlError};
use pilothouse_encoding::{go_json, yaml};
use serde_json::Value as Json;

use crate::budget::LimitError;
use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{EncodeError, Entries, ParamType, Value};

use super::arguments::{bytes, charge_document, charge_text, text};
use super::{Function, base32, fixed, json_error};

const ANY: &[ParamType] = &[ParamType::Any];
const STRING: &[ParamType] = &[ParamType::String];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("toYaml", ANY, |run, arguments| lenient(run, yaml_of, &arguments[0])),
    fixed("mustToYaml", ANY, |run, arguments| yaml_of(run, &arguments[0]).map(Value::from)),
    fixed("toYamlPretty", ANY, pretty_yaml),
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

/// Helm's encoders give nothing when they fail; passing a bound still fails.
fn lenient<'r, 'e>(
    run: &mut Run<'r, 'e>,
    encode: impl FnOnce(&mut Run<'r, 'e>, &Value) -> Executed<String>,
    value: &Value,
) -> Executed<Value> {
    match encode(run, value) {
        Err(error) if error.limit().is_none() => Ok("".into()),
        result => result.map(Value::from),
    }
}

/// The YAML of a value without its last newline.
pub(super) fn yaml_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    let bound = run.environment.budget.encoding_bound();
    let mut yaml = match value.to_yaml_text(bound).map_err(no_document)? {
        Some((yaml, nodes)) => {
            run.environment.budget.charge_steps(nodes as u64)?;
            yaml
        }
        None => {
            let (json, nodes) = value.to_json_within(bound).map_err(no_document)?;
            run.environment.budget.charge_steps(nodes as u64)?;
            yaml::emit(&json).map_err(emit_failure)?
        }
    };
    if yaml.ends_with('\n') {
        yaml.pop();
    }
    Ok(yaml)
}

fn no_document(error: EncodeError) -> ExecError {
    match error {
        EncodeError::Limit(limit) => limit.into(),
        error => ExecError::wrap("error marshaling into JSON: ", error.into()),
    }
}

fn pretty_yaml(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    match arguments[0].to_modern(run.environment.budget.encoding_bound()) {
        Ok((json, nodes)) => lenient(run, |run, _| pretty_yaml_of(run, &json, nodes), &arguments[0]),
        // The library gives up, which Helm does not expect.
        Err(EncodeError::UnsupportedType(name)) => {
            Err(ExecError::plain(format!("cannot marshal type: {name}")))
        }
        Err(EncodeError::UnsupportedValue(_) | EncodeError::Method { .. }) => Ok("".into()),
        Err(EncodeError::Limit(limit)) => Err(limit.into()),
    }
}

fn pretty_yaml_of(run: &mut Run<'_, '_>, json: &Json, nodes: usize) -> Executed<String> {
    run.environment.budget.charge_steps(nodes as u64)?;
    let mut yaml = yaml::emit_modern(json).map_err(emit_failure)?;
    if yaml.ends_with('\n') {
        yaml.pop();
    }
    Ok(yaml)
}

fn emit_failure(error: EmitError) -> ExecError {
    let text = error.to_string();
    match error {
        EmitError::Depth { limit } => ExecError::from(LimitError::ValueDepth(limit)),
        EmitError::Reread(error) => {
            read_failure(&error).map_or_else(|| ExecError::plain(text), ExecError::from)
        }
    }
}

/// The bound that a document passes, if that is what is wrong with it.
fn read_failure(error: &YamlError) -> Option<LimitError> {
    Some(match error {
        YamlError::Depth { limit, .. } => LimitError::ValueDepth(*limit),
        YamlError::NestingWork { limit } => LimitError::Steps(*limit as u64),
        YamlError::Nodes { limit } => LimitError::ValueSize(*limit),
        YamlError::TextSize { limit } | YamlError::InputSize { limit } => LimitError::Bytes(*limit as u64),
        _ => return None,
    })
}

fn json_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    json_text(run, value, true)
}

fn pretty_json_of(run: &mut Run<'_, '_>, value: &Value) -> Executed<String> {
    Ok(go_json::indented(&json_text(run, value, true)?))
}

fn raw_json(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    Ok(json_text(run, &arguments[0], false)?.into())
}

/// The JSON text of a value on one line, charged by its size.
fn json_text(run: &mut Run<'_, '_>, value: &Value, html: bool) -> Executed<String> {
    let (json, nodes) = value.to_json_text(run.environment.budget.encoding_bound(), html)?;
    run.environment.budget.charge_steps(nodes as u64)?;
    Ok(json)
}

fn from_yaml(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    Ok(match parse_yaml(run, bytes(arguments, 0))? {
        Ok(Json::Null) => Value::map(Entries::new()),
        Ok(json @ Json::Object(_)) => Value::from_decoded(json),
        Ok(json) => error_map(yaml_mismatch(&json, "map[string]interface {}")),
        Err(message) => error_map(message),
    })
}

fn from_yaml_array(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    Ok(match parse_yaml(run, bytes(arguments, 0))? {
        Ok(Json::Null) => Value::list(Vec::new()),
        Ok(json @ Json::Array(_)) => Value::from_decoded(json),
        Ok(json) => Value::list(vec![yaml_mismatch(&json, "[]interface {}").into()]),
        Err(message) => Value::list(vec![message.into()]),
    })
}

/// The document, or Helm's text about what is wrong with it.
///
/// # Errors
/// A passed bound.
fn parse_yaml(run: &mut Run<'_, '_>, source: &[u8]) -> Executed<Result<Json, String>> {
    match yaml::parse_bytes(source) {
        Ok(json) => {
            charge_document(run, &json)?;
            Ok(Ok(json))
        }
        Err(error) => {
            if let Some(limit) = read_failure(&error) {
                return Err(limit.into());
            }
            let message = error.to_string();
            if message.starts_with("error ") {
                return Ok(Err(message));
            }
            Ok(Err(format!("error converting YAML to JSON: {message}")))
        }
    }
}

fn yaml_mismatch(json: &Json, wanted: &str) -> String {
    let prefix = "error unmarshaling JSON: while decoding JSON: ";
    format!("{prefix}{}", json_error::mismatch(json, wanted))
}

fn from_json(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    let decoded = match json_error::parse_bytes(bytes(arguments, 0)) {
        Ok(decoded) => decoded,
        Err(failure) => return Ok(error_map(failure.into_words()?)),
    };
    charge_document(run, &decoded.json)?;
    Ok(match decoded.json {
        Json::Null if decoded.error.is_none() => {
            Value::Map(std::rc::Rc::new(crate::value::Map::new_nil(crate::value::MapType::Any)))
        }
        Json::Null => error_map(json_error::mismatch(&Json::from(0), "map[string]interface {}")),
        Json::Object(mut object) => {
            // What was decoded before the error stays.
            object.extend(decoded.error.map(|message| ("Error".to_owned(), Json::from(message))));
            Value::from_decoded(Json::Object(object))
        }
        json => error_map(json_error::mismatch(&json, "map[string]interface {}")),
    })
}

fn from_json_array(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    let message = match json_error::parse_bytes(bytes(arguments, 0)) {
        Ok(decoded) => match (decoded.json, decoded.error) {
            (Json::Null, None) => return Ok(super::lists::nil_list()),
            (json @ Json::Array(_), None) => {
                charge_document(run, &json)?;
                return Ok(Value::from_decoded(json));
            }
            (Json::Array(_), Some(message)) => message,
            (Json::Null, Some(_)) => json_error::mismatch(&Json::from(0), "[]interface {}"),
            (json, _) => json_error::mismatch(&json, "[]interface {}"),
        },
        Err(failure) => failure.into_words()?,
    };
    Ok(Value::list(vec![message.into()]))
}

fn must_from_json(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = text(arguments, 0);
    charge_parsing(run, &source)?;
    let decoded = match json_error::parse_bytes(bytes(arguments, 0)) {
        Ok(decoded) => decoded,
        Err(failure) => return Err(ExecError::plain(failure.into_words()?)),
    };
    charge_document(run, &decoded.json)?;
    match decoded.error {
        Some(message) => Err(ExecError::plain(message)),
        None => Ok(Value::from_decoded(decoded.json)),
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
    let is_mark = |byte: &u8| u8::from(matches!(byte, b',' | b':' | b'\n' | b'[' | b'{'));
    // Counts that fit in a byte are made many at a time.
    let pieces = source.as_bytes().chunks(usize::from(u8::MAX));
    let marks: usize = pieces.map(|piece| usize::from(piece.iter().map(is_mark).sum::<u8>())).sum();
    run.environment.budget.charge_bytes(marks.saturating_mul(PART))?;
    Ok(run.environment.budget.charge_steps((source.len() / 4) as u64)?)
}
