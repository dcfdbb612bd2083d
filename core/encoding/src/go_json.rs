//! JSON text as Go's `encoding/json` writes it: sorted keys, HTML-safe escapes, Go's number forms.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use serde_json::{Map, Number, Value};

use crate::number::format_json_float;

/// `value` on one line with `<`, `>`, `&`, U+2028 and U+2029 escaped (`json.Marshal`).
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// Appends a text in quotes, with the escapes for HTML or without. Bytes that are no letter become the escape of U+FFFD.
pub fn push_text(out: &mut String, text: &[u8], html: bool) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        push_escaped(out, chunk.valid(), html);
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
}

/// A text of this module that is on one line, over several lines with two spaces a level (`json.Indent`).
pub fn indented(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let (mut level, mut quoted, mut escaped) = (0_usize, false, false);
    let mut letters = compact.chars().peekable();
    while let Some(letter) = letters.next() {
        if quoted {
            out.push(letter);
            quoted = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
            continue;
        }
        quoted = letter == '"';
        match letter {
            '{' | '[' => {
                out.push(letter);
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        level += 1;
                        new_line(&mut out, level);
                    }
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                new_line(&mut out, level);
                out.push(letter);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, level);
            }
            ':' => out.push_str(": "),
            _ => out.push(letter),
        }
    }
    out
}

fn new_line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// Appends what [`to_string`] gives.
pub fn write(out: &mut String, value: &Value) {
    Writer { out }.value(value);
}

/// Any serialisable value on one line, struct fields in their order, with the escapes and numbers of
/// [`to_string`].
///
/// # Errors
///
/// What `T`'s own serialisation reports, and map keys that are not text.
pub fn to_string_of<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, GoFormatter))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// `value` with every number as a 64-bit float, as `json.Unmarshal` into `interface{}` gives it.
pub fn floats(mut value: Value) -> Value {
    make_floats(&mut value);
    value
}

fn make_floats(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().and_then(Number::from_f64) {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_floats),
        Value::Object(members) => members.values_mut().for_each(make_floats),
        _ => {}
    }
}

struct Writer<'a> {
    out: &'a mut String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => self.array(items),
            Value::Object(members) => self.object(members),
            scalar => self.scalar(scalar),
        }
    }

    fn array(&mut self, items: &[Value]) {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.value(item);
        }
        self.out.push(']');
    }

    fn object(&mut self, members: &Map<String, Value>) {
        self.out.push('{');
        for (index, (key, member)) in members.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.string(key);
            self.out.push(':');
            self.value(member);
        }
        self.out.push('}');
    }

    fn scalar(&mut self, value: &Value) {
        match value {
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Number(number) => push_number(self.out, number),
            Value::String(text) => self.string(text),
            _ => self.out.push_str("null"),
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        push_escaped(self.out, text, true);
        self.out.push('"');
    }
}

/// Appends a number as Go prints it.
fn push_number(out: &mut String, number: &Number) {
    match number.as_f64() {
        Some(float) if number.is_f64() => out.push_str(&format_json_float(float)),
        _ => out.push_str(&number.to_string()),
    }
}

/// Appends `text` with Go's escapes; runs without escapes are copied whole.
fn push_escaped(out: &mut String, text: &str, html: bool) {
    let bytes = text.as_bytes();
    let mut start = 0;
    let mut index = 0;
    while index < bytes.len() {
        let Some((escape, width)) = escape_at(&bytes[index..], html) else {
            index += 1;
            continue;
        };
        out.push_str(&text[start..index]);
        match escape {
            Escape::Short(letter) => {
                out.push('\\');
                out.push(letter);
            }
            Escape::Code(code) => out.push_str(&format!("\\u{code:04x}")),
        }
        index += width;
        start = index;
    }
    out.push_str(&text[start..]);
}

enum Escape {
    Short(char),
    Code(u32),
}

