//! Go's `fmt`: how values print.

mod hex_float;
mod number;
mod printer;
pub(crate) mod quote;
mod verbs;

use crate::budget::{LimitError, TextBound};
use crate::value::Value;

use printer::Printer;

/// A text in double quotes, as Go's `strconv.Quote` writes it.
#[must_use]
pub fn go_quote(text: &str) -> String {
    quote::quoted(text.as_bytes())
}

/// Appends a value to a text.
type Write = fn(&mut Vec<u8>, &Value, TextBound) -> Result<(), LimitError>;

/// The Go `%v` text of a value; what cannot be printed in full is cut off. For messages.
pub(crate) fn value_text(value: &Value) -> String {
    in_message(value, write_value)
}

/// A value as an action shows it; what cannot be printed in full is cut off. For messages.
pub(crate) fn shown_text(value: &Value) -> String {
    in_message(value, write_shown)
}

fn in_message(value: &Value, write: Write) -> String {
    let mut out = Vec::new();
    // A message may be shorter than the value.
    let _ = write(&mut out, value, TextBound::PRINTED);
    crate::value::lossy(&out).into_owned()
}

/// Appends the `%v` form of a value.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value, bound: TextBound) -> Result<(), LimitError> {
    let mut printer = Printer::new(out, bound);
    printer.print_argument(value, 'v');
    printer.finish()
}

/// Appends a value as an action shows it: of a pointer, what it points at.
pub(crate) fn write_shown(out: &mut Vec<u8>, value: &Value, bound: TextBound) -> Result<(), LimitError> {
    let mut printer = Printer::new(out, bound);
    printer.print_pointed(value);
    printer.finish()
}

/// `fmt.Sprint`: spaces between operands when neither is a string.
pub(crate) fn sprint(values: &[Value], bound: TextBound) -> Result<Vec<u8>, LimitError> {
    joined(values, bound, write_value)
}

/// [`sprint`] of values as actions show them.
pub(crate) fn sprint_shown(values: &[Value], bound: TextBound) -> Result<Vec<u8>, LimitError> {
    joined(values, bound, write_shown)
}

fn joined(values: &[Value], bound: TextBound, write: Write) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::new();
    let mut after_string = true;
    for (index, value) in values.iter().enumerate() {
        let is_string = matches!(value, Value::String(_));
        if index > 0 && !is_string && !after_string {
            out.push(b' ');
        }
        let left = bound.behind(out.len());
        write(&mut out, value, left)?;
        after_string = is_string;
    }
    Ok(out)
}

/// `fmt.Sprintln`: spaces between all operands and a newline at the end.
pub(crate) fn sprintln(values: &[Value], bound: TextBound) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let left = bound.behind(out.len());
        write_value(&mut out, value, left)?;
    }
    out.push(b'\n');
    Ok(out)
}

