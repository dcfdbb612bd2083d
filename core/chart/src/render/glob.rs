//! Patterns of `.Files.Glob` (Go package `github.com/gobwas/glob` with `/` as separator).

use std::collections::BTreeSet;

/// The most instructions of a pattern; a longer one matches nothing.
const LARGEST: usize = 4096;

/// A pattern, as a program of a machine that is in many places at once: no pattern takes more than the product of its
/// length and that of the text.
pub(super) struct Glob {
    program: Vec<Step>,
}

enum Step {
    /// Takes this character.
    Literal(char),
    /// Takes any character but a slash.
    Any,
    /// Takes any of them, or none of them.
    Set { negated: bool, ranges: Vec<(char, char)> },
    /// Takes any characters, without slashes or with them.
    Many { slashes: bool },
    /// Goes on at each of these places.
    Split(Vec<usize>),
    /// Goes on at this place.
    Jump(usize),
    /// The text must end here.
    End,
}

impl Glob {
    /// Compiles a pattern; nothing when it is malformed.
    pub(super) fn compile(pattern: &str) -> Option<Self> {
        let mut parser = Parser { characters: pattern.chars().collect(), at: 0, program: Vec::new() };
        parser.sequence(0)?;
        if parser.at < parser.characters.len() || parser.program.len() > LARGEST {
            return None;
        }
        parser.program.push(Step::End);
        Some(Self { program: parser.program })
    }

    /// Steps that matching a text of so many bytes may take: at each letter, it may be in all places of the program.
    pub(super) fn steps(&self, length: usize) -> u64 {
        (2 * self.program.len() as u64).saturating_mul(length as u64 + 1)
    }

    /// Whether all of `text` matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.loses_count(text) {
            return false;
        }
        let mut places = BTreeSet::new();
        self.enter(0, &mut places);
        for character in text.chars() {
            let mut next = BTreeSet::new();
            for place in places {
                self.step(place, character, &mut next);
            }
            places = next;
        }
        places.iter().any(|place| matches!(self.program[*place], Step::End))
    }

    /// Whether the library loses count of the bytes: in a pattern of a fixed length, it takes the last letter of each part
    /// for one byte. A run of letters that stand for themselves is a part, and so is anything else.
    fn loses_count(&self, text: &str) -> bool {
        let steps = &self.program[..self.program.len() - 1];
        let is_literal = |step: Option<&Step>| matches!(step, Some(Step::Literal(_)));
        let is_fixed = |step: &Step| matches!(step, Step::Literal(_) | Step::Any | Step::Set { .. });
        if !steps.iter().all(is_fixed) || steps.len() < 2 || steps.iter().all(|step| is_literal(Some(step))) {
            return false;
        }
        let ends_part = |at: usize| !is_literal(steps.get(at)) || !is_literal(steps.get(at + 1));
        text.chars().enumerate().any(|(at, letter)| letter.len_utf8() > 1 && ends_part(at))
    }

    fn step(&self, place: usize, character: char, next: &mut BTreeSet<usize>) {
        let takes = match &self.program[place] {
            Step::Literal(literal) => *literal == character,
            Step::Any => character != '/',
            Step::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
            Step::Many { slashes } => {
                if *slashes || character != '/' {
                    self.enter(place, next);
                }
                false
            }
            Step::Split(_) | Step::Jump(_) | Step::End => false,
        };
        if takes {
            self.enter(place + 1, next);
        }
    }

    /// Adds a place and all that are reached from it without taking a character.
    fn enter(&self, place: usize, places: &mut BTreeSet<usize>) {
        if !places.insert(place) {
            return;
        }
        match &self.program[place] {
            Step::Many { .. } => self.enter(place + 1, places),
            Step::Jump(to) => self.enter(*to, places),
            Step::Split(to) => to.iter().for_each(|place| self.enter(*place, places)),
            Step::Literal(_) | Step::Any | Step::Set { .. } | Step::End => {}
        }
    }
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    program: Vec<Step>,
}

impl Parser {
    /// Reads up to the end of the pattern or, within braces, of the alternative.
    fn sequence(&mut self, depth: usize) -> Option<()> {
        while let Some(character) = self.characters.get(self.at).copied() {
            match character {
                ',' | '}' if depth > 0 => return Some(()),
                _ => {}
            }
            self.at += 1;
            match character {
                '*' => {
                    let slashes = self.characters.get(self.at) == Some(&'*');
                    self.at += usize::from(slashes);
                    self.program.push(Step::Many { slashes });
                }
                '?' => self.program.push(Step::Any),
                '[' => self.set()?,
                '{' => self.alternatives(depth + 1)?,
                '\\' => {
                    // A backslash at the end stands for nothing.
                    let escaped = self.take();
                    self.program.extend(escaped.map(Step::Literal));
                }
                literal => self.program.push(Step::Literal(literal)),
            }
        }
        // Braces need not be closed.
        Some(())
    }

    fn alternatives(&mut self, depth: usize) -> Option<()> {
        if depth > 32 {
            return None;
        }
        let split = self.program.len();
        self.program.push(Step::Split(Vec::new()));
        let (mut starts, mut jumps) = (Vec::new(), Vec::new());
        loop {
            starts.push(self.program.len());
            self.sequence(depth)?;
            jumps.push(self.program.len());
            self.program.push(Step::Jump(0));
            if self.take() != Some(',') {
                break;
            }
        }
        let end = self.program.len();
        self.program[split] = Step::Split(starts);
        for jump in jumps {
            self.program[jump] = Step::Jump(end);
        }
        Some(())
    }

    fn set(&mut self) -> Option<()> {
        let negated = self.characters.get(self.at) == Some(&'!');
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        loop {
            let low = match self.take()? {
                ']' if !ranges.is_empty() => break,
                '\\' => self.take()?,
                character => character,
            };
            let is_range = self.characters.get(self.at) == Some(&'-');
            let high = if is_range {
                self.at += 1;
                self.take()?
            } else {
                low
            };
            ranges.push((low, high));
        }
        self.program.push(Step::Set { negated, ranges });
        Some(())
    }

    fn take(&mut self) -> Option<char> {
        let character = self.characters.get(self.at).copied()?;
        self.at += 1;
        Some(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        let cases = [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "x/a.yaml", false),
            ("**.yaml", "x/a.yaml", true),
            ("x/**", "x/y/z", true),
            ("x/*", "x/y/z", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("{a,b*}.txt", "bcd.txt", true),
            ("{a,b}.txt", "c.txt", false),
            ("files/{x/{1,2},y}/**", "files/x/2/z", true),
            ("\\*", "*", true),
            ("?.txt", "é.txt", false),
            ("é?.txt", "éa.txt", false),
            ("aé?.txt", "aéb.txt", false),
            ("éa?.txt", "éab.txt", true),
            ("é.txt", "é.txt", true),
            ("*?.txt", "é.txt", true),
            ("", "", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::compile(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        }
        for malformed in ["[a", "[a-"] {
            assert!(Glob::compile(malformed).is_none(), "{malformed}");
        }
    }
}
