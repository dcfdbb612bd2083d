//! Collections by indentation.

use super::super::events::{Event, EventKind, SyntaxError};
use super::node::Place;
use super::{Parser, State, TokenKind};

impl<'a> Parser<'a> {
    /// An item of a list, or its end.
    pub(super) fn block_entry(&mut self) -> Result<Event<'a>, SyntaxError> {
        match self.peek()?.kind {
            TokenKind::BlockEntry => {}
            TokenKind::BlockEnd => return self.close(),
            _ => return Err(self.unexpected("did not find expected '-' indicator")),
        }
        let behind = self.take()?.end;
        match self.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::BlockEnd => Ok(self.empty_node(behind, State::BlockEntry)),
            _ => self.node_before(State::BlockEntry, Place::Block),
        }
    }

    /// An item of a list at the column of its key, or the end of the list.
    pub(super) fn indentless_entry(&mut self) -> Result<Event<'a>, SyntaxError> {
        if !self.is_next(&TokenKind::BlockEntry)? {
            self.go_back();
            return Ok(Event { kind: EventKind::CollectionEnd, start: self.peek()?.start });
        }
        let behind = self.take()?.end;
        match self.peek()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                Ok(self.empty_node(behind, State::IndentlessEntry))
            }
            _ => self.node_before(State::IndentlessEntry, Place::Block),
        }
    }

    /// A key of a map, or its end.
    pub(super) fn block_key(&mut self) -> Result<Event<'a>, SyntaxError> {
        match self.peek()?.kind {
            TokenKind::Key => self.behind_indicator(State::BlockValue),
            TokenKind::BlockEnd => self.close(),
            _ => Err(self.unexpected("did not find expected key")),
        }
    }

    /// The value of a key, which may be none.
    pub(super) fn block_value(&mut self) -> Result<Event<'a>, SyntaxError> {
        if self.is_next(&TokenKind::Value)? {
            return self.behind_indicator(State::BlockKey);
        }
        let start = self.peek()?.start;
        Ok(self.empty_node(start, State::BlockKey))
    }

    /// The key or value behind the indicator that is next, which may be none.
    fn behind_indicator(&mut self, state: State) -> Result<Event<'a>, SyntaxError> {
        let behind = self.take()?.end;
        match self.peek()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => Ok(self.empty_node(behind, state)),
            _ => self.node_before(state, Place::BlockPair),
        }
    }
}