/// `fmt.Sprintf`.
pub(crate) fn sprintf(format: &[u8], values: &[Value], bound: TextBound) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::with_capacity(format.len().min(bound.most) + 16);
    let mut printer = Printer::new(&mut out, bound);
    verbs::print(&mut printer, format, values);
    printer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, values: &[Value], expected: &str) {
        let out = sprintf(format.as_bytes(), values, TextBound::PRINTED).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), expected, "{format}");
    }

    #[test]
    fn integers() {
        let int = Value::int;
        check("%d|%5d|%-5d|%05d|%+d|% d", &[42, 42, 42, 42, 42, 42].map(int), "42|   42|42   |00042|+42| 42");
        check("%x|%X|%#x|%o|%#o|%b|%O", &[255, 255, 255, 8, 8, 5, 8].map(int), "ff|FF|0xff|10|010|101|0o10");
        check(
            "%c|%q|%U|%#U|%.3d|%8.3d",
            &[65, 65, 233, 233, 7, 7].map(int),
            "A|'A'|U+00E9|U+00E9 'é'|007|     007",
        );
        check("%x|%d", &[-255, i64::MIN].map(int), "-ff|-9223372036854775808");
    }

    #[test]
    fn mistakes_print_as_go_prints_them() {
        check("%d", &["x".into()], "%!d(string=x)");
        check("%08x|%-8x|", &["yes".into(), "yes".into()], "00796573|796573  |");
        check("%#w|%w", &["".into(), "x".into()], "%!w(string=\"\")|%!w(string=x)");
        check("%p|%p", &[Value::list(vec![]), Value::int(1)], "0xc000000000|%!p(int=1)");
        check("%s", &[Value::int(1)], "%!s(int=1)");
        check("%s", &[Value::Nil], "%!s(<nil>)");
        check("%d %d", &[Value::int(1)], "1 %!d(MISSING)");
        check("x", &[Value::int(1), Value::Nil], "x%!(EXTRA int=1, <nil>)");
        check("%", &[], "%!(NOVERB)");
        check("%,d", &[Value::int(1)], "%!,(int=1)d");
        check("%[3]d", &[Value::int(1)], "%!d(BADINDEX)");
        check("%*d", &["w".into(), Value::int(1)], "%!(BADWIDTH)1");
        check("%s", &[Value::list(vec![Value::int(1), Value::Nil])], "[%!s(int=1) <nil>]");
    }

    #[test]
    fn containers_and_flags() {
        let list = Value::list(vec![Value::int(1), "a".into(), Value::Nil]);
        check(
            "%v|%#v|%T",
            &[list.clone(), list.clone(), list],
            "[1 a <nil>]|[]interface {}{1, \"a\", interface {}(nil)}|[]interface {}",
        );
        check("%[2]d %[1]d|%[1]*d", &[Value::int(3), Value::int(2)], "2 3|  2");
        check(
            "%6.2f|%-8.1f|%08.2f|%+.1f|%e|%g|%G",
            &[12.345, 2.5, 3.25159, 1.0, 12345.678, 1e21, 1e-7].map(Value::Float),
            " 12.35|2.5     |00003.25|+1.0|1.234568e+04|1e+21|1E-07",
        );
        check(
            "%q|%+q|%#q|%x|% x|%.2s|%5.1s",
            &["a\"b", "é", "bq", "hi", "hi", "abc", "xyz"].map(Value::from),
            "\"a\\\"b\"|\"\\u00e9\"|`bq`|6869|68 69|ab|    x",
        );
        check("%t|%v", &[Value::Bool(true), Value::Complex(0.0, 1.0)], "true|(0+1i)");
    }

    #[test]
    fn spaces_of_print_and_println() {
        let values = [Value::int(1), Value::int(2), "a".into(), "b".into(), Value::int(3), Value::Nil];
        assert_eq!(sprint(&values, TextBound::PRINTED).unwrap(), b"1 2ab3 <nil>");
        assert_eq!(sprintln(&values, TextBound::PRINTED).unwrap(), b"1 2 a b 3 <nil>\n");
    }

    #[test]
    fn widths_are_within_the_bound() {
        let bound = TextBound { most: 1000, error: LimitError::Bytes(1000) };
        let print = |format: &str| sprintf(format.as_bytes(), &[Value::int(1), "x".into()], bound);
        assert_eq!(print("%900d%s").map(|out| out.len()), Ok(901));
        for format in ["%1001d%s", "%900d%200s", "%.1001d%s", "%01001d%s", "%s%1001v", "%-600d%-600q"] {
            assert_eq!(print(format), Err(LimitError::Bytes(1000)), "{format}");
        }
        assert_eq!(print(&"x".repeat(1001)), Err(LimitError::Bytes(1000)));
    }

    #[test]
    fn a_map_in_itself_does_not_print() {
        let value = Value::map(crate::value::Entries::new());
        value.as_map().unwrap().insert("self".into(), value.clone());
        assert_eq!(
            sprint(std::slice::from_ref(&value), TextBound::PRINTED),
            Err(LimitError::ValueDepth(crate::value::MAX_VALUE_DEPTH))
        );
        value.as_map().unwrap().remove("self");
    }
}
