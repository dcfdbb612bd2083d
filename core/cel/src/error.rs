//! Errors in cel-go's words: they end up in conditions.

use cel::{ExecutionError, ParseErrors, Value};

/// A text is no expression. Displays as Flux' error text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// The text cannot be read, or means nothing.
    #[error("failed to parse the CEL expression '{text}': {reason}")]
    Invalid {
        /// The expression.
        text: String,
        /// Where and why.
        reason: String,
    },
    /// The expression gives something else than a boolean.
    #[error("CEL expression output type mismatch: expected bool, got {0}")]
    OutputType(String),
    /// The environment cannot be built.
    #[error("failed to create CEL environment: {0}")]
    Environment(String),
}

/// An expression has no value. Displays as Flux' error text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// Evaluating failed.
    #[error("failed to evaluate the CEL expression '{text}': {reason}")]
    Failed {
        /// The expression.
        text: String,
        /// Why.
        reason: String,
    },
    /// The value is no boolean.
    #[error("failed to evaluate CEL expression as boolean: '{0}'")]
    NoBoolean(String),
}

/// All errors of a text, one after the other, each with the line it is about.
pub(crate) fn syntax(text: &str, errors: &ParseErrors) -> String {
    let errors = errors.errors.iter();
    // What follows is only about the place where reading has stopped.
    if errors.clone().any(|error| error.msg.contains("Recursion limit")) {
        return "ERROR: <input>:-1:0: expression recursion limit exceeded".to_owned();
    }
    errors.map(|error| located(text, error.pos, &error.msg)).collect::<Vec<_>>().join("\n")
}

/// An error at a line and a column, both counted from one.
pub(crate) fn located(text: &str, (line, column): (isize, isize), message: &str) -> String {
    let mut located = format!("ERROR: <input>:{line}:{column}: {message}");
    let shown = usize::try_from(line - 1).ok().and_then(|line| text.lines().nth(line));
    if let Some(shown) = shown {
        let dots = ".".repeat(usize::try_from(column - 1).unwrap_or_default());
        located.push_str(&format!("\n | {shown}\n | {dots}^"));
    }
    located
}

/// Why evaluating failed. Values are not shown: they may be secret, and maps print in any order.
pub(crate) fn failure(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::UndeclaredReference(name) => format!("no such attribute(s): {name}"),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::IndexOutOfBounds(Value::Int(index)) => format!("index out of bounds: {index}"),
        ExecutionError::IndexOutOfBounds(_) => "index out of bounds".to_owned(),
        ExecutionError::DuplicateKey(_) => "Failed with repeated key".to_owned(),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        ExecutionError::InternalError(reason) => reason.clone(),
        _ => "no such overload".to_owned(),
    }
}
