//! Whether two outcomes are the same, and if not, in what they differ.

use std::sync::OnceLock;

use regex::Regex;

use crate::case::{Case, Outcome};

/// Fewest digits of an address.
const ADDRESS: usize = 10;

/// In what two outcomes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Only Pilothouse fails.
    Fails,
    /// Only Helm fails.
    Renders,
    /// Both fail, with other words.
    Words,
    /// Both render, something else.
    Output,
    /// Pilothouse panics.
    Panic,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In what the outcomes differ.
    pub kind: Kind,
    /// The part of the errors that does not depend on the case; to tell differences apart.
    pub signature: String,
}

/// The difference between two outcomes of a case.
///
/// The text of an error counts where Helm's is always the same. It is not when the Go program panics, when a schema or
/// several values are refused (in the order of a Go map), so only failing counts then.
#[must_use]
pub fn difference(case: &Case, ours: &Outcome, helm: &Outcome) -> Option<Difference> {
    let kind = match (ours.rc, helm.rc) {
        (2, _) => Kind::Panic,
        // Helm ends without an answer when it prints what contains itself.
        (_, 2) => return None,
        _ if explained(case, ours, helm) => return None,
        (0, 0) if printed(case, ours) == printed(case, helm) => return None,
        (0, 0) => Kind::Output,
        (0, _) => Kind::Renders,
        (_, 0) => Kind::Fails,
        _ if same_words(&ours.error, &helm.error) => return None,
        _ => Kind::Words,
    };
    let signature = match kind {
        Kind::Fails | Kind::Panic => generic(&ours.error),
        Kind::Renders => generic(&helm.error),
        Kind::Words => format!("{} | {}", generic(&ours.error), generic(&helm.error)),
        Kind::Output => String::new(),
    };
    Some(Difference { kind, signature })
}

/// What a case gives, without the addresses of Go's pointers: they are never the same. Notes of several charts stand in the
/// order of a Go map, so only their lines count then.
fn printed(case: &Case, outcome: &Outcome) -> (String, String) {
    let mut notes = without_addresses(&outcome.notes);
    if case.has("--render-subchart-notes") {
        let mut lines: Vec<&str> = notes.lines().filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        notes = lines.join("\n");
    }
    (without_addresses(&outcome.stdout), notes)
}

fn without_addresses(text: &str) -> String {
    let mut parts = text.split_inclusive(['x', 'X']);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_address = kept.ends_with("0x") || kept.ends_with("0X");
        let digits = part.bytes().take_while(|byte| is_address && byte.is_ascii_hexdigit()).count();
        kept.push_str(if digits < ADDRESS { part } else { &part[digits..] });
    }
    kept
}

/// Whether what is said and given is listed in `explained.txt`.
fn explained(case: &Case, ours: &Outcome, helm: &Outcome) -> bool {
    let says = |outcome: &Outcome, text: &str| {
        [&outcome.error, &outcome.notes, &outcome.stdout].iter().any(|said| said.contains(text))
    };
    explanations().iter().any(|Explanation { who, text, given }| {
        let is_said = match *who {
            "ours" => says(ours, text),
            "helm" => says(helm, text),
            _ => says(ours, text) && says(helm, text),
        };
        is_said && given.as_ref().is_none_or(|given| is_given(case, given))
    })
}

/// A line of `explained.txt`.
struct Explanation {
    who: &'static str,
    text: &'static str,
    given: Option<Regex>,
}

fn explanations() -> &'static [Explanation] {
    static LINES: OnceLock<Vec<Explanation>> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines = include_str!("../explained.txt").lines().filter(|line| !line.starts_with('#'));
        let parts = lines.map(|line| line.split(" | ").collect::<Vec<_>>());
        let known = parts.filter_map(|parts| match parts[..] {
            [who, text, given, _] => {
                Some(Explanation { who, text, given: Regex::new(given).ok().filter(|_| given != "-") })
            }
            _ => None,
        });
        known.collect()
    })
}

fn is_given(case: &Case, pattern: &Regex) -> bool {
    let files = case.files.values().chain(case.cwd_files.values());
    files.chain(&case.args).any(|text| pattern.is_match(text))
}

fn same_words(ours: &str, helm: &str) -> bool {
    // Helm loads subcharts in the order of a Go map.
    let other_subchart = matches!((subchart(ours), subchart(helm)), (Some(ours), Some(helm)) if ours != helm);
    other_subchart
        || without_addresses(ours.trim_end()) == without_addresses(helm.trim_end())
        || helm.contains("schema(s)") && words(ours) == words(helm)
}

