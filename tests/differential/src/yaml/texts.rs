//! Texts that are YAML, nearly YAML, or nothing of the kind.

use std::path::Path;

use serde_json::Value;

/// What YAML is made of.
const WORDS: [&str; 96] = [
    "- ",
    "-",
    "? ",
    "?",
    ": ",
    ":",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "[]",
    "{}",
    "&a ",
    "&a",
    "*a",
    "*a ",
    "!t ",
    "!t",
    "!",
    "! ",
    "!!str ",
    "!!int ",
    "!<x> ",
    "!e!x ",
    "!,",
    "%",
    "%41",
    "@",
    "`",
    "|",
    "|\n",
    "|-\n",
    "|+\n",
    "|2\n",
    "|1-\n",
    ">\n",
    ">-\n",
    ">+2\n",
    ">",
    "\"",
    "\"b\"",
    "'",
    "'c'",
    "''",
    "\\",
    "\\n",
    "\\'",
    "\\/",
    "\\x41",
    "\\u00e9",
    "\\\n",
    "#",
    " #",
    " # d\n",
    "---",
    "---\n",
    "--- ",
    "...",
    "...\n",
    "%YAML 1.1\n",
    "%YAML 1.2\n",
    "%TAG ! x\n",
    "%TAG !e! y:\n",
    "%X\n",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\n ",
    "\n  ",
    "\n   ",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "a",
    "a",
    "b",
    "a: ",
    "b: ",
    "a:\n",
    "- a\n",
    "k: v\n",
    "x y",
    "1",
    "~",
    "<<: ",
    "\u{e9}",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{1f600}",
];

/// Characters that mean something.
const LETTERS: &str = " -?:,[]{}#&*!|>'\"%@\n\t\\.ab1\r\u{e9}\u{feff}\u{85}\u{2028}";

/// Bytes that end a text, or are passed over, wherever they are.
const ODD: [&[u8]; 7] =
    [b"\x01", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xc3", b"\xff", b"\xe2\x80", b"\x7f"];

/// So many texts, the same for the same seed.
pub(super) fn all(seed: u64, cases: u64) -> impl Iterator<Item = Vec<u8>> {
    let known = known();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (0..cases).map(move |_| match random.below(10) {
        0 | 1 => random.letters().into_bytes(),
        2..=5 => random.words().into_bytes(),
        6 => random.long(),
        _ => random.mutation(&known),
    })
}

/// Texts that somebody wrote, or that found something.
fn known() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recorded = include_str!("../../../../core/encoding/tests/data/parse.json");
    let recorded: Vec<Value> = serde_json::from_str(recorded).unwrap_or_default();
    let texts = recorded.iter().filter_map(|case| case["yaml"].as_str());
    let mut known: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_owned()).collect();
    for folder in ["../../fuzz/corpus/yaml", "../charts"] {
        add_files(&root.join(folder), &mut known);
    }
    known.sort();
    known
}

fn add_files(path: &Path, known: &mut Vec<Vec<u8>>) {
    if let Ok(entries) = std::fs::read_dir(path) {
        entries.flatten().for_each(|entry| add_files(&entry.path(), known));
    } else if let Ok(bytes) = std::fs::read(path) {
        known.push(bytes);
    }
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn letters(&mut self) -> String {
        let letters: Vec<char> = LETTERS.chars().collect();
        (0..self.below(24)).map(|_| self.pick(&letters)).collect()
    }

    fn words(&mut self) -> String {
        let most = self.pick(&[4, 8, 16, 32]);
        (0..self.below(most)).map(|_| self.pick(&WORDS)).collect()
    }

    /// A text of several of the blocks that go-yaml reads, with what it refuses or skips near their ends.
    fn long(&mut self) -> Vec<u8> {
        let filling = self.pick(&[
            "a: b\n",
            "- a\n",
            "# x\n",
            "\u{e9}",
            "k: \u{2026}\n",
            "x ",
            "\"a\": [b]\n",
            "[",
            "a,",
        ]);
        let length = self.pick(&[500, 512, 1010, 1024, 1536]) + self.below(24);
        let mut text = self.words();
        if self.below(3) == 0 {
            text.insert(0, '\u{feff}');
        }
        while text.len() < length {
            text.push_str(filling);
        }
        text.push_str(&self.words());
        let mut bytes = text.into_bytes();
        for _ in 0..self.below(3) {
            let odd = self.pick(&ODD);
            let near_end = bytes.len() - self.below(40).min(bytes.len());
            let at = if self.below(2) == 0 { self.below(bytes.len()) } else { near_end };
            bytes.splice(at..at, odd.iter().copied());
        }
        bytes.extend(self.words().into_bytes());
        bytes
    }

    /// A known text, or a part of one, with something changed.
    fn mutation(&mut self, known: &[Vec<u8>]) -> Vec<u8> {
        let mut text = self.part(known);
        for _ in 0..=self.below(4) {
            let at = self.below(text.len() + 1);
            let end = (at + self.below(8)).min(text.len());
            match self.below(7) {
                0 => drop(text.splice(at..end, [])),
                1 => drop(text.splice(at..at, self.pick(&WORDS).bytes())),
                2 => drop(text.splice(at..end, self.pick(&WORDS).bytes())),
                3 => {
                    let other = self.part(known);
                    let from = self.below(other.len() + 1);
                    drop(text.splice(at..end, other[from..].iter().copied().take(60)));
                }
                4 => {
                    let copy = text[at..end].to_owned();
                    drop(text.splice(at..at, copy));
                }
                5 => text.truncate(at),
                _ => {
                    if let Some(byte) = text.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
        text
    }

    fn part(&mut self, known: &[Vec<u8>]) -> Vec<u8> {
        let text = &known[self.below(known.len())];
        let length = self.pick(&[40, 200, 1000]);
        if text.len() <= length {
            return text.clone();
        }
        let from = self.below(text.len() - length);
        // Lines keep their indentation.
        let from = text[..from].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        text[from..].iter().copied().take(length).collect()
    }
}
