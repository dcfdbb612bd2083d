//! Go text/template with the functions Helm offers.
//!
//! The engine is written afresh after the documented behaviour of Go 1.26's `text/template` and `fmt`,
//! `Masterminds/sprig` v3.3 and Helm v4's `pkg/engine`. It takes time, randomness, the cluster and all bounds
//! from an [`Environment`]; a render with the same inputs gives the same bytes.
//!
//! ```
//! use pilothouse_template::{
//!     Budget, Changed, Detached, Environment, MissingKey, Moment, SeededEntropy, TemplateSet, Value,
//! };
//!
//! let mut set = TemplateSet::new(MissingKey::Zero);
//! set.parse("chart/templates/_helpers.tpl", "{{ define \"name\" }}{{ .Release.Name | trunc 3 }}{{ end }}")?;
//! set.parse("chart/templates/a.yaml", "name: {{ include \"name\" . | quote }}")?;
//!
//! let data = Value::from_json(&serde_json::json!({"Release": {"Name": "podinfo"}}));
//! let (mut host, mut entropy, mut changed) = (Detached, SeededEntropy::new(1), Changed::default());
//! let mut environment = Environment {
//!     host: &mut host,
//!     entropy: &mut entropy,
//!     now: Moment::default(),
//!     changed: &mut changed,
//!     budget: Budget::default(),
//! };
//! let output = set.execute("chart/templates/a.yaml", &data, &mut environment)?;
//! assert_eq!(output, "name: \"pod\"");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub use environment::{Changed, Detached, Entropy, Environment, Host, Leniency, Moment, SeededEntropy};
pub use error::{ExecError, ParseError};
pub use format::go_quote;
pub use format::quote::{is_printable as go_printable, quoted as go_quoted, quoted_char as go_quoted_char};
pub use functions::{
    check_ipv6, check_regex, function_names, parse_json, translate_regex, url_path, url_unescaped,
};
pub use set::{MissingKey, TemplateSet};
pub use time::check_layout;
pub use value::{Text, Value};

/// What Go's `%v` prints of a JSON value, every number as a float unless it is an integer.
#[must_use]
pub fn go_printed(value: &serde_json::Value) -> String {
    format::value_text(&Value::from_json(value))
}
