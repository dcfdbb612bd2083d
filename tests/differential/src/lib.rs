//! Generates charts and compares what Pilothouse and Helm make of them.
//!
//! A case is made of decisions ([`choices`]), rendered by both ([`ours`], [`oracle`]), compared ([`compare`]) and, when the
//! outcomes differ, made small ([`shrink`]). Differences that were found are kept with what Helm does in `cases/`.
//!
//! YAML texts alone are compared, too ([`yaml`]).

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test tool of the outer ring: it runs processes and threads"
)]

pub mod campaign;
pub mod case;
pub mod choices;
pub mod compare;
pub mod generate;
pub mod oracle;
pub mod ours;
pub mod report;
pub mod shrink;
pub mod yaml;
