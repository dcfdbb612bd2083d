//! Integers and floating point numbers for a verb.

use super::hex_float;
use pilothouse_encoding::number::format_float;

use super::printer::{Flags, Printer};
use super::quote;

impl Printer<'_> {
    /// Prints an integer; false for a verb integers do not have.
    pub(super) fn print_int(&mut self, number: i64, unsigned: bool, verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v && unsigned => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.print_radix(number, unsigned, 16, 'x');
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.print_radix(number, unsigned, 10, verb),
            'b' => self.print_radix(number, unsigned, 2, verb),
            'o' | 'O' => self.print_radix(number, unsigned, 8, verb),
            'x' | 'X' => self.print_radix(number, unsigned, 16, verb),
            'c' => {
                let code = u32::try_from(number).ok().and_then(char::from_u32);
                let mut buffer = [0; 4];
                let text = code.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut buffer);
                self.pad(text.as_bytes());
            }
            'q' => {
                let text = quote::quoted_char(number, self.flags.plus);
                self.pad(text.as_bytes());
            }
            'U' => self.print_unicode(number),
            _ => return false,
        }
        true
    }

    fn print_radix(&mut self, number: i64, unsigned: bool, radix: u32, verb: char) {
        let negative = !unsigned && number < 0;
        let magnitude = if unsigned { number.cast_unsigned() } else { number.unsigned_abs() };
        let flags = self.flags;
        if radix == 10 && !negative && flags == Flags::default() {
            return self.text(&magnitude.to_string());
        }
        if flags.precision == Some(0) && magnitude == 0 {
            // Precision 0 of 0 prints nothing but padding.
            self.flags.zero = false;
            self.pad(b"");
            self.flags.zero = flags.zero;
            return;
        }
        let mut digits = match radix {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            10 => magnitude.to_string(),
            _ if verb == 'X' => format!("{magnitude:X}"),
            _ => format!("{magnitude:x}"),
        };
        let wanted = match (flags.precision, flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width - usize::from((negative || flags.plus || flags.space) && width > 0)
            }
            _ => 0,
        };
        if digits.len() < wanted {
            digits = format!("{}{digits}", "0".repeat(wanted - digits.len()));
        }
        let prefix = match (flags.sharp, radix) {
            (true, 2) => "0b",
            (true, 8) if !digits.starts_with('0') => "0",
            (true, 16) if verb == 'X' => "0X",
            (true, 16) => "0x",
            _ => "",
        };
        let octal = if verb == 'O' { "0o" } else { "" };
        let sign = match (negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        self.flags.zero = false;
        self.pad(format!("{sign}{octal}{prefix}{digits}").as_bytes());
        self.flags.zero = flags.zero;
    }

    fn print_unicode(&mut self, number: i64) {
        let flags = self.flags;
        let precision = flags.precision.unwrap_or(4).max(4);
        let code = number.cast_unsigned();
        let mut text = format!("U+{code:0precision$X}");
        let character = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(character) = character.filter(|&character| flags.sharp && quote::is_printable(character))
        {
            text.push_str(&format!(" '{character}'"));
        }
        self.flags.zero = false;
        self.pad(text.as_bytes());
        self.flags.zero = flags.zero;
    }

    /// Prints a floating point number; false for a verb they do not have.
    pub(super) fn print_float(&mut self, number: f64, verb: char) -> bool {
        let (form, precision) = match verb {
            'v' => ('g', None),
            'g' | 'G' => (verb, None),
            'f' | 'F' => ('f', Some(6)),
            'e' | 'E' => (verb, Some(6)),
            'x' | 'X' | 'b' => (verb, None),
            _ => return false,
        };
        let precision = self.flags.precision.or(precision);
        let text = if number.is_nan() {
            "NaN".to_owned()
        } else if number.is_infinite() {
            "Inf".to_owned()
        } else {
            let text = match form {
                'x' | 'X' => hex_float::hexadecimal(number.abs(), form == 'X', precision),
                'b' => hex_float::binary(number.abs()),
                form => format_float(number.abs(), form, precision),
            };
            self.with_sharp(text, form, precision)
        };
        let negative = number.is_sign_negative() && !number.is_nan();
        let sign = match (negative, self.flags.plus, self.flags.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ if number.is_infinite() && self.flags.plus => "+",
            _ if number.is_infinite() => "+",
            _ => "",
        };
        let flags = self.flags;
        if !number.is_finite() {
            self.flags.zero = false;
            self.pad(format!("{sign}{text}").as_bytes());
            self.flags.zero = flags.zero;
        } else if flags.zero && !flags.minus && !sign.is_empty() {
            self.text(sign);
            self.flags.width = flags.width.map(|width| width.saturating_sub(1));
            self.pad(text.as_bytes());
            self.flags.width = flags.width;
        } else if sign.is_empty() {
            self.pad(text.as_bytes());
        } else {
            self.pad(format!("{sign}{text}").as_bytes());
        }
        true
    }

    /// `%#g` and its like keep the decimal point and trailing zeros.
    fn with_sharp(&self, text: String, form: char, precision: Option<usize>) -> String {
        if !self.flags.sharp || form == 'b' {
            return text;
        }
        let ends = |letter: char| {
            matches!(letter, 'p' | 'P') || matches!(letter, 'e' | 'E') && form != 'x' && form != 'X'
        };
        let (mantissa, tail) = text.split_at(text.find(ends).unwrap_or(text.len()));
        let wanted = if matches!(form, 'g' | 'G' | 'x') { precision.unwrap_or(6) } else { 0 };
        // In the hexadecimal form, Go counts the x as well.
        let significant =
            mantissa.trim_start_matches(['0', '.']).chars().filter(|letter| *letter != '.').count();
        let mut missing = wanted.saturating_sub(significant);
        let mut mantissa = mantissa.to_owned();
        if !mantissa.contains('.') {
            missing = missing.saturating_sub(usize::from(mantissa == "0"));
            mantissa.push('.');
        }
        format!("{mantissa}{}{tail}", "0".repeat(missing))
    }

    /// Prints a complex number; false for a verb they do not have.
    pub(super) fn print_complex(&mut self, real: f64, imaginary: f64, verb: char) -> bool {
        if !matches!(verb, 'v' | 'g' | 'G' | 'f' | 'F' | 'e' | 'E' | 'x' | 'X' | 'b') {
            return false;
        }
        self.text("(");
        self.print_float(real, verb);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.print_float(imaginary, verb);
        self.flags.plus = plus;
        self.text("i)");
        true
    }
}
