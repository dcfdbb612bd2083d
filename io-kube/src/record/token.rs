//! Tokens: what a recording holds in place of a secret. They look like it (the same length, letters where letters were),
//! so that what is made of them goes the same way, and say nothing about it: each letter is drawn from a stream that only
//! the key of the recording gives.

use sha2::{Digest, Sha256};

/// How many streams are tried before a token that equals its text is taken: a text of punctuation has no other.
const ROUNDS: u8 = 8;

/// Makes tokens. The same text gives the same token as long as the key is the same.
pub(super) struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// Tokens under a key.
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The token of a text, line by line: a part of a text that is a line has the token that the line has alone.
    pub(super) fn text(&self, text: &str) -> String {
        text.split('\n').map(|line| self.line(line)).collect::<Vec<_>>().join("\n")
    }

    /// Bytes in place of bytes that are no text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.stream(bytes, 0);
        bytes.iter().map(|_| stream.next_byte()).collect()
    }

    fn line(&self, line: &str) -> String {
        if line.starts_with("-----BEGIN ") || line.starts_with("-----END ") {
            return line.to_owned();
        }
        let scheme = line.find("://").filter(|end| line[..*end].bytes().all(|b| b.is_ascii_lowercase()));
        let (kept, rest) = line.split_at(scheme.map_or(0, |end| end + 3));
        let draw = |round| {
            let mut stream = self.stream(line.as_bytes(), round);
            rest.chars().map(|letter| alike(letter, &mut stream)).collect::<String>()
        };
        let token = (0..ROUNDS).map(draw).find(|token| token != rest);
        format!("{kept}{}", token.as_deref().unwrap_or(rest))
    }

    fn stream(&self, text: &[u8], round: u8) -> Stream {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update([round]);
        hash.update(text);
        Stream { key: hash.finalize().into(), block: [0; 32], used: 32, counter: 0 }
    }
}

/// A character of the same kind and the same length in UTF-8. What is neither a letter nor a digit stays.
fn alike(letter: char, stream: &mut Stream) -> char {
    let from = |first: u32, count: u32, stream: &mut Stream| {
        char::from_u32(first + u32::from(stream.next_byte()) % count).unwrap_or('x')
    };
    match letter {
        'a'..='z' => from('a' as u32, 26, stream),
        'A'..='Z' => from('A' as u32, 26, stream),
        '0' => from('0' as u32, 10, stream),
        '1'..='9' => from('1' as u32, 9, stream),
        _ => match letter.len_utf8() {
            1 => letter,
            2 => from(0xE0, 16, stream),
            3 => from(0x4E00, 256, stream),
            _ => from(0x1F600, 64, stream),
        },
    }
}

/// SHA-256 over a key and a counter.
struct Stream {
    key: [u8; 32],
    block: [u8; 32],
    used: usize,
    counter: u64,
}

impl Stream {
    fn next_byte(&mut self) -> u8 {
        if self.used >= self.block.len() {
            let mut hash = Sha256::new();
            hash.update(self.key);
            hash.update(self.counter.to_le_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        let byte = self.block[self.used];
        self.used += 1;
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_look_like_what_they_stand_for() {
        let tokens = Tokens::new([7; 32]);
        for text in ["s3cr3t-Pass.word", "https://user:pass@host:6443/x", "ключ", "秘密😀", "0123456789"]
        {
            let token = tokens.text(text);
            assert_eq!(token, tokens.text(text));
            assert_ne!(token, text);
            assert_eq!(token.len(), text.len(), "{token}");
            let shape = |text: &str| -> Vec<(bool, bool, bool)> {
                let kind = |c: char| (c.is_ascii_lowercase(), c.is_ascii_uppercase(), c.is_ascii_digit());
                text.chars().map(kind).collect()
            };
            assert_eq!(shape(&token), shape(text), "{token}");
            assert_ne!(token, Tokens::new([8; 32]).text(text));
        }
        assert!(tokens.text("https://host").starts_with("https://"));
    }

    #[test]
    fn lines_have_tokens_of_their_own() {
        let tokens = Tokens::new([1; 32]);
        let key = "-----BEGIN KEY-----\nMIIB\nabcd\n-----END KEY-----\n";
        let token = tokens.text(key);
        assert!(
            token.starts_with("-----BEGIN KEY-----\n") && token.ends_with("-----END KEY-----\n"),
            "{token}"
        );
        assert_eq!(token.lines().nth(1), Some(tokens.text("MIIB").as_str()));
        assert_eq!(tokens.bytes(&[0, 255, 3]).len(), 3);
    }
}
