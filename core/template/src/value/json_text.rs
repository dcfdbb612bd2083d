//! The JSON text of values as Go's encoder writes it: structs keep the order of their fields, and bytes that are no letter
//! are told from the letter that stands for them.

use pilothouse_encoding::go_json;
use pilothouse_encoding::number::format_json_float;

use crate::budget::TextBound;

use super::convert::{self, EncodeError};
use super::walk::Visits;
use super::{List, Map, Object, Shape, Value};

impl Value {
    /// The text on one line, with the escapes for HTML or without, and the number of nodes in it.
    ///
    /// # Errors
    /// [`EncodeError`] when the value is too large, contains itself, or holds what JSON cannot.
    pub(crate) fn to_json_text(&self, bound: TextBound, html: bool) -> Result<(String, usize), EncodeError> {
        let mut writer = Writer { out: String::new(), html, visits: Visits::within(bound) };
        match writer.value(self, 0) {
            Ok(()) => Ok((writer.out, writer.visits.count())),
            Err(error) => Err(convert::cycle_or(error, self)),
        }
    }
}

struct Writer {
    out: String,
    html: bool,
    visits: Visits,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        self.visits.visit(depth)?;
        match value {
            Value::Nil => self.out.push_str("null"),
            Value::Complex(..) => return Err(EncodeError::UnsupportedType("complex128")),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(int_type, number) if int_type.is_unsigned() => {
                self.out.push_str(&number.cast_unsigned().to_string());
            }
            Value::Int(_, number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => {
                convert::check_float(*number)?;
                self.out.push_str(&format_json_float(*number));
            }
            Value::String(text) => self.text(text.as_bytes(), depth)?,
            Value::Bytes(bytes) if bytes.is_nil() => self.out.push_str("null"),
            Value::Bytes(bytes) => {
                self.visits.text(bytes, depth)?;
                go_json::push_text(&mut self.out, convert::base64_of(bytes).as_bytes(), self.html);
            }
            Value::List(list) => self.list(list, depth)?,
            Value::Map(map) => self.map(map, depth)?,
            Value::Native(object) => self.native(&**object, depth)?,
        }
        Ok(())
    }

    fn native(&mut self, object: &dyn Object, depth: usize) -> Result<(), EncodeError> {
        if let Some(encoded) = convert::by_method(object) {
            go_json::push_text(&mut self.out, encoded?.as_bytes(), self.html);
            return Ok(());
        }
        match object.shape() {
            Shape::Map(map) => self.map(&map, depth),
            Shape::List(list) => self.list(&list, depth),
            Shape::Struct(fields) => {
                let fields = object.encoded_fields().unwrap_or_else(|| convert::exported(fields));
                self.out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    self.key(index, name);
                    self.value(value, depth + 1)?;
                }
                self.out.push('}');
                Ok(())
            }
        }
    }

    fn list(&mut self, list: &List, depth: usize) -> Result<(), EncodeError> {
        if list.is_nil() {
            self.out.push_str("null");
            return Ok(());
        }
        self.out.push('[');
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.value(item, depth + 1)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, map: &Map, depth: usize) -> Result<(), EncodeError> {
        if map.is_nil() {
            self.out.push_str("null");
            return Ok(());
        }
        self.out.push('{');
        for (index, (key, value)) in map.entries().iter().enumerate() {
            self.visits.text(key.as_bytes(), depth)?;
            self.key(index, key);
            self.value(value, depth + 1)?;
        }
        self.out.push('}');
        Ok(())
    }

    fn key(&mut self, index: usize, key: &str) {
        if index > 0 {
            self.out.push(',');
        }
        go_json::push_text(&mut self.out, key.as_bytes(), self.html);
        self.out.push(':');
    }

    fn text(&mut self, text: &[u8], depth: usize) -> Result<(), EncodeError> {
        self.visits.text(text, depth)?;
        go_json::push_text(&mut self.out, text, self.html);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Entries, Object, Shape, Text};
    use super::*;

    struct Version;

    impl Object for Version {
        fn type_name(&self) -> &str {
            "x.Version"
        }

        fn shape(&self) -> Shape {
            Shape::Struct(vec![
                ("Minor", Value::from("2")),
                ("hidden", Value::int(1)),
                ("Major", Value::int(1)),
            ])
        }
    }

    fn text(value: &Value) -> Result<String, EncodeError> {
        value.to_json_text(TextBound::ENCODED, true).map(|(text, _)| text)
    }

    #[test]
    fn fields_keep_their_order() {
        assert_eq!(text(&Value::list(vec![Value::native(Version)])).unwrap(), r#"[{"Minor":"2","Major":1}]"#);
    }

    #[test]
    fn bytes_that_are_no_letter_are_escaped() {
        let cut = Value::String(Text::from(&[b'a', 0xc3][..]));
        assert_eq!(text(&cut).unwrap(), r#""a\ufffd""#);
        assert_eq!(text(&Value::from("\u{fffd}<")).unwrap(), "\"\u{fffd}\\u003c\"");
        assert_eq!(Value::from("<").to_json_text(TextBound::ENCODED, false).unwrap().0, "\"<\"");
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        assert_eq!(text(&Value::Float(f64::NAN)), Err(EncodeError::UnsupportedValue("NaN")));
        let value = Value::map(Entries::new());
        value.as_map().unwrap().insert("self".into(), value.clone());
        let cycle = "encountered a cycle via map[string]interface {}";
        assert_eq!(text(&value), Err(EncodeError::UnsupportedValue(cycle)));
        value.as_map().unwrap().remove("self");
    }
}
