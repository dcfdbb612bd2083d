//! Go's `[]byte`.

use std::ops::Deref;
use std::rc::Rc;

/// Bytes, shared like all values. Go tells a slice that was never made from one that is empty: the former is `null` in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(Option<Rc<[u8]>>);

impl Bytes {
    /// Go's nil slice, which a missing key of a map of bytes reads as.
    pub const NIL: Self = Self(None);

    /// Whether this is Go's nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.is_none()
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<T: Into<Rc<[u8]>>> From<T> for Bytes {
    fn from(bytes: T) -> Self {
        Self(Some(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_from_empty() {
        let empty = Bytes::from(Vec::new());
        assert_ne!(Bytes::NIL, empty);
        assert!(Bytes::NIL.is_nil() && !empty.is_nil());
        assert_eq!(*Bytes::NIL, *empty);
    }
}
