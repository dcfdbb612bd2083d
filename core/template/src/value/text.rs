//! Go strings: immutable bytes that are usually, but not always, UTF-8.
//!
//! A Go string may hold any bytes, and charts rely on it: `.Files.Get "logo.png" | b64enc` and
//! `trunc` inside a multi-byte character both pass bytes through that no `str` can hold.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

/// An immutable, cheaply cloned Go string.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Rc<[u8]>);

/// Bytes of two texts that are compared in the time of a step.
pub(crate) const COMPARED_PER_STEP: usize = 64;

impl Text {
    /// The bytes of the string.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The string as UTF-8; invalid bytes become U+FFFD.
    pub fn as_str(&self) -> Cow<'_, str> {
        lossy(&self.0)
    }

    /// Length in bytes, which is what Go's `len` reports.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the string has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The string as a map key; invalid bytes become U+FFFD.
    pub fn to_key(&self) -> Rc<str> {
        Rc::from(&*self.as_str())
    }
}

/// Bytes as UTF-8. Each invalid byte becomes U+FFFD, as in Go, where what is left of a letter is not taken together.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        // Lists often hold the same text many times.
        if Rc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_str(), formatter)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(Rc::from(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(Rc::from(text.into_bytes()))
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Text(Rc::from(bytes))
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Text(Rc::from(bytes))
    }
}

impl FromIterator<u8> for Text {
    fn from_iter<T: IntoIterator<Item = u8>>(bytes: T) -> Self {
        Text(bytes.into_iter().collect())
    }
}

impl From<Rc<str>> for Text {
    fn from(text: Rc<str>) -> Self {
        Text(Rc::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bytes_that_are_not_text() {
        let text = Text::from(&[0x61, 0xff][..]);
        assert_eq!(text.len(), 2);
        assert_eq!(text.as_str(), "a\u{fffd}");
        assert_eq!(text.as_bytes(), [0x61, 0xff]);
    }
}
