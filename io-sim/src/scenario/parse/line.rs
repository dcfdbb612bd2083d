//! The words of a line, with the columns where they stand.

use std::collections::VecDeque;
use std::iter::Peekable;

pub(super) use crate::scenario::print::is_plain;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Counted from 1.
    pub(super) column: usize,
    pub(super) message: String,
}

/// A word, or a pair `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) column: usize,
    /// What stands before `=`.
    pub(super) name: Option<String>,
    /// Where the value begins.
    pub(super) value_column: usize,
    pub(super) text: String,
    pub(super) quoted: bool,
}

/// The words of a line that have not been read yet.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) left: VecDeque<Word>,
    /// The column behind the last word.
    pub(super) end: usize,
}

type Letters<'a> = Peekable<std::iter::Enumerate<std::str::Chars<'a>>>;

impl Words {
    /// Splits a line.
    pub(super) fn split(line: &str) -> Result<Self, Problem> {
        let mut letters = line.chars().enumerate().peekable();
        let mut left = VecDeque::new();
        loop {
            while letters.next_if(|(_, c)| c.is_whitespace()).is_some() {}
            let Some((start, _)) = letters.peek().copied() else { break };
            left.push_back(word(&mut letters, start)?);
        }
        Ok(Self { left, end: line.chars().count() + 1 })
    }
}

fn word(letters: &mut Letters<'_>, start: usize) -> Result<Word, Problem> {
    let mut text = String::new();
    let mut name = None;
    let mut value_column = start + 1;
    let mut quoted = false;
    while let Some((index, c)) = letters.peek().copied() {
        match c {
            c if c.is_whitespace() => break,
            '=' if name.is_none() && !quoted => {
                letters.next();
                name = Some(std::mem::take(&mut text));
                value_column = index + 2;
            }
            '"' if text.is_empty() && !quoted => {
                letters.next();
                text = quoted_text(letters, index)?;
                quoted = true;
            }
            c if !quoted && (is_plain(c) || ",@".contains(c)) => {
                letters.next();
                text.push(c);
            }
            c => {
                return Err(Problem { column: index + 1, message: format!("{c:?} must stand in quotes") });
            }
        }
    }
    Ok(Word { column: start + 1, name, value_column, text, quoted })
}

/// The text up to the closing quote.
fn quoted_text(letters: &mut Letters<'_>, start: usize) -> Result<String, Problem> {
    let mut text = String::new();
    while let Some((_, c)) = letters.next() {
        match c {
            '"' => return Ok(text),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, c @ ('"' | '\\'))) => text.push(c),
                Some((index, c)) => {
                    let message = format!("\\{c} is no escape; there are \\n, \\\" and \\\\");
                    return Err(Problem { column: index + 1, message });
                }
                None => break,
            },
            c => text.push(c),
        }
    }
    Err(Problem { column: start + 1, message: "the quote is not closed".to_owned() })
}

/// The message for a word that is none of those that could stand there.
pub(super) fn not_one_of<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("{word:?} is none of {}", known.collect::<Vec<_>>().join(", "))
}
