//! Texts and bytes: as they are, quoted, in hexadecimal digits; cut to the precision, filled up to the width.

use super::Printer;
use crate::format::quote;
use crate::value::{Bytes, IntType, Value};

impl Printer<'_> {
    /// Prints a string for a string verb; false for any other verb.
    pub(super) fn print_string(&mut self, bytes: &[u8], verb: char) -> bool {
        match verb {
            // Any form of it is about as long, unless it is cut.
            'v' | 's' | 'x' | 'X' | 'q' if self.flags.precision.is_none() && !self.has_room(bytes.len()) => {}
            'v' if self.flags.sharp_v => self.print_quoted(bytes),
            'v' | 's' => self.pad_truncated(bytes),
            'x' => self.print_hex(bytes, b"0123456789abcdef"),
            'X' => self.print_hex(bytes, b"0123456789ABCDEF"),
            'q' => self.print_quoted(bytes),
            _ => return false,
        }
        true
    }

    fn print_quoted(&mut self, bytes: &[u8]) {
        let bytes = truncate(bytes, self.flags.precision);
        if !self.has_room(bytes.len()) {
            return;
        }
        let mut quoted = Vec::new();
        if self.flags.sharp && quote::can_backquote(bytes) {
            quoted.extend_from_slice(b"`");
            quoted.extend_from_slice(bytes);
            quoted.extend_from_slice(b"`");
        } else {
            quote::write_quoted(&mut quoted, bytes, b'"', self.flags.plus);
        }
        self.pad(&quoted);
    }

    fn print_hex(&mut self, bytes: &[u8], digits: &[u8; 16]) {
        let bytes = &bytes[..self.flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
        if !self.has_room(bytes.len()) {
            return;
        }
        let prefix: &[u8] = match (self.flags.sharp, digits[10]) {
            (false, _) => b"",
            (true, b'a') => b"0x",
            (true, _) => b"0X",
        };
        let mut text = Vec::with_capacity(bytes.len() * 3);
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 && self.flags.space {
                text.push(b' ');
            }
            if index == 0 || self.flags.space {
                text.extend_from_slice(prefix);
            }
            text.push(digits[usize::from(byte >> 4)]);
            text.push(digits[usize::from(byte & 15)]);
        }
        self.pad(&text);
    }

    pub(super) fn print_bytes(&mut self, bytes: &Bytes, verb: char, depth: usize) {
        if matches!(verb, 's' | 'x' | 'X' | 'q') {
            self.print_string(bytes, verb);
            return;
        }
        // Go knows operands by their types, and what is within them by reflection, which has no name but this.
        let type_name = if depth == 0 { "[]byte" } else { "[]uint8" };
        let numbers = bytes.iter().map(|byte| Value::Int(IntType::Uint8, i64::from(*byte)));
        self.print_slice(type_name, bytes.is_nil(), numbers, verb, depth);
    }

    /// Writes text cut to the precision, filled up to the width.
    pub(in crate::format) fn pad_truncated(&mut self, bytes: &[u8]) {
        self.pad(truncate(bytes, self.flags.precision));
    }

    /// Writes text filled up to the width.
    pub(in crate::format) fn pad(&mut self, bytes: &[u8]) {
        let Some(width) = self.flags.width else {
            return self.bytes(bytes);
        };
        let fill = width.saturating_sub(String::from_utf8_lossy(bytes).chars().count());
        if !self.has_room(bytes.len().saturating_add(fill)) {
            return;
        }
        if self.flags.minus {
            self.out.extend_from_slice(bytes);
            self.out.resize(self.out.len() + fill, b' ');
        } else {
            let filler = if self.flags.zero { b'0' } else { b' ' };
            self.out.resize(self.out.len() + fill, filler);
            self.out.extend_from_slice(bytes);
        }
    }
}

/// The first `precision` characters.
fn truncate(bytes: &[u8], precision: Option<usize>) -> &[u8] {
    let Some(mut left) = precision else {
        return bytes;
    };
    let mut end = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if left == 0 {
                return &bytes[..end];
            }
            left -= 1;
            end += character.len_utf8();
        }
        let invalid = chunk.invalid().len().min(left);
        left -= invalid;
        end += invalid;
    }
    &bytes[..end]
}
