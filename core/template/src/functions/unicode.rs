//! Classes and cases of letters as Go's `unicode` has them: by category, and one letter for one.

use std::sync::OnceLock;

use regex::Regex;

/// A category of letters, found by an expression.
struct Category {
    expression: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Category {
    const fn new(expression: &'static str) -> Self {
        Category { expression, compiled: OnceLock::new() }
    }

    fn contains(&self, letter: char) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(self.expression).ok());
        compiled.as_ref().is_some_and(|compiled| compiled.is_match(letter.encode_utf8(&mut [0; 4])))
    }
}

/// `unicode.IsUpper`
pub(super) fn is_upper(letter: char) -> bool {
    static UPPER: Category = Category::new(r"\p{Lu}");
    if letter.is_ascii() {
        letter.is_ascii_uppercase()
    } else {
        letter.is_uppercase() && UPPER.contains(letter)
    }
}

/// `unicode.IsLower`
pub(super) fn is_lower(letter: char) -> bool {
    static LOWER: Category = Category::new(r"\p{Ll}");
    if letter.is_ascii() {
        letter.is_ascii_lowercase()
    } else {
        letter.is_lowercase() && LOWER.contains(letter)
    }
}

/// `unicode.IsTitle`
pub(super) fn is_title(letter: char) -> bool {
    static TITLE: Category = Category::new(r"\p{Lt}");
    !letter.is_ascii() && TITLE.contains(letter)
}

/// `unicode.IsLetter`
pub(super) fn is_letter(letter: char) -> bool {
    static LETTER: Category = Category::new(r"\p{L}");
    if letter.is_ascii() {
        letter.is_ascii_alphabetic()
    } else {
        letter.is_alphabetic() && LETTER.contains(letter)
    }
}

/// `unicode.IsNumber`
pub(super) fn is_number(letter: char) -> bool {
    letter.is_numeric()
}

/// `unicode.IsDigit`
pub(super) fn is_digit(letter: char) -> bool {
    static DIGIT: Category = Category::new(r"\p{Nd}");
    if letter.is_ascii() { letter.is_ascii_digit() } else { letter.is_numeric() && DIGIT.contains(letter) }
}

/// `unicode.IsPunct`: symbols such as `$` and `+` are not among it.
pub(super) fn is_punctuation(letter: char) -> bool {
    static PUNCTUATION: Category = Category::new(r"\p{P}");
    if letter.is_ascii() {
        let is_symbol = matches!(letter, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
        return letter.is_ascii_punctuation() && !is_symbol;
    }
    PUNCTUATION.contains(letter)
}

/// `unicode.ToUpper`: letters whose upper case is several ones stay, except for those of Greek with an iota below, which
/// have one of their own.
pub(super) fn upper(letter: char) -> char {
    let mut mapped = letter.to_uppercase();
    if let (Some(mapped), None) = (mapped.next(), mapped.next()) {
        return mapped;
    }
    let code = u32::from(letter);
    let offset = match code {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => 9,
        _ => 0,
    };
    char::from_u32(code + offset).unwrap_or(letter)
}

/// `unicode.ToLower`
pub(super) fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// `unicode.ToTitle`: digraphs have a form for it, Georgian letters have none.
pub(super) fn title(letter: char) -> char {
    match letter {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10ff}' => letter,
        _ => upper(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_narrower_than_properties() {
        // Roman numerals and letters in circles have cases, but are no letters.
        for letter in ['\u{2160}', '\u{24b6}'] {
            assert!(letter.is_uppercase() && !is_upper(letter) && !is_letter(letter));
        }
        assert!(is_upper('É') && is_lower('ß') && !is_lower('ª') && is_title('\u{1c5}'));
        assert!(is_punctuation('«') && is_punctuation('_') && !is_punctuation('€') && !is_punctuation('+'));
        assert!(is_digit('٣') && !is_digit('½') && is_number('½'));
    }

    #[test]
    fn one_letter_for_one() {
        assert_eq!(['ß', 'é', 'ᾳ', 'ﬁ', 'ǆ'].map(upper), ['ß', 'É', 'ᾼ', 'ﬁ', 'Ǆ']);
        assert_eq!(['İ', 'Ǆ'].map(lower), ['i', 'ǆ']);
        assert_eq!(['ǆ', 'ა', 'é'].map(title), ['ǅ', 'ა', 'É']);
    }
}
