//! Paths: keys, indexes, and what they lead to.

use pilothouse_template::go_quoted_char;
use serde_json::{Map, Value};

use super::text::{Parser, Stop};
use super::{DEEPEST, LARGEST_INDEX, SetError, SetMode};
use crate::go_types::go_type;

impl Parser<'_, '_, '_> {
    /// Reads a path from a key on, and its value.
    pub(super) fn key(&mut self, map: &mut Map<String, Value>, depth: usize) -> Result<(), Stop> {
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
            Some('=') if self.is_assigned_nothing() => {
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

    /// Whether the text ends where a value should begin.
    fn is_assigned_nothing(&self) -> bool {
        self.rest.is_empty() && matches!(self.mode, SetMode::Typed | SetMode::Text)
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
            // What is there changes, even below an empty key.
            match map.get_mut(&key) {
                Some(there) => *there = Value::Object(inner),
                None => set(map, key, Value::Object(inner)),
            }
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
            // Nothing is no file.
            Some('=') if self.is_assigned_nothing() => Value::from(""),
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
    let found = if value.is_null() { "nil" } else { go_type(value) };
    SetError::Kind { found, wanted }
}
