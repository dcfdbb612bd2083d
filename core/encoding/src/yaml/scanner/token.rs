//! The words of YAML.

use std::borrow::Cow;

use super::super::events::Mark;

/// A token with its place.
#[derive(Clone, Debug)]
pub(in super::super) struct Token<'a> {
    /// What it is.
    pub(in super::super) kind: TokenKind<'a>,
    /// Where it begins.
    pub(in super::super) start: Mark,
    /// Where what follows it begins.
    pub(in super::super) end: Mark,
}

/// A tag as it is written, or what a directive says of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct WrittenTag<'a> {
    /// `!`, `!!` or `!word!`; none for a verbatim tag.
    pub(in super::super) handle: &'a str,
    /// What follows the handle; in a directive, what the handle stands for.
    pub(in super::super) text: Cow<'a, str>,
}

/// The kinds of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum TokenKind<'a> {
    /// The beginning of the text.
    StreamStart,
    /// The end of the text.
    StreamEnd,
    /// `%YAML 1.1`
    Version { major: u8, minor: u8 },
    /// `%TAG ! tag:example.com,2000:`
    TagPrefix(Box<WrittenTag<'a>>),
    /// `---`
    DocumentStart,
    /// `...`
    DocumentEnd,
    /// A list begins, by its indentation.
    BlockSequenceStart,
    /// A map begins, by its indentation.
    BlockMappingStart,
    /// A collection ends, by the indentation of what follows.
    BlockEnd,
    /// `[`
    FlowSequenceStart,
    /// `]`
    FlowSequenceEnd,
    /// `{`
    FlowMappingStart,
    /// `}`
    FlowMappingEnd,
    /// `-`
    BlockEntry,
    /// `,`
    FlowEntry,
    /// `?`, or the beginning of what a colon follows.
    Key,
    /// `:`
    Value,
    /// `*name`
    Alias(&'a str),
    /// `&name`
    Anchor(&'a str),
    /// `!handle!suffix`
    Tag(Box<WrittenTag<'a>>),
    /// Text.
    Scalar { value: Cow<'a, str>, is_plain: bool },
}
