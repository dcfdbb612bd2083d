//! Go text/template with the functions Helm offers.
//!
//! The engine is written afresh after the documented behaviour of Go 1.26's `text/template` and `fmt`,
//! `Masterminds/sprig` v3.3 and Helm v4's `pkg/engine`. It takes time, randomness, the cluster and all bounds
//! from an [`Environment`]; a render with the same inputs gives the same bytes.

mod budget;
mod environment;
mod error;
mod exec;
mod format;
mod functions;
pub mod helm_error;
mod parse;
pub mod semver;
mod set;
mod stack;
mod time;
pub mod value;

pub use budget::{Budget, LimitError, Limits};
pub use environment::{Detached, Entropy, Environment, Host, Moment, SeededEntropy};
pub use error::{ExecError, ParseError};
pub use set::{MissingKey, TemplateSet};
pub use value::{Text, Value};
