//! One budget for everything a render does.

use crate::functions::RegexCache;

/// A bound was passed. Template errors carry it with the template's name and line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Too many nodes, loop rounds, calls and units of work.
    #[error("rendering takes more than {0} steps")]
    Steps(u64),
    /// Too many bytes written or built, counting what `include` and functions return.
    #[error("rendering produces more than {0} bytes")]
    Bytes(u64),
    /// Templates, includes or expressions nest too deep.
    #[error("templates nest deeper than {0} levels")]
    Depth(usize),
    /// A value nests too deep to be printed, copied, compared or encoded; it may contain itself.
    #[error("value nests deeper than {0} levels")]
    ValueDepth(usize),
    /// A value has too many parts for that, counting shared ones once for each place.
    #[error("value has more than {0} elements")]
    ValueSize(usize),
    /// A regular expression takes more bytes when compiled, or nests too deep for that.
    #[error("regular expression takes more than {0} bytes")]
    Pattern(usize),
    /// The nesting takes more stack than the caller allowed.
    #[error("templates nest too deep for a stack of {0} bytes")]
    Stack(usize),
}

/// The bounds of a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps: nodes walked, loop rounds, function calls and work units of expensive functions.
    pub steps: u64,
    /// Bytes written to any output or built by functions, an estimate of what values take besides. Nothing is given
    /// back, so memory stays below it.
    pub bytes: u64,
    /// Nested templates, as Go counts them.
    pub depth: usize,
    /// Stack the renderer may use, in bytes. Helm's bound of 1000 nested includes needs about 64 MiB
    /// in an unoptimised build.
    pub stack: usize,
}

impl Default for Limits {
    /// Enough for the largest public charts by a factor of about 50, on a stack of 2 MiB.
    fn default() -> Self {
        Limits { steps: 300_000_000, bytes: 192 << 20, depth: 100_000, stack: 1 << 20 }
    }
}

/// What is left of [`Limits`]; shared by all templates of a render.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    steps_left: u64,
    bytes_left: u64,
    /// Regular expressions it has paid for. Another budget pays for its own, so that a render costs the same each time.
    pub(crate) regexes: RegexCache,
}

impl Budget {
    /// A fresh budget.
    pub fn new(limits: Limits) -> Self {
        let (steps_left, bytes_left) = (limits.steps, limits.bytes);
        Budget { limits, steps_left, bytes_left, regexes: RegexCache::default() }
    }

    /// The bounds the budget began with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Steps used so far.
    pub fn steps_used(&self) -> u64 {
        self.limits.steps - self.steps_left
    }

    /// Bytes produced so far.
    pub fn bytes_used(&self) -> u64 {
        self.limits.bytes - self.bytes_left
    }

    /// Bytes that may still be produced.
    pub fn bytes_left(&self) -> usize {
        usize::try_from(self.bytes_left).unwrap_or(usize::MAX)
    }

    /// How long a text may get that is printed now.
    pub(crate) fn text_bound(&self) -> TextBound {
        self.within(TextBound::PRINTED)
    }

    /// How long a text may get that is encoded now.
    pub(crate) fn encoding_bound(&self) -> TextBound {
        self.within(TextBound::ENCODED)
    }

    /// What values may take that are made now.
    pub(crate) fn memory_bound(&self) -> TextBound {
        TextBound { most: self.bytes_left(), error: LimitError::Bytes(self.limits.bytes) }
    }

    fn within(&self, bound: TextBound) -> TextBound {
        let left = self.bytes_left();
        if left < bound.most { self.memory_bound() } else { bound }
    }

    /// Takes `steps` from the budget. One step is roughly 20 to 40 nanoseconds of work.
    ///
    /// # Errors
    /// [`LimitError::Steps`] when they are used up.
    #[inline]
    pub fn charge_steps(&mut self, steps: u64) -> Result<(), LimitError> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(LimitError::Steps(self.limits.steps)),
        }
    }

    /// Takes `bytes` of output from the budget; call it before building a large result.
    ///
    /// # Errors
    /// [`LimitError::Bytes`] when they are used up.
    #[inline]
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), LimitError> {
        match self.bytes_left.checked_sub(bytes as u64) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => Err(LimitError::Bytes(self.limits.bytes)),
        }
    }
}

/// The most bytes of a text, and the bound that passing them tells of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextBound {
    pub(crate) most: usize,
    pub(crate) error: LimitError,
}

impl TextBound {
    /// What a single print may produce. Shared parts of a value print once for each place they appear in.
    pub(crate) const PRINTED: TextBound = TextBound { most: 16 << 20, error: LimitError::Bytes(16 << 20) };

    /// What encoders may make of a value.
    pub(crate) const ENCODED: TextBound = TextBound { most: 64 << 20, error: LimitError::Bytes(64 << 20) };

    /// What is left behind `length` bytes.
    pub(crate) fn behind(self, length: usize) -> TextBound {
        TextBound { most: self.most.saturating_sub(length), ..self }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(Limits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_until_nothing_is_left() {
        let mut budget = Budget::new(Limits { steps: 2, ..Limits::default() });
        assert_eq!(budget.charge_steps(2), Ok(()));
        assert_eq!(budget.charge_steps(1), Err(LimitError::Steps(2)));
        assert_eq!(budget.steps_used(), 2);
    }
}
