//! The syntax of `--set` (Go package `helm.sh/helm/v4/pkg/strvals`): `a.b[0].c=x,list={1,2}`.

use pilothouse_encoding::go_json::floats;
use pilothouse_encoding::json_repair::repaired;
use pilothouse_template::{go_quoted, go_quoted_char};
use serde_json::{Map, Number, Value};

/// Largest index of a list.
const LARGEST_INDEX: i64 = 65_536;
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
    /// The text as it is, all of it; the path has its escapes (spec 02 §4 `literal`).
    Literal,
}

/// Why a value cannot be set, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// An index is no number.
    #[error("error parsing index: strconv.Atoi: parsing {}: invalid syntax", go_quoted(.0.as_bytes()))]
    Index(String),
    /// An index is negative.
    #[error("negative {0} index not allowed")]
    NegativeIndex(i64),
    /// An index is too large.
    #[error("index of {0} is greater than maximum supported index of {LARGEST_INDEX}")]
    LargeIndex(i64),
    /// Something stands between an index and what follows it.
    #[error("unexpected data at end of array index: {0}")]
    AfterIndex(String),
    /// The path is too deep.
    #[error("value name nested level is greater than maximum supported nested level of {DEEPEST}")]
    TooDeep,
    /// The text ends within a key.
    #[error("key {} has no value", go_quoted(.0.as_bytes()))]
    NoValue(String),
    /// A comma follows a key.
    #[error("key {} has no value (cannot end with ,)", go_quoted(.0.as_bytes()))]
    Comma(String),
    /// No key follows a dot.
    #[error("key map {} has no value", go_quoted(.0.as_bytes()))]
    EmptyMap(String),
    /// A value is no JSON.
    #[error("invalid JSON: {0}")]
    Json(String),
    /// A file that is to be the value cannot be read.
    #[error("{0}")]
    File(String),
    /// A list in braces is not closed.
    #[error("list must terminate with '}}'")]
    OpenList,
    /// There is a value already, of another kind than the path needs.
    #[error("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")]
    Kind {
        /// Go's type of the value.
        found: &'static str,
        /// Go's type that the path needs.
        wanted: &'static str,
    },
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
    set_all(values, &format!("{path}={text}"), mode)
}

/// Carries out all assignments of a text; a literal text has only one.
///
/// # Errors
/// When the text is malformed. Assignments before the malformed one stay.
pub fn set_all(values: &mut Map<String, Value>, text: &str, mode: SetMode) -> Result<(), SetError> {
    parse(values, Parser { rest: text, mode, read: None })
}

/// Reads a file that is to be a value; the error is a text for people.
pub type ReadFile<'r> = dyn FnMut(&str) -> Result<String, String> + 'r;

/// Carries out all assignments of a text whose values are paths of files (`--set-file`): what is set is their content.
///
/// # Errors
/// When the text is malformed or a file cannot be read. Assignments before that stay.
pub fn set_files(
    values: &mut Map<String, Value>,
    text: &str,
    read: &mut ReadFile<'_>,
) -> Result<(), SetError> {
    parse(values, Parser { rest: text, mode: SetMode::Text, read: Some(read) })
}

fn parse(values: &mut Map<String, Value>, mut parser: Parser<'_, '_, '_>) -> Result<(), SetError> {
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(error)) => return Err(error),
        }
    }
}

/// Why a parser stops.
enum Stop {
    /// The text is at its end. Go forgives that in places where more should follow.
    End,
    Error(SetError),
}

impl From<SetError> for Stop {
    fn from(error: SetError) -> Self {
        Self::Error(error)
    }
}

struct Parser<'a, 'f, 'r> {
    rest: &'a str,
    mode: SetMode,
    read: Option<&'f mut ReadFile<'r>>,
}

