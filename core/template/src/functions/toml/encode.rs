//! Writes TOML as `BurntSushi/toml` 1.6 does.

use crate::budget::{Budget, LimitError};
use crate::error::ExecError;
use crate::exec::Executed;
use crate::format;
use crate::time::{Time, format as format_time};
use crate::value::{IntType, Kind, MAX_VALUE_DEPTH, Shape, Value, is_exported};

use super::shown::{escape, float, layout, shown_key, shown_part};

const INDENT: &str = "  ";
const NIL_ELEMENT: &str = "toml: cannot encode array with nil element";
const NO_KEY: &str = "toml: top-level values must be Go maps or structs";
const NIL_VALUE: &str = "reflect: call of reflect.Value.Type on zero Value";

/// The document of a value.
///
/// # Errors
/// The library's texts, and a bound of the value's depth.
pub(super) fn encode(value: &Value, budget: &mut Budget) -> Executed<Vec<u8>> {
    if value.is_nil() {
        return Err(ExecError::plain(NIL_VALUE));
    }
    let mut encoder = Encoder { out: Vec::new(), charged: 0, depth: 0, budget };
    encoder.encode(&mut Vec::new(), value)?;
    Ok(encoder.out)
}

/// What a value is in TOML, as far as it decides about its form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    /// Nothing: it is left out.
    Nil,
    /// A table.
    Table,
    /// An array of which all elements are tables.
    TableArray,
    /// Anything else.
    Other,
}

struct Encoder<'b> {
    out: Vec<u8>,
    /// How much of it is paid for.
    charged: usize,
    depth: usize,
    budget: &'b mut Budget,
}

