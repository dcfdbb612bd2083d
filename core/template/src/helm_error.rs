//! Template errors as Helm rewrites them for its users (Helm's `pkg/engine`).

use crate::error::{ExecError, ParseError};
use crate::functions::{FAIL_END, FAIL_START};

/// The text Helm makes of a parse error.
pub fn parse_message(error: &ParseError) -> String {
    let text = error.to_string();
    let tokens: Vec<&str> = text.split(": ").collect();
    let location = tokens.get(1).copied().unwrap_or_default();
    let message = tokens.last().copied().unwrap_or_default();
    format!("parse error at ({location}): {message}")
}

/// The text Helm makes of an execution error: that of `fail` or `required` alone, or one block for each
/// template on the way to the error, or Go's text where it is neither.
pub fn exec_message(file: &str, error: &ExecError) -> String {
    let text = error.to_string();
    if !has_template_error(error) {
        return text;
    }
    let mut tokens = text.splitn(3, ": ").skip(1);
    let (Some(location), Some(message)) = (tokens.next(), tokens.next()) else {
        return format!("execution error in ({file}): {text}");
    };
    if let Some(message) = marked(message) {
        return format!("execution error at ({location}): {message}");
    }
    trace(error).unwrap_or(text)
}

/// Whether the chain has an error of Go's `template.ExecError`.
fn has_template_error(error: &ExecError) -> bool {
    let mut link = Some(error);
    while let Some(error) = link {
        if error.is_template_error() {
            return true;
        }
        link = error.cause();
    }
    false
}

/// The text between the first start mark and the last end mark.
fn marked(message: &str) -> Option<&str> {
    let (_, after) = message.split_once(FAIL_START)?;
    after.rsplit_once(FAIL_END).map(|(inner, _)| inner)
}

/// One place on the way to an error.
#[derive(PartialEq, Eq)]
struct Place {
    location: String,
    executed: String,
    message: String,
}

/// The places of all errors of the chain; nothing when one of them names no place.
fn trace(error: &ExecError) -> Option<String> {
    let mut places: Vec<Place> = Vec::new();
    let mut link = Some(error);
    while let Some(error) = link {
        // What a wrapped error says is cut off below; that it begins as one suffices.
        let cause = error.cause().map(ExecError::own_text).unwrap_or_default();
        let place = place(&format!("{}{cause}", error.own_text()))?;
        if places.last() != Some(&place) {
            places.push(place);
        }
        link = error.cause();
    }
    let mut out = String::new();
    for place in &places {
        if !place.location.is_empty() {
            out.push_str(&format!("{}\n  ", place.location));
        }
        if !place.executed.is_empty() {
            out.push_str(&format!("{}\n    ", place.executed));
        }
        if !place.message.is_empty() {
            out.push_str(&format!("{}\n", place.message));
        }
    }
    Some(out.trim().to_owned())
}

fn place(text: &str) -> Option<Place> {
    let remainder = text.strip_prefix("template: ")?;
    if remainder.starts_with("no template ") {
        let message = text.to_owned();
        return Some(Place { location: String::new(), executed: String::new(), message });
    }
    if let Some(place) = executing_place(remainder) {
        return Some(place);
    }
    let (location, message) = remainder.rsplit_once(": ")?;
    Some(Place {
        location: location.to_owned(),
        executed: String::new(),
        message: until_next_error(message).to_owned(),
    })
}

fn executing_place(remainder: &str) -> Option<Place> {
    let (location, after) = remainder.split_once(": executing ")?;
    let (function, after) = after.strip_prefix('"')?.split_once('"')?;
    let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
    Some(Place {
        location: location.to_owned(),
        executed: format!("executing \"{function}\" at <{context}>:"),
        message: until_next_error(message).to_owned(),
    })
}

fn until_next_error(message: &str) -> &str {
    message.split_once(" template:").map_or(message, |(own, _)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_includes_become_blocks() {
        let inner = ExecError::template("template: b:1:2: executing \"y\" at <.x>: nil".into(), None);
        let own = "template: a:3:4: executing \"a\" at <include \"y\" .>: error calling include: ";
        let outer = ExecError::template(own.into(), Some(inner));
        let expected = "a:3:4\n  executing \"a\" at <include \"y\" .>:\n    error calling include:\n\
                        b:1:2\n  executing \"y\" at <.x>:\n    nil";
        assert_eq!(exec_message("a", &outer), expected);
    }

    #[test]
    fn the_text_of_fail_stands_alone() {
        let inner = ExecError::plain(format!("{FAIL_START}boom{FAIL_END}"));
        let outer = ExecError::template(
            "template: a:3:4: executing \"a\" at <x>: error calling fail: ".into(),
            Some(inner),
        );
        assert_eq!(exec_message("a", &outer), "execution error at (a:3:4): boom");
    }
}
