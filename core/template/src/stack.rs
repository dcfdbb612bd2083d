//! A guard against running out of stack.
//!
//! Recursion depth is counted against [`crate::Limits`], but how many bytes a level takes depends on the build.
//! The guard measures what has been used since an entry point, so that no build overflows.

/// Where the stack stood at an entry point, and how far it may grow from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackGuard {
    start: usize,
    limit: usize,
}

impl StackGuard {
    /// Starts measuring here; `limit` is in bytes.
    pub(crate) fn new(limit: usize) -> Self {
        StackGuard { start: position(), limit }
    }

    /// Whether more than the limit is in use.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.start.abs_diff(position()) > self.limit
    }
}

/// The address of a local variable, which is about where the stack ends.
#[inline(never)]
fn position() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descend(guard: StackGuard, depth: usize) -> usize {
        let padding = std::hint::black_box([0u8; 256]);
        if guard.is_exhausted() {
            return depth + usize::from(padding[0]);
        }
        descend(guard, depth + 1)
    }

    #[test]
    fn stops_before_the_limit_is_far_behind() {
        let depth = descend(StackGuard::new(64 * 1024), 0);
        assert!(depth > 10 && depth < 400, "{depth}");
    }
}