impl Encoder<'_> {
    /// Writes the value under the key in the form of its own lines.
    fn encode(&mut self, key: &mut Vec<Vec<u8>>, value: &Value) -> Executed<()> {
        self.enter()?;
        match value {
            Value::Nil => {}
            Value::Complex(..) => {
                let message = format!("unsupported type for key '{}': complex128", shown_key(key));
                return Err(ExecError::plain(message));
            }
            Value::Native(object) if object.encoded().is_some() => self.key_value(key, value, false)?,
            _ => match (value.kind(), fields(value)) {
                (_, Some(fields)) => self.table(key, &fields)?,
                (Kind::Slice, None) if self.type_of(value, self.depth)? == Type::TableArray => {
                    self.table_array(key, value)?;
                }
                _ => self.key_value(key, value, false)?,
            },
        }
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Executed<()> {
        self.depth += 1;
        self.visit(self.depth)
    }

    /// Counts a value that is looked at, and what was written since the last one; parts that values share count each
    /// time.
    fn visit(&mut self, depth: usize) -> Executed<()> {
        self.budget.charge_steps(1)?;
        self.budget.charge_bytes(self.out.len() - self.charged)?;
        self.charged = self.out.len();
        if depth > MAX_VALUE_DEPTH { Err(LimitError::ValueDepth(MAX_VALUE_DEPTH).into()) } else { Ok(()) }
    }

    fn table(&mut self, key: &mut Vec<Vec<u8>>, fields: &Fields) -> Executed<()> {
        if key.len() == 1 {
            self.newline();
        }
        if !key.is_empty() {
            self.indent(key);
            self.out.push(b'[');
            self.out.extend(shown_key(key).into_bytes());
            self.out.extend_from_slice(b"]");
            self.newline();
        }
        self.fields(key, fields)
    }

    fn table_array(&mut self, key: &mut Vec<Vec<u8>>, value: &Value) -> Executed<()> {
        if key.is_empty() {
            return Err(ExecError::plain(NO_KEY));
        }
        for item in elements(value) {
            let Some(fields) = fields(&item) else { continue };
            self.newline();
            self.indent(key);
            self.out.extend_from_slice(b"[[");
            self.out.extend(shown_key(key).into_bytes());
            self.out.extend_from_slice(b"]]");
            self.newline();
            self.fields(key, &fields)?;
        }
        Ok(())
    }

    /// The lines of a table: first what is no table itself.
    fn fields(&mut self, key: &mut Vec<Vec<u8>>, fields: &Fields) -> Executed<()> {
        let (direct, tables) = self.split(fields)?;
        for Field { name, value, .. } in direct.into_iter().chain(tables) {
            if is_nil(value) {
                continue;
            }
            key.push(name.clone());
            self.encode(key, value)?;
            key.pop();
        }
        Ok(())
    }

    fn key_value(&mut self, key: &[Vec<u8>], value: &Value, inline: bool) -> Executed<()> {
        let Some(name) = key.last() else {
            return self.element(value);
        };
        self.indent(key);
        self.out.extend(shown_part(name).into_bytes());
        self.out.extend_from_slice(b" = ");
        self.element(value)?;
        if !inline {
            self.newline();
        }
        Ok(())
    }

    /// Writes the value in one line.
    fn element(&mut self, value: &Value) -> Executed<()> {
        self.enter()?;
        match value {
            Value::String(text) => self.text(text.as_bytes()),
            Value::Float(number) => self.out.extend(float(*number).into_bytes()),
            Value::Native(object) if object.downcast::<Time>().is_some() => {
                if let Some(time) = object.downcast::<Time>() {
                    self.out.extend(format_time(time, layout(time)).into_bytes());
                }
            }
            Value::Native(object) if object.encoded().is_some() => {
                let text = object.encoded().unwrap_or_else(|| Ok(String::new()));
                self.text(text.map_err(|error| ExecError::plain(error.0))?.as_bytes());
            }
            // Go's encoder knows durations; other named numbers are numbers.
            Value::Int(IntType::Duration, _) => self.text(format::value_text(value).as_bytes()),
            Value::Int(IntType::Month | IntType::Weekday, number) => {
                self.out.extend(number.to_string().into_bytes());
            }
            Value::Nil | Value::Complex(..) => {
                let message = format!("unexpected type: {}", value.type_name());
                return Err(ExecError::plain(message));
            }
            _ => match fields(value) {
                Some(fields) => self.inline_table(&fields)?,
                None if value.kind() == Kind::Slice => self.array(value)?,
                None => format::write_value(&mut self.out, value, self.budget.text_bound())?,
            },
        }
        self.depth -= 1;
        Ok(())
    }

    fn text(&mut self, text: &[u8]) {
        self.out.push(b'"');
        self.out.extend(escape(text));
        self.out.push(b'"');
    }

    fn array(&mut self, value: &Value) -> Executed<()> {
        self.out.push(b'[');
        for (index, item) in elements(value).iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            self.element(item)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn inline_table(&mut self, fields: &Fields) -> Executed<()> {
        let (direct, tables) = self.split(fields)?;
        self.out.push(b'{');
        let parts = [(&direct, !tables.is_empty()), (&tables, false)];
        for (part, more_follows) in parts {
            for (index, Field { name, value, place }) in part.iter().enumerate() {
                if is_nil(value) {
                    continue;
                }
                self.key_value(std::slice::from_ref(name), value, true)?;
                // The separator depends on the place, even when only nils follow. That of a struct's field is the one among
                // all fields, though only the exported ones are counted.
                let is_last = match place {
                    Some(place) => place + 1 == fields.len(),
                    None => !more_follows && index + 1 == part.len(),
                };
                if !is_last {
                    self.out.extend_from_slice(b", ");
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The entries that are no tables and those that are.
    fn split<'f>(&mut self, fields: &'f Fields) -> Executed<(Vec<&'f Field>, Vec<&'f Field>)> {
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        for field in fields {
            match self.type_of(&field.value, self.depth)? {
                Type::Table | Type::TableArray => tables.push(field),
                Type::Nil | Type::Other => direct.push(field),
            }
        }
        Ok((direct, tables))
    }

    fn type_of(&mut self, value: &Value, depth: usize) -> Executed<Type> {
        self.visit(depth)?;
        if is_nil(value) {
            return Ok(Type::Nil);
        }
        if let Value::Complex(..) = value {
            return Err(ExecError::plain("unsupported type: complex128"));
        }
        if matches!(value, Value::Native(object) if object.encoded().is_some()) {
            return Ok(Type::Other);
        }
        if matches!(value, Value::Map(_)) || fields(value).is_some() {
            return Ok(Type::Table);
        }
        if value.kind() != Kind::Slice {
            return Ok(Type::Other);
        }
        let elements = elements(value);
        let mut all_tables = !elements.is_empty();
        for element in &elements {
            match self.type_of(element, depth + 1)? {
                Type::Nil => return Err(ExecError::plain(NIL_ELEMENT)),
                Type::Table => {}
                Type::TableArray | Type::Other => all_tables = false,
            }
        }
        Ok(if all_tables { Type::TableArray } else { Type::Other })
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn indent(&mut self, key: &[Vec<u8>]) {
        for _ in 1..key.len() {
            self.out.extend_from_slice(INDENT.as_bytes());
        }
    }
}

/// A key with its value.
struct Field {
    name: Vec<u8>,
    value: Value,
    /// Which field of a struct it is.
    place: Option<usize>,
}

/// The entries of a map or the fields of a struct.
type Fields = Vec<Field>;

fn fields(value: &Value) -> Option<Fields> {
    if let Some(map) = value.as_map() {
        let entry = |(key, value): (std::rc::Rc<str>, Value)| Field {
            name: key.as_bytes().to_vec(),
            value,
            place: None,
        };
        return Some(map.snapshot().into_iter().map(entry).collect());
    }
    match value {
        Value::Native(object) => match object.shape() {
            Shape::Struct(fields) if object.downcast::<Time>().is_none() => {
                let exported = fields.into_iter().enumerate().filter(|(_, (name, _))| is_exported(name));
                let field = |(place, (name, value)): (usize, (&'static str, Value))| Field {
                    name: name.as_bytes().to_vec(),
                    value,
                    place: Some(place),
                };
                Some(exported.map(field).collect())
            }
            _ => None,
        },
        _ => None,
    }
}

fn elements(value: &Value) -> Vec<Value> {
    super::super::arguments::items(value, "list").unwrap_or_default()
}

fn is_nil(value: &Value) -> bool {
    value.is_nil() || value.is_nil_slice_or_map()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(json: serde_json::Value) -> String {
        let value = Value::from_json(&json);
        encode(&value, &mut Budget::default())
            .map_or_else(|error| error.to_string(), |out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn tables_come_after_values() {
        let document = json!({"t": {"b": {"c": 1}, "a": "x"}, "z": 1.5, "l": [1, "a"], "n": null});
        assert_eq!(text(document), "l = [1, \"a\"]\nz = 1.5\n\n[t]\n  a = \"x\"\n  [t.b]\n    c = 1\n");
    }

    #[test]
    fn arrays_of_tables_have_headers_of_their_own() {
        assert_eq!(
            text(json!({"l": [{"a": 1}, {"b": [{"c": 2}]}]})),
            "[[l]]\n  a = 1\n\n[[l]]\n\n  [[l.b]]\n    c = 2\n"
        );
        assert_eq!(text(json!({"l": [{"a": 1}, 2]})), "l = [{a = 1}, 2]\n");
    }

    #[test]
    fn what_has_no_form_is_an_error() {
        assert_eq!(text(json!({"l": [null]})), NIL_ELEMENT);
        assert_eq!(text(json!([{"a": 1}])), NO_KEY);
        assert_eq!(text(json!(null)), NIL_VALUE);
        assert_eq!(text(json!([1, 2])), "[1, 2]");
        assert_eq!(text(json!({"a b": {"": 1.0e20}})), "[\"a b\"]\n  \"\" = 1e+20\n");
    }
}
