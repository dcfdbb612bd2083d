//! Errors of the operating system in the words of Go's `os` package.

use std::io;
use std::path::Path;

/// `open values.yaml: no such file or directory`.
pub(super) fn file_error(operation: &str, path: &Path, error: &io::Error) -> String {
    format!("{operation} {}: {}", path.display(), cause(error))
}

/// Go writes the system's texts in lower case and without the number.
fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_worded_as_in_go() {
        let path = Path::new("/nowhere/x");
        let error = std::fs::read(path).unwrap_err();
        assert_eq!(file_error("open", path, &error), "open /nowhere/x: no such file or directory");
    }
}
