//! Template errors, worded and nested as Go's are.

use std::fmt;

use crate::budget::LimitError;
use crate::value::EncodeError;

/// A template could not be parsed. The text is Go's: `template: NAME:LINE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {name}:{line}: {message}")]
pub struct ParseError {
    /// The template as named to `parse`.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in that line, from 1, of the part that is not understood; nothing when it begins in another line.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// The bound that was passed, when the text is too deep or too large rather than wrong.
    pub limit: Option<LimitError>,
}

/// A template failed. Its text, and that of every error inside it, is Go's.
///
/// Go's errors form a chain: a function's error is wrapped by the error of the template that called it.
/// Each link prints its own text followed by that of the error it wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError(Box<Link>);

/// One error of a chain. It is boxed to keep the results of every evaluation step small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    text: String,
    is_template_error: bool,
    limit: Option<LimitError>,
    cause: Option<ExecError>,
}

impl ExecError {
    /// An error of a function: plain text.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        ExecError(Box::new(Link { text: text.into(), is_template_error: false, limit: None, cause: None }))
    }

    /// Plain text that ends in the text of `cause`.
    pub(crate) fn wrap(prefix: impl Into<String>, cause: ExecError) -> Self {
        let limit = cause.limit();
        ExecError(Box::new(Link { text: prefix.into(), is_template_error: false, limit, cause: Some(cause) }))
    }

    /// The error of an executing template: Go's `template.ExecError`.
    pub(crate) fn template(text: String, cause: Option<ExecError>) -> Self {
        let limit = cause.as_ref().and_then(ExecError::limit);
        ExecError(Box::new(Link { text, is_template_error: true, limit, cause }))
    }

    /// Marks the error as caused by passing `limit`.
    pub(crate) fn with_limit(mut self, limit: LimitError) -> Self {
        self.0.limit = Some(limit);
        self
    }

    /// The bound whose passing caused the error.
    pub fn limit(&self) -> Option<LimitError> {
        self.0.limit
    }

    /// Whether this link is Go's `template.ExecError`, which says where in which template.
    pub fn is_template_error(&self) -> bool {
        self.0.is_template_error
    }

    /// This link's own text, without that of the error it wraps.
    pub fn own_text(&self) -> &str {
        &self.0.text
    }

    /// The wrapped error.
    pub fn cause(&self) -> Option<&ExecError> {
        self.0.cause.as_ref()
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut link = Some(self);
        while let Some(error) = link {
            formatter.write_str(error.own_text())?;
            link = error.cause();
        }
        Ok(())
    }
}

impl std::error::Error for ExecError {}

impl From<LimitError> for ExecError {
    fn from(limit: LimitError) -> Self {
        ExecError::plain(limit.to_string()).with_limit(limit)
    }
}

impl From<EncodeError> for ExecError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Limit(limit) => limit.into(),
            other => ExecError::plain(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_chain_and_keeps_the_limit() {
        let inner = ExecError::from(LimitError::Steps(5));
        let error = ExecError::template("template: t:1:2: error calling include: ".into(), Some(inner));
        assert_eq!(
            error.to_string(),
            "template: t:1:2: error calling include: rendering takes more than 5 steps"
        );
        assert_eq!(error.limit(), Some(LimitError::Steps(5)));
    }
}
