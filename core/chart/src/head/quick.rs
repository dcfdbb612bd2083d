//! Reads the head of plain documents without parsing them whole.
//!
//! Most of a large release is text of definitions and dashboards, of which Helm looks at four fields. This reader goes
//! through a document line by line and gives up at the first thing that is not of the plainest YAML: anchors, tags, flow
//! collections, unusual keys and escapes. What it accepts, the parser would accept with the same head; what
//! it gives up on, the parser reads.

mod lines;
mod scalar;

use pilothouse_encoding::yaml;

use super::Head;
use lines::{Line, Lines};
use scalar::Scalar;

/// Deeper nesting is left to the parser.
const DEPTH_MAX: usize = 64;

/// Longer documents are left to the parser, in bytes: they may pass its limits.
const BYTES_MAX: usize = 8 << 20;

/// The head of a document; nothing when the parser has to read it.
pub(super) fn read(document: &str) -> Option<Head> {
    if document.len() > BYTES_MAX || !yaml::is_plain_text(document) {
        return None;
    }
    let mut reader = Reader { levels: Vec::with_capacity(16), is_open: false, seen: Seen::default() };
    let mut lines = Lines::new(document);
    while let Some(line) = lines.next_line()? {
        reader.line(line, &mut lines)?;
    }
    // A document without anything is left to the parser.
    (!reader.levels.is_empty()).then_some(reader.seen.head)
}

/// A block collection that has not ended.
struct Level {
    /// Column of its keys or hyphens.
    indent: usize,
    is_sequence: bool,
    /// What it is to the head.
    part: Part,
    /// Whether the last key or hyphen has no value yet.
    waits: bool,
    /// What a map below the last key is.
    below: Part,
}

/// Parts of a document that make its head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Root,
    Metadata,
    Annotations,
    /// A text is expected: what else there is, the parser words.
    Text,
    Other,
}

/// The head so far, and which of its fields were there already.
#[derive(Default)]
struct Seen {
    head: Head,
    fields: u8,
}

struct Reader {
    levels: Vec<Level>,
    /// Whether the last line ended in a plain scalar, which may go on.
    is_open: bool,
    seen: Seen,
}

