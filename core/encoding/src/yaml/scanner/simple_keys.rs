//! Keys without a question mark: only the colon behind them tells what they were.
//!
//! go-yaml keeps one candidate for each level of collections in brackets, and looks candidates up by the number of the token
//! they begin with. Both are its own bookkeeping, kept here to the letter: at the end of a collection without content it
//! forgets the number of the collection itself.

use std::collections::VecDeque;

use super::super::events::Mark;

/// How many characters a key may have before its colon.
const LENGTH_MAX: usize = 1024;

/// What may turn out to be a key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SimpleKey {
    /// Whether it still may.
    pub(super) is_possible: bool,
    /// Whether nothing else fits in its place.
    pub(super) is_required: bool,
    /// The number of the token it begins with.
    pub(super) token: usize,
    /// Where it begins.
    pub(super) mark: Mark,
    /// How many characters are before it.
    pub(super) index: usize,
}

/// The candidates of all levels.
pub(super) struct SimpleKeys {
    levels: Vec<SimpleKey>,
    /// For each token from `first` on the level whose candidate it began.
    by_token: VecDeque<Option<usize>>,
    first: usize,
}

impl SimpleKeys {
    /// No candidates, outside of brackets.
    pub(super) fn new() -> Self {
        Self { levels: vec![SimpleKey::default()], by_token: VecDeque::new(), first: 0 }
    }

    /// How many brackets are open.
    pub(super) fn flow_level(&self) -> usize {
        self.levels.len() - 1
    }

    /// The candidate of the present level.
    pub(super) fn current(&self) -> SimpleKey {
        self.levels[self.levels.len() - 1]
    }

    /// Makes something the candidate of the present level.
    pub(super) fn set(&mut self, key: SimpleKey) {
        let level = self.flow_level();
        self.levels[level] = key;
        let Some(at) = key.token.checked_sub(self.first) else { return };
        if self.by_token.len() <= at {
            self.by_token.resize(at + 1, None);
        }
        self.by_token[at] = Some(level);
    }

    /// Forgets the candidate of the present level.
    pub(super) fn forget(&mut self) {
        let level = self.flow_level();
        self.levels[level].is_possible = false;
        self.forget_token(self.levels[level].token);
    }

    /// Opens a bracket, whose token has the given number.
    pub(super) fn open(&mut self, token: usize, mark: Mark) {
        self.levels.push(SimpleKey { token, mark, ..SimpleKey::default() });
    }

    /// Closes a bracket, if one is open.
    pub(super) fn close(&mut self) {
        if self.levels.len() > 1 {
            let token = self.current().token;
            self.forget_token(token);
            self.levels.pop();
        }
    }

    /// The level whose candidate began with a token.
    pub(super) fn level_of(&self, token: usize) -> Option<usize> {
        *self.by_token.get(token.checked_sub(self.first)?)?
    }

    /// Whether the candidate of a level, seen from a place, is one still. One that has to be a key and cannot is an error.
    pub(super) fn check(&mut self, level: usize, line: u32, index: usize) -> Result<bool, SimpleKey> {
        let Some(key) = self.levels.get_mut(level).filter(|key| key.is_possible) else { return Ok(false) };
        if key.mark.line >= line && key.index + LENGTH_MAX >= index {
            return Ok(true);
        }
        if key.is_required {
            return Err(*key);
        }
        key.is_possible = false;
        Ok(false)
    }

    /// Forgets what is known about a token that was handed out.
    pub(super) fn pass(&mut self, token: usize) {
        if token == self.first {
            self.by_token.pop_front();
            self.first += 1;
        }
    }

    fn forget_token(&mut self, token: usize) {
        let slot = token.checked_sub(self.first).and_then(|at| self.by_token.get_mut(at));
        if let Some(slot) = slot {
            *slot = None;
        }
    }
}
