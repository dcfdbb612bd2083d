//! Strings and other values without parts.

use crate::format::quote::quoted;
use crate::value::Value;

use super::number;
use super::parse::Parser;
use super::scan::{Scanned, is_space, shown};

impl Parser<'_, '_> {
    /// A string, number, bool or time.
    pub(super) fn scalar(&mut self) -> Scanned<Value> {
        let start = self.scanner.position();
        match self.scanner.peek()? {
            Some(next) if next.is_ascii_digit() => self.number_or_time(),
            Some(quote @ ('"' | '\'')) => self.string(quote),
            Some('+' | '-') => self.signed_number(),
            Some('.') => {
                self.scanner.next()?;
                Err(self.scanner.failure("floats must start with a digit, not '.'"))
            }
            Some(first @ ('i' | 'n')) => {
                self.scanner.next()?;
                let (second, third) = ('n', 'f');
                let is_float = (self.scanner.accept(second)? && self.scanner.accept(third)?)
                    || (self.scanner.accept('a')? && self.scanner.accept('n')?);
                if is_float { self.float(start) } else { self.word(first) }
            }
            Some(next) if next.is_alphabetic() => self.word_from(start),
            found => {
                self.scanner.next()?;
                Err(match found {
                    None => self.scanner.failure_at(None, "unexpected EOF; expected value"),
                    Some('\n') => self
                        .scanner
                        .failure_before(format!("expected value but found {} instead", shown(found))),
                    _ => self.scanner.failure(format!("expected value but found {} instead", shown(found))),
                })
            }
        }
    }

    /// A word whose first character has been taken, with what follows.
    fn word(&mut self, first: char) -> Scanned<Value> {
        let start = self.scanner.position() - first.len_utf8();
        // The library goes back by one character only, so the word begins with the last one it tried.
        self.word_from(start)
    }

