//! Expressions in CEL, the Common Expression Language, as Flux evaluates them (`fluxcd/pkg/runtime/cel`): the standard
//! library with the extensions for strings, sets and encoders, optional values, numbers of all types comparable.
//!
//! The interpreter is the crate `cel`. What is added to it here: values with the numbers of Kubernetes objects, the
//! extension for sets, the check that cel-go makes when an expression is compiled, cel-go's words for errors, an order
//! for the keys of maps, and a bound on what evaluating may cost.

mod budget;
mod charge;
mod check;
mod error;
mod expression;
mod functions;
mod sets;
mod types;
mod value;

pub use error::{EvaluationError, SyntaxError};
pub use expression::Expression;
