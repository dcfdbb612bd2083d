//! Tokens of template text.

use crate::format::quote;

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

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    /// Byte offset of the start.
    pub(crate) pos: usize,
    /// The source text; nothing for an error, whose message the lexer has.
    pub(crate) text: &'t str,
    /// An offset in the line that errors at the token name.
    pub(crate) line_at: usize,
}

impl Token<'_> {
    /// The token before the first one.
    pub(crate) const NONE: Self = Token { kind: TokenKind::Eof, pos: 0, text: "", line_at: 0 };

    /// The token, which is no error, as error messages show it.
    pub(crate) fn describe(&self) -> String {
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Keyword(_) => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let head: String = self.text.chars().take(10).collect();
                format!("{}...", quote::quoted(head.as_bytes()))
            }
            _ => quote::quoted(self.text.as_bytes()),
        }
    }

    /// Whether this is the given keyword.
    pub(crate) fn is_keyword(&self, keyword: Keyword) -> bool {
        self.kind == TokenKind::Keyword(keyword)
    }
}
