//! Tokens of template text.

use crate::format::quote;

use super::place::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Error,
    Bool,
    /// A printable character without a meaning of its own, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    /// One of the words of the language, including `.` and `nil`.
    Keyword(Keyword),
}

/// A word of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Dot,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Keyword {
    /// The keyword spelled `word`.
    pub(crate) fn from_word(word: &str) -> Option<Keyword> {
        // Bytes are told apart without calls that compare texts.
        Some(match word.as_bytes() {
            b"block" => Keyword::Block,
            b"break" => Keyword::Break,
            b"continue" => Keyword::Continue,
            b"define" => Keyword::Define,
            b"else" => Keyword::Else,
            b"end" => Keyword::End,
            b"if" => Keyword::If,
            b"nil" => Keyword::Nil,
            b"range" => Keyword::Range,
            b"template" => Keyword::Template,
            b"with" => Keyword::With,
            _ => return None,
        })
    }
}

/// A token: its kind and place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Byte offset of the start.
    pub(crate) start: u32,
    /// Byte offset behind its text; the start for an error, whose message the lexer has.
    pub(crate) end: u32,
}

impl Token {
    /// The token before the first one.
    pub(crate) const NONE: Self = Token { kind: TokenKind::Eof, start: 0, end: 0 };

    /// The place of its text.
    pub(crate) fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }

    /// The token with the text `text`, which is no error, as error messages show it.
    pub(crate) fn describe(self, text: &str) -> String {
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Keyword(_) => format!("<{text}>"),
            _ if text.len() > 10 => {
                let head: String = text.chars().take(10).collect();
                format!("{}...", quote::quoted(head.as_bytes()))
            }
            _ => quote::quoted(text.as_bytes()),
        }
    }

    /// Whether this is the given keyword.
    pub(crate) fn is_keyword(self, keyword: Keyword) -> bool {
        self.kind == TokenKind::Keyword(keyword)
    }
}
