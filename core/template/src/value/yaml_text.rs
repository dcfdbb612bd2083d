//! The YAML text of values as Helm's `toYaml` writes it, without a document in between.

use pilothouse_encoding::yaml::{EmitError, Emitter, Limits};

use crate::budget::{LimitError, TextBound};

use super::convert::{self, EncodeError};
use super::walk::Visits;
use super::{List, Map, Value};

impl Value {
    /// The text with its final line break, and the number of nodes in it. Nothing when only the document of the value tells
    /// what is written.
    ///
    /// # Errors
    /// [`EncodeError`] when the value is too large, contains itself, or holds what JSON cannot.
    pub(crate) fn to_yaml_text(&self, bound: TextBound) -> Result<Option<(String, usize)>, EncodeError> {
        let mut writer = Writer { emitter: Emitter::default(), visits: Visits::within(bound) };
        match writer.value(self, 0) {
            Ok(()) => Ok(writer.emitter.finish().map(|text| (text, writer.visits.count()))),
            Err(error) => Err(convert::cycle_or(error, self)),
        }
    }
}

struct Writer {
    emitter: Emitter,
    visits: Visits,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        match value {
            Value::String(text) => {
                self.visits.visit(depth)?;
                self.visits.text(text.as_bytes(), depth)?;
                self.emitter.text(&text.as_str());
            }
            Value::List(list) if !list.is_empty() => self.list(list, depth)?,
            Value::Map(map) if !map.is_empty() => self.map(map, depth)?,
            // The document of anything else is small, or has an order of its own.
            _ => {
                let document = convert::encode(value, depth, &mut self.visits)?;
                self.emitter.document(&document).map_err(too_deep)?;
            }
        }
        Ok(())
    }

    fn list(&mut self, list: &List, depth: usize) -> Result<(), EncodeError> {
        self.visits.visit(depth)?;
        self.emitter.begin_sequence().map_err(too_deep)?;
        for item in list.items().iter() {
            self.emitter.item();
            self.value(item, depth + 1)?;
        }
        self.emitter.end();
        Ok(())
    }

    fn map(&mut self, map: &Map, depth: usize) -> Result<(), EncodeError> {
        self.visits.visit(depth)?;
        self.emitter.begin_mapping().map_err(too_deep)?;
        let entries = map.entries();
        let mut entries = entries.iter().map(|(key, value)| (&**key, value)).collect();
        self.emitter.sort(&mut entries);
        for (key, value) in entries {
            self.visits.text(key.as_bytes(), depth)?;
            self.emitter.key(key);
            self.value(value, depth + 1)?;
        }
        self.emitter.end();
        Ok(())
    }
}

/// The emitter has no other error.
fn too_deep(_: EmitError) -> LimitError {
    LimitError::ValueDepth(Limits::default().depth)
}
