//! From tokens to events, by the grammar of YAML 1.1, as go-yaml v2 reads it.
//!
//! Where the parser is in the grammar is a state, and the states to return to are a stack: nothing recurses.

mod block;
mod directives;
mod document;
mod flow;
mod node;

use std::borrow::Cow;

use super::error::YamlError;
use super::events::{Event, EventKind, Mark, Properties, SyntaxError};
use super::reader::{Fault, Reader};
use super::scanner::{Scanner, Token, TokenKind};
use directives::Directives;

/// What is expected next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StreamStart,
    /// The first document, which needs no marker.
    FirstDocument,
    Document,
    /// What follows a marker.
    DocumentContent,
    DocumentEnd,
    /// The node of a document without marker.
    Root,
    BlockEntry,
    /// An item of a list that is not indented below its key.
    IndentlessEntry,
    BlockKey,
    BlockValue,
    FlowEntry {
        is_first: bool,
    },
    /// Within `[` and `]`, the key of a map with one pair.
    PairKey,
    PairValue,
    PairEnd,
    FlowKey {
        is_first: bool,
    },
    FlowValue,
    /// The value of a key without colon.
    FlowNoValue,
    End,
}

/// The events of a text.
pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    /// Where to go on behind the present node, and behind those around it.
    returns: Vec<State>,
    /// Where the open collections begin.
    opened: Vec<Mark>,
    directives: Directives<'a>,
}

impl<'a> Parser<'a> {
    /// The events of a text, which is followed by what cannot be decoded, if there is a fault. A byte order mark at its beginning
    /// is left out.
    pub(super) fn new(text: &'a str, fault: Option<Fault>) -> Self {
        Self {
            scanner: Scanner::new(Reader::new(text, fault)),
            state: State::StreamStart,
            returns: Vec::new(),
            opened: Vec::new(),
            directives: Directives::default(),
        }
    }

    /// The next event. Behind the end of the stream is another end.
    pub(super) fn next(&mut self) -> Result<Event<'a>, YamlError> {
        Ok(self.step()?)
    }

    fn step(&mut self) -> Result<Event<'a>, SyntaxError> {
        match self.state {
            State::StreamStart => self.stream_start(),
            State::FirstDocument => self.first_document(),
            State::Document => self.later_document(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::Root => self.node(node::Place::Block),
            State::BlockEntry => self.block_entry(),
            State::IndentlessEntry => self.indentless_entry(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowEntry { is_first } => self.flow_entry(is_first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => self.pair_end(),
            State::FlowKey { is_first } => self.flow_key(is_first),
            State::FlowValue => self.flow_value(),
            State::FlowNoValue => self.flow_no_value(),
            State::End => self.end_again(),
        }
    }

    fn peek(&mut self) -> Result<&Token<'a>, SyntaxError> {
        self.scanner.peek()
    }

    fn take(&mut self) -> Result<Token<'a>, SyntaxError> {
        self.scanner.take()
    }

    /// Whether the next token is of a kind.
    fn is_next(&mut self, kind: &TokenKind<'static>) -> Result<bool, SyntaxError> {
        Ok(self.peek()?.kind == *kind)
    }

    /// Goes on where the node stands.
    fn go_back(&mut self) {
        self.state = self.returns.pop().unwrap_or(State::End);
    }

    /// Ends the innermost collection with the next token.
    fn close(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.go_back();
        self.opened.pop();
        Ok(Event { kind: EventKind::CollectionEnd, start: self.take()?.start })
    }

    /// An error at the next token, within the innermost collection.
    fn unexpected(&mut self, problem: &'static str) -> SyntaxError {
        let context = self.opened.last().copied().unwrap_or_default();
        match self.peek() {
            Ok(token) => SyntaxError::in_parser(problem, token.start, context),
            Err(error) => error,
        }
    }

    /// The node where there is none, with `state` behind it.
    fn empty_node(&mut self, mark: Mark, state: State) -> Event<'a> {
        self.state = state;
        let properties = Properties::default();
        let kind = EventKind::Scalar { properties, value: Cow::Borrowed(""), is_implicit: true };
        Event { kind, start: mark }
    }

    /// A node, with `state` behind it.
    fn node_before(&mut self, state: State, place: node::Place) -> Result<Event<'a>, SyntaxError> {
        self.returns.push(state);
        self.node(place)
    }
}

#[cfg(test)]
mod tests;