impl Parser<'_, '_, '_> {
    /// Reads a path from a key on, and its value.
    fn key(&mut self, map: &mut Map<String, Value>, depth: usize) -> Result<(), Stop> {
        // In a literal, a comma is part of the key.
        let marks: &[char] =
            if self.mode == SetMode::Literal { &['=', '[', '.'] } else { &['=', '[', '.', ','] };
        let (key, stop) = self.until(marks);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => Err(SetError::NoValue(key).into()),
            Some('[') => {
                let index = self.index()?;
                let mut list = match map.get(&key) {
                    None => Vec::new(),
                    Some(Value::Array(list)) => list.clone(),
                    Some(other) => return Err(kind(other, "[]interface {}").into()),
                };
                let result = self.item(&mut list, index, depth);
                set(map, key, Value::Array(list));
                result
            }
            Some('=') if self.rest.is_empty() && matches!(self.mode, SetMode::Typed | SetMode::Text) => {
                set(map, key, Value::from(""));
                Err(Stop::End)
            }
            Some('=') => {
                let value = self.value()?;
                set(map, key, value);
                Ok(())
            }
            Some(',') => {
                set(map, key.clone(), Value::from(""));
                Err(SetError::Comma(key).into())
            }
            Some(_) => self.member(map, key, depth),
        }
    }

    /// Reads what follows a dot.
    fn member(&mut self, map: &mut Map<String, Value>, key: String, depth: usize) -> Result<(), Stop> {
        if depth == DEEPEST {
            return Err(SetError::TooDeep.into());
        }
        let mut inner = match map.get(&key) {
            None => Map::new(),
            Some(Value::Object(inner)) => inner.clone(),
            Some(other) => return Err(kind(other, "map[string]interface {}").into()),
        };
        let result = self.key(&mut inner, depth + 1);
        if !inner.is_empty() {
            set(map, key, Value::Object(inner));
        } else if result.is_ok() {
            return Err(SetError::EmptyMap(key).into());
        }
        result
    }

    /// Reads what follows an index.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, depth: usize) -> Result<(), Stop> {
        if index < 0 {
            return Err(SetError::NegativeIndex(index).into());
        }
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(SetError::AfterIndex(letters(&text)).into());
        }
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let value = match stop {
            None => return Err(Stop::End),
            Some('=') => match self.value() {
                Err(Stop::End) => Value::from(""),
                other => other?,
            },
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get(at) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(inner)) => inner.clone(),
                    Some(other) => return Err(kind(other, "[]interface {}").into()),
                };
                self.item(&mut inner, next, depth)?;
                Value::Array(inner)
            }
            Some(_) => {
                let mut inner = match list.get(at) {
                    Some(Value::Object(inner)) => inner.clone(),
                    _ => Map::new(),
                };
                self.key(&mut inner, depth)?;
                Value::Object(inner)
            }
        };
        if index > LARGEST_INDEX {
            return Err(SetError::LargeIndex(index).into());
        }
        if list.len() <= at {
            list.resize(at + 1, Value::Null);
        }
        list[at] = value;
        Ok(())
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Err(Stop::End);
        }
        text.parse().map_err(|_| SetError::Index(text).into())
    }

    fn value(&mut self) -> Result<Value, Stop> {
        match self.mode {
            SetMode::Literal => Ok(Value::from(std::mem::take(&mut self.rest))),
            SetMode::Json => self.json(),
            SetMode::Typed | SetMode::Text => {
                if let Some(rest) = self.rest.strip_prefix('{') {
                    self.rest = rest;
                    return Ok(self.list()?);
                }
                let (text, _) = self.until(&[',']);
                Ok(self.typed(text)?)
            }
        }
    }

    fn list(&mut self) -> Result<Value, SetError> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return Err(SetError::OpenList);
            }
            items.push(self.typed(text)?);
            if stop == Some('}') {
                self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                return Ok(Value::Array(items));
            }
        }
    }

    /// A JSON value, whose numbers are floats; null when there is none.
    fn json(&mut self) -> Result<Value, Stop> {
        if self.at_end_of_json() {
            return Ok(Value::Null);
        }
        let (value, length) = first_json(self.rest)
            // Halves of surrogate pairs are no error for Go; the rest keeps its length without them.
            .or_else(|error| first_json(&repaired(self.rest).0).map_err(|_| error))
            .map_err(|error| SetError::Json(error.to_string()))?;
        self.rest = &self.rest[length..];
        self.at_end_of_json();
        Ok(floats(value))
    }

    /// Skips blanks and one comma; whether there was a comma or nothing else.
    fn at_end_of_json(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(',');
        self.rest = after.unwrap_or(self.rest);
        after.is_some() || self.rest.is_empty()
    }

    /// A word with its type: `true`, `false`, `null`, and integers that do not begin with zero. Or what the file holds
    /// that the word names.
    fn typed(&mut self, word: String) -> Result<Value, SetError> {
        if let Some(read) = &mut self.read {
            return read(&word).map(Value::String).map_err(SetError::File);
        }
        if self.mode != SetMode::Typed {
            return Ok(Value::String(word));
        }
        Ok(match word.to_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            "0" => Value::Number(Number::from(0)),
            _ => match word.parse::<i64>() {
                Ok(number) if !word.starts_with('0') => Value::Number(Number::from(number)),
                _ => Value::String(word),
            },
        })
    }

    /// The text before one of the marks, escapes resolved, and the mark; none at the end.
    fn until(&mut self, marks: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            if marks.contains(&letter) {
                self.rest = &self.rest[at + letter.len_utf8()..];
                return (text, Some(letter));
            }
            match letter {
                '\\' if self.mode != SetMode::Literal => {
                    text.extend(letters.next().map(|(_, escaped)| escaped))
                }
                letter => text.push(letter),
            }
        }
        self.rest = "";
        (text, None)
    }
}

