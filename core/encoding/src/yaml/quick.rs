//! Reads documents of the plainest YAML without the parser.
//!
//! Nearly all of what charts hold, and what their templates read back, is block maps and lists with scalars on one line.
//! This reader takes them line by line, several times faster than the parser, and gives up at the first thing that is
//! unusual: anchors, tags, other documents, collections in brackets that go over several lines, keys of other types, what
//! is malformed. What it accepts, the parser would read as the same value; what it gives up on, the parser reads.

mod flow;
mod lines;
mod quoted;
mod scalar;

use serde_json::{Map, Value};

use super::limits::Limits;
use lines::{Line, Lines};

pub use lines::is_plain_text;

/// Deeper nesting is left to the parser.
const DEPTH_MAX: usize = 64;

/// The value of a document; nothing when the parser has to read it. With `strict` repeated keys are left to it, too.
pub(super) fn read(text: &str, limits: &Limits, strict: bool) -> Option<Value> {
    if text.len() > limits.input_bytes || !is_plain_text(text) {
        return None;
    }
    let room =
        Room { strict, depth: 0, depth_max: DEPTH_MAX.min(limits.depth), nodes: 0, nodes_max: limits.nodes };
    let mut reader = Reader { lines: Lines::new(text), line: None, room };
    reader.advance()?;
    if reader.line.is_some_and(|line| line.is_start()) {
        reader.advance()?;
    }
    if reader.line?.indent != 0 {
        return None;
    }
    let value = reader.collection()?;
    let work = reader.room.nodes.saturating_mul(2 * DEPTH_MAX);
    (reader.line.is_none() && work <= limits.nesting_work).then_some(value)
}

/// What is left of the limits.
struct Room {
    strict: bool,
    depth: usize,
    depth_max: usize,
    nodes: usize,
    nodes_max: usize,
}

impl Room {
    /// Counts a node.
    fn node(&mut self) -> Option<()> {
        self.nodes += 1;
        // The parser counts the document, too.
        (self.nodes + 1 < self.nodes_max).then_some(())
    }

    /// Begins a collection.
    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        self.node()?;
        (self.depth < self.depth_max).then_some(())
    }

    /// Ends a collection.
    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Adds a member to a map. Of repeated keys the last counts.
    fn insert(&mut self, members: &mut Map<String, Value>, key: String, value: Value) -> Option<()> {
        self.node()?;
        let is_new = members.insert(key, value).is_none();
        (is_new || !self.strict).then_some(())
    }
}

struct Reader<'t> {
    lines: Lines<'t>,
    /// The line that is read; what follows the hyphen of an item counts as a line, indented to where it begins.
    line: Option<Line<'t>>,
    room: Room,
}

impl<'t> Reader<'t> {
    fn advance(&mut self) -> Option<()> {
        self.line = self.lines.next_line()?;
        Some(())
    }

    /// The map or list that begins with the present line.
    fn collection(&mut self) -> Option<Value> {
        let line = self.line?;
        self.room.enter()?;
        let value = match scalar::item(line.text) {
            Some(_) => self.list(line.indent),
            None => self.map(line.indent),
        };
        self.room.leave();
        value
    }

    fn map(&mut self, indent: usize) -> Option<Value> {
        let mut members = Map::new();
        while let Some(line) = self.line.filter(|line| line.indent >= indent) {
            if line.indent > indent {
                return None;
            }
            let (key, rest) = scalar::key(line.text)?;
            let key = scalar::key_text(key)?;
            let value = self.member(rest, indent)?;
            self.room.insert(&mut members, key, value)?;
        }
        Some(Value::Object(members))
    }

    /// The value behind the colon of a key; `rest` begins with a blank, or is empty.
    fn member(&mut self, rest: &'t str, indent: usize) -> Option<Value> {
        let text = rest.trim_start_matches(' ');
        if !is_blank(text) {
            return self.value(text, indent);
        }
        self.advance()?;
        match self.line {
            Some(next) if next.indent > indent => self.collection(),
            // Items may stand at the column of their key.
            Some(next) if next.indent == indent && scalar::item(next.text).is_some() => self.collection(),
            _ => self.null(),
        }
    }

    fn list(&mut self, indent: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(line) = self.line.filter(|line| line.indent == indent) {
            let Some(rest) = scalar::item(line.text) else { break };
            items.push(self.item(rest, indent)?);
        }
        let goes_on = self.line.is_some_and(|line| line.indent > indent);
        (!goes_on).then_some(Value::Array(items))
    }

    /// The value behind a hyphen; `rest` begins with a blank, or is empty.
    fn item(&mut self, rest: &'t str, indent: usize) -> Option<Value> {
        let text = rest.trim_start_matches(' ');
        if is_blank(text) {
            self.advance()?;
            return match self.line {
                Some(next) if next.indent > indent => self.collection(),
                _ => self.null(),
            };
        }
        if scalar::item(text).is_some() || scalar::key(text).is_some() {
            let column = indent + 1 + (rest.len() - text.len());
            self.line = Some(Line { indent: column, text });
            return self.collection();
        }
        self.value(text, indent)
    }

    fn null(&mut self) -> Option<Value> {
        self.room.node()?;
        Some(Value::Null)
    }

    /// The value that begins with `text`, below a collection at column `parent`.
    fn value(&mut self, text: &'t str, parent: usize) -> Option<Value> {
        self.room.node()?;
        let value = match text.as_bytes()[0] {
            b'|' | b'>' => Value::String(self.lines.block(scalar::block(text)?, parent)?),
            b'"' | b'\'' => {
                let (value, rest) = match scalar::quoted(text) {
                    Some(whole) => whole,
                    None => self.lines.quoted(text, parent)?,
                };
                scalar::ends(rest)?;
                Value::String(value)
            }
            b'[' | b'{' => {
                let (value, rest) = flow::read(text, &mut self.room)?;
                scalar::ends(rest)?;
                value
            }
            _ => return self.plain(text, parent),
        };
        self.advance()?;
        self.ends_above(parent)?;
        Some(value)
    }

    /// A plain scalar, which may go over several lines.
    fn plain(&mut self, text: &'t str, parent: usize) -> Option<Value> {
        let (first, is_open) = scalar::plain(text)?;
        self.advance()?;
        let is_below = |line: Option<Line<'_>>| line.is_some_and(|line| line.indent > parent);
        if !is_below(self.line) {
            return scalar::typed(first);
        }
        if !is_open {
            return None;
        }
        let mut folded = first.to_owned();
        while let Some(line) = self.line.filter(|line| is_below(Some(*line))) {
            // An empty line would be a line break, and a comment the end.
            if self.lines.has_skipped() {
                return None;
            }
            folded.push(' ');
            folded.push_str(scalar::continuation(line.text)?);
            self.advance()?;
        }
        scalar::typed(&folded)
    }

    /// Gives up when the next line belongs to a value that has ended.
    fn ends_above(&self, parent: usize) -> Option<()> {
        self.line.is_none_or(|line| line.indent <= parent).then_some(())
    }
}

/// Whether nothing but a comment follows a blank.
fn is_blank(text: &str) -> bool {
    text.is_empty() || text.starts_with('#')
}

#[cfg(test)]
mod tests;
