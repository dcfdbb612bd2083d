//! The syntax of `--set` (Go package `helm.sh/helm/v4/pkg/strvals`): `a.b[0].c=x,list={1,2}`.

use pilothouse_encoding::go_json::floats;
use serde_json::{Map, Number, Value};

/// Largest index of a list.
const LARGEST_INDEX: usize = 65_536;
/// Deepest path.
const DEEPEST: usize = 30;

/// How the text of a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetMode {
    /// `--set`: numbers, booleans and null have their type; commas and braces have a meaning.
    Typed,
    /// `--set-string`: everything is a text; commas and braces have a meaning.
    Text,
    /// `--set-json`: a JSON value after each equals sign.
    Json,
    /// `--set-literal`: the text as it is.
    Literal,
}

/// Why a path cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// An index is no number, or too large.
    #[error("error parsing index: {0}")]
    Index(String),
    /// The path is too deep.
    #[error("value name nested level is greater than maximum supported nested level of 30")]
    TooDeep,
    /// A key has no value.
    #[error("key {0:?} has no value")]
    NoValue(String),
    /// A value is no JSON.
    #[error("invalid JSON: {0}")]
    Json(String),
    /// A list in braces is not closed.
    #[error("list must terminate with '}}'")]
    OpenList,
    /// The value at a path is neither map nor list where one is needed.
    #[error("interface conversion: the value at {0:?} is of another kind")]
    Kind(String),
}

/// Sets the value at a path. A comma in a typed text begins another assignment, as on the command line.
///
/// # Errors
/// When path or text are malformed.
pub fn set_value(
    values: &mut Map<String, Value>,
    path: &str,
    text: &str,
    mode: SetMode,
) -> Result<(), SetError> {
    if mode == SetMode::Literal {
        return assign(values, &parse_path(path)?, Value::String(text.to_owned()));
    }
    set_all(values, &format!("{path}={text}"), mode)
}

/// Carries out all assignments of a text.
///
/// # Errors
/// When the text is malformed.
pub fn set_all(values: &mut Map<String, Value>, text: &str, mode: SetMode) -> Result<(), SetError> {
    let mut rest = text;
    while !rest.is_empty() {
        let (path, stop, after) = until(rest, &['=', ',']);
        if stop != Some('=') {
            return Err(SetError::NoValue(path));
        }
        let path = parse_path(&rest[..rest.len() - after.len() - 1])?;
        let (value, after) = match mode {
            SetMode::Json => read_json(after)?,
            _ => read_value(after, mode)?,
        };
        assign(values, &path, value)?;
        rest = after;
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Key(String),
    Index(usize),
}

fn parse_path(path: &str) -> Result<Vec<Part>, SetError> {
    let mut parts = Vec::new();
    let mut rest = path;
    loop {
        let (key, stop, after) = until(rest, &['.', '[']);
        if !key.is_empty() || !matches!(parts.last(), Some(Part::Index(_))) {
            parts.push(Part::Key(key));
        }
        if parts.len() > DEEPEST {
            return Err(SetError::TooDeep);
        }
        rest = after;
        match stop {
            Some('[') => {
                let (index, after) =
                    rest.split_once(']').ok_or_else(|| SetError::Index("missing ]".to_owned()))?;
                let number: usize = index.parse().map_err(|_| SetError::Index(index.to_owned()))?;
                if number > LARGEST_INDEX {
                    return Err(SetError::Index(format!(
                        "index of {number} is greater than maximum supported index of {LARGEST_INDEX}"
                    )));
                }
                parts.push(Part::Index(number));
                if after.is_empty() {
                    return Ok(parts);
                }
                rest = after.strip_prefix('.').unwrap_or(after);
            }
            Some(_) => {}
            None => return Ok(parts),
        }
    }
}

/// The text before one of the marks with escapes resolved, the mark, and what follows it.
fn until<'a>(text: &'a str, marks: &[char]) -> (String, Option<char>, &'a str) {
    let mut out = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            if let Some((_, escaped)) = letters.next() {
                out.push(escaped);
            }
        } else if marks.contains(&letter) {
            return (out, Some(letter), &text[at + letter.len_utf8()..]);
        } else {
            out.push(letter);
        }
    }
    (out, None, "")
}

