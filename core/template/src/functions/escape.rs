//! Go's escaping builtins.

use std::fmt::Write as _;

use crate::exec::Executed;
use crate::format;
use crate::format::quote::is_printable;
use crate::value::{ParamType, Value};

use super::{Function, variadic};

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("html", &[], ParamType::Any, |_, arguments| Ok(html(&joined(arguments)?).into())),
    variadic("js", &[], ParamType::Any, |_, arguments| Ok(javascript(&joined(arguments)?).into())),
    variadic("urlquery", &[], ParamType::Any, |_, arguments| Ok(query_escaped(&joined(arguments)?).into())),
];

fn joined(arguments: &[Value]) -> Executed<String> {
    // An argument that is no value at all prints as it would in a template.
    let arguments: Vec<Value> = arguments
        .iter()
        .map(|argument| if argument.is_nil() { Value::from("<no value>") } else { argument.clone() })
        .collect();
    let bytes = format::sprint(&arguments)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

fn javascript(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '\'' | '"' => {
                out.push('\\');
                out.push(character);
            }
            '<' | '>' | '&' | '=' | '\0'..'\u{20}' => {
                let _ = write!(out, "\\u{:04X}", u32::from(character));
            }
            // DEL is ASCII and passes, though it is not printable.
            other if other.is_ascii() || is_printable(other) => out.push(other),
            other => {
                let _ = write!(out, "\\u{:04X}", u32::from(other));
            }
        }
    }
    out
}

/// Escapes text for the query of a URL, with `+` for a space.
pub(super) fn query_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
