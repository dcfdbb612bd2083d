//! The documents of a text with their lines.

use pilothouse_encoding::yaml::YamlError;

use crate::{Separation, split_manifests};

/// The documents, each with the number of lines before it.
pub(super) fn of(text: &str) -> Vec<(usize, &str)> {
    let start = text.as_ptr().addr();
    let lines_before = |document: &str| {
        let offset = document.as_ptr().addr().saturating_sub(start).min(text.len());
        text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count()
    };
    let documents = split_manifests(text, Separation::Exact).into_iter();
    documents.map(|document| (lines_before(document), document)).collect()
}

/// The line that an error is on, from 1. go-yaml leaves the first line out.
pub(super) fn line_of(error: &YamlError) -> usize {
    match error {
        YamlError::Syntax { line, .. } | YamlError::Depth { line, .. } => {
            line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1)
        }
        _ => 1,
    }
}

/// The error without the line, which counts from the beginning of the document.
pub(super) fn reason(error: &YamlError) -> String {
    match error {
        YamlError::Syntax { problem, .. } => format!("no valid YAML: {problem}"),
        other => format!("no valid YAML: {}", other.to_string().trim_start_matches("yaml: ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_know_their_lines() {
        assert_eq!(of("\n---\na: 1\n---\n\nb: 2\n"), [(2, "a: 1\n"), (5, "b: 2\n")]);
    }
}