fn read_value(text: &str, mode: SetMode) -> Result<(Value, &str), SetError> {
    if let Some(list) = text.strip_prefix('{') {
        return read_list(list, mode);
    }
    let (word, _, after) = until(text, &[',']);
    let escaped = text[..text.len() - after.len()].contains('\\');
    Ok((typed(word, if escaped { SetMode::Text } else { mode }), after))
}

/// A JSON value, whose numbers are floats, and what follows it and a comma.
fn read_json(text: &str) -> Result<(Value, &str), SetError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = match values.next() {
        None => return Ok((Value::Null, "")),
        Some(value) => value.map_err(|error| SetError::Json(error.to_string()))?,
    };
    let rest = text[values.byte_offset()..].trim_start();
    Ok((floats(value), rest.strip_prefix(',').unwrap_or(rest)))
}

fn read_list(text: &str, mode: SetMode) -> Result<(Value, &str), SetError> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let (word, stop, after) = until(rest, &[',', '}']);
        rest = after;
        match stop {
            None => return Err(SetError::OpenList),
            Some('}') => {
                if !(word.is_empty() && items.is_empty()) {
                    items.push(typed(word, mode));
                }
                return Ok((Value::Array(items), rest.strip_prefix(',').unwrap_or(rest)));
            }
            Some(_) => items.push(typed(word, mode)),
        }
    }
}

/// A word with its type: `true`, `false`, `null`, `0`, and integers that do not begin with zero.
fn typed(word: String, mode: SetMode) -> Value {
    if mode != SetMode::Typed {
        return Value::String(word);
    }
    match word.to_lowercase().as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Null,
        "0" => return Value::Number(Number::from(0)),
        _ => {}
    }
    if !word.starts_with('0') {
        if let Ok(number) = word.parse::<i64>() {
            return Value::Number(Number::from(number));
        }
    }
    Value::String(word)
}

fn assign(values: &mut Map<String, Value>, path: &[Part], value: Value) -> Result<(), SetError> {
    let Some((Part::Key(key), rest)) = path.split_first() else { return Err(SetError::Kind(String::new())) };
    let slot = values.entry(key.clone()).or_insert(Value::Null);
    assign_in(slot, rest, value, key)
}

fn assign_in(slot: &mut Value, path: &[Part], value: Value, at: &str) -> Result<(), SetError> {
    match path.split_first() {
        None => {
            *slot = value;
            Ok(())
        }
        Some((Part::Key(key), rest)) => {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(map) = slot else { return Err(SetError::Kind(at.to_owned())) };
            assign_in(map.entry(key.clone()).or_insert(Value::Null), rest, value, key)
        }
        Some((Part::Index(index), rest)) => {
            if slot.is_null() {
                *slot = Value::Array(Vec::new());
            }
            let Value::Array(list) = slot else { return Err(SetError::Kind(at.to_owned())) };
            if list.len() <= *index {
                list.resize(index + 1, Value::Null);
            }
            assign_in(&mut list[*index], rest, value, at)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn assignments_are_carried_out() {
        let cases = [
            ("a=1,b.c=x", json!({"a": 1, "b": {"c": "x"}})),
            ("a={1,b,true}", json!({"a": [1, "b", true]})),
            ("a={}", json!({"a": []})),
            ("a[1].b=null", json!({"a": [null, {"b": null}]})),
            ("a\\.b=1\\,2", json!({"a.b": "1,2"})),
            ("a=007,b=0,c=1.5", json!({"a": "007", "b": 0, "c": "1.5"})),
            ("a[0][1]=x", json!({"a": [[null, "x"]]})),
            ("a=", json!({"a": ""})),
        ];
        for (text, expected) in cases {
            let mut values = Map::new();
            set_all(&mut values, text, SetMode::Typed).unwrap();
            assert_eq!(Value::Object(values), expected, "{text}");
        }
    }

    #[test]
    fn malformed_texts_are_refused() {
        for text in ["a", "a={1", "a[x]=1", "a[70000]=1", "a[1=2"] {
            assert!(set_all(&mut Map::new(), text, SetMode::Typed).is_err(), "{text}");
        }
    }
}
