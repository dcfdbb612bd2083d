//! Helpers for serde that follow Go's `encoding/json`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::ApplyMethod;

/// `null` leaves a field as it is.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An apply method; `null` and the empty text are none.
pub(super) fn empty_as_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ApplyMethod>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    Ok(name.as_deref().and_then(ApplyMethod::parse))
}

/// Bytes from base64 text.
pub(super) fn text_as_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| STANDARD.decode(text)).transpose().map_err(D::Error::custom)
}

/// Bytes as base64 text; none are `null`.
pub(super) fn bytes_as_text<S: Serializer>(
    bytes: &Option<Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
        None => serializer.serialize_none(),
    }
}

/// Writes a list; an empty one, which Go would have as a nil slice, is `null`.
pub(crate) fn empty_as_null<S: Serializer, T: Serialize>(
    items: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if items.is_empty() { serializer.serialize_none() } else { items.serialize(serializer) }
}

/// Writes a map as Go writes a `map[string]any` that it has read: every number is a 64-bit float.
pub(crate) fn floats<S: Serializer>(
    members: &Option<Map<String, Value>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match members {
        Some(members) => members_as_floats(members, serializer),
        None => serializer.serialize_none(),
    }
}

/// Whether a map is absent or empty.
pub(crate) fn no_members(members: &Option<Map<String, Value>>) -> bool {
    members.as_ref().is_none_or(Map::is_empty)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(super) fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A value whose numbers are written as 64-bit floats.
struct Floats<'a>(&'a Value);

impl Serialize for Floats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => match number.as_f64() {
                Some(float) => serializer.serialize_f64(float),
                None => number.serialize(serializer),
            },
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Floats(item))?;
                }
                list.end()
            }
            Value::Object(members) => members_as_floats(members, serializer),
            other => other.serialize(serializer),
        }
    }
}

fn members_as_floats<S: Serializer>(members: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(members.len()))?;
    for (key, member) in members {
        map.serialize_entry(key, &Floats(member))?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use pilothouse_encoding::go_json;

    use super::*;

    #[test]
    fn numbers_are_written_as_gos_floats() {
        for (number, written) in [
            ("1", "1"),
            ("2.0", "2"),
            ("-7", "-7"),
            ("12345678901234567890", "12345678901234567000"),
            ("1e21", "1e+21"),
            ("0.0000001", "1e-7"),
        ] {
            let value: Value = serde_json::from_str(&format!("[{{\"n\":{number}}}]")).unwrap();
            assert_eq!(go_json::to_string_of(&Floats(&value)).unwrap(), format!("[{{\"n\":{written}}}]"));
        }
    }
}
