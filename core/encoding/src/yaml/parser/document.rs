//! Streams of documents.

use super::super::events::{Event, EventKind, SyntaxError};
use super::{Parser, State, TokenKind, node};

impl<'a> Parser<'a> {
    pub(super) fn stream_start(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.state = State::FirstDocument;
        Ok(Event { kind: EventKind::StreamStart, start: self.take()?.start })
    }

    /// The first document; it needs a marker only behind directives.
    pub(super) fn first_document(&mut self) -> Result<Event<'a>, SyntaxError> {
        let token = self.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagPrefix(_)
            | TokenKind::DocumentStart
            | TokenKind::StreamEnd => self.marked_document(),
            _ => {
                self.read_directives()?;
                self.returns.push(State::DocumentEnd);
                self.state = State::Root;
                Ok(Event { kind: EventKind::DocumentStart, start })
            }
        }
    }

    /// A further document; it needs a marker.
    pub(super) fn later_document(&mut self) -> Result<Event<'a>, SyntaxError> {
        while self.is_next(&TokenKind::DocumentEnd)? {
            self.take()?;
        }
        self.marked_document()
    }

    fn marked_document(&mut self) -> Result<Event<'a>, SyntaxError> {
        let start = self.peek()?.start;
        if self.is_next(&TokenKind::StreamEnd)? {
            self.state = State::End;
            return self.end_again();
        }
        self.read_directives()?;
        if !self.is_next(&TokenKind::DocumentStart)? {
            let token = self.peek()?;
            let problem = "did not find expected <document start>";
            return Err(SyntaxError::in_parser(problem, token.start, Default::default()));
        }
        self.take()?;
        self.returns.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event { kind: EventKind::DocumentStart, start })
    }

    /// The node behind a marker, which may be none.
    pub(super) fn document_content(&mut self) -> Result<Event<'a>, SyntaxError> {
        let token = self.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::Version { .. }
            | TokenKind::TagPrefix(_)
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let state = self.returns.pop().unwrap_or(State::End);
                Ok(self.empty_node(start, state))
            }
            _ => self.node(node::Place::Block),
        }
    }

    pub(super) fn document_end(&mut self) -> Result<Event<'a>, SyntaxError> {
        let start = self.peek()?.start;
        if self.is_next(&TokenKind::DocumentEnd)? {
            self.take()?;
        }
        self.directives.clear();
        self.state = State::Document;
        Ok(Event { kind: EventKind::DocumentEnd, start })
    }

    pub(super) fn end_again(&mut self) -> Result<Event<'a>, SyntaxError> {
        Ok(Event { kind: EventKind::StreamEnd, start: self.peek()?.start })
    }
}
