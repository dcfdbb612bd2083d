//! Prints one value for one verb (Go's `fmt` printer).

use crate::budget::LimitError;
use crate::value::{Kind, List, MAX_VALUE_DEPTH, Map, Shape, Value};

use super::quote;

/// Bytes a single print may produce. Shared parts of a value print once for each place they appear in.
pub(super) const MAX_PRINTED: usize = 16 << 20;

/// The flags, width and precision of a verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
}

/// Writes values to a buffer.
pub(super) struct Printer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) flags: Flags,
    start: usize,
    /// A wrong verb is being reported, which must not itself use methods.
    reporting: bool,
    failure: Option<LimitError>,
}

impl<'o> Printer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Printer { out, flags: Flags::default(), start, reporting: false, failure: None }
    }

    /// Whether so much was printed that nothing more may be.
    pub(super) fn is_full(&mut self) -> bool {
        let full = self.out.len() - self.start > MAX_PRINTED;
        if full {
            self.failure = Some(LimitError::Bytes(MAX_PRINTED as u64));
        }
        full
    }

    /// Whether everything was printed.
    pub(super) fn finish(self) -> Result<(), LimitError> {
        self.failure.map_or(Ok(()), Err)
    }

    pub(super) fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Prints an operand.
    pub(super) fn print_argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad("<nil>".as_bytes()),
            (Value::Nil, verb) => self.bad_verb(value, verb),
            // Only errors can be wrapped, and only where one is made.
            (value, 'w') => self.bad_verb(value, 'w'),
            (value, 'T') => self.pad_truncated(value.type_name().as_bytes()),
            (value, verb) => self.print_value(value, verb, 0),
        }
    }

    fn print_value(&mut self, value: &Value, verb: char, depth: usize) {
        if self.failure.is_some() || !self.may_continue(depth) {
            return;
        }
        match value {
            // Only elements of interface type can be nil here, and they print the same for every verb.
            Value::Nil if self.flags.sharp_v => self.text("interface {}(nil)"),
            Value::Nil => self.text("<nil>"),
            Value::Bool(flag) if matches!(verb, 't' | 'v') => self.pad(flag.to_string().as_bytes()),
            Value::Bool(_) => self.bad_verb(value, verb),
            Value::Int(int_type, number) => {
                if !self.print_int(*number, int_type.is_unsigned(), verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Float(number) => {
                if !self.print_float(*number, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Complex(real, imaginary) => {
                if !self.print_complex(*real, *imaginary, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::String(text) => {
                if !self.print_string(text.as_bytes(), verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Bytes(bytes) => self.print_bytes(value, bytes, verb),
            Value::List(list) => self.print_list(list, list.list_type().name(), verb, depth),
            Value::Map(map) => self.print_map(map, map.map_type().name(), verb, depth),
            Value::Native(object) => self.print_native(value, &**object, verb, depth),
        }
    }

    fn may_continue(&mut self, depth: usize) -> bool {
        if depth > MAX_VALUE_DEPTH {
            self.failure = Some(LimitError::ValueDepth(MAX_VALUE_DEPTH));
        } else if self.out.len() - self.start > MAX_PRINTED {
            self.failure = Some(LimitError::Bytes(MAX_PRINTED as u64));
        }
        self.failure.is_none()
    }

    /// Prints a string for a string verb; false for any other verb.
    fn print_string(&mut self, bytes: &[u8], verb: char) -> bool {
        match verb {
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
        let mut quoted = String::with_capacity(bytes.len() + 2);
        if self.flags.sharp && quote::can_backquote(bytes) {
            quoted = format!("`{}`", String::from_utf8_lossy(bytes));
        } else {
            quote::write_quoted(&mut quoted, bytes, '"', self.flags.plus);
        }
        self.pad(quoted.as_bytes());
    }

    fn print_hex(&mut self, bytes: &[u8], digits: &[u8; 16]) {
        let bytes = &bytes[..self.flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
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
        // Go pads hexadecimal text with spaces only, unless there is none.
        let zero = self.flags.zero;
        self.flags.zero = zero && text.is_empty();
        self.pad(&text);
        self.flags.zero = zero;
    }

    fn print_bytes(&mut self, value: &Value, bytes: &[u8], verb: char) {
        match verb {
            'v' if self.flags.sharp_v => {
                let items: Vec<String> = bytes.iter().map(|byte| format!("{byte:#x}")).collect();
                self.text(&format!("[]byte{{{}}}", items.join(", ")));
            }
            'v' | 'd' => {
                let items: Vec<String> = bytes.iter().map(u8::to_string).collect();
                self.text(&format!("[{}]", items.join(" ")));
            }
            's' | 'x' | 'X' | 'q' => {
                self.print_string(bytes, verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn print_list(&mut self, list: &List, type_name: &str, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.text(type_name);
            if list.is_nil() {
                return self.text("(nil)");
            }
        }
        self.text(if sharp { "{" } else { "[" });
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.text(if sharp { ", " } else { " " });
            }
            self.print_value(item, verb, depth + 1);
        }
        self.text(if sharp { "}" } else { "]" });
    }

    fn print_map(&mut self, map: &Map, type_name: &str, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.text(type_name);
        }
        if sharp && map.is_nil() {
            self.text("(nil)");
            return;
        }
        self.text(if sharp { "{" } else { "map[" });
        for (index, (key, value)) in map.entries().iter().enumerate() {
            if index > 0 {
                self.text(if sharp { ", " } else { " " });
            }
            if !self.print_string(key.as_bytes(), verb) {
                self.bad_verb(&Value::from(&**key), verb);
            }
            self.text(":");
            self.print_value(value, verb, depth + 1);
        }
        self.text(if sharp { "}" } else { "]" });
    }

    fn print_native(&mut self, value: &Value, object: &dyn crate::value::Object, verb: char, depth: usize) {
        let by_method = !self.reporting && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
        if by_method && let Some(text) = object.string() {
            self.print_string(text.as_bytes(), verb);
            return;
        }
        match object.shape() {
            Shape::List(list) => self.print_list(&list, object.type_name(), verb, depth),
            Shape::Map(map) => self.print_map(&map, object.type_name(), verb, depth),
            Shape::Struct(_) if depth > 0 && value.kind() == Kind::Ptr => self.text("0xc000000000"),
            Shape::Struct(fields) => self.print_struct(object.type_name(), &fields, verb, depth),
        }
    }

    fn print_struct(&mut self, type_name: &str, fields: &[(&'static str, Value)], verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if let Some(type_name) = type_name.strip_prefix('*') {
            self.text("&");
            self.text(if sharp { type_name } else { "" });
        } else if sharp {
            self.text(type_name);
        }
        self.text("{");
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                self.text(if sharp { ", " } else { " " });
            }
            if sharp || self.flags.plus_v {
                self.text(name);
                self.text(":");
            }
            self.print_value(value, verb, depth + 1);
        }
        self.text("}");
    }

    /// Reports a verb that does not fit the value.
    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.reporting = true;
        self.text(&format!("%!{verb}("));
        if value.is_nil() {
            self.text("<nil>");
        } else {
            self.text(value.type_name());
            self.text("=");
            self.print_value(value, 'v', 0);
        }
        self.text(")");
        self.reporting = false;
    }

    /// Writes text cut to the precision, filled up to the width.
    pub(super) fn pad_truncated(&mut self, bytes: &[u8]) {
        self.pad(truncate(bytes, self.flags.precision));
    }

    /// Writes text filled up to the width.
    pub(super) fn pad(&mut self, bytes: &[u8]) {
        let Some(width) = self.flags.width else {
            self.out.extend_from_slice(bytes);
            return;
        };
        let fill = width.saturating_sub(String::from_utf8_lossy(bytes).chars().count());
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