/// The subchart that an error is about.
fn subchart(error: &str) -> Option<&str> {
    error.strip_prefix("error unpacking subchart ")?.split(' ').next()
}

/// The words of an error. What is said about schemas comes in the order of a Go map, lines and names in them.
fn words(error: &str) -> Vec<&str> {
    let mut words: Vec<&str> = error.split([' ', '\n', ',']).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words
}

/// The last line of an error without what is quoted and without numbers.
fn generic(error: &str) -> String {
    let line = error.trim_end().lines().next_back().unwrap_or_default().trim();
    let mut text = String::new();
    let mut quote = None;
    let mut escaped = false;
    for letter in line.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '`') => {
                quote = Some(letter);
                text.push('Q');
            }
            None if letter.is_ascii_digit() => {
                if !text.ends_with('0') {
                    text.push('0');
                }
            }
            None => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: &str) -> Outcome {
        Outcome { rc: 1, error: error.to_owned(), ..Outcome::default() }
    }

    fn gives(stdout: &str) -> Outcome {
        Outcome { stdout: stdout.to_owned(), ..Outcome::default() }
    }

    fn kind(ours: &Outcome, helm: &Outcome) -> Option<Kind> {
        difference(&Case::default(), ours, helm).map(|difference| difference.kind)
    }

    #[test]
    fn differences_are_told_apart() {
        let panic = Outcome { rc: 2, ..Outcome::default() };
        assert_eq!(kind(&gives("a"), &gives("a")), None);
        assert_eq!(kind(&gives("a"), &gives("b")), Some(Kind::Output));
        assert_eq!(kind(&gives("0xc000000000 0x1"), &gives("0x72d7f21ea50 0x1")), None);
        assert_eq!(kind(&gives("0x1"), &gives("0x2")), Some(Kind::Output));
        assert_eq!(kind(&failed("a"), &gives("a")), Some(Kind::Fails));
        assert_eq!(kind(&gives("a"), &failed("a")), Some(Kind::Renders));
        assert_eq!(kind(&failed("a"), &failed("b")), Some(Kind::Words));
        assert_eq!(kind(&failed("a"), &panic), None);
        assert_eq!(kind(&panic, &panic), Some(Kind::Panic));
    }

    #[test]
    fn the_order_of_a_go_map_does_not_count() {
        let notes = |text: &str| Outcome { notes: text.to_owned(), ..Outcome::default() };
        let several = Case { args: vec!["--render-subchart-notes".to_owned()], ..Case::default() };
        assert_eq!(difference(&several, &notes("a\n\nb\n"), &notes("b\n\na\n")), None);
        assert!(difference(&several, &notes("a\nb\n"), &notes("a\nc\n")).is_some());
        assert!(difference(&Case::default(), &notes("a\nb\n"), &notes("b\na\n")).is_some());
        let broken = |name: &str, why: &str| failed(&format!("error unpacking subchart {name} in m: {why}"));
        assert_eq!(kind(&broken("a", "x"), &broken("b", "y")), None);
        assert_eq!(kind(&broken("a", "x"), &broken("a", "y")), Some(Kind::Words));
    }

    #[test]
    fn every_explanation_is_complete() {
        let lines = include_str!("../explained.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let parts: Vec<&str> = line.split(" | ").collect();
            assert!(matches!(parts[..], ["both" | "ours" | "helm", _, _, _]), "{line}");
            assert!(parts[2] == "-" || Regex::new(parts[2]).is_ok(), "{line}");
        }
    }

    #[test]
    fn explanations_are_narrow() {
        let said = |line: &str| failed(&format!("yaml: {line}could not find expected ':'"));
        assert_eq!(kind(&said("line 2: "), &said("line 3: ")), Some(Kind::Words));
        let refused = failed("cannot marshal type: complex128");
        let case = |text: &str| Case { args: vec![text.to_owned()], ..Case::default() };
        assert_eq!(difference(&case("{{ toYamlPretty 1i }}"), &gives("a"), &refused), None);
        assert!(difference(&case("{{ toYaml 1i }}"), &gives("a"), &refused).is_some());
    }

    #[test]
    fn signatures_do_not_depend_on_the_case() {
        assert_eq!(
            generic("x\n a:12:3: error calling f: \"a \\\" b\" is no `x`\n"),
            "a:0:0: error calling f: Q is no Q"
        );
    }
}
