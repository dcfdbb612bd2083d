//! What the parser makes of a text: the beginnings and ends of documents and collections, scalars, aliases.

use std::borrow::Cow;

use super::error::YamlError;
use super::tag::Tag;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Counted from 0.
    pub(super) line: u32,
    /// In characters, counted from 0.
    pub(super) column: u32,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// What it is.
    pub(super) kind: EventKind<'a>,
    /// Where it begins.
    pub(super) start: Mark,
}

/// What stands before a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties<'a> {
    /// The name other nodes may refer to it by.
    pub(super) anchor: Option<&'a str>,
    /// What it is to be taken for.
    pub(super) tag: Option<Tag>,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventKind<'a> {
    /// The text begins.
    StreamStart,
    /// The text is at its end.
    StreamEnd,
    /// A document begins.
    DocumentStart,
    /// A document ends.
    DocumentEnd,
    /// A reference to an anchor.
    Alias(&'a str),
    /// A text; `is_implicit` when it is plain without a tag, or tagged `!`.
    Scalar { properties: Properties<'a>, value: Cow<'a, str>, is_implicit: bool },
    /// A list begins.
    SequenceStart(Properties<'a>),
    /// A map begins; its keys and values follow in turn.
    MappingStart(Properties<'a>),
    /// The innermost collection ends.
    CollectionEnd,
}

/// Why a text is not YAML, in go-yaml's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// The line that go-yaml names.
    pub(super) line: Option<u32>,
    /// What is wrong.
    pub(super) problem: &'static str,
}

impl SyntaxError {
    /// An error of the scanner at `mark`, within something that began at `context`. go-yaml counts lines from 1 here, except
    /// that of the context, and takes the first line for none.
    pub(super) fn in_scanner(problem: &'static str, mark: Mark, context: Mark) -> Self {
        let line = some_line(mark).map(|line| line + 1).or(some_line(context));
        Self { line, problem }
    }

    /// An error of the parser at `mark`, within something that began at `context`. go-yaml counts lines from 0 here.
    pub(super) fn in_parser(problem: &'static str, mark: Mark, context: Mark) -> Self {
        Self { line: some_line(mark).or(some_line(context)), problem }
    }
}

impl From<SyntaxError> for YamlError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax { line: error.line.map(u64::from), problem: error.problem.to_owned() }
    }
}

/// A line that go-yaml can name.
fn some_line(mark: Mark) -> Option<u32> {
    Some(mark.line).filter(|line| *line > 0)
}
