//! Wrong flags in the words of Helm's flag library (Go package `github.com/spf13/pflag`), which ends with exit code 1.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What is printed behind `Error: ` about wrong flags of `pilothouse template`; nothing when there is no such text, as
/// for `--help`.
#[must_use]
pub fn usage_error(error: &clap::Error) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::UnknownArgument => Some(unknown(&argument)),
        ErrorKind::MissingRequiredArgument => Some(
            "\"pilothouse template\" requires at least 1 argument\n\nUsage:  pilothouse template [NAME] [CHART] [flags]"
                .to_owned(),
        ),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = text(error, ContextKind::InvalidValue);
            if value.is_empty() {
                return Some(format!("flag needs an argument: {}", flag(&argument)));
            }
            let value = pilothouse_template::go_quoted(value.as_bytes());
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let reason = reason.unwrap_or_else(|| allowed(error));
            Some(format!("invalid argument {value} for \"{}\" flag: {reason}", flag(&argument)))
        }
        _ => None,
    }
}

fn unknown(argument: &str) -> String {
    match argument.strip_prefix("--") {
        Some(_) => format!("unknown flag: {argument}"),
        None => {
            let letter = argument.trim_start_matches('-').chars().next().unwrap_or_default();
            format!("unknown shorthand flag: '{letter}' in {argument}")
        }
    }
}

/// `--kube-version <KUBE_VERSION>` without what follows the name.
fn flag(argument: &str) -> &str {
    argument.split([' ', '[', '=']).next().unwrap_or_default()
}

fn allowed(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => format!("allowed values: {}", values.join(", ")),
        _ => "invalid value".to_owned(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
