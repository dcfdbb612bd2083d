//! From template text to resolved trees.

pub(crate) mod ast;
mod control;
mod definition;
mod display;
mod expression;
mod lexer;
pub(crate) mod number;
pub(crate) mod place;
mod scope;
mod token;
mod unquote;

pub(crate) use definition::{ParsedFile, parse_file, parse_source};
pub(crate) use display::Shown;
pub(crate) use lexer::{find_left, find_right};
pub(crate) use unquote::text as unquoted;
