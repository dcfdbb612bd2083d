//! The text of assignments, and the values in it.

use pilothouse_encoding::go_json::floats;
use pilothouse_encoding::json_repair::{Repaired, repaired};
use serde_json::{Number, Value};

use super::{ReadFile, SetError, SetMode};

/// Why a parser stops.
pub(super) enum Stop {
    /// The text is at its end. Go forgives that in places where more should follow.
    End,
    Error(SetError),
}

impl From<SetError> for Stop {
    fn from(error: SetError) -> Self {
        Self::Error(error)
    }
}

/// Reads the text from its beginning on.
pub(super) struct Parser<'a, 'f, 'r> {
    pub(super) rest: &'a str,
    pub(super) mode: SetMode,
    pub(super) read: Option<&'f mut ReadFile<'r>>,
}

impl Parser<'_, '_, '_> {
    /// The text before one of the marks, escapes resolved, and the mark; none at the end.
    pub(super) fn until(&mut self, marks: &[char]) -> (String, Option<char>) {
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

    /// The value behind an equals sign.
    pub(super) fn value(&mut self) -> Result<Value, Stop> {
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
        let (value, length) = match first_json(self.rest) {
            Ok(first) => first,
            Err(error) => {
                go_json(self.rest).unwrap_or_else(|| Err(error.to_string())).map_err(SetError::Json)?
            }
        };
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
}

/// The JSON value at the beginning of a text, and its length.
fn first_json(text: &str) -> Result<(Value, usize), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next().unwrap_or(Ok(Value::Null))?;
    Ok((value, values.byte_offset()))
}

/// The same by Go's rules, with its error; nothing for what is malformed.
fn go_json(text: &str) -> Option<Result<(Value, usize), String>> {
    let Repaired { text, refused } = repaired(text);
    let (value, length) = first_json(&text).ok()?;
    Some(match refused.filter(|number| number.at < length) {
        Some(number) => Err(number.message),
        None => Ok((value, length)),
    })
}
