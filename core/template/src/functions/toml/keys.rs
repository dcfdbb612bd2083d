//! Keys: headers of tables, and what stands before a `=`.

use super::parse::{Key, MAX_DEPTH, Parser};
use super::scan::{Scanned, is_blank, shown};

impl Parser<'_, '_> {
    /// The header of a table, or of one in an array of tables.
    pub(super) fn header(&mut self) -> Scanned<()> {
        self.scanner.next()?;
        let is_array = self.scanner.accept('[')?;
        let mut key = Key::new();
        loop {
            self.scanner.skip(is_blank)?;
            match self.scanner.peek()? {
                found @ (None | Some(']')) => {
                    let message = "unexpected end of table name (table names cannot be empty)";
                    return Err(self.scanner.failure_at(found, message));
                }
                Some('.') => {
                    let message = "unexpected table separator (table names cannot be empty)";
                    return Err(self.scanner.failure(message));
                }
                Some(_) => self.key_part(&mut key)?,
            }
            self.scanner.skip(is_blank)?;
            match self.scanner.next()? {
                Some('.') => {}
                Some(']') => break,
                found => {
                    let wanted = "expected '.' or ']' to end table name";
                    return Err(self
                        .scanner
                        .failure_at(found, format!("{wanted}, but got {} instead", shown(found))));
                }
            }
        }
        if is_array {
            let found = self.scanner.next()?;
            if found != Some(']') {
                let wanted = "expected end of table array name delimiter ']'";
                return Err(self
                    .scanner
                    .failure_at(found, format!("{wanted}, but got {} instead", shown(found))));
            }
        }
        self.open_table(&key, is_array)?;
        self.set_type("", false)
    }

    /// A key up to its `=`.
    pub(super) fn assigned_key(&mut self) -> Scanned<Key> {
        self.scanner.skip(is_blank)?;
        match self.scanner.peek()? {
            found @ (None | Some('=')) => {
                return Err(self.scanner.failure_at(found, "unexpected '=': key name appears blank"));
            }
            Some('.') => return Err(self.scanner.failure("unexpected '.': keys cannot start with a '.'")),
            Some(_) => {}
        }
        let mut key = Key::new();
        loop {
            self.scanner.skip(is_blank)?;
            match self.scanner.peek()? {
                found @ (None | Some('=')) => return Err(self.scanner.failure_at(found, "unexpected '='")),
                Some('.') => return Err(self.scanner.failure("unexpected '.'")),
                Some(_) => self.key_part(&mut key)?,
            }
            self.scanner.skip(is_blank)?;
            match self.scanner.next()? {
                Some('.') => {}
                Some('=') => return Ok(key),
                None => {
                    return Err(self.scanner.failure_at(None, "unexpected EOF; expected key separator '='"));
                }
                found => {
                    let message = format!("expected '.' or '=', but got {} instead", shown(found));
                    return Err(match found {
                        Some('\n') => self.scanner.failure_before(message),
                        _ => self.scanner.failure(message),
                    });
                }
            }
        }
    }

    /// One part of a key; the line of the first is that of the key.
    fn key_part(&mut self, key: &mut Key) -> Scanned<()> {
        let part = match self.scanner.peek()? {
            Some(quote @ ('"' | '\'')) => {
                self.scanner.next()?;
                self.short_string(quote)?
            }
            _ => {
                let start = self.scanner.position();
                self.scanner.skip(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-'))?;
                self.scanner.text_since(start)
            }
        };
        if key.is_empty() {
            self.key_line = self.scanner.line();
        }
        key.push(part);
        if key.len() + self.context.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(())
    }
}
