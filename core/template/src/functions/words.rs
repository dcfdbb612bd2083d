//! Word splitting for snake, kebab and camel case, after `huandu/xstrings`.

use super::casing::{lower, upper};

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WordKind {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// Words in lower case with `connector` between them.
pub(super) fn camel_to_lower(source: &str, connector: char) -> String {
    let mut joiner = Joiner { out: String::with_capacity(source.len() + 8), rest: source, connector };
    let (mut kind, mut word) = joiner.next_word();
    while !joiner.rest.is_empty() {
        if kind != WordKind::Connector {
            joiner.push(kind, word);
        }
        let (previous, last) = (kind, word);
        (kind, word) = joiner.next_word();
        match previous {
            WordKind::Number => {
                (kind, word) = joiner.push_letters_and_numbers(kind, word);
                if !matches!(kind, WordKind::Invalid | WordKind::Punctuation | WordKind::Connector) {
                    joiner.out.push(connector);
                }
            }
            WordKind::Connector => joiner.push(previous, last),
            WordKind::Punctuation => {}
            _ if kind != WordKind::Number => joiner.connect(kind),
            _ if joiner.rest.is_empty() => {}
            _ => (kind, word) = joiner.push_number(word),
        }
    }
    joiner.push(kind, word);
    joiner.out
}

/// Words with upper-case first letters and no connectors between them.
pub(super) fn pascal(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let leading = source.len() - source.trim_start_matches(is_connector).len();
    let mut characters = source[leading..].chars();
    let Some(first) = characters.next() else {
        return source.to_owned();
    };
    out.push_str(&source[..leading]);
    let mut lowering = first.is_uppercase();
    let mut pending = upper(first);
    for character in characters {
        let previous = std::mem::replace(&mut pending, character);
        if is_connector(previous) {
            if is_connector(character) {
                out.push(previous);
                continue;
            }
            lowering = character.is_uppercase();
            pending = upper(character);
            continue;
        }
        if lowering && character.is_uppercase() {
            pending = lower(character);
        } else {
            lowering = false;
        }
        out.push(previous);
    }
    out.push(pending);
    out
}

/// Takes words from `rest` and appends them to `out`.
struct Joiner<'s> {
    out: String,
    rest: &'s str,
    connector: char,
}

impl<'s> Joiner<'s> {
    fn next_word(&mut self) -> (WordKind, &'s str) {
        let (kind, length) = measure(self.rest);
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, word)
    }

    fn push(&mut self, kind: WordKind, word: &str) {
        let connector = self.connector;
        match kind {
            WordKind::Upper | WordKind::Connector => {
                let convert = |character| if is_connector(character) { connector } else { lower(character) };
                self.out.extend(word.chars().map(convert));
            }
            _ => self.out.push_str(word),
        }
    }

    fn connect(&mut self, kind: WordKind) {
        if !matches!(kind, WordKind::Connector | WordKind::Punctuation) {
            self.out.push(self.connector);
        }
    }

    fn push_letters_and_numbers(&mut self, kind: WordKind, word: &'s str) -> (WordKind, &'s str) {
        let (mut kind, mut word) = (kind, word);
        while matches!(kind, WordKind::Alphabet | WordKind::Number) {
            self.push(kind, word);
            (kind, word) = self.next_word();
        }
        (kind, word)
    }

    /// A number after letters belongs to them, unless small letters follow it.
    fn push_number(&mut self, number: &'s str) -> (WordKind, &'s str) {
        let (kind, word) = self.next_word();
        if kind != WordKind::Alphabet {
            self.push(WordKind::Number, number);
            self.connect(kind);
            return (kind, word);
        }
        self.out.push(self.connector);
        self.push(WordKind::Number, number);
        let (kind, word) = self.push_letters_and_numbers(kind, word);
        if kind != WordKind::Invalid {
            self.connect(kind);
        }
        (kind, word)
    }
}

/// The kind and length in bytes of the first word.
fn measure(text: &str) -> (WordKind, usize) {
    let Some(first) = text.chars().next() else {
        return (WordKind::Invalid, 0);
    };
    let run = |belongs: fn(char) -> bool| text.len() - text.trim_start_matches(belongs).len();
    if is_connector(first) {
        (WordKind::Connector, run(is_connector))
    } else if is_punctuation(first) {
        (WordKind::Punctuation, run(is_punctuation))
    } else if first.is_uppercase() {
        (WordKind::Upper, measure_upper(text, first))
    } else if first.is_alphabetic() {
        (WordKind::Alphabet, run(is_small_letter))
    } else if first.is_numeric() {
        (WordKind::Number, run(char::is_numeric))
    } else {
        (WordKind::Other, run(is_other))
    }
}

/// A word that begins with a capital. Of "HTTPStatus" it is "HTTP".
fn measure_upper(text: &str, first: char) -> usize {
    let after = &text[first.len_utf8()..];
    if !after.starts_with(char::is_uppercase) {
        return first.len_utf8() + after.len() - after.trim_start_matches(is_small_letter).len();
    }
    let capitals = text.len() - text.trim_start_matches(char::is_uppercase).len();
    let last = text[..capitals].chars().next_back().map_or(0, char::len_utf8);
    if text[capitals..].starts_with(char::is_alphabetic) { capitals - last } else { capitals }
}

fn is_connector(character: char) -> bool {
    character == '-' || character == '_' || character.is_whitespace()
}

/// ASCII punctuation as Unicode classes it; symbols such as `$` and `+` are not among it.
fn is_punctuation(character: char) -> bool {
    character.is_ascii_punctuation()
        && !matches!(character, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
}

fn is_small_letter(character: char) -> bool {
    character.is_alphabetic() && !character.is_uppercase()
}

fn is_other(character: char) -> bool {
    !is_connector(character)
        && !character.is_alphabetic()
        && !character.is_numeric()
        && !is_punctuation(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_forms_as_in_xstrings() {
        let cases = [
            ("FirstName", "first_name"),
            ("HTTPServer", "http_server"),
            ("NoHTTPS", "no_https"),
            ("GO_PATH", "go_path"),
            ("GO PATH", "go_path"),
            ("http2xx", "http_2xx"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
        ];
        for (source, expected) in cases {
            assert_eq!(camel_to_lower(source, '_'), expected);
        }
        for (source, expected) in
            [("some_words", "SomeWords"), ("_complex__case_", "_Complex_Case_"), ("HTTPServer", "Httpserver")]
        {
            assert_eq!(pascal(source), expected);
        }
    }
}