/// The escape of the character that `bytes` begins with and its width in bytes, if it needs one.
fn escape_at(bytes: &[u8], html: bool) -> Option<(Escape, usize)> {
    let escape = match *bytes.first()? {
        b'"' => Escape::Short('"'),
        b'\\' => Escape::Short('\\'),
        b'\n' => Escape::Short('n'),
        b'\r' => Escape::Short('r'),
        b'\t' => Escape::Short('t'),
        0x08 => Escape::Short('b'),
        0x0c => Escape::Short('f'),
        control if control < 0x20 => Escape::Code(u32::from(control)),
        special @ (b'<' | b'>' | b'&') if html => Escape::Code(u32::from(special)),
        0xe2 if bytes.starts_with(&[0xe2, 0x80, 0xa8]) => return Some((Escape::Code(0x2028), 3)),
        0xe2 if bytes.starts_with(&[0xe2, 0x80, 0xa9]) => return Some((Escape::Code(0x2029), 3)),
        _ => return None,
    };
    Some((escape, 1))
}

/// The same rules for serde's serialiser.
struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, f64::from(value))
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(format_json_float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let special = |b: u8| matches!(b, b'<' | b'>' | b'&' | 0xe2);
        if !text.bytes().any(special) {
            return writer.write_all(text.as_bytes());
        }
        let mut escaped = String::with_capacity(text.len() + 16);
        push_escaped(&mut escaped, text, true);
        writer.write_all(escaped.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        let text = match escape {
            CharEscape::Quote => "\\\"",
            CharEscape::ReverseSolidus => "\\\\",
            CharEscape::Solidus => "/",
            CharEscape::Backspace => "\\b",
            CharEscape::FormFeed => "\\f",
            CharEscape::LineFeed => "\\n",
            CharEscape::CarriageReturn => "\\r",
            CharEscape::Tab => "\\t",
            CharEscape::AsciiControl(code) => return write!(writer, "\\u{code:04x}"),
        };
        writer.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn escapes() {
        let value = json!("\"\\/<>&\u{2028}\u{2029}\u{8}\u{c}\n\r\t\u{1}\u{7f}é😀");
        let rest = r#"\u2028\u2029\b\f\n\r\t\u0001"#;
        assert_eq!(to_string(&value), format!("\"\\\"\\\\/\\u003c\\u003e\\u0026{rest}\u{7f}é😀\""));
        let mut plain = String::new();
        push_text(&mut plain, value.as_str().unwrap_or_default().as_bytes(), false);
        assert_eq!(plain, format!("\"\\\"\\\\/<>&{rest}\u{7f}é😀\""));
        assert_eq!(to_string_of(&value).unwrap(), to_string(&value));
    }

    #[test]
    fn numbers() {
        let value = json!([1, -1, u64::MAX, 1.0, 0.5, 1e20, 1e21, 1e-6, 1e-7, 1e-10]);
        let text = "[1,-1,18446744073709551615,1,0.5,100000000000000000000,1e+21,0.000001,1e-7,1e-10]";
        assert_eq!(to_string(&value), text);
        assert_eq!(to_string_of(&value).unwrap(), text);
    }

    #[test]
    fn indentation() {
        let pretty = |value: &Value| indented(&to_string(value));
        let value = json!({"b": [1, {"c": {}}], "a": [], "d": "<"});
        let expected = "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {\n      \"c\": {}\n    }\n  ],\n  \"d\": \"\\u003c\"\n}";
        assert_eq!(pretty(&value), expected);
        assert_eq!(pretty(&json!(1)), "1");
        assert_eq!(pretty(&json!(["{[,:\\\"]"])), "[\n  \"{[,:\\\\\\\"]\"\n]");
        assert_eq!(pretty(&json!({"[\\": {}})), "{\n  \"[\\\\\": {}\n}");
    }

    #[test]
    fn all_numbers_become_floats() {
        let value = floats(json!({"a": [1, u64::MAX, 1.5], "b": "1"}));
        assert!(value["a"].as_array().unwrap().iter().all(Value::is_f64));
        assert_eq!(to_string(&value), r#"{"a":[1,18446744073709552000,1.5],"b":"1"}"#);
    }
}
