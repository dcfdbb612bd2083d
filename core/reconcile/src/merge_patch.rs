//! RFC 7386 patches.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The patch that turns a text of JSON into a value; `None` when that is what it says.
///
/// The text is compared while it is read: for most of it there is nothing to be said, and a tree of it would be dropped.
pub(crate) fn merge_patch(from: &str, to: &Value) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_str(from);
    // What cannot be read is replaced.
    Change(to).deserialize(&mut reader).unwrap_or_else(|_| Some(to.clone()))
}

/// Reads what was there before, and gives what has to be said about the value that is wanted.
struct Change<'a>(&'a Value);

impl Change<'_> {
    fn unless(self, same: bool) -> Option<Value> {
        (!same).then(|| self.0.clone())
    }
}

impl<'de> DeserializeSeed<'de> for Change<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Change<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        let same = self.0.is_null();
        Ok(self.unless(same))
    }

    fn visit_bool<E>(self, before: bool) -> Result<Option<Value>, E> {
        let same = *self.0 == before;
        Ok(self.unless(same))
    }

    fn visit_u64<E>(self, before: u64) -> Result<Option<Value>, E> {
        let same = *self.0 == before;
        Ok(self.unless(same))
    }

    fn visit_i64<E>(self, before: i64) -> Result<Option<Value>, E> {
        let same = *self.0 == before;
        Ok(self.unless(same))
    }

    fn visit_f64<E>(self, before: f64) -> Result<Option<Value>, E> {
        let same = *self.0 == before;
        Ok(self.unless(same))
    }

    fn visit_str<E>(self, before: &str) -> Result<Option<Value>, E> {
        let same = self.0 == before;
        Ok(self.unless(same))
    }

    /// Lists are replaced as a whole.
    fn visit_seq<A: SeqAccess<'de>>(self, mut before: A) -> Result<Option<Value>, A::Error> {
        let mut same = self.0.is_array();
        for wanted in self.0.as_array().into_iter().flatten() {
            same &= before.next_element_seed(Change(wanted))?.is_some_and(|change| change.is_none());
        }
        while before.next_element::<IgnoredAny>()?.is_some() {
            same = false;
        }
        Ok(self.unless(same))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut before: A) -> Result<Option<Value>, A::Error> {
        let Value::Object(wanted) = self.0 else {
            while before.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(self.unless(false));
        };
        let (mut patch, mut found) = (Map::new(), Vec::with_capacity(wanted.len()));
        while let Some(member) = before.next_key_seed(Member(wanted))? {
            match member {
                Ok((name, value)) => {
                    if let Some(change) = before.next_value_seed(Change(value))? {
                        patch.insert(name.clone(), change);
                    }
                    found.push(name);
                }
                Err(name) => {
                    before.next_value::<IgnoredAny>()?;
                    patch.insert(name, Value::Null);
                }
            }
        }
        let new = wanted.iter().filter(|(name, value)| !found.contains(name) && !value.is_null());
        patch.extend(new.map(|(name, value)| (name.clone(), value.clone())));
        Ok((!patch.is_empty()).then_some(Value::Object(patch)))
    }
}

/// Reads a name, and gives the member that has it, or the name when there is none.
struct Member<'a>(&'a Map<String, Value>);

impl<'de, 'a> DeserializeSeed<'de> for Member<'a> {
    type Value = Result<(&'a String, &'a Value), String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Member<'a> {
    type Value = Result<(&'a String, &'a Value), String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.get_key_value(name).ok_or_else(|| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patch(from: &Value, to: &Value) -> Option<Value> {
        merge_patch(&from.to_string(), to)
    }

    #[test]
    fn a_merge_patch_removes_and_replaces() {
        let from = json!({"a": 1, "b": {"x": 1, "y": 2}, "c": [1], "d": [{"e": "f\n"}], "g": {"h": 1}});
        let to = json!({"b": {"x": 1, "y": 3}, "c": [1, 2], "d": [{"e": "f\n"}], "g": [], "i": "new"});
        let expected = json!({"a": null, "b": {"y": 3}, "c": [1, 2], "g": [], "i": "new"});
        assert_eq!(patch(&from, &to), Some(expected));
        assert_eq!(patch(&to, &to), None);
        assert_eq!(patch(&Value::Null, &to), Some(to.clone()));
        assert_eq!(patch(&json!({"a": null}), &json!({"a": {}})), Some(json!({"a": {}})));
        assert_eq!(merge_patch("unreadable", &to), Some(to));
    }

    /// RFC 7386, section 2.
    fn applied(patch: Value, target: Value) -> Value {
        let Value::Object(patch) = patch else { return patch };
        let mut target = if let Value::Object(target) = target { target } else { Map::new() };
        for (name, value) in patch {
            if value.is_null() {
                target.remove(&name);
            } else {
                let before = target.remove(&name).unwrap_or_default();
                target.insert(name, applied(value, before));
            }
        }
        Value::Object(target)
    }

    /// JSON without null, which a merge patch cannot give to a member.
    fn documents() -> impl Strategy<Value = Value> {
        let scalars = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (-2..3_i64).prop_map(Value::from),
            Just(json!(u64::MAX)),
            Just(json!(1.5)),
            "[a\n\"]{0,2}".prop_map(Value::from),
        ];
        scalars.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_patch_makes_of_one_document_the_other(from in documents(), to in documents()) {
            let patch = patch(&from, &to);
            prop_assert_eq!(patch.is_none(), from == to);
            prop_assert_eq!(patch.map_or(from.clone(), |patch| applied(patch, from)), to);
        }
    }
}
