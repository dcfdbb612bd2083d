//! Scenarios: short texts that people read and write, one statement a line, of everything that a simulated run does.
//!
//! ```text
//! seed 7
//! chart web 1.0.0 workloads=1 hooks=pre-install test=yes
//! source web chart=web@1.0.0
//! apply release app source=web interval=5m replicas=1
//! at 12s fault lost-acknowledgement create Secret
//! at 15s crash after=500ms
//! settle
//! expect release app Ready=True
//! ```
//!
//! A statement may begin with `at` and a time since the start; without it, it happens right after the one before. A line
//! that begins with `#` is a comment. What is printed reads back as the same scenario.

mod error;
mod parse;
mod print;
mod settings;
mod span;
mod statement;
#[cfg(test)]
mod tests;
mod words;

pub use error::ScenarioError;
pub use settings::{Settings, Value, ValueKind};
pub use span::{Span, Unit};
pub(crate) use statement::setting;
pub use statement::{
    Aim, ChartVersion, CrashPoint, Edit, Expectation, Line, Scenario, Statement, Step, Target,
};
pub use words::{FaultWord, HelmCommand, Knob, Place, SourceState, State, ValuesKind, Verb};
