//! Nodes as Go's `%#v` prints the values they decode to; only error texts need it.

use std::collections::BTreeMap;

use super::compose::{Content, Document, NodeId};
use super::tag::{Scalar, resolve_node};

/// Error texts stop here: nobody reads more, and aliases could make them arbitrarily long.
const MAX_BYTES: usize = 4096;
const MAX_DEPTH: usize = 64;

/// The node in Go syntax, for example `map[interface {}]interface {}{"a":1}`.
pub(super) fn of_node(document: &Document<'_>, id: NodeId) -> String {
    let mut out = String::new();
    push_node(&mut out, document, id, 0);
    out
}

/// Go's `strconv.Quote`.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\0'..='\u{1f}' | '\u{7f}' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn push_node(out: &mut String, document: &Document<'_>, id: NodeId, depth: usize) {
    if out.len() > MAX_BYTES || depth > MAX_DEPTH {
        out.push_str("...");
        return;
    }
    let node = document.node(id);
    match &node.content {
        Content::Alias { target, .. } => push_node(out, document, *target, depth + 1),
        Content::Scalar { .. } => match resolve_node(node) {
            Ok(Scalar::Null) | Err(_) if depth > 0 => out.push_str("interface {}(nil)"),
            Ok(scalar) => out.push_str(&scalar.go_syntax()),
            Err(_) => out.push_str("<nil>"),
        },
        Content::Sequence(items) => {
            out.push_str("[]interface {}{");
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_node(out, document, *item, depth + 1);
            }
            out.push('}');
        }
        Content::Mapping(children) => {
            out.push_str("map[interface {}]interface {}{");
            for (index, (key, value)) in as_printed(document, children).into_iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_node(out, document, key, depth + 1);
                out.push(':');
                push_node(out, document, value, depth + 1);
            }
            out.push('}');
        }
    }
}

/// The pairs of a map as Go's `fmt` shows them: by their keys, of equal ones the last, where all keys are texts. Keys of
/// several types are in an order of their own there, and in that of the text here.
fn as_printed(document: &Document<'_>, children: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let pairs = || children.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    let text_of = |key: NodeId| match resolve_node(document.node(key)) {
        Ok(Scalar::Text(text)) => Some(text),
        _ => None,
    };
    let by_key: Option<BTreeMap<String, (NodeId, NodeId)>> =
        pairs().map(|(key, value)| Some((text_of(key)?, (key, value)))).collect();
    by_key.map_or_else(|| pairs().collect(), |by_key| by_key.into_values().collect())
}
