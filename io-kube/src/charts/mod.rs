//! Charts on the command line: where they come from and which values they get. Shared by `pilothouse template` and
//! `pilothouse lint`.

mod folder;
mod go_errors;
mod links;
mod lists;
mod source;
mod values;
mod warnings;

pub use lists::comma_list;
pub use source::{Located, SourceError};
pub use values::{ValueFlags, ValuesError};
pub use warnings::{Level, log_line, warning_line};