    fn word_from(&mut self, start: usize) -> Scanned<Value> {
        self.scanner.skip(char::is_alphabetic)?;
        let word = self.scanner.text_since(start);
        match word.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => {
                let shown = quoted(word.as_bytes());
                Err(self.scanner.failure(format!("expected value but found {shown} instead")))
            }
        }
    }

    fn signed_number(&mut self) -> Scanned<Value> {
        let start = self.scanner.position();
        self.scanner.next()?;
        let first = self.scanner.next()?;
        match first {
            Some(letter @ ('i' | 'n')) => {
                let (second, third) = if letter == 'i' { ('n', 'f') } else { ('a', 'n') };
                if self.scanner.accept(second)? && self.scanner.accept(third)? {
                    return self.float(start);
                }
                let message = format!("invalid float: '{}'", self.scanner.text_since(start));
                Err(self.scanner.failure(message))
            }
            Some('0') if matches!(self.scanner.peek()?, Some('b' | 'o' | 'x')) => {
                let read = self.scanner.text_since(start);
                let base = self.scanner.peek()?.unwrap_or_default();
                Err(self.scanner.failure(format!("cannot use sign with non-decimal numbers: '{read}{base}'")))
            }
            Some('.') => Err(self.scanner.failure("floats must start with a digit, not '.'")),
            Some(digit) if digit.is_ascii_digit() => self.decimal(start),
            found => {
                Err(self.scanner.failure_at(found, format!("expected a digit but got {}", shown(found))))
            }
        }
    }

    /// The rest of a number without a base.
    fn decimal(&mut self, start: usize) -> Scanned<Value> {
        self.scanner.skip(|next| next.is_ascii_digit() || next == '_')?;
        if matches!(self.scanner.peek()?, Some('.' | 'e' | 'E')) {
            return self.float_from(start);
        }
        self.integer(start)
    }

    fn float_from(&mut self, start: usize) -> Scanned<Value> {
        self.scanner
            .skip(|next| next.is_ascii_digit() || matches!(next, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        self.float(start)
    }

    fn number_or_time(&mut self) -> Scanned<Value> {
        let start = self.scanner.position();
        if self.scanner.accept('0')?
            && let Some(base @ ('b' | 'o' | 'x')) = self.scanner.peek()?
        {
            return self.based_integer(start, base);
        }
        self.scanner.skip(|next| next.is_ascii_digit())?;
        // A zero of its own begins no time.
        let may_be_time = self.scanner.since(start) != b"0";
        match self.scanner.peek()? {
            Some('-' | ':') if may_be_time => self.time(start),
            Some('_') => self.decimal(start),
            Some('.' | 'e' | 'E') => self.float_from(start),
            _ => self.integer(start),
        }
    }

    fn based_integer(&mut self, start: usize, base: char) -> Scanned<Value> {
        self.scanner.next()?;
        let (is_digit, name): (fn(char) -> bool, &str) = match base {
            'b' => (|next| matches!(next, '0' | '1'), "a binary"),
            'o' => (|next| matches!(next, '0'..='7'), "an octal"),
            _ => (|next| next.is_ascii_hexdigit(), "a hexadecimal"),
        };
        let found = self.scanner.peek()?;
        if !found.is_some_and(is_digit) {
            let read = self.scanner.text_since(start);
            let message = format!("not {name} number: '{read}{}'", found.unwrap_or('\0'));
            return Err(self.scanner.failure(message));
        }
        match base {
            'b' => self.scanner.skip(|next| matches!(next, '0' | '1' | '_'))?,
            'o' => self.scanner.skip(|next| matches!(next, '0'..='7' | '_'))?,
            _ => self.scanner.skip(|next| next.is_ascii_hexdigit() || next == '_')?,
        }
        self.integer(start)
    }

    fn time(&mut self, start: usize) -> Scanned<Value> {
        self.scanner.skip(|next| {
            next.is_ascii_digit() || matches!(next, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
        })?;
        let text = self.scanner.text_since(start);
        number::datetime(text.trim()).map_err(|message| self.scanner.failure(message))
    }

    fn integer(&mut self, start: usize) -> Scanned<Value> {
        let text = self.scanner.text_since(start);
        number::integer(&text).map_err(|message| self.scanner.failure(message))
    }

    fn float(&mut self, start: usize) -> Scanned<Value> {
        let text = self.scanner.text_since(start);
        number::float(&text).map_err(|message| self.scanner.failure(message))
    }

    /// A string of one or several lines.
    fn string(&mut self, quote: char) -> Scanned<Value> {
        self.scanner.next()?;
        if !self.scanner.accept(quote)? {
            return self.short_string(quote).map(Value::from);
        }
        if self.scanner.accept(quote)? {
            return self.long_string(quote).map(Value::from);
        }
        Ok("".into())
    }

    /// The rest of a string of one line.
    pub(super) fn short_string(&mut self, quote: char) -> Scanned<String> {
        let (start, mut out) = (self.scanner.position(), String::new());
        loop {
            let next = self.scanner.next()?;
            match next {
                None => {
                    let wanted = if quote == '"' { "'\"'" } else { "\"'\"" };
                    return Err(self.scanner.failure_at(None, format!("unexpected EOF; expected {wanted}")));
                }
                Some('\n' | '\r') => {
                    return Err(self.scanner.failure_before("strings cannot contain newlines"));
                }
                Some('\\') if quote == '"' => self.escape(start, &mut out)?,
                Some(next) if next == quote => return Ok(out),
                Some(next) => out.push(next),
            }
        }
    }

    /// The rest of a string of several lines.
    fn long_string(&mut self, quote: char) -> Scanned<String> {
        let (start, mut out) = (self.scanner.position(), String::new());
        let mut is_first = true;
        loop {
            let Some(next) = self.scanner.next()? else {
                let wanted = if quote == '"' { "'\"\"\"'" } else { "\"'''\"" };
                return Err(self.scanner.failure_at(None, format!("unexpected EOF; expected {wanted}")));
            };
            match next {
                '\r' if is_first => continue,
                '\n' if is_first => {}
                '\\' if quote == '"' => {
                    if !self.line_continues()? {
                        self.escape(start, &mut out)?;
                    }
                }
                next if next == quote => {
                    let mut quotes = 1;
                    while quotes < 6 && self.scanner.accept(quote)? {
                        quotes += 1;
                    }
                    if quotes >= 3 {
                        let inner = quotes - 3;
                        if inner > 2 {
                            let six = quote.to_string().repeat(6);
                            let around = if quote == '"' { '\'' } else { '"' };
                            let message = format!("unexpected {around}{six}{around}");
                            return Err(self.scanner.failure(message));
                        }
                        out.extend(std::iter::repeat_n(quote, inner));
                        return Ok(out);
                    }
                    out.extend(std::iter::repeat_n(quote, quotes));
                }
                next => out.push(next),
            }
            is_first = false;
        }
    }

    /// Skips blanks and lines after a backslash that ends its line.
    fn line_continues(&mut self) -> Scanned<bool> {
        let rest = self.scanner.rest();
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        if !rest[..blanks].contains(&b'\n') {
            return Ok(false);
        }
        self.scanner.skip(is_space)?;
        Ok(true)
    }

    /// An escape whose backslash has been read, in the string that begins at `start`.
    fn escape(&mut self, start: usize, out: &mut String) -> Scanned<()> {
        let found = self.scanner.next()?;
        let character = match found {
            Some('e') => '\x1b',
            Some('b') => '\x08',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('f') => '\x0c',
            Some('r') => '\r',
            Some(next @ ('"' | '\\')) => next,
            Some(next @ (' ' | '\t')) => {
                return Err(self.scanner.failure(format!("invalid escape: '\\{next}'")));
            }
            Some('x') => self.hexadecimal(start, 2, "two", 'x')?,
            Some('u') => self.hexadecimal(start, 4, "four", 'u')?,
            Some('U') => self.hexadecimal(start, 8, "eight", 'U')?,
            found => {
                let message = format!("invalid escape in string '\\{}'", found.unwrap_or('\0'));
                return Err(match found {
                    None => self.scanner.failure_before(message),
                    Some(_) => self.scanner.failure(message),
                });
            }
        };
        out.push(character);
        Ok(())
    }

    fn hexadecimal(&mut self, string: usize, count: usize, name: &str, letter: char) -> Scanned<char> {
        let start = self.scanner.position();
        for _ in 0..count {
            let found = self.scanner.next()?;
            if !found.is_some_and(|found| found.is_ascii_hexdigit()) {
                let wanted = format!("expected {name} hexadecimal digits after '\\{letter}'");
                let read = quoted(self.scanner.since(string));
                return Err(self.scanner.failure_at(found, format!("{wanted}, but got {read} instead")));
            }
        }
        let digits = self.scanner.text_since(start);
        u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(|| {
            self.scanner.failure(format!("Escaped character '\\u{digits}' is not valid UTF-8."))
        })
    }
}
