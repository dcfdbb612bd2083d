//! Splitting rendered text into documents (Go package `helm.sh/helm/v4/pkg/release/v1/util`).

use memchr::memmem;
use pilothouse_encoding::yaml;

/// What a line that separates documents begins with.
const SEPARATOR: &str = "---";

/// What becomes of white space between documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// It belongs to the document before it, as Helm v4.2.4 has it.
    Exact,
    /// It belongs to no document, as the recorded releases of helm-controller have it; unless a block scalar at the end of a
    /// document would change without it (spec 06 §10).
    Recorded,
}

/// The documents of a text, without white space at their beginning; empty ones are left out. A document ends before a line
/// that begins with three hyphens: hyphens within a line, as in certificates, do not count (spec 06 §10).
#[must_use]
pub fn split_manifests(text: &str, separation: Separation) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut start = 0;
    let mut separator = if text.starts_with(SEPARATOR) { Some(0) } else { separator_behind(text, 0) };
    while let Some(line) = separator {
        documents.push(ended(&text[start..line], separation));
        let after = text[line + SEPARATOR.len()..].trim_start_matches([' ', '\t']);
        start = text.len() - after.len();
        separator = separator_behind(text, start);
    }
    documents.push(&text[start..]);
    documents.into_iter().map(str::trim_start).filter(|document| !document.is_empty()).collect()
}

/// Where the next line of hyphens begins.
fn separator_behind(text: &str, start: usize) -> Option<usize> {
    memmem::find(&text.as_bytes()[start..], b"\n---").map(|at| start + at + 1)
}

/// A document that another one follows.
fn ended(document: &str, separation: Separation) -> &str {
    if separation == Separation::Exact {
        return document;
    }
    let trimmed = document.trim_end_matches([' ', '\t', '\n', '\r', '\x0c']);
    // Only a block scalar cares, and those begin with an indicator.
    if !document.contains(['|', '>']) {
        return trimmed;
    }
    match (yaml::parse(document), yaml::parse(trimmed)) {
        (Ok(whole), Ok(short)) if whole != short => document,
        _ => trimmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_split_at_lines_of_hyphens() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("a: 1\n", &["a: 1\n"]),
            ("---\na: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("--- # comment\na: 1\n", &["# comment\na: 1\n"]),
            ("a: |\n  ---\n  x\n", &["a: |\n  ---\n  x\n"]),
            ("a: x --- y\n", &["a: x --- y\n"]),
            ("---\n\n---\n  \n---\nb\n", &["b\n"]),
            ("a\r\n---\r\nb\r\n", &["a\r\n", "b\r\n"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split_manifests(text, Separation::Exact), expected, "{text:?}");
        }
    }

    #[test]
    fn white_space_before_a_separator_may_go() {
        let cases: [(&str, &[&str]); 3] = [
            ("a: 1\n\n---\nb: 2\n", &["a: 1", "b: 2\n"]),
            ("a: |\n  x\n---\nb: 2\n", &["a: |\n  x\n", "b: 2\n"]),
            ("a: x | y\n---\nb: 2\n", &["a: x | y", "b: 2\n"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split_manifests(text, Separation::Recorded), expected, "{text:?}");
        }
    }
}
