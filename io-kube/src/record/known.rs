//! Secrets that are known by now, wherever they appear: as they are, and as they look inside of base64, base64 of that, and
//! URLs.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Shorter texts are replaced where they are values only: inside of other texts they would tear words apart.
const SHORTEST: usize = 8;
/// Words of this length say something even if they are of small letters only.
const LONG: usize = 12;

/// Secret texts with what stands for them.
#[derive(Default)]
pub(super) struct Known {
    pairs: BTreeMap<String, String>,
    finder: Option<(AhoCorasick, Vec<String>)>,
    stale: bool,
}

impl Known {
    /// From now on `token` stands for `real` inside of any text, if `real` can be told from a word.
    pub(super) fn learn(&mut self, real: &str, token: &str) {
        for (real, token) in real.split('\n').zip(token.split('\n')) {
            let (real, token) = (real.trim(), token.trim());
            if real != token && is_telling(real) {
                self.enter(real, token);
            }
        }
    }

    /// A text with tokens in place of secrets; `None` when there are none in it.
    pub(super) fn replace(&mut self, text: &str) -> Option<String> {
        self.refresh();
        let (finder, tokens) = self.finder.as_ref()?;
        finder.is_match(text).then(|| finder.replace_all(text, tokens))
    }

    fn enter(&mut self, real: &str, token: &str) {
        let mut add = |real: &str, token: &str| {
            if real != token && self.pairs.insert(real.to_owned(), token.to_owned()).is_none() {
                self.stale = true;
            }
        };
        add(real, token);
        add(&in_url(real), &in_url(token));
        add(&quoted(real), &quoted(token));
        if real.len() != token.len() {
            return;
        }
        for (real, token) in in_base64(real).into_iter().zip(in_base64(token)) {
            add(&real, &token);
            add(&url_safe(&real), &url_safe(&token));
            for (real, token) in in_base64(&real).into_iter().zip(in_base64(&token)) {
                add(&real, &token);
            }
        }
    }

    fn refresh(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(self.pairs.keys());
        self.finder = built.ok().map(|finder| (finder, self.pairs.values().cloned().collect()));
    }
}

/// Whether a text is more than a word that may stand anywhere.
fn is_telling(text: &str) -> bool {
    let has = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let letters = has(u8::is_ascii_alphabetic) || !text.is_ascii();
    let mixed = has(u8::is_ascii_digit) || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
    text.len() >= SHORTEST && ((letters && mixed) || text.len() >= LONG) && !text.starts_with("-----")
}

/// What is sure to appear in the base64 of anything that holds the text, for each of its three positions, and of anything
/// that ends with it.
fn in_base64(text: &str) -> Vec<String> {
    let at = |(offset, first): (usize, usize)| {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(text.as_bytes());
        let (encoded, whole) = (STANDARD.encode(&bytes), bytes.len() * 8 / 6);
        [whole, encoded.len()].map(|end| encoded.get(first..end).unwrap_or_default().to_owned())
    };
    [(0, 0), (1, 2), (2, 3)].into_iter().flat_map(at).filter(|part| part.len() >= SHORTEST).collect()
}

fn url_safe(base64: &str) -> String {
    base64.replace('+', "-").replace('/', "_")
}

fn in_url(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// As Go's `%q` and JSON write it between quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let mut known = Known::default();
        known.learn("s3cret/Canary+1", "t7wqxz/Yhbwsk+4");
        known
    }

    #[test]
    fn secrets_are_found_in_any_encoding() {
        let (mut known, secret) = (known(), "s3cret/Canary+1");
        let base64 = |text: &str| STANDARD.encode(text);
        for text in [
            secret.to_owned(),
            format!("postgres://user:{secret}@host"),
            base64(secret),
            base64(&format!("user:{secret}")),
            base64(&format!("us:{secret}.")),
            base64(&format!("u:{secret}")),
            base64(&base64(secret)),
            base64(&base64(&format!("user:{secret}"))),
            "https://host/?p=s3cret%2FCanary%2B1".to_owned(),
            url_safe(&base64(&format!("?>{secret}"))),
        ] {
            let replaced = known.replace(&text).unwrap_or_default();
            assert_eq!(replaced.len(), text.len(), "{text}: {replaced}");
            assert!(known.replace(&replaced).is_none(), "{text}: {replaced}");
        }
        let replaced = known.replace(&base64(&format!("user:{secret}"))).unwrap();
        let decoded = STANDARD.decode(replaced).unwrap();
        assert_eq!(decoded, b"user:t7wqxz/Yhbwsk+4");
    }

    #[test]
    fn words_stay() {
        let mut known = known();
        known.learn("admin", "qwert");
        known.learn("postgres", "qwertyui");
        assert_eq!(known.replace("admin of postgres"), None);
        known.learn("line-one-111\nline-two-222", "tokn-one-333\ntokn-two-444");
        assert_eq!(known.replace("has line-two-222 in it").as_deref(), Some("has tokn-two-444 in it"));
    }
}
