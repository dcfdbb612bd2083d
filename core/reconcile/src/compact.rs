//! JSON that is kept for long and seldom looked at: as text, which takes a tenth of the memory of a tree. Each object of a
//! tree is a node with room for eleven fields, whatever is in it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON value as text. Equal values have equal texts: the fields of objects are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compact(Box<str>);

impl Compact {
    /// Keeps a value.
    pub(crate) fn of(value: &Value) -> Self {
        // Not by `Display`, which goes through a formatter letter by letter.
        Self(serde_json::to_string(value).unwrap_or_default().into())
    }

    /// Keeps an object without one of its fields.
    pub(crate) fn without(object: &Value, field: &str) -> Self {
        let fields = object.as_object().into_iter().flatten().filter(|(name, _)| *name != field);
        let kept: BTreeMap<&String, &Value> = fields.collect();
        Self(serde_json::to_string(&kept).unwrap_or_default().into())
    }

    /// The JSON.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The value again.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// The value as something of which it is the JSON; `None` when it is not.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }

    /// Whether it is this value.
    pub(crate) fn is(&self, value: &Value) -> bool {
        let mut same = Same(self.0.as_bytes());
        serde_json::to_writer(&mut same, value).is_ok() && same.0.is_empty()
    }
}

/// What is left of a text, as long as what is written is the same.
struct Same<'a>(&'a [u8]);

impl Write for Same<'_> {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(written).ok_or(io::ErrorKind::InvalidData)?;
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was() {
        for value in [
            json!(null),
            json!({"b": [1, 2.5, "x\n"], "a": {"c": true}}),
            json!(18_446_744_073_709_551_615_u64),
        ] {
            let compact = Compact::of(&value);
            assert_eq!(compact.value(), value);
            assert!(compact.is(&value) && !compact.is(&json!("another")));
        }
        assert!(!Compact::of(&json!(12)).is(&json!(1)) && !Compact::of(&json!(1)).is(&json!(12)));
        assert_eq!(
            Compact::without(&json!({"a": 1, "b": {"a": 2}}), "a"),
            Compact::of(&json!({"b": {"a": 2}}))
        );
    }
}
