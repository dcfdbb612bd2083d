//! How a string may be written: which styles its characters allow, and the one go-yaml v2 picks.

use super::resolve::{Resolved, is_base60, resolve_plain};

/// The style of a written scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
}

/// What the characters of a string allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    /// The string has line breaks (including U+2028 and U+2029).
    pub(super) multiline: bool,
    plain: bool,
    single_quoted: bool,
    literal: bool,
    tabs: bool,
}

impl Analysis {
    /// Looks at every character of `text` once.
    pub(super) fn of(text: &str) -> Self {
        if text.is_empty() || is_ordinary(text.as_bytes()) {
            let literal = !text.is_empty();
            return Self { multiline: false, plain: true, single_quoted: true, literal, tabs: false };
        }
        let mut scan = Scan::default();
        let mut previous = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            scan.character(previous, character, characters.peek().copied());
            previous = Some(character);
        }
        let indicators = scan.indicators || text.starts_with("---") || text.starts_with("...");
        let first = text.chars().next();
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let unquotable = scan.break_space || scan.space_break || scan.special || scan.tabs;
        Self {
            multiline: scan.line_breaks,
            plain: !(edge(first) || edge(previous) || unquotable || scan.line_breaks || indicators),
            single_quoted: !unquotable,
            literal: !(previous == Some(' ') || scan.space_break || scan.special),
            tabs: scan.tabs,
        }
    }

    /// The style go-yaml v2 writes `text` in.
    pub(super) fn style(&self, text: &str, simple_key: bool) -> Style {
        Self { literal: self.literal && !self.tabs, ..*self }.modern_style(text, simple_key)
    }

    /// The style go-yaml v3 writes `text` in: the same, but blocks may have tabs.
    pub(super) fn modern_style(&self, text: &str, simple_key: bool) -> Style {
        let wanted = if text.contains('\n') {
            Style::Literal
        } else if reads_back_as_text(text) {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
        match wanted {
            Style::Literal if self.literal && !simple_key => Style::Literal,
            Style::Plain if self.plain => Style::Plain,
            Style::Plain if self.single_quoted => Style::SingleQuoted,
            _ => Style::DoubleQuoted,
        }
    }
}

/// A line break as the emitter sees it; carriage return and U+0085 are breaks too but never written raw.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether go-yaml writes the character as it is. Characters outside the basic plane are not.
pub(super) fn is_printable(character: char) -> bool {
    matches!(
        character,
        '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}'
    )
}

/// Whether every style is allowed because nothing but ordinary characters is there, as in most texts.
fn is_ordinary(text: &[u8]) -> bool {
    let is_ordinary = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'#' | b':');
    text.first().is_some_and(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'_'))
        && text.iter().all(is_ordinary)
        && !text.ends_with(b" ")
}

/// Whether the unquoted text would be a string again.
fn reads_back_as_text(text: &str) -> bool {
    resolve_plain(text) == Resolved::Text && !is_base60(text)
}

/// Findings of the pass over the characters.
#[derive(Default)]
struct Scan {
    indicators: bool,
    line_breaks: bool,
    special: bool,
    tabs: bool,
    /// A break followed by a space.
    break_space: bool,
    /// A space followed by a break.
    space_break: bool,
}

impl Scan {
    fn character(&mut self, previous: Option<char>, character: char, next: Option<char>) {
        let before_blank = matches!(next, None | Some(' ' | '\t'));
        self.indicators |= match (previous, character) {
            (
                None,
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                | '`',
            ) => true,
            (None, '?' | '-') | (_, ':') => before_blank,
            (Some(previous), '#') => is_blank_or_break(previous),
            _ => false,
        };
        if character.is_ascii_graphic() {
            return;
        }
        self.tabs |= character == '\t';
        self.special |= character != '\t' && !is_printable(character);
        if character == ' ' {
            self.break_space |= previous.is_some_and(is_break);
        } else if is_break(character) {
            self.line_breaks = true;
            self.space_break |= previous == Some(' ');
        }
    }
}

fn is_blank_or_break(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\0') || is_break(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles() {
        let cases = [
            ("abc", Style::Plain),
            ("a b", Style::Plain),
            ("a:b", Style::Plain),
            ("a#b", Style::Plain),
            ("-a", Style::Plain),
            ("héllo ✓", Style::Plain),
            ("a: b", Style::SingleQuoted),
            ("a:", Style::SingleQuoted),
            ("a #b", Style::SingleQuoted),
            (" a", Style::SingleQuoted),
            ("a ", Style::SingleQuoted),
            ("- a", Style::SingleQuoted),
            ("---", Style::SingleQuoted),
            ("@a", Style::SingleQuoted),
            ("a\u{2028}b", Style::SingleQuoted),
            ("", Style::DoubleQuoted),
            ("yes", Style::DoubleQuoted),
            ("1", Style::DoubleQuoted),
            ("1:30", Style::DoubleQuoted),
            ("a\tb", Style::DoubleQuoted),
            ("😀", Style::DoubleQuoted),
            ("a\u{2028} b", Style::DoubleQuoted),
            ("a\nb", Style::Literal),
            ("a \nb", Style::DoubleQuoted),
            ("a\n b", Style::Literal),
            ("a\nb ", Style::DoubleQuoted),
            ("a\n\tb", Style::DoubleQuoted),
        ];
        for (text, expected) in cases {
            assert_eq!(Analysis::of(text).style(text, false), expected, "{text:?}");
        }
        assert_eq!(Analysis::of("a\nb").style("a\nb", true), Style::DoubleQuoted);
        assert_eq!(Analysis::of("a\n\tb").modern_style("a\n\tb", false), Style::Literal);
    }
}
