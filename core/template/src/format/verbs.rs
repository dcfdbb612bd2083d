//! Reads format strings (Go's `fmt.Sprintf`).

use crate::value::Value;

use super::printer::{Flags, Printer};

/// Widths and precisions beyond this are no numbers to Go.
const MAX_NUMBER: i64 = 1_000_000;

/// A format string being read.
struct Format<'f> {
    bytes: &'f [u8],
    pos: usize,
    values: &'f [Value],
    /// The operand the next verb takes.
    next: usize,
    /// An explicit index was used somewhere.
    reordered: bool,
    /// An explicit index just came before.
    after_index: bool,
    /// The index of the present verb is good.
    good_index: bool,
}

/// Prints `values` as `format` says.
pub(super) fn print(printer: &mut Printer<'_>, format: &[u8], values: &[Value]) {
    let mut format = Format {
        bytes: format,
        pos: 0,
        values,
        next: 0,
        reordered: false,
        after_index: false,
        good_index: true,
    };
    while let Some(offset) = format.rest().iter().position(|&byte| byte == b'%') {
        printer.bytes(&format.rest()[..offset]);
        format.pos += offset + 1;
        format.print_verb(printer);
        if printer.has_failed() {
            return;
        }
    }
    printer.bytes(format.rest());
    format.report_extra(printer);
}

impl<'f> Format<'f> {
    fn rest(&self) -> &'f [u8] {
        self.bytes.get(self.pos..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.pos += usize::from(taken);
        taken
    }

    fn print_verb(&mut self, printer: &mut Printer<'_>) {
        self.good_index = true;
        self.after_index = false;
        printer.flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => printer.flags.sharp = true,
                b'0' => printer.flags.zero = true,
                b'+' => printer.flags.plus = true,
                b'-' => printer.flags.minus = true,
                b' ' => printer.flags.space = true,
                _ => break,
            }
            self.pos += 1;
        }
        self.read_index();
        self.read_width(printer);
        self.read_precision(printer);
        if !self.after_index {
            self.read_index();
        }
        let Some(verb) = self.read_verb() else {
            printer.text("%!(NOVERB)");
            return;
        };
        if verb == '%' {
            printer.text("%");
        } else if !self.good_index {
            printer.text(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(value) = self.values.get(self.next) {
            self.next += 1;
            print_with_verb(printer, value, verb);
        } else {
            printer.text(&format!("%!{verb}(MISSING)"));
        }
    }

    fn read_width(&mut self, printer: &mut Printer<'_>) {
        if !self.take(b'*') {
            printer.flags.width = self.read_number();
            if self.after_index && printer.flags.width.is_some() {
                self.good_index = false;
            }
            return;
        }
        match self.number_operand() {
            None => printer.text("%!(BADWIDTH)"),
            Some(width) => {
                if width < 0 {
                    printer.flags.minus = true;
                    printer.flags.zero = false;
                }
                printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
            }
        }
        self.after_index = false;
    }

    fn read_precision(&mut self, printer: &mut Printer<'_>) {
        if self.pos + 1 >= self.bytes.len() || !self.take(b'.') {
            return;
        }
        if self.after_index {
            self.good_index = false;
        }
        self.read_index();
        if !self.take(b'*') {
            printer.flags.precision = Some(self.read_number().unwrap_or(0));
            return;
        }
        match self.number_operand() {
            Some(precision) if precision >= 0 => printer.flags.precision = usize::try_from(precision).ok(),
            _ => printer.text("%!(BADPREC)"),
        }
        self.after_index = false;
    }

    /// An explicit operand index such as `[2]`.
    fn read_index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let Some(length) = self.rest().iter().position(|&byte| byte == b']') else {
            self.good_index = false;
            self.pos += 1;
            return;
        };
        let inner = &self.rest()[1..length];
        self.pos += length + 1;
        let index = std::str::from_utf8(inner).ok().and_then(|text| text.parse::<usize>().ok());
        self.after_index = index.is_some();
        match index.and_then(|index| index.checked_sub(1)).filter(|&index| index < self.values.len()) {
            Some(index) => self.next = index,
            None => self.good_index = false,
        }
    }

    fn read_number(&mut self) -> Option<usize> {
        let length = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.rest()[..length]).ok()?;
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<i64>().ok().filter(|&number| number <= MAX_NUMBER);
        self.pos = if number.is_some() { self.pos + length } else { self.bytes.len() };
        number.and_then(|number| usize::try_from(number).ok())
    }

    /// The operand that a `*` takes, if it is an integer of reasonable size.
    fn number_operand(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        match value {
            Value::Int(_, number) if number.unsigned_abs() <= MAX_NUMBER.unsigned_abs() => Some(*number),
            _ => None,
        }
    }

    fn read_verb(&mut self) -> Option<char> {
        // No letter is longer; more would be looked at again for each verb.
        let head = &self.rest()[..self.rest().len().min(4)];
        let chunk = head.utf8_chunks().next()?;
        let verb = match chunk.valid().chars().next() {
            Some(verb) => verb,
            None => {
                self.pos += 1;
                return Some(char::REPLACEMENT_CHARACTER);
            }
        };
        self.pos += verb.len_utf8();
        Some(verb)
    }

    fn report_extra(&self, printer: &mut Printer<'_>) {
        let extra = self.values.get(self.next..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return;
        }
        printer.flags = Flags::default();
        printer.text("%!(EXTRA ");
        for (index, value) in extra.iter().enumerate() {
            if index > 0 {
                printer.text(", ");
            }
            if !value.is_nil() {
                printer.text(value.type_name());
                printer.text("=");
            }
            printer.print_argument(value, 'v');
        }
        printer.text(")");
    }
}

fn print_with_verb(printer: &mut Printer<'_>, value: &Value, verb: char) {
    // What cannot be wrapped has the flags of what can.
    if matches!(verb, 'v' | 'w') {
        let flags = &mut printer.flags;
        flags.sharp_v = std::mem::take(&mut flags.sharp);
        flags.plus_v = std::mem::take(&mut flags.plus);
    }
    printer.print_argument(value, verb);
}
