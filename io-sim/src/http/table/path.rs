//! The JSONPath of printer columns: fields, indices, `[*]` and filters for equality.

use serde_json::Value;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Index(i64),
    All,
    /// `?(@.a.b=="c")`.
    Filter(Vec<String>, Value),
}

impl Path {
    /// Reads a path like `.status.conditions[?(@.type=="Ready")].status`; `None` for what is not understood.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('$');
        let (mut steps, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (bracket, after) = bracketed(inner)?;
                steps.push(bracket_step(bracket)?);
                rest = after;
                continue;
            }
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let (name, after) = field_name(rest);
            if name.is_empty() {
                return None;
            }
            steps.push(if name == "*" { Step::All } else { Step::Field(name) });
            rest = after;
        }
        Some(Self(steps))
    }

    /// The values at the path.
    pub(super) fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.0
            .iter()
            .fold(vec![value], |found, step| found.into_iter().flat_map(|value| step.take(value)).collect())
    }
}

impl Step {
    fn take<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
            (Self::Index(index), Value::Array(items)) => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let index = if *index < 0 { length + index } else { *index };
                usize::try_from(index).ok().and_then(|index| items.get(index)).into_iter().collect()
            }
            (Self::All, Value::Array(items)) => items.iter().collect(),
            (Self::All, Value::Object(fields)) => fields.values().collect(),
            (Self::Filter(path, wanted), Value::Array(items)) => {
                let is_equal = |item: &&Value| {
                    let found = path.iter().try_fold(*item, |value, name| value.get(name));
                    found == Some(wanted)
                };
                items.iter().filter(is_equal).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The name at the beginning; a backslash makes the next letter part of it.
fn field_name(text: &str) -> (String, &str) {
    let (mut name, mut letters) = (String::new(), text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '.' | '[' => return (name, &text[at..]),
            '\\' => name.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => name.push(letter),
        }
    }
    (name, "")
}

/// What is within a bracket, and what follows it. A bracket within quotes does not end it.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (letter, quote) {
            (']', None) => return Some((&text[..at], &text[at + 1..])),
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket_step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::All);
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        let (path, value) = filter.split_once("==")?;
        let path = path.trim().strip_prefix("@.")?.split('.').map(str::to_owned).collect();
        return Some(Step::Filter(path, literal(value.trim())?));
    }
    if let Some(name) = unquoted(text) {
        return Some(Step::Field(name.to_owned()));
    }
    text.parse().ok().map(Step::Index)
}

fn literal(text: &str) -> Option<Value> {
    match unquoted(text) {
        Some(text) => Some(Value::from(text)),
        None => serde_json::from_str(text).ok(),
    }
}

fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_printer_columns() {
        let value = json!({"metadata": {"annotations": {"a.b/c": "x"}}, "spec": {"list": [1, 2, 3]},
            "status": {"conditions": [{"type": "A", "status": "False"}, {"type": "Ready", "status": "True"}]}});
        for (path, expected) in [
            (".spec.list[0]", vec![json!(1)]),
            (".spec.list[-1]", vec![json!(3)]),
            (".spec.list[*]", vec![json!(1), json!(2), json!(3)]),
            (".status.conditions[?(@.type==\"Ready\")].status", vec![json!("True")]),
            ("{.status.conditions[?(@.type=='A')].status}", vec![json!("False")]),
            (".metadata.annotations['a.b/c']", vec![json!("x")]),
            (".metadata.annotations.a\\.b/c", vec![json!("x")]),
            (".nothing.here", vec![]),
        ] {
            let parsed = Path::parse(path).expect(path);
            assert_eq!(parsed.find(&value).into_iter().cloned().collect::<Vec<_>>(), expected, "{path}");
        }
        for wrong in [".a[", ".a[?(x)]", "..a"] {
            assert_eq!(Path::parse(wrong), None, "{wrong}");
        }
    }
}
