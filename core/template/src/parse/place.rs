//! Places in a source: trees hold them instead of copies and pointers.

use std::marker::PhantomData;

/// An offset in a source, none of which is longer than this can tell.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A part of a source: trees hold places instead of copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The part between two byte offsets.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Span { start: offset(start), end: offset(end) }
    }

    /// Length in bytes.
    pub(crate) fn len(self) -> usize {
        self.range().len()
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Byte offset of the start.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// The bytes of the part.
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.range()).unwrap_or_default()
    }

    /// The part as text; a source is UTF-8, and parts of it begin and end between letters.
    pub(crate) fn text_of(self, text: &[u8]) -> &str {
        std::str::from_utf8(self.of(text)).unwrap_or_default()
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Parts of a source that lie behind each other.
pub(crate) struct Slice<T> {
    start: u32,
    end: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Slice<T> {
    /// No parts.
    pub(crate) const EMPTY: Self = Slice { start: 0, end: 0, of: PhantomData };

    /// Puts finished parts behind those that there are.
    pub(crate) fn append(all: &mut Vec<T>, parts: impl Iterator<Item = T>) -> Self {
        let start = offset(all.len());
        all.extend(parts);
        Slice { start, end: offset(all.len()), of: PhantomData }
    }

    /// The parts, of all of their kind.
    pub(crate) fn of(self, all: &[T]) -> &[T] {
        all.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

impl<T> Clone for Slice<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slice<T> {}

/// Where a part of a source lies among all of its kind.
pub(crate) struct Place<T> {
    at: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Place<T> {
    /// Puts a finished part behind those that there are.
    pub(crate) fn append(all: &mut Vec<T>, part: T) -> Self {
        let at = offset(all.len());
        all.push(part);
        Place { at, of: PhantomData }
    }

    /// The part, of all of its kind.
    pub(crate) fn of(self, all: &[T]) -> &T {
        &all[self.at as usize]
    }
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}
