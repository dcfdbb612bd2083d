//! Errors of reading and writing YAML, in go-yaml's words.

use std::fmt;

/// Why a document could not be read; the texts are those of go-yaml v2 and `sigs.k8s.io/yaml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// The text is not YAML.
    #[error("yaml: {}{problem}", LinePrefix(*line))]
    Syntax {
        /// The line go-yaml names; it leaves the line out for errors near the beginning.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
    },
    /// An alias without an anchor before it.
    #[error("yaml: unknown anchor '{0}' referenced")]
    UnknownAnchor(String),
    /// An alias inside the node it stands for.
    #[error("yaml: anchor '{0}' value contains itself")]
    AnchorCycle(String),
    /// Aliases make up too much of the document.
    #[error("yaml: document contains excessive aliasing")]
    ExcessiveAliasing,
    /// `<<` with something that is not a map.
    #[error("yaml: map merge requires map or sequence of maps as the value")]
    MergeValue,
    /// A map or list as a key, printed in Go syntax.
    #[error("yaml: invalid map key: {0}")]
    InvalidMapKey(String),
    /// A null or unsigned 64-bit key.
    #[error("unsupported map key of type: {kind}, key: {key}, value: {value}")]
    UnsupportedMapKey {
        /// The Go type.
        kind: &'static str,
        /// The key in Go syntax.
        key: String,
        /// The value in Go syntax.
        value: String,
    },
    /// A scalar that is not what its tag says.
    #[error("yaml: cannot decode {found} `{value}` as a {wanted}")]
    TagMismatch {
        /// The short tag the text resolves to.
        found: String,
        /// The text.
        value: String,
        /// The short tag in the document.
        wanted: String,
    },
    /// `!!binary` with text that is not base64.
    #[error("yaml: !!binary value contains invalid base64 data")]
    InvalidBase64,
    /// An infinity or NaN, which JSON cannot hold.
    #[error("json: unsupported value: {0}")]
    UnsupportedValue(&'static str),
    /// Repeated keys in strict mode, one line each.
    #[error("yaml: unmarshal errors:\n  {}", .0.join("\n  "))]
    DuplicateKeys(Vec<String>),
    /// More nesting than [`super::Limits::depth`].
    #[error("yaml: {}exceeded max depth of {limit}", LinePrefix(*line))]
    Depth {
        /// The line of the node that is too deep.
        line: Option<u64>,
        /// The limit.
        limit: usize,
    },
    /// Too many nodes too deep: more than [`super::Limits::nesting_work`].
    #[error("yaml: exceeded max nesting work of {limit}")]
    NestingWork {
        /// The limit.
        limit: usize,
    },
    /// More nodes than [`super::Limits::nodes`].
    #[error("yaml: exceeded max number of {limit} nodes")]
    Nodes {
        /// The limit.
        limit: usize,
    },
    /// More text in keys and values than [`super::Limits::text_bytes`].
    #[error("yaml: exceeded max text size of {limit} bytes")]
    TextSize {
        /// The limit in bytes.
        limit: usize,
    },
    /// More text than [`super::Limits::input_bytes`].
    #[error("yaml: exceeded max input size of {limit} bytes")]
    InputSize {
        /// The limit in bytes.
        limit: usize,
    },
}

impl YamlError {
    /// Whether the document passes one of the [`super::Limits`], rather than being malformed.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Depth { .. }
                | Self::NestingWork { .. }
                | Self::Nodes { .. }
                | Self::TextSize { .. }
                | Self::InputSize { .. }
        )
    }
}

/// Why a value could not be written; the texts are those of `sigs.k8s.io/yaml`, which reads its own JSON text
/// as YAML on the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// go-yaml cannot read the JSON text of the value.
    #[error(transparent)]
    Reread(YamlError),
    /// Nesting deeper than the default [`super::Limits::depth`].
    #[error("yaml: exceeded max depth of {limit}")]
    Depth {
        /// The limit.
        limit: usize,
    },
}

/// `line N: ` when there is a line.
struct LinePrefix(Option<u64>);

impl fmt::Display for LinePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, "line {line}: "),
            None => Ok(()),
        }
    }
}
