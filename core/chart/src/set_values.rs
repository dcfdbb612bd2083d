//! The syntax of `--set` (Go package `helm.sh/helm/v4/pkg/strvals`): `a.b[0].c=x,list={1,2}`.

mod path;
mod text;

use pilothouse_template::go_quoted;
use serde_json::{Map, Value};

use text::{Parser, Stop};

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
    fn json_is_what_go_takes_for_it() {
        let json = |text: &str| all(text, SetMode::Json).map_err(|error| error.to_string());
        assert_eq!(json(r#"a=["\ud800"],b=1"#), Ok(json!({"a": ["\u{fffd}"], "b": 1.0})));
        let refused = "invalid JSON: json: cannot unmarshal number 1e999 into Go value of type float64";
        for text in ["a=[1e999]", r#"a="\ud800",b=[1e999]"#] {
            assert_eq!(json(text), Err(refused.to_owned()), "{text}");
        }
        for text in [r#"a={"x":[1-2]}"#, "a=[1.e999]", "a=[01]"] {
            assert!(json(text).is_err_and(|error| error.starts_with("invalid JSON: ")), "{text}");
        }
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
