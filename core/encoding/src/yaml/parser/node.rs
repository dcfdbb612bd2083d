//! Nodes with their anchors and tags.

use std::borrow::Cow;

use super::super::events::{Event, EventKind, Mark, Properties, SyntaxError};
use super::super::scanner::WrittenTag;
use super::super::tag::Tag;
use super::{Parser, State, TokenKind};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Within brackets.
    Flow,
    /// Outside of brackets.
    Block,
    /// The same, as a key or a value: a list may begin at the column of the key.
    BlockPair,
}

impl<'a> Parser<'a> {
    /// A node, or its beginning.
    pub(super) fn node(&mut self, place: Place) -> Result<Event<'a>, SyntaxError> {
        if let TokenKind::Alias(name) = self.peek()?.kind {
            self.go_back();
            return Ok(Event { kind: EventKind::Alias(name), start: self.take()?.start });
        }
        let start = self.peek()?.start;
        let properties = self.properties(start)?;
        self.content(place, start, properties)
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self, start: Mark) -> Result<Properties<'a>, SyntaxError> {
        let mut anchor = self.anchor()?;
        let mark = self.peek()?.start;
        let Some(written) = self.written_tag()? else { return Ok(Properties { anchor, tag: None }) };
        if anchor.is_none() {
            anchor = self.anchor()?;
        }
        // What is wrong with the token that follows is found first.
        self.peek()?;
        let tag = if written.handle.is_empty() {
            Tag::new("", &written.text)
        } else {
            self.directives.tag(written.handle, &written.text)
        };
        match tag {
            Some(_) => Ok(Properties { anchor, tag }),
            None => Err(SyntaxError::in_parser("found undefined tag handle", mark, start)),
        }
    }

    fn anchor(&mut self) -> Result<Option<&'a str>, SyntaxError> {
        let TokenKind::Anchor(name) = self.peek()?.kind else { return Ok(None) };
        self.take()?;
        Ok(Some(name))
    }

    fn written_tag(&mut self) -> Result<Option<WrittenTag<'a>>, SyntaxError> {
        if !matches!(self.peek()?.kind, TokenKind::Tag(_)) {
            return Ok(None);
        }
        let TokenKind::Tag(tag) = self.take()?.kind else { return Ok(None) };
        Ok(Some(*tag))
    }

    fn content(
        &mut self,
        place: Place,
        start: Mark,
        properties: Properties<'a>,
    ) -> Result<Event<'a>, SyntaxError> {
        let is_block = place != Place::Flow;
        let kind = match self.peek()?.kind {
            // The parser looks at the entry again.
            TokenKind::BlockEntry if place == Place::BlockPair => {
                self.state = State::IndentlessEntry;
                EventKind::SequenceStart(properties)
            }
            TokenKind::Scalar { .. } => self.scalar(properties)?,
            TokenKind::FlowSequenceStart => {
                self.open(State::FlowEntry { is_first: true })?;
                EventKind::SequenceStart(properties)
            }
            TokenKind::FlowMappingStart => {
                self.open(State::FlowKey { is_first: true })?;
                EventKind::MappingStart(properties)
            }
            TokenKind::BlockSequenceStart if is_block => {
                self.open(State::BlockEntry)?;
                EventKind::SequenceStart(properties)
            }
            TokenKind::BlockMappingStart if is_block => {
                self.open(State::BlockKey)?;
                EventKind::MappingStart(properties)
            }
            _ if properties == Properties::default() => {
                let problem = "did not find expected node content";
                return Err(SyntaxError::in_parser(problem, self.peek()?.start, start));
            }
            // Nothing, with an anchor or a tag.
            _ => {
                self.go_back();
                let is_implicit = properties.tag.is_none();
                EventKind::Scalar { properties, value: Cow::Borrowed(""), is_implicit }
            }
        };
        Ok(Event { kind, start })
    }

    fn scalar(&mut self, properties: Properties<'a>) -> Result<EventKind<'a>, SyntaxError> {
        self.go_back();
        let (value, is_plain) = match self.take()?.kind {
            TokenKind::Scalar { value, is_plain } => (value, is_plain),
            _ => (Cow::Borrowed(""), true),
        };
        let is_implicit = properties.tag.map_or(is_plain, |tag| tag == Tag::NonSpecific);
        Ok(EventKind::Scalar { properties, value, is_implicit })
    }

    /// Begins a collection with the next token.
    fn open(&mut self, state: State) -> Result<(), SyntaxError> {
        let start = self.take()?.start;
        self.opened.push(start);
        self.state = state;
        Ok(())
    }
}
