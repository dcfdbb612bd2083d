//! Generated YAML texts, read by Pilothouse and by the library that Helm reads with, `sigs.k8s.io/yaml`.

mod texts;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::go_json;
use pilothouse_encoding::yaml::{self, YamlError};
use serde::Deserialize;
use serde_json::Value;

use crate::oracle::OracleError;

/// What the oracle makes of a text.
#[derive(Debug, Deserialize)]
struct Answer {
    json: String,
    error: String,
    strict: String,
    /// Whether the next time it makes something else of it: Go's maps have no order.
    random: bool,
}

/// What Go says in the order of its maps, in which now and then it is eight times the same.
const RANDOM: [&str; 3] = ["invalid map key", "unsupported map key", "unsupported value"];

/// Reads so many texts, the same ones for the same seed, and returns what differs, the shortest first.
///
/// # Errors
/// When the oracle cannot be started, ends early or answers something malformed.
pub fn differences(oracle: &Path, seed: u64, cases: u64) -> Result<Vec<String>, OracleError> {
    let failed = |cause| OracleError::Start { program: oracle.to_owned(), cause };
    let mut process = Command::new(oracle)
        .arg("yaml")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(failed(std::io::Error::other("no pipe")));
    };
    let writer = std::thread::spawn(move || send(input, seed, cases));
    let mut answers = BufReader::new(output).lines();
    let mut found = Vec::new();
    for text in texts::all(seed, cases) {
        let ended = || std::io::Error::other("it ended");
        let line = answers.next().ok_or_else(ended).and_then(|line| line).map_err(failed)?;
        found.extend(difference(&text, &serde_json::from_str(&line)?));
    }
    // What could not be written has no answer.
    let _ = writer.join();
    process.wait().map_err(failed)?;
    found.sort_by_key(String::len);
    Ok(found)
}

fn send(input: ChildStdin, seed: u64, cases: u64) -> std::io::Result<()> {
    let mut input = BufWriter::new(input);
    for text in texts::all(seed, cases) {
        writeln!(input, "{}", STANDARD.encode(text))?;
    }
    input.flush()
}

fn difference(text: &[u8], answer: &Answer) -> Option<String> {
    if answer.random {
        return None;
    }
    let loosely = outcome(yaml::parse_bytes(text));
    let compared = compare(text, or(&answer.error, &answer.json), loosely);
    compared.or_else(|| {
        let strictly = outcome(yaml::parse_strict(std::str::from_utf8(text).ok()?));
        compare(text, or(&answer.strict, &answer.json), strictly)
    })
}

fn or<'a>(error: &'a str, json: &'a str) -> &'a str {
    if error.is_empty() { json } else { error }
}

/// What is said or read; nothing of limits that Go does not have.
fn outcome(result: Result<Value, YamlError>) -> Option<String> {
    match result {
        Ok(value) => Some(go_json::to_string(&value)),
        Err(error) => (!error.is_limit()).then(|| error.to_string()),
    }
}

fn compare(text: &[u8], expected: &str, found: Option<String>) -> Option<String> {
    let found = found?;
    // Go escapes what stands for bytes that are no text, and nothing else.
    let expected = expected.replace("\\ufffd", "\u{fffd}");
    let is_random = |part: &&str| expected.contains(*part) && found.contains(*part);
    if expected == found || expected.starts_with("panic: ") || RANDOM.iter().any(is_random) {
        return None;
    }
    let text = String::from_utf8_lossy(text);
    Some(format!("text {text:?}\n  helm {expected}\n  ours {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown() {
        let answer = |json: &str, error: &str| Answer {
            json: json.to_owned(),
            error: error.to_owned(),
            strict: error.to_owned(),
            random: false,
        };
        assert_eq!(difference(b"a: 1", &answer("{\"a\":1}", "")), None);
        assert_eq!(difference(b"[", &answer("", "yaml: line 1: did not find expected node content")), None);
        let shown = difference(b"a: 1", &answer("{\"a\":2}", "")).unwrap_or_default();
        assert_eq!(shown, "text \"a: 1\"\n  helm {\"a\":2}\n  ours {\"a\":1}");
        assert!(difference(b"a: 1\na: 2", &answer("{\"a\":2}", "")).is_some(), "strictly it is refused");
    }

    #[test]
    fn texts_are_the_same_for_a_seed() {
        let texts = |seed| texts::all(seed, 300).collect::<Vec<_>>();
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        assert!(texts(1).iter().any(|text| text.len() > 512));
    }
}