impl Reader {
    /// Takes a line that has content.
    fn line<'d>(&mut self, line: Line<'d>, lines: &mut Lines<'d>) -> Option<()> {
        let was_open = std::mem::take(&mut self.is_open);
        if line.text.starts_with('#') {
            return Some(());
        }
        let is_below = self.levels.last().is_some_and(|level| line.indent > level.indent);
        if was_open && is_below {
            self.is_open = true;
            return scalar::is_continuation(line.text).then_some(());
        }
        self.content(line.indent, line.text, lines)
    }

    /// Takes what begins at a column: an item, a key, or a value below its key.
    fn content<'d>(&mut self, column: usize, text: &'d str, lines: &mut Lines<'d>) -> Option<()> {
        if let Some(rest) = item(text) {
            return self.item(column, rest, lines);
        }
        if let Some((key, rest)) = scalar::key(text) {
            return self.key(column, key, rest, lines);
        }
        self.close(column, false);
        let level = self.levels.last_mut()?;
        if !level.waits || level.indent >= column {
            return None;
        }
        level.waits = false;
        let parent = level.indent;
        match level.below {
            Part::Other => self.value(text, parent, lines),
            Part::Metadata | Part::Annotations => scalar::is_empty_map(text).then_some(()),
            Part::Text | Part::Root => None,
        }
    }

    /// Takes what follows a hyphen; `rest` begins with blanks, or is empty.
    fn item<'d>(&mut self, column: usize, rest: &'d str, lines: &mut Lines<'d>) -> Option<()> {
        self.close(column, true);
        let last = self.levels.last_mut()?;
        if !last.is_sequence || last.indent != column {
            let fits = last.indent < column || !last.is_sequence;
            if !last.waits || !fits || last.below != Part::Other {
                return None;
            }
            last.waits = false;
            self.push(column, true, Part::Other)?;
        }
        let text = rest.trim_start_matches(' ');
        self.levels.last_mut()?.waits = true;
        if text.is_empty() || text.starts_with('#') {
            return Some(());
        }
        if item(text).is_some() || scalar::key(text).is_some() {
            let start = column + 1 + (rest.len() - text.len());
            return self.content(start, text, lines);
        }
        self.levels.last_mut()?.waits = false;
        self.value(text, column, lines)
    }

    /// Takes a key and what follows its colon.
    fn key<'d>(&mut self, column: usize, key: &str, rest: &'d str, lines: &mut Lines<'d>) -> Option<()> {
        self.close(column, false);
        match self.levels.last_mut() {
            None if column == 0 => self.push(column, false, Part::Root)?,
            None => return None,
            Some(last) if !last.is_sequence && last.indent == column => {}
            Some(parent) => {
                if !parent.waits || parent.indent >= column || parent.below == Part::Text {
                    return None;
                }
                parent.waits = false;
                let part = parent.below;
                self.push(column, false, part)?;
            }
        }
        let level = self.levels.last_mut()?;
        let field = self.seen.field(level.part, key)?;
        level.below = field.below();
        let text = rest.trim_start_matches(' ');
        level.waits = text.is_empty() || text.starts_with('#');
        match field {
            _ if level.waits => Some(()),
            Field::Ignored => self.value(text, column, lines),
            Field::Metadata | Field::Annotations => scalar::is_empty_map(text).then_some(()),
            Field::ApiVersion | Field::Kind | Field::Name | Field::Annotation => {
                self.seen.set(field, key, scalar::text_of(text)?);
                Some(())
            }
        }
    }

    /// Takes a value that begins with `text`; `parent` is the column that a block scalar has to be indented from.
    fn value<'d>(&mut self, text: &'d str, parent: usize, lines: &mut Lines<'d>) -> Option<()> {
        match scalar::read(text)? {
            Scalar::Ended => {}
            Scalar::Open => self.is_open = true,
            Scalar::Block => lines.skip_block(parent)?,
            Scalar::Unclosed(quote) => lines.skip_quoted(quote)?,
        }
        Some(())
    }

    /// Ends the collections that a line at this column does not belong to. Items may stand at the column of their key.
    fn close(&mut self, column: usize, is_item: bool) {
        let is_over = |level: &Level| {
            level.indent > column || (level.indent == column && level.is_sequence && !is_item)
        };
        while self.levels.last().is_some_and(is_over) {
            self.levels.pop();
        }
    }

    fn push(&mut self, indent: usize, is_sequence: bool, part: Part) -> Option<()> {
        let level = Level { indent, is_sequence, part, waits: false, below: Part::Other };
        (self.levels.len() < DEPTH_MAX).then(|| self.levels.push(level))
    }
}

/// Fields of the head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    ApiVersion,
    Kind,
    Name,
    Metadata,
    Annotations,
    /// An entry of the annotations.
    Annotation,
    Ignored,
}

impl Field {
    /// What a map below this field is.
    fn below(self) -> Part {
        match self {
            Self::Metadata => Part::Metadata,
            Self::Annotations => Part::Annotations,
            Self::ApiVersion | Self::Kind | Self::Name | Self::Annotation => Part::Text,
            Self::Ignored => Part::Other,
        }
    }
}

impl Seen {
    /// The field that a key of this part is; nothing when it was there already.
    fn field(&mut self, part: Part, key: &str) -> Option<Field> {
        let field = match (part, key) {
            (Part::Root, "apiVersion") => Field::ApiVersion,
            (Part::Root, "kind") => Field::Kind,
            (Part::Root, "metadata") => Field::Metadata,
            (Part::Metadata, "name") => Field::Name,
            (Part::Metadata, "annotations") => Field::Annotations,
            (Part::Annotations, key) => {
                let is_new = !self.head.annotations.contains_key(key);
                return (is_new && scalar::is_surely_text(key)).then_some(Field::Annotation);
            }
            _ => return Some(Field::Ignored),
        };
        let bit = 1 << field as u8;
        let is_new = self.fields & bit == 0;
        self.fields |= bit;
        is_new.then_some(field)
    }

    fn set(&mut self, field: Field, key: &str, value: String) {
        match field {
            Field::ApiVersion => self.head.api_version = value,
            Field::Kind => self.head.kind = value,
            Field::Name => self.head.name = value,
            Field::Annotation => drop(self.head.annotations.insert(key.to_owned(), value)),
            Field::Metadata | Field::Annotations | Field::Ignored => {}
        }
    }
}

/// What follows the hyphen of an item.
fn item(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('-')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
}

#[cfg(test)]
mod tests;
