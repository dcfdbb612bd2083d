//! Prints one value for one verb (Go's `fmt` printer).

mod text;

use std::borrow::Borrow;

use crate::budget::{LimitError, TextBound};
use crate::time::named;
use crate::value::{Kind, List, MAX_VALUE_DEPTH, Map, Shape, Value};

/// The flags, width and precision of a verb.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// What stands for an address: Go's are never the same.
const ADDRESS: &str = "0xc000000000";

/// Writes values to a buffer.
pub(super) struct Printer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) flags: Flags,
    /// How long `out` may get.
    most: usize,
    bound: TextBound,
    /// A wrong verb is being reported, which must not itself use methods.
    reporting: bool,
    failure: Option<LimitError>,
}

impl<'o> Printer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, bound: TextBound) -> Self {
        let most = out.len().saturating_add(bound.most);
        Printer { out, flags: Flags::default(), most, bound, reporting: false, failure: None }
    }

    /// Whether a bound was passed, so that nothing more is printed.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether so many bytes more may be printed; if not, the print fails.
    fn has_room(&mut self, length: usize) -> bool {
        if self.failure.is_none() && length > self.most.saturating_sub(self.out.len()) {
            self.failure = Some(self.bound.error);
        }
        self.failure.is_none()
    }

    /// Whether everything was printed.
    pub(super) fn finish(self) -> Result<(), LimitError> {
        self.failure.map_or(Ok(()), Err)
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.out.extend_from_slice(bytes);
        }
    }

    /// Prints an operand.
    pub(super) fn print_argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad("<nil>".as_bytes()),
            (Value::Nil, verb) => self.bad_verb(value, verb),
            // Only errors can be wrapped, and only where one is made. Of bytes the numbers are asked whether they are one.
            (value, 'w') if !matches!(value, Value::Bytes(_)) => self.bad_verb(value, 'w'),
            (value, 'p') if value.is_nil_slice_or_map() => {
                self.text(if self.flags.sharp { "0" } else { "0x0" })
            }
            (value, 'p') if has_address(value) => self.text(ADDRESS),
            (value, 'T') => self.pad_truncated(value.type_name().as_bytes()),
            (value, verb) => self.print_value(value, verb, 0),
        }
    }

    /// Prints with `%v` what the operand is or points at.
    pub(super) fn print_pointed(&mut self, value: &Value) {
        if let Value::Native(object) = value
            && let (None, Shape::Struct(fields)) = (object.string(), object.shape())
        {
            return self.print_struct(object.type_name().trim_start_matches('*'), &fields, 'v', 0);
        }
        self.print_argument(value, 'v');
    }

    fn print_value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_VALUE_DEPTH {
            self.failure.get_or_insert(LimitError::ValueDepth(MAX_VALUE_DEPTH));
        }
        if self.has_failed() {
            return;
        }
        match value {
            // Only elements of interface type can be nil here, and they print the same for every verb.
            Value::Nil if self.flags.sharp_v => self.text("interface {}(nil)"),
            Value::Nil => self.text("<nil>"),
            Value::Bool(flag) if matches!(verb, 't' | 'v') => self.pad(flag.to_string().as_bytes()),
            Value::Bool(_) => self.bad_verb(value, verb),
            Value::Int(int_type, number) => {
                if self.uses_methods(verb)
                    && let Some(text) = named::text(*int_type, *number)
                {
                    self.print_string(text.as_bytes(), verb);
                    return;
                }
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
            Value::Bytes(bytes) => self.print_bytes(bytes, verb, depth),
            Value::List(list) => self.print_list(list, list.list_type().name(), verb, depth),
            Value::Map(map) => self.print_map(map, map.map_type().name(), verb, depth),
            Value::Native(object) => self.print_native(value, &**object, verb, depth),
        }
    }

    fn print_list(&mut self, list: &List, type_name: &str, verb: char, depth: usize) {
        self.print_slice(type_name, list.is_nil(), list.items().iter(), verb, depth);
    }

    /// Prints the elements of a list or of bytes.
    fn print_slice<V: Borrow<Value>>(
        &mut self,
        type_name: &str,
        is_nil: bool,
        items: impl Iterator<Item = V>,
        verb: char,
        depth: usize,
    ) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.text(type_name);
            if is_nil {
                return self.text("(nil)");
            }
        }
        self.text(if sharp { "{" } else { "[" });
        for (index, item) in items.enumerate() {
            if self.has_failed() {
                return;
            }
            if index > 0 {
                self.text(if sharp { ", " } else { " " });
            }
            self.print_value(item.borrow(), verb, depth + 1);
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
            if self.has_failed() {
                return;
            }
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
        if self.uses_methods(verb)
            && let Some(text) = object.string()
        {
            self.print_string(text.as_bytes(), verb);
            return;
        }
        if self.flags.sharp_v
            && !self.reporting
            && let Some(text) = object.go_string()
        {
            return self.pad_truncated(text.as_bytes());
        }
        if object.is_nil_pointer() {
            if !self.print_nil_pointer(object.type_name(), verb) {
                self.bad_verb(value, verb);
            }
            return;
        }
        match object.shape() {
            Shape::List(list) => self.print_list(&list, object.type_name(), verb, depth),
            Shape::Map(map) => self.print_map(&map, object.type_name(), verb, depth),
            Shape::Struct(_) if depth > 0 && value.kind() == Kind::Ptr && self.flags.sharp_v => {
                self.text(&format!("({})({ADDRESS})", object.type_name()));
            }
            Shape::Struct(_) if depth > 0 && value.kind() == Kind::Ptr => match verb {
                'v' | 'p' | 'b' | 'o' | 'd' | 'x' | 'X' => self.text(ADDRESS),
                _ => self.bad_verb(value, verb),
            },
            Shape::Struct(fields) => self.print_struct(object.type_name(), &fields, verb, depth),
        }
    }

    /// Whether a `String` method is asked for the verb.
    fn uses_methods(&self, verb: char) -> bool {
        !self.reporting && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    /// Prints a pointer to nothing; false for a verb that does not fit.
    fn print_nil_pointer(&mut self, type_name: &str, verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v => self.text(&format!("({type_name})(nil)")),
            'v' => self.pad("<nil>".as_bytes()),
            'b' | 'o' | 'd' | 'x' | 'X' => return self.print_int(0, true, verb),
            _ => return false,
        }
        true
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
}

/// Whether Go prints the address of the value for `%p`.
fn has_address(value: &Value) -> bool {
    matches!(value.kind(), Kind::Ptr | Kind::Map | Kind::Slice)
}
