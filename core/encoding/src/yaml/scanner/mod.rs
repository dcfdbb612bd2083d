//! From characters to tokens, as go-yaml v2 does it.
//!
//! Tokens wait in a queue as long as the first of them may turn out to begin a key: then the token that says so is put
//! before it.

mod block;
mod directive;
mod fetch;
mod pieces;
mod plain;
mod quoted;
mod simple_keys;
mod tag;
mod token;

use std::collections::VecDeque;

use super::events::{Mark, SyntaxError};
use super::reader::Reader;
use simple_keys::{SimpleKey, SimpleKeys};

pub(super) use token::{Token, TokenKind, WrittenTag};

/// How deep brackets, and indentation, may go for go-yaml.
const DEPTH_MAX: usize = 10_000;

/// What it says about more.
const TOO_DEEP: &str = "exceeded max depth of 10000";

/// What it says about a key without a colon.
const NO_COLON: &str = "could not find expected ':'";

/// The tokens of a text.
pub(super) struct Scanner<'a> {
    reader: Reader<'a>,
    queue: VecDeque<Token<'a>>,
    /// The number of the first token in the queue: how many were handed out.
    head: usize,
    /// Whether the first token in the queue is what it will be.
    is_ready: bool,
    has_begun: bool,
    keys: SimpleKeys,
    /// Whether a key without a question mark may begin here.
    is_key_allowed: bool,
    /// The column of the innermost block collection; nothing outside of all.
    indent: Option<u32>,
    /// Those of the collections around it.
    outer_indents: Vec<Option<u32>>,
}

impl<'a> Scanner<'a> {
    /// The tokens of what a reader reads.
    pub(super) fn new(reader: Reader<'a>) -> Self {
        Self {
            reader,
            queue: VecDeque::new(),
            head: 0,
            is_ready: false,
            has_begun: false,
            keys: SimpleKeys::new(),
            is_key_allowed: true,
            indent: None,
            outer_indents: Vec::new(),
        }
    }

    /// The next token. Behind the end of the text is another end.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<&Token<'a>, SyntaxError> {
        if !self.is_ready {
            self.fill()?;
            self.is_ready = true;
        }
        Ok(&self.queue[0])
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token<'a>, SyntaxError> {
        if !self.is_ready {
            self.fill()?;
        }
        self.keys.pass(self.head);
        self.head += 1;
        self.is_ready = false;
        let end = self.reader.mark();
        Ok(self.queue.pop_front().unwrap_or(Token { kind: TokenKind::StreamEnd, start: end, end }))
    }

    /// Scans until the first token in the queue begins no candidate for a key.
    #[inline(never)]
    fn fill(&mut self) -> Result<(), SyntaxError> {
        loop {
            if !self.queue.is_empty() {
                let Some(level) = self.keys.level_of(self.head) else { return Ok(()) };
                if !self.is_possible_key(level)? {
                    return Ok(());
                }
            }
            self.fetch()?;
        }
    }

    /// Whether the candidate of a level may still be a key.
    fn is_possible_key(&mut self, level: usize) -> Result<bool, SyntaxError> {
        let mark = self.reader.mark();
        let checked = self.keys.check(level, mark.line, self.reader.index());
        checked.map_err(|key| self.error(NO_COLON, key.mark))
    }

    /// Makes what comes next the candidate for a key.
    fn save_key(&mut self) -> Result<(), SyntaxError> {
        if !self.is_key_allowed {
            return Ok(());
        }
        let mark = self.reader.mark();
        let is_required = self.is_block() && self.indent == Some(mark.column);
        let token = self.next_number();
        self.drop_key()?;
        let index = self.reader.index();
        self.keys.set(SimpleKey { is_possible: true, is_required, token, mark, index });
        Ok(())
    }

    /// Gives up the candidate for a key.
    fn drop_key(&mut self) -> Result<(), SyntaxError> {
        let key = self.keys.current();
        if !key.is_possible {
            return Ok(());
        }
        if key.is_required {
            return Err(self.error(NO_COLON, key.mark));
        }
        self.keys.forget();
        Ok(())
    }

    /// The number of the token that is scanned next.
    fn next_number(&self) -> usize {
        self.head + self.queue.len()
    }

    /// Whether no bracket is open.
    fn is_block(&self) -> bool {
        self.keys.flow_level() == 0
    }

    /// Appends a token that ends at the next character.
    fn push(&mut self, kind: TokenKind<'a>, start: Mark) {
        let end = self.reader.mark();
        self.queue.push_back(Token { kind, start, end });
    }

    /// Puts a token without text before the one with the given number; behind all if that was handed out.
    fn insert(&mut self, kind: TokenKind<'a>, mark: Mark, number: usize) {
        let at = number.checked_sub(self.head).map_or(self.queue.len(), |at| at.min(self.queue.len()));
        self.queue.insert(at, Token { kind, start: mark, end: mark });
    }

    /// Begins a block collection at a column further in than the innermost, before the token with the given number.
    fn begin_block(&mut self, kind: TokenKind<'a>, mark: Mark, number: usize) -> Result<(), SyntaxError> {
        if !self.is_block() || self.indent.is_some_and(|indent| indent >= mark.column) {
            return Ok(());
        }
        self.outer_indents.push(self.indent);
        self.indent = Some(mark.column);
        if self.outer_indents.len() > DEPTH_MAX {
            let context = self.keys.current().mark;
            return Err(self.error(TOO_DEEP, context));
        }
        self.insert(kind, mark, number);
        Ok(())
    }

    /// Ends the block collections further in than a column; all for none.
    fn end_blocks(&mut self, column: Option<u32>) {
        if !self.is_block() {
            return;
        }
        let mark = self.reader.mark();
        while self.indent > column {
            self.push(TokenKind::BlockEnd, mark);
            self.indent = self.outer_indents.pop().flatten();
        }
    }

    /// An error at the next character, within something that began at `context`.
    fn error(&self, problem: &'static str, context: Mark) -> SyntaxError {
        SyntaxError::in_scanner(problem, self.reader.mark(), context)
    }
}

#[cfg(test)]
mod tests;
