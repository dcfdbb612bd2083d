//! What lint finds.

use std::fmt;

use pilothouse_encoding::yaml::Position;
use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The chart cannot be installed, or not as it is meant.
    Error,
    /// It may not be installed as it is meant.
    Warning,
    /// Good to know.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// A problem of a chart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// File in the chart, `templates/a.yaml` or `charts/sub/templates/a.yaml`; or where values come from.
    pub file: String,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Line in what the template renders, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered_line: Option<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// Name of the rule, for people who look for it.
    pub rule: &'static str,
    /// What is wrong, and with what.
    pub message: String,
    /// The text of the rendered line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered_text: Option<String>,
    /// Whether the file lies outside of the chart: a file with values.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_outside: bool,
}

impl Problem {
    /// A problem of a file.
    pub(crate) fn new(
        severity: Severity,
        rule: &'static str,
        file: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            rendered_line: None,
            severity,
            rule,
            message: message.into(),
            rendered_text: None,
            is_outside: false,
        }
    }

    /// The same at a line.
    pub(crate) fn at_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    /// The same at a place.
    pub(crate) fn at(self, position: Option<Position>) -> Self {
        let (line, column) = (position.map(|place| place.line), position.map(|place| place.column));
        Self { line, column, ..self }
    }

    /// The same at a line of what the template renders.
    pub(crate) fn at_rendered(self, text: &str, line: usize) -> Self {
        let rendered_text = text.lines().nth(line.saturating_sub(1)).map(|text| text.trim_end().to_owned());
        Self { rendered_line: Some(line), rendered_text, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}: {} [{}]", self.severity, self.message, self.rule)?;
        if let (Some(line), Some(text)) = (self.rendered_line, &self.rendered_text) {
            write!(f, "\n    rendered line {line} | {text}")?;
        }
        Ok(())
    }
}
