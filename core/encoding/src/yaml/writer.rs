//! The text under construction: columns, indentation and the four scalar styles.

use std::fmt::Write as _;

use super::scalar::{Style, is_break, is_printable};

const INDENT: usize = 2;
/// Scalars fold at the first space behind this column.
const WIDTH: usize = 80;

/// What lines are indented with.
const BLANKS: &str = "                                ";

/// Text with the position of its end.
pub(super) struct Writer {
    out: String,
    column: usize,
    /// The current indentation; `None` outside the root node.
    indent: Option<usize>,
    /// The last character was a blank (or nothing was written yet).
    whitespace: bool,
    /// Only indentation and `-`, `?`, `:` indicators stand on the line.
    indention: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self { out: String::new(), column: 0, indent: None, whitespace: true, indention: true }
    }
}

impl Writer {
    /// The text, ended by a line break.
    pub(super) fn finish(mut self) -> String {
        self.indent = None;
        self.indent();
        self.out
    }

    /// Whether a block collection may begin on the current line.
    pub(super) fn at_indention(&self) -> bool {
        self.indention
    }

    /// Goes one level down; returns what [`Self::restore_indent`] needs.
    pub(super) fn increase_indent(&mut self, indentless: bool) -> Option<usize> {
        let outer = self.indent;
        self.indent = match outer {
            None => Some(0),
            Some(indent) if indentless => Some(indent),
            Some(indent) => Some(indent + INDENT),
        };
        outer
    }

    /// Goes back to the level outside.
    pub(super) fn restore_indent(&mut self, outer: Option<usize>) {
        self.indent = outer;
    }

    /// Moves to the current indentation, on a new line unless only indentation was written so far.
    pub(super) fn indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break('\n');
        }
        while self.column < indent {
            let blanks = &BLANKS[..BLANKS.len().min(indent - self.column)];
            self.out.push_str(blanks);
            self.column += blanks.len();
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Writes `-`, `?`, `:` or a quote.
    pub(super) fn indicator(&mut self, text: &str, need_whitespace: bool, keeps_indention: bool) {
        if need_whitespace && !self.whitespace {
            self.push(' ');
        }
        self.push_run(text);
        self.whitespace = false;
        self.indention = self.indention && keeps_indention;
    }

    /// Writes `[]` or `{}`.
    pub(super) fn empty_collection(&mut self, open: &str, close: &str) {
        self.indicator(open, true, false);
        self.indicator(close, false, false);
    }

    /// Writes text that needs no quotes and has no spaces.
    pub(super) fn bare(&mut self, text: &str) {
        self.indicator(text, true, false);
    }

    /// Writes a string in `style`; `fold` allows line breaks at spaces.
    pub(super) fn scalar(&mut self, text: &str, style: Style, fold: bool) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(INDENT, |indent| indent + INDENT));
        match style {
            Style::Plain => self.plain(text, fold),
            Style::SingleQuoted => self.single_quoted(text, fold),
            Style::DoubleQuoted => self.double_quoted(text, fold),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    fn plain(&mut self, text: &str, fold: bool) {
        if !self.whitespace {
            self.push(' ');
        }
        if !fold || self.column + text.len() <= WIDTH {
            self.push_run(text);
        } else {
            self.folded_words(text);
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// Words between single spaces; a space behind the width becomes a line break unless another follows.
    fn folded_words(&mut self, text: &str) {
        let mut after_space = false;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(' ').unwrap_or(rest.len());
            if end > 0 {
                self.push_run(&rest[..end]);
                self.indention = false;
                after_space = false;
                rest = &rest[end..];
                continue;
            }
            rest = &rest[1..];
            if !after_space && self.column > WIDTH && !rest.starts_with(' ') {
                self.indent();
            } else {
                self.push(' ');
            }
            after_space = true;
        }
    }

    fn single_quoted(&mut self, text: &str, fold: bool) {
        self.indicator("'", true, false);
        let (mut after_space, mut after_break) = (false, false);
        for (index, character) in text.char_indices() {
            if character == ' ' {
                let inside = index > 0 && index < text.len() - 1;
                let more = text[index + 1..].starts_with(' ');
                if fold && !after_space && self.column > WIDTH && inside && !more {
                    self.indent();
                } else {
                    self.push(' ');
                }
                after_space = true;
            } else if is_break(character) {
                self.line_break(character);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.indent();
                }
                if character == '\'' {
                    self.push('\'');
                }
                self.push(character);
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
        }
        self.indicator("'", false, false);
    }

    fn double_quoted(&mut self, text: &str, fold: bool) {
        self.indicator("\"", true, false);
        // go-yaml looks for the byte order mark at the beginning of the text instead of at each character.
        let escape_all = text.starts_with('\u{feff}');
        let mut after_space = false;
        for (index, character) in text.char_indices() {
            let raw = is_printable(character) && !is_break(character) && !matches!(character, '"' | '\\');
            if escape_all || !raw {
                self.escape(character);
                after_space = false;
            } else if character == ' ' {
                let inside = index > 0 && index < text.len() - 1;
                if fold && !after_space && self.column > WIDTH && inside {
                    self.indent();
                    if text[index + 1..].starts_with(' ') {
                        self.push('\\');
                    }
                } else {
                    self.push(' ');
                }
                after_space = true;
            } else {
                self.push(character);
                after_space = false;
            }
        }
        self.indicator("\"", false, false);
    }

    fn escape(&mut self, character: char) {
        let start = self.out.len();
        let code = u32::from(character);
        let short = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => '\0',
        };
        // Writing to a string cannot fail.
        let _ = match (short, code) {
            ('\0', 0..=0xff) => write!(self.out, "\\x{code:02X}"),
            ('\0', 0x100..=0xffff) => write!(self.out, "\\u{code:04X}"),
            ('\0', _) => write!(self.out, "\\U{code:08X}"),
            (letter, _) => write!(self.out, "\\{letter}"),
        };
        self.column += self.out.len() - start;
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false);
        if text.starts_with(|c: char| c == ' ' || is_break(c)) {
            self.push_run("2");
        }
        let mut backwards = text.chars().rev();
        if !backwards.next().is_some_and(is_break) {
            self.push_run("-");
        } else if backwards.next().is_none_or(is_break) {
            self.push_run("+");
        }
        self.line_break('\n');
        self.indention = true;
        self.whitespace = true;
        for line in text.split_inclusive(is_break) {
            let content = line.trim_end_matches(is_break);
            if !content.is_empty() {
                self.indent();
                self.push_run(content);
                self.indention = false;
            }
            if let Some(end) = line.chars().next_back().filter(|c| is_break(*c)) {
                self.line_break(end);
                self.indention = true;
            }
        }
    }

    fn line_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
    }

    fn push(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn push_run(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }
}
