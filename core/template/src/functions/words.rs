//! Word splitting for snake, kebab and camel case, after `huandu/xstrings`.

use super::unicode::{is_letter, is_number, is_punctuation, is_upper, lower, upper};

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

/// Words with upper-case first letters and no connectors between them (`ToPascalCase`).
pub(super) fn pascal(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let leading = source.len() - source.trim_start_matches(is_connector).len();
    out.push_str(&source[..leading]);
    let mut letters = source[leading..].chars();
    let Some(first) = letters.next() else {
        // The library writes the last of nothing but connectors twice.
        out.extend(source.chars().next_back());
        return out;
    };
    let mut lowering = is_upper(first);
    let mut pending = upper(first);
    for letter in letters {
        let previous = std::mem::replace(&mut pending, letter);
        if is_connector(previous) {
            if is_connector(letter) {
                out.push(previous);
                continue;
            }
            lowering = is_upper(letter);
            pending = upper(letter);
            continue;
        }
        if lowering && is_upper(letter) {
            pending = lower(letter);
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
                let convert = |letter| match letter {
                    _ if is_connector(letter) => connector,
                    _ if is_upper(letter) => lower(letter),
                    _ => letter,
                };
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
    let mut reader = Reader { text, end: 0, letter: INVALID, last: 0 };
    if !reader.next(INVALID) {
        return (WordKind::Invalid, text.len());
    }
    let first = reader.letter;
    let kind = if is_connector(first) {
        reader.run(is_connector);
        WordKind::Connector
    } else if is_punctuation(first) {
        reader.run(is_punctuation);
        WordKind::Punctuation
    } else if is_upper(first) {
        reader.upper_word();
        WordKind::Upper
    } else if is_alphabetic(first) {
        reader.run(is_small_letter);
        WordKind::Alphabet
    } else if is_number(first) {
        reader.run(is_number);
        WordKind::Number
    } else {
        reader.run(is_other);
        WordKind::Other
    };
    (kind, reader.end)
}

/// What the library takes invalid bytes for: it skips them, together with the letter behind them.
const INVALID: char = char::REPLACEMENT_CHARACTER;

/// Reads the letters of a word.
struct Reader<'s> {
    text: &'s str,
    /// Where what was read ends.
    end: usize,
    /// The letter that was read last.
    letter: char,
    /// Its length, with what was skipped before it.
    last: usize,
}

impl Reader<'_> {
    /// The next letter and its length; `previous` again when nothing valid follows.
    fn peek(&self, previous: char) -> (char, usize) {
        let rest = &self.text[self.end..];
        let skipped = rest.len() - rest.trim_start_matches(INVALID).len();
        match rest[skipped..].chars().next() {
            Some(letter) => (letter, skipped + letter.len_utf8()),
            None => (previous, skipped),
        }
    }

    /// Reads a letter; false for one that is not valid.
    fn next(&mut self, previous: char) -> bool {
        (self.letter, self.last) = self.peek(previous);
        self.end += self.last;
        self.letter != INVALID
    }

    /// Reads on while letters belong to the word.
    fn run(&mut self, belongs: fn(char) -> bool) {
        while self.end < self.text.len() && belongs(self.peek(self.letter).0) {
            self.next(self.letter);
        }
    }

    /// A word that begins with a capital. Of "HTTPStatus" it is "HTTP".
    fn upper_word(&mut self) {
        if self.end == self.text.len() {
            return;
        }
        let (second, _) = self.peek(self.letter);
        if is_upper(second) {
            self.run(is_upper);
            if self.end < self.text.len() && is_alphabetic(self.peek(self.letter).0) {
                self.end -= self.last;
            }
        } else if is_alphabetic(second) {
            self.run(is_small_letter);
        }
    }
}

fn is_connector(letter: char) -> bool {
    letter == '-' || letter == '_' || letter.is_whitespace()
}

/// A letter that is not one of Chinese, Japanese or Korean.
fn is_alphabetic(letter: char) -> bool {
    let is_ideograph =
        matches!(letter, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    is_letter(letter) && !is_ideograph
}

fn is_small_letter(letter: char) -> bool {
    is_alphabetic(letter) && !is_upper(letter)
}

fn is_other(letter: char) -> bool {
    !is_connector(letter) && !is_alphabetic(letter) && !is_number(letter) && !is_punctuation(letter)
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
            ("a漢B", "a_漢_b"),
            ("\u{fffd}aB\u{fffd}", "\u{fffd}a_b\u{fffd}"),
        ];
        for (source, expected) in cases {
            assert_eq!(camel_to_lower(source, '_'), expected);
        }
        for (source, expected) in [
            ("some_words", "SomeWords"),
            ("_complex__case_", "_Complex_Case_"),
            ("HTTPServer", "Httpserver"),
            ("_-", "_--"),
            ("", ""),
        ] {
            assert_eq!(pascal(source), expected);
        }
    }
}
