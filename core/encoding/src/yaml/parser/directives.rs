//! What the directives before a document say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::events::{Mark, SyntaxError};
use super::super::tag::{PREFIX, Tag};
use super::{Parser, TokenKind};

/// What `!` stands for, and what `!!`, unless a document says otherwise.
const DEFAULT_PREFIXES: [(&str, &str); 2] = [("!", "!"), ("!!", PREFIX)];

/// The prefixes that handles of tags stand for.
#[derive(Default)]
pub(super) struct Directives<'a>(BTreeMap<&'a str, Cow<'a, str>>);

impl Directives<'_> {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The tag that a handle and a suffix stand for.
    pub(super) fn tag(&self, handle: &str, suffix: &str) -> Option<Tag> {
        Tag::new(self.0.get(handle)?, suffix)
    }
}

impl Parser<'_> {
    /// Reads the directives that come next.
    pub(super) fn read_directives(&mut self) -> Result<(), SyntaxError> {
        let refused = |problem, mark| Err(SyntaxError::in_parser(problem, mark, Mark::default()));
        let mut has_version = false;
        while matches!(self.peek()?.kind, TokenKind::Version { .. } | TokenKind::TagPrefix(_)) {
            let token = self.take()?;
            match token.kind {
                TokenKind::Version { .. } if has_version => {
                    return refused("found duplicate %YAML directive", token.start);
                }
                TokenKind::Version { major: 1, minor: 1 } => has_version = true,
                TokenKind::Version { .. } => {
                    return refused("found incompatible YAML document", token.start);
                }
                TokenKind::TagPrefix(tag) => {
                    let before = self.directives.0.insert(tag.handle, tag.text);
                    before.map_or(Ok(()), |_| refused("found duplicate %TAG directive", token.start))?;
                }
                _ => {}
            }
        }
        for (handle, prefix) in DEFAULT_PREFIXES {
            self.directives.0.entry(handle).or_insert(Cow::Borrowed(prefix));
        }
        Ok(())
    }
}
