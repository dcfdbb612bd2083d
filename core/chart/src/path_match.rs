//! Shell patterns of paths (Go package `path/filepath`, function `Match`): `*`, `?`, sets and escapes.

/// A pattern that was read.
pub(crate) struct Pattern(Vec<Piece>);

#[derive(PartialEq, Eq)]
enum Piece {
    /// Any letters but slashes.
    Many,
    /// One letter but a slash.
    One,
    /// This letter.
    Letter(char),
    /// One of some letters, or none of them.
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern; nothing when it is malformed.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let mut letters = pattern.chars().peekable();
        let mut pieces = Vec::new();
        while let Some(letter) = letters.next() {
            pieces.push(match letter {
                '*' => Piece::Many,
                '?' => Piece::One,
                '\\' => Piece::Letter(letters.next()?),
                '[' => {
                    let negated = letters.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    while ranges.is_empty() || letters.next_if_eq(&']').is_none() {
                        let low = set_letter(&mut letters)?;
                        let is_range = letters.next_if_eq(&'-').is_some();
                        ranges.push((low, if is_range { set_letter(&mut letters)? } else { low }));
                    }
                    Piece::Set { negated, ranges }
                }
                letter => Piece::Letter(letter),
            });
        }
        Some(Self(pieces))
    }

    /// Whether all of a path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let letters: Vec<char> = path.chars().collect();
        let (mut piece, mut at) = (0, 0);
        // Where to go on when a star takes one more letter.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(piece), letters.get(at)) {
                (None, None) => return true,
                (Some(Piece::Many), _) => {
                    retry = Some((piece, at));
                    piece += 1;
                }
                (Some(one), Some(letter)) if one.takes(*letter) => {
                    piece += 1;
                    at += 1;
                }
                _ => match retry {
                    Some((star, start)) if letters.get(start).is_some_and(|letter| *letter != '/') => {
                        retry = Some((star, start + 1));
                        (piece, at) = (star + 1, start + 1);
                    }
                    _ => return false,
                },
            }
        }
    }
}

impl Piece {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Many => false,
            Self::One => letter != '/',
            Self::Letter(own) => letter == *own,
            Self::Set { negated, ranges } => {
                letter != '/' && ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *negated
            }
        }
    }
}

/// A letter in a set; what has a meaning there needs a backslash.
fn set_letter(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let letter = match letters.next()? {
        '-' | ']' => return None,
        '\\' => letters.next()?,
        letter => letter,
    };
    letters.peek().map(|_| letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        let cases = [
            ("*.txt", "a.txt", true),
            ("*.txt", "x/a.txt", false),
            ("a*b*c", "axbxbc", true),
            ("a/?", "a/b", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[\\]]", "]", true),
            ("\\*", "*", true),
            ("*", "", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
        for malformed in ["[", "[]a]", "[a-]", "[-a]", "a\\", "[a"] {
            assert!(Pattern::parse(malformed).is_none(), "{malformed}");
        }
    }
}