/// The JSON value at the beginning of a text, and its length.
fn first_json(text: &str) -> Result<(Value, usize), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next().unwrap_or(Ok(Value::Null))?;
    Ok((value, values.byte_offset()))
}

/// Letters as Go quotes a list of them: `['a' 'b']`.
fn letters(text: &str) -> String {
    let quoted: Vec<String> =
        text.chars().map(|letter| go_quoted_char(i64::from(u32::from(letter)), false)).collect();
    format!("[{}]", quoted.join(" "))
}

/// An empty key sets nothing.
fn set(map: &mut Map<String, Value>, key: String, value: Value) {
    if !key.is_empty() {
        map.insert(key, value);
    }
}

fn kind(value: &Value, wanted: &'static str) -> SetError {
    let found = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    SetError::Kind { found, wanted }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(text: &str, mode: SetMode) -> Result<Value, String> {
        let mut values = Map::new();
        set_all(&mut values, text, mode).map_err(|error| error.to_string())?;
        Ok(Value::Object(values))
    }

    #[test]
    fn assignments_are_carried_out() {
        let cases = [
            ("a=1,b.c=x", json!({"a": 1, "b": {"c": "x"}})),
            ("a={1,b,true}", json!({"a": [1, "b", true]})),
            ("a={}", json!({"a": [""]})),
            ("a[1].b=null", json!({"a": [null, {"b": null}]})),
            ("a\\.b=1\\,2", json!({"a.b": "1,2"})),
            ("a=007,b=0,c=1.5", json!({"a": "007", "b": 0, "c": "1.5"})),
            ("a[0][1]=x", json!({"a": [[null, "x"]]})),
            ("a=", json!({"a": ""})),
            ("a[0=x", json!({})),
            ("a[0].b=1,a[0].c=2", json!({"a": [{"b": 1, "c": 2}]})),
        ];
        for (text, expected) in cases {
            assert_eq!(all(text, SetMode::Typed), Ok(expected), "{text}");
        }
        let json = json!({"a": {"b": 1.0}, "c": null});
        assert_eq!(all("a={\"b\":1} ,c=", SetMode::Json), Ok(json));
        assert_eq!(all("a.b={x},\\[y", SetMode::Literal), Ok(json!({"a": {"b": "{x},\\[y"}})));
    }

    #[test]
    fn values_come_from_files() {
        let mut values = Map::new();
        let mut read = |path: &str| match path {
            "x.txt" => Ok("1,2\n".to_owned()),
            _ => Err(format!("open {path}: no such file or directory")),
        };
        set_files(&mut values, "a.b=x.txt,l={x.txt,x.txt}", &mut read).unwrap();
        assert_eq!(Value::Object(values), json!({"a": {"b": "1,2\n"}, "l": ["1,2\n", "1,2\n"]}));
        let error = set_files(&mut Map::new(), "a=y", &mut read).unwrap_err();
        assert_eq!(error.to_string(), "open y: no such file or directory");
    }

    #[test]
    fn malformed_texts_are_refused() {
        let cases = [
            ("a", "key \"a\" has no value"),
            ("a={1", "list must terminate with '}'"),
            ("a[x]=1", "error parsing index: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("a[-1]=1", "negative -1 index not allowed"),
            ("a[70000]=1", "index of 70000 is greater than maximum supported index of 65536"),
            ("a[0]b=1", "unexpected data at end of array index: ['b']"),
            ("a..b=1", "key map \"a\" has no value"),
            ("a=1,b,c=1", "key \"b\" has no value (cannot end with ,)"),
            (
                "a=1,a.b=2",
                "unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(all(text, SetMode::Typed), Err(expected.to_owned()), "{text}");
        }
    }
}
