//! Go's escaping builtins.

use std::fmt::Write as _;

use crate::exec::{Executed, Run};
use crate::format;
use crate::format::quote::is_printable;
use crate::value::{ParamType, Value};

use super::arguments::charge_text;
use super::{Function, variadic};

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("html", &[], ParamType::Any, |run, arguments| Ok(Value::string(html(&joined(run, arguments)?)))),
    variadic("js", &[], ParamType::Any, |run, arguments| {
        Ok(Value::string(javascript(&joined(run, arguments)?)))
    }),
    variadic("urlquery", &[], ParamType::Any, |run, arguments| {
        Ok(query_escaped(&joined(run, arguments)?).into())
    }),
];

/// What an action shows of the arguments. Escaping makes up to six times as much of it.
fn joined(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Vec<u8>> {
    // An argument that is no value at all prints as it would in a template.
    let arguments: Vec<Value> = arguments
        .iter()
        .map(|argument| if argument.is_nil() { Value::from("<no value>") } else { argument.clone() })
        .collect();
    let bytes = format::sprint_shown(&arguments, run.environment.budget.text_bound())?;
    charge_text(run, bytes.len())?;
    Ok(bytes)
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend("\u{fffd}".bytes()),
            b'"' => out.extend(b"&#34;"),
            b'\'' => out.extend(b"&#39;"),
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            other => out.push(*other),
        }
    }
    out
}

fn javascript(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' | '\'' | '"' => out.extend([b'\\', character as u8]),
                // DEL is ASCII and passes, though it is not printable.
                '<' | '>' | '&' | '=' | '\0'..'\u{20}' => escape_unit(&mut out, character),
                other if other.is_ascii() || is_printable(other) => {
                    out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                }
                other => escape_unit(&mut out, other),
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

fn escape_unit(out: &mut Vec<u8>, character: char) {
    out.extend(format!("\\u{:04X}", u32::from(character)).into_bytes());
}

/// Escapes text for the query of a URL, with `+` for a space.
pub(super) fn query_escaped(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                out.push(char::from(*byte))
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
