//! One budget for everything a render does.

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
}

impl Budget {
    /// A fresh budget.
    pub fn new(limits: Limits) -> Self {
        Budget { limits, steps_left: limits.steps, bytes_left: limits.bytes }
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

    /// Takes `steps` from the budget. One step is roughly 20 to 100 nanoseconds of work.
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
