//! Collections in brackets.

use super::super::events::{Event, EventKind, Properties, SyntaxError};
use super::node::Place;
use super::{Parser, State, TokenKind};

impl<'a> Parser<'a> {
    /// An item of a list, or its end. A key without braces is a map with one pair.
    pub(super) fn flow_entry(&mut self, is_first: bool) -> Result<Event<'a>, SyntaxError> {
        if self.is_next(&TokenKind::FlowSequenceEnd)? {
            return self.close();
        }
        if !is_first {
            self.pass_comma("did not find expected ',' or ']'")?;
        }
        match self.peek()?.kind {
            TokenKind::FlowSequenceEnd => self.close(),
            TokenKind::Key => {
                self.state = State::PairKey;
                let kind = EventKind::MappingStart(Properties::default());
                Ok(Event { kind, start: self.take()?.start })
            }
            _ => self.node_before(State::FlowEntry { is_first: false }, Place::Flow),
        }
    }

    /// The key of a pair in a list. What stands where it is missing is passed over.
    pub(super) fn pair_key(&mut self) -> Result<Event<'a>, SyntaxError> {
        match self.peek()?.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                let behind = self.take()?.end;
                Ok(self.empty_node(behind, State::PairValue))
            }
            _ => self.node_before(State::PairValue, Place::Flow),
        }
    }

    pub(super) fn pair_value(&mut self) -> Result<Event<'a>, SyntaxError> {
        // Without a node the place of the value is that of the colon.
        let start = self.peek()?.start;
        if self.is_next(&TokenKind::Value)? {
            self.take()?;
            if !matches!(self.peek()?.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.node_before(State::PairEnd, Place::Flow);
            }
        }
        Ok(self.empty_node(start, State::PairEnd))
    }

    pub(super) fn pair_end(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.state = State::FlowEntry { is_first: false };
        Ok(Event { kind: EventKind::CollectionEnd, start: self.peek()?.start })
    }

    /// A key of a map, or its end.
    pub(super) fn flow_key(&mut self, is_first: bool) -> Result<Event<'a>, SyntaxError> {
        if self.is_next(&TokenKind::FlowMappingEnd)? {
            return self.close();
        }
        if !is_first {
            self.pass_comma("did not find expected ',' or '}'")?;
        }
        match self.peek()?.kind {
            TokenKind::FlowMappingEnd => return self.close(),
            TokenKind::Key => {}
            _ => return self.node_before(State::FlowNoValue, Place::Flow),
        }
        self.take()?;
        let token = self.peek()?;
        let start = token.start;
        match token.kind {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                Ok(self.empty_node(start, State::FlowValue))
            }
            _ => self.node_before(State::FlowValue, Place::Flow),
        }
    }

    pub(super) fn flow_value(&mut self) -> Result<Event<'a>, SyntaxError> {
        if self.is_next(&TokenKind::Value)? {
            self.take()?;
            if !matches!(self.peek()?.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node_before(State::FlowKey { is_first: false }, Place::Flow);
            }
        }
        self.flow_no_value()
    }

    pub(super) fn flow_no_value(&mut self) -> Result<Event<'a>, SyntaxError> {
        let start = self.peek()?.start;
        Ok(self.empty_node(start, State::FlowKey { is_first: false }))
    }

    fn pass_comma(&mut self, problem: &'static str) -> Result<(), SyntaxError> {
        if !self.is_next(&TokenKind::FlowEntry)? {
            return Err(self.unexpected(problem));
        }
        self.take()?;
        Ok(())
    }
}
