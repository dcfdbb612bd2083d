//! Bounds that keep hostile documents from exhausting memory, time or the stack.

/// Bounds for reading one document. Going over one is an error of its own kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest input, in bytes.
    pub input_bytes: usize,
    /// The deepest nesting of collections, with aliases expanded.
    ///
    /// Go stops at 10,000. Values of that depth exhaust an ordinary thread's stack as soon as anything walks,
    /// clones or drops them, so the default is lower.
    pub depth: usize,
    /// The most nodes, with aliases expanded.
    pub nodes: usize,
    /// The most text in keys and values, with aliases expanded, in bytes. Go shares the text of aliases.
    pub text_bytes: usize,
    /// The most nesting work: the sum over all parser events of the depth they occur at. What walks a value along its
    /// paths takes time in proportion to it.
    pub nesting_work: usize,
}

impl Limits {
    /// The nesting that go-yaml and Go's `encoding/json` accept.
    pub const GO_DEPTH: usize = 10_000;
}

impl Default for Limits {
    /// 16 MiB of text, 32 MiB with aliases expanded, 500 levels, half a million nodes: what that takes stays below
    /// 200 MiB.
    fn default() -> Self {
        Self {
            input_bytes: 16 << 20,
            depth: 500,
            nodes: 500_000,
            text_bytes: 32 << 20,
            nesting_work: 400_000_000,
        }
    }
}
