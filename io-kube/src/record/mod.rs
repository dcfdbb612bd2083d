//! Recordings: everything that the operator was told, with tokens in place of secrets, and everything that it wanted.
//!
//! Beside the operator runs a twin, on a thread of its own. It is told the same, but sees tokens where secrets are; what is
//! recorded is what the twin was told and what it wanted. So a recording holds nothing that was made of a secret, and a
//! replay, which is one more twin, does the same again byte for byte. What the operator itself wanted is compared with what
//! the twin wanted: from the differences it is learnt what stands for what was made of secrets, and where the two part
//! ways, a note in the recording says so.

mod folder;
mod format;
mod known;
mod mask;
mod memory;
mod recorder;
mod secret;
mod stored;
mod tap;
mod token;
mod twin;

pub use folder::{ARTIFACTS, EXTENSION, recordings};
pub use format::{Artifacts, FORMAT, Header, Line, LineError, Note, Reader, Step, Writer, artifact_name};
pub use recorder::RecordOptions;
pub use tap::{Recorded, Replaceable, Tap, replayed_operator};
