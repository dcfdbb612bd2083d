//! Which token comes next: the first character tells.

use super::super::events::SyntaxError;
use super::{DEPTH_MAX, Scanner, TOO_DEEP, TokenKind};

impl<'a> Scanner<'a> {
    /// Scans what comes next: one token, and those that its place begins or ends.
    pub(super) fn fetch(&mut self) -> Result<(), SyntaxError> {
        self.reader.need(1)?;
        if !std::mem::replace(&mut self.has_begun, true) {
            self.push(TokenKind::StreamStart, self.reader.mark());
            return Ok(());
        }
        self.skip_to_token()?;
        self.end_blocks(Some(self.reader.column()));
        self.reader.need(4)?;
        if self.reader.is_end() {
            return self.fetch_end();
        }
        if self.reader.column() == 0 {
            if self.reader.byte() == b'%' {
                self.leave_blocks()?;
                return self.fetch_directive();
            }
            if self.reader.is_document_marker() {
                return self.fetch_document_marker();
            }
        }
        self.fetch_content()
    }

    /// Skips blanks, comments and line breaks. A tab is none where a key may begin by its indentation.
    fn skip_to_token(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.reader.need(1)?;
            self.reader.skip_mark();
            self.reader.need(1)?;
            let is_tab_blank = !self.is_block() || !self.is_key_allowed;
            self.reader.skip_spaces(u32::MAX);
            while self.reader.byte() == b' ' || (is_tab_blank && self.reader.byte() == b'\t') {
                self.reader.skip_bytes(1);
                self.reader.need(1)?;
            }
            self.reader.skip_comment()?;
            if !self.reader.is_break() {
                return Ok(());
            }
            self.reader.need(2)?;
            self.reader.skip_break();
            if self.is_block() {
                self.is_key_allowed = true;
            }
        }
    }

    fn fetch_content(&mut self) -> Result<(), SyntaxError> {
        let is_block = self.is_block();
        match self.reader.byte() {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.drop_key()?;
                self.is_key_allowed = true;
                self.push_indicator(TokenKind::FlowEntry);
                Ok(())
            }
            b'-' if self.reader.is_space_at(1) => self.fetch_block_entry(),
            b'?' if !is_block || self.reader.is_space_at(1) => self.fetch_key(),
            b':' if !is_block || self.reader.is_space_at(1) => self.fetch_value(),
            b'*' => self.fetch_anchor(TokenKind::Alias),
            b'&' => self.fetch_anchor(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if is_block => self.fetch_block_scalar(true),
            b'>' if is_block => self.fetch_block_scalar(false),
            b'\'' => self.fetch_quoted(true),
            b'"' => self.fetch_quoted(false),
            b' ' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.no_token()),
            _ => self.fetch_plain(),
        }
    }

    fn no_token(&self) -> SyntaxError {
        self.error("found character that cannot start any token", self.reader.mark())
    }

    /// Ends what the end of the text, a directive or a marker of documents ends.
    fn leave_blocks(&mut self) -> Result<(), SyntaxError> {
        self.end_blocks(None);
        self.drop_key()?;
        self.is_key_allowed = false;
        Ok(())
    }

    fn fetch_end(&mut self) -> Result<(), SyntaxError> {
        if self.reader.column() != 0 {
            self.reader.begin_line();
        }
        self.leave_blocks()?;
        self.push(TokenKind::StreamEnd, self.reader.mark());
        Ok(())
    }

    fn fetch_document_marker(&mut self) -> Result<(), SyntaxError> {
        self.leave_blocks()?;
        let is_start = self.reader.byte() == b'-';
        let start = self.reader.mark();
        self.reader.skip_bytes(3);
        self.push(if is_start { TokenKind::DocumentStart } else { TokenKind::DocumentEnd }, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind<'a>) -> Result<(), SyntaxError> {
        self.save_key()?;
        let mark = self.reader.mark();
        self.keys.open(self.next_number(), mark);
        if self.keys.flow_level() > DEPTH_MAX {
            return Err(self.error(TOO_DEEP, mark));
        }
        self.is_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind<'a>) -> Result<(), SyntaxError> {
        self.drop_key()?;
        self.keys.close();
        self.is_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    /// In brackets a hyphen is left for the parser to refuse.
    fn fetch_block_entry(&mut self) -> Result<(), SyntaxError> {
        if self.is_block() {
            self.begin_at_indicator(
                TokenKind::BlockSequenceStart,
                "block sequence entries are not allowed in this context",
            )?;
        }
        self.drop_key()?;
        self.is_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), SyntaxError> {
        if self.is_block() {
            self.begin_at_indicator(
                TokenKind::BlockMappingStart,
                "mapping keys are not allowed in this context",
            )?;
        }
        self.drop_key()?;
        self.is_key_allowed = self.is_block();
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), SyntaxError> {
        if self.is_possible_key(self.keys.flow_level())? {
            let key = self.keys.current();
            self.insert(TokenKind::Key, key.mark, key.token);
            self.begin_block(TokenKind::BlockMappingStart, key.mark, key.token)?;
            self.keys.forget();
            self.is_key_allowed = false;
        } else {
            if self.is_block() {
                self.begin_at_indicator(
                    TokenKind::BlockMappingStart,
                    "mapping values are not allowed in this context",
                )?;
            }
            self.is_key_allowed = self.is_block();
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    /// Begins a block collection with the indicator that is next, which must stand where a key may begin.
    fn begin_at_indicator(&mut self, kind: TokenKind<'a>, problem: &'static str) -> Result<(), SyntaxError> {
        let mark = self.reader.mark();
        if !self.is_key_allowed {
            return Err(self.error(problem, mark));
        }
        self.begin_block(kind, mark, self.next_number())
    }

    /// `*name` or `&name`.
    fn fetch_anchor(&mut self, kind: fn(&'a str) -> TokenKind<'a>) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.is_key_allowed = false;
        let start = self.reader.mark();
        self.reader.skip_bytes(1);
        self.reader.need(1)?;
        let name = self.word()?;
        let is_ended = self.reader.is_space_at(0)
            || matches!(self.reader.byte(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !is_ended {
            return Err(self.error("did not find expected alphabetic or numeric character", start));
        }
        self.push(kind(name), start);
        Ok(())
    }

    /// Letters, digits, hyphens and underscores, as many as there are.
    pub(super) fn word(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.reader.offset();
        while is_word(self.reader.byte()) {
            self.reader.skip_bytes(1);
            self.reader.need(1)?;
        }
        Ok(self.reader.slice(start, self.reader.offset()))
    }

    /// Appends a token of one character.
    fn push_indicator(&mut self, kind: TokenKind<'a>) {
        let start = self.reader.mark();
        self.reader.skip_bytes(1);
        self.push(kind, start);
    }
}

/// Whether a byte may be in a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
