//! Where in a text the parts of a YAML document stand, for messages to people.

use std::collections::BTreeMap;

use super::events::{Event, EventKind};
use super::limits::Limits;
use super::parser::Parser;

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The places of keys and items by their path: a key by its text, an item by its index.
#[derive(Clone, Debug, Default)]
pub struct Positions(BTreeMap<Vec<String>, Position>);

impl Positions {
    /// The places in the first document of `text`, up to the first error or limit.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut places = Places { limits: Limits::default(), found: BTreeMap::new(), open: Vec::new() };
        if text.len() > places.limits.input_bytes {
            return Self::default();
        }
        let mut parser = Parser::new(text, None);
        while let Ok(event) = parser.next() {
            if places.event(&event).is_none() {
                break;
            }
        }
        Self(places.found)
    }

    /// The place of the key or item at `path`; the empty path is the document.
    #[must_use]
    pub fn get<T: AsRef<str>>(&self, path: &[T]) -> Option<Position> {
        let path: Vec<String> = path.iter().map(|part| part.as_ref().to_owned()).collect();
        self.0.get(&path).copied()
    }

    /// The place of the longest beginning of `path` that exists.
    #[must_use]
    pub fn nearest<T: AsRef<str>>(&self, path: &[T]) -> Option<Position> {
        (0..=path.len()).rev().find_map(|length| self.get(&path[..length]))
    }
}

/// A collection that has not ended.
enum Open {
    /// The index of its item.
    Sequence(usize),
    /// The key, and whether the node is its value or the key itself.
    Mapping { key: String, is_value: bool },
}

struct Places {
    limits: Limits,
    found: BTreeMap<Vec<String>, Position>,
    open: Vec<Open>,
}

impl Places {
    /// Takes an event; nothing when the document is at its end, or passes a limit.
    fn event(&mut self, event: &Event<'_>) -> Option<()> {
        let number = |count: u32| usize::try_from(count).unwrap_or(usize::MAX).saturating_add(1);
        let position = Position { line: number(event.start.line), column: number(event.start.column) };
        match &event.kind {
            EventKind::StreamStart | EventKind::DocumentStart => {}
            EventKind::StreamEnd | EventKind::DocumentEnd => return None,
            EventKind::Scalar { value, .. } => {
                self.begin(position, value)?;
                self.end();
            }
            EventKind::Alias(_) => {
                self.begin(position, "")?;
                self.end();
            }
            EventKind::SequenceStart(_) => {
                self.begin(position, "")?;
                self.open.push(Open::Sequence(0));
            }
            EventKind::MappingStart(_) => {
                self.begin(position, "")?;
                self.open.push(Open::Mapping { key: String::new(), is_value: false });
            }
            EventKind::CollectionEnd => {
                self.open.pop();
                self.end();
            }
        }
        Some(())
    }

    /// Notes where a node begins; a value has the place of its key. `text` is that of a scalar.
    fn begin(&mut self, position: Position, text: &str) -> Option<()> {
        if self.open.len() > DEPTH || self.found.len() > self.limits.nodes {
            return None;
        }
        match self.open.last_mut() {
            Some(Open::Mapping { is_value: true, .. }) => return Some(()),
            Some(Open::Mapping { key, .. }) => text.clone_into(key),
            Some(Open::Sequence(_)) | None => {}
        }
        self.found.insert(self.path(), position);
        Some(())
    }

    /// What comes after a node.
    fn end(&mut self) {
        match self.open.last_mut() {
            Some(Open::Sequence(index)) => *index += 1,
            Some(Open::Mapping { is_value, .. }) => *is_value = !*is_value,
            None => {}
        }
    }

    fn path(&self) -> Vec<String> {
        let part = |open: &Open| match open {
            Open::Sequence(index) => index.to_string(),
            Open::Mapping { key, .. } => key.clone(),
        };
        self.open.iter().map(part).collect()
    }
}

/// Paths deeper than this are not noted.
const DEPTH: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_items_have_places() {
        let text = "# comment\na: 1\nb:\n  - x\n  - y: {z: [1, 2]}\n\"c d\": &a\n  e: *a\n";
        let positions = Positions::of(text);
        let at = |path: &[&str]| positions.get(path).map(|position| (position.line, position.column));
        assert_eq!(at(&[]), Some((2, 1)));
        assert_eq!(at(&["a"]), Some((2, 1)));
        assert_eq!(at(&["b", "1"]), Some((5, 5)));
        assert_eq!(at(&["b", "1", "y", "z", "1"]), Some((5, 16)));
        assert_eq!(at(&["c d", "e"]), Some((7, 3)));
        assert_eq!(at(&["none"]), None);
        let nearest = positions.nearest(&["b", "1", "none", "x"]).unwrap();
        assert_eq!((nearest.line, nearest.column), (5, 5));
        assert_eq!(Positions::of("a: [").get(&["a"]).map(|position| position.line), Some(1));
    }
}
