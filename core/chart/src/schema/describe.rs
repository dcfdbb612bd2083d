//! Violations in the words of Go package `github.com/santhosh-tekuri/jsonschema/v6`.

use boon::{CompileError, ErrorKind, InstanceToken, ValidationError};
use pilothouse_encoding::number::format_float;
use pilothouse_template::{check_regex, go_quote};
use serde_json::{Number, Value};

use super::collapsed::Outer;
use super::formats::GO_REGEX;
use super::order::Place;
use super::patterns::Patterns;
use super::{Violation, collapsed};

/// All violations, one a line, those of alternatives indented below them.
pub(super) fn violations(error: &ValidationError<'_, '_>, patterns: &Patterns) -> String {
    match error.kind {
        // The line that only says that there are violations is left out, as Helm does.
        ErrorKind::Schema { .. } => lines(error, 0, patterns).join("\n"),
        _ => block(error, 0, patterns),
    }
}

/// All violations with their places; those of alternatives belong to the place of the alternatives.
pub(super) fn places(error: &ValidationError<'_, '_>, patterns: &Patterns) -> Vec<Violation> {
    let is_wrapper = matches!(error.kind, ErrorKind::Schema { .. })
        || (matches!(error.kind, ErrorKind::Reference { .. } | ErrorKind::Group) && !error.causes.is_empty());
    if is_wrapper {
        return told(error).flat_map(|cause| places(cause, patterns)).collect();
    }
    let path = error.instance_location.tokens.iter().map(|token| match token {
        InstanceToken::Prop(key) => key.to_string(),
        InstanceToken::Item(index) => index.to_string(),
    });
    let mut message = words(&error.kind, patterns);
    for line in lines(error, 1, patterns) {
        message.push('\n');
        message.push_str(&line);
    }
    vec![Violation { path: path.collect(), message }]
}

/// Why a schema cannot be used.
pub(super) fn compile_error(error: &CompileError) -> String {
    match error {
        CompileError::ValidationError { url, src } => {
            let mut text = format!("{} is not valid against metaschema: ", absolute(url));
            if let ErrorKind::Schema { url } = src.kind {
                let url = format!("{}#", url.trim_end_matches('#'));
                text.push_str(&format!("jsonschema validation failed with {}\n", quoted(&url)));
            }
            text + &violations(src, &Patterns::default())
        }
        CompileError::ParseUrlError { url, src } => format!("error in parsing {url:?}: {src}"),
        CompileError::LoadUrlError { url, src } => format!("failing loading {url:?}: {src}"),
        CompileError::UnsupportedUrlScheme { url } => format!("no URLLoader registered for {url:?}"),
        CompileError::InvalidMetaSchemaUrl { url, src } => format!("invalid $schema in {url:?}: {src}"),
        CompileError::UnsupportedDraft { url } => format!("draft {url:?} is not supported"),
        CompileError::MetaSchemaCycle { url } => format!("cycle in resolving $schema in {url:?}"),
        CompileError::ParseIdError { loc } => format!("error in parsing id at {loc:?}"),
        CompileError::ParseAnchorError { loc } => format!("error in parsing anchor at {loc:?}"),
        CompileError::DuplicateId { url, id, ptr1, ptr2 } => {
            format!("duplicate id {id:?} in {url:?} at {ptr1:?} and {ptr2:?}")
        }
        CompileError::DuplicateAnchor { anchor, url, ptr1, ptr2 } => {
            format!("duplicate anchor {anchor:?} in {url:?} at {ptr1:?} and {ptr2:?}")
        }
        CompileError::InvalidJsonPointer(url) => format!("invalid json-pointer {url:?}"),
        CompileError::JsonPointerNotFound(url) => format!("json-pointer in {url:?} not found"),
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {reference:?} not found in schema {url:?}")
        }
        CompileError::UnsupportedVocabulary { url, vocabulary } => {
            format!("unsupported vocabulary {vocabulary:?} in {url:?}")
        }
        CompileError::InvalidRegex { url, regex, src } => {
            let reason = check_regex(regex).err().unwrap_or_else(|| src.to_string());
            format!("invalid regex {regex:?} at {url:?}: {reason}")
        }
        CompileError::Bug(_) => format!("{error:#}"),
    }
}

/// The location of a schema, in quotes.
fn absolute(url: &str) -> String {
    format!("{:?}", format!("{}#", url.trim_end_matches('#')))
}

/// The blocks of what caused a violation, in the order in which Go's validator finds them: this one's own is not always
/// the same.
fn lines(error: &ValidationError<'_, '_>, indent: usize, patterns: &Patterns) -> Vec<String> {
    let causes: Vec<Found<'_, '_>> =
        told(error).map(|cause| (cause, collapsed::base(error, cause))).collect();
    blocks(&causes, indent, patterns)
}

/// The causes that are told: Go's validator looks no further at a schema whose format is not met, this one does.
fn told<'e, 's>(error: &'e ValidationError<'s, 's>) -> impl Iterator<Item = &'e ValidationError<'s, 's>> {
    let formats: Vec<&ValidationError<'_, '_>> =
        error.causes.iter().filter(|cause| matches!(cause.kind, ErrorKind::Format { .. })).collect();
    let is_behind = move |cause: &ValidationError<'_, '_>| {
        formats.iter().any(|format| {
            let within = cause.schema_url.strip_prefix(format.schema_url);
            within.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                && cause.instance_location.to_string() == format.instance_location.to_string()
        })
    };
    let is_told = move |cause: &&ValidationError<'_, '_>| {
        matches!(cause.kind, ErrorKind::Format { .. }) || !is_behind(cause)
    };
    error.causes.iter().filter(is_told)
}

/// A violation, and where the schema lies by which it was found.
type Found<'e, 's> = (&'e ValidationError<'s, 's>, String);

/// The blocks of several violations. Alternatives of which one failed are mentioned, though the validator leaves them out;
/// what is wrong with the same alternative stands together.
fn blocks(found: &[Found<'_, '_>], indent: usize, patterns: &Patterns) -> Vec<String> {
    let mut texts: Vec<(Place, String)> = Vec::new();
    let mut alternatives: Vec<(Outer, Vec<Found<'_, '_>>)> = Vec::new();
    for (error, base) in found {
        let Some(outer) = collapsed::outer(error, base) else {
            texts.push((Place::of(error), plain(error, indent, patterns)));
            continue;
        };
        let within = (*error, outer.base.clone());
        match alternatives.iter_mut().find(|(known, _)| *known == outer) {
            Some((_, all)) => all.push(within),
            None => alternatives.push((outer, vec![within])),
        }
    }
    texts.extend(alternatives.iter().map(|(outer, within)| {
        (Place::of_alternatives(&outer.base, &outer.place), alternative(outer, within, indent, patterns))
    }));
    texts.sort();
    texts.into_iter().map(|(_, text)| text).collect()
}

fn alternative(outer: &Outer, within: &[Found<'_, '_>], indent: usize, patterns: &Patterns) -> String {
    let place = quoted(&outer.place);
    let mut text = format!("{}- at {place}: {}", "  ".repeat(indent), outer.words);
    let mut inner = indent + 1;
    if within.len() > 1 {
        text.push_str(&format!("\n{}- at {place}: validation failed", "  ".repeat(inner)));
        inner += 1;
    }
    for line in blocks(within, inner, patterns) {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

/// What is said of one violation. A reference with one cause is not mentioned itself.
fn plain(error: &ValidationError<'_, '_>, indent: usize, patterns: &Patterns) -> String {
    let is_skipped = error.causes.len() == 1 && matches!(error.kind, ErrorKind::Reference { .. });
    if is_skipped { lines(error, indent, patterns).join("\n") } else { block(error, indent, patterns) }
}

fn block(error: &ValidationError<'_, '_>, indent: usize, patterns: &Patterns) -> String {
    let place = quoted(&error.instance_location.to_string());
    let mut text = format!("{}- at {place}: {}", "  ".repeat(indent), words(&error.kind, patterns));
    for line in lines(error, indent + 1, patterns) {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

fn words(kind: &ErrorKind<'_, '_>, patterns: &Patterns) -> String {
    match kind {
        ErrorKind::Type { got, want } => {
            let mut want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            want.sort();
            format!("got {got}, want {}", want.join(" or "))
        }
        ErrorKind::Enum { want } => one_of(want),
        ErrorKind::Const { want } => match want {
            Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
            want => format!("value must be {}", shown(want)),
        },
        ErrorKind::Format { got, want, err } => {
            let want = if *want == GO_REGEX { "regex" } else { want };
            format!("{} is not valid {want}: {err}", shown(got))
        }
        ErrorKind::AdditionalProperties { got } => {
            // Go's order changes from run to run.
            let mut names: Vec<&str> = got.iter().map(AsRef::as_ref).collect();
            names.sort_unstable();
            format!("additional properties {} not allowed", listed(&names))
        }
        ErrorKind::AdditionalItems { got } => format!("last {} additionalItem(s) not allowed", grouped(*got)),
        ErrorKind::Required { want } => match &want[..] {
            [name] => format!("missing property {}", quoted(name)),
            names => format!("missing properties {}", listed(names)),
        },
        ErrorKind::Dependency { prop, missing } | ErrorKind::DependentRequired { prop, missing } => {
            format!("properties {} required, if {} exists", listed(missing), quoted(prop))
        }
        ErrorKind::PropertyName { prop } => format!("invalid propertyName {}", quoted(prop)),
        ErrorKind::UniqueItems { got: [first, second] } => format!("items at {first} and {second} are equal"),
        ErrorKind::Pattern { got, want } => {
            format!("{} does not match pattern {}", quoted(got), quoted(patterns.original(want)))
        }
        other => sizes(other),
    }
}

fn sizes(kind: &ErrorKind<'_, '_>) -> String {
    let counts =
        |name: &str, got: usize, want: usize| format!("{name}: got {}, want {}", grouped(got), grouped(want));
    let numbers = |name: &str, got: &Number, want: &Number| {
        format!("{name}: got {}, want {}", number(got), number(want))
    };
    match kind {
        ErrorKind::MinProperties { got, want } => counts("minProperties", *got, *want),
        ErrorKind::MaxProperties { got, want } => counts("maxProperties", *got, *want),
        ErrorKind::MinItems { got, want } => counts("minItems", *got, *want),
        ErrorKind::MaxItems { got, want } => counts("maxItems", *got, *want),
        ErrorKind::MinLength { got, want } => counts("minLength", *got, *want),
        ErrorKind::MaxLength { got, want } => counts("maxLength", *got, *want),
        ErrorKind::Minimum { got, want } => numbers("minimum", got, want),
        ErrorKind::Maximum { got, want } => numbers("maximum", got, want),
        ErrorKind::ExclusiveMinimum { got, want } => numbers("exclusiveMinimum", got, want),
        ErrorKind::ExclusiveMaximum { got, want } => numbers("exclusiveMaximum", got, want),
        ErrorKind::MultipleOf { got, want } => numbers("multipleOf", got, want),
        other => alternatives(other),
    }
}

fn alternatives(kind: &ErrorKind<'_, '_>) -> String {
    match kind {
        ErrorKind::Not => "'not' failed".to_owned(),
        ErrorKind::AllOf => "'allOf' failed".to_owned(),
        ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
        ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        ErrorKind::OneOf(Some((first, second))) => {
            format!("'oneOf' failed, subschemas {first}, {second} matched")
        }
        ErrorKind::FalseSchema => "false schema".to_owned(),
        ErrorKind::Contains => "no items match contains schema".to_owned(),
        ErrorKind::MinContains { got, want } if got.is_empty() => {
            format!("min {} items required to match contains schema, but none matched", grouped(*want))
        }
        ErrorKind::MinContains { got, want } => format!("min {}", contained(got, *want)),
        ErrorKind::MaxContains { got, want } => format!("max {}", contained(got, *want)),
        ErrorKind::ContentEncoding { want, err } => format!("value is not {} encoded: {err}", quoted(want)),
        ErrorKind::ContentMediaType { want, err, .. } => {
            format!("value if not of mediatype {}: {err}", quoted(want))
        }
        ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
        ErrorKind::RefCycle { url, kw_loc1, kw_loc2 } => {
            format!("both {kw_loc1} and {kw_loc2} resolve to {url:?} causing reference cycle")
        }
        ErrorKind::Group | ErrorKind::Reference { .. } => "validation failed".to_owned(),
        other => other.to_string(),
    }
}

fn contained(got: &[usize], want: usize) -> String {
    let places: Vec<String> = got.iter().map(usize::to_string).collect();
    format!(
        "{} items required to match contains schema, but matched {} items at {}",
        grouped(want),
        grouped(got.len()),
        places.join(" ")
    )
}

fn one_of(want: &[Value]) -> String {
    if want.iter().any(|value| value.is_array() || value.is_object()) {
        return "'enum' failed".to_owned();
    }
    match want {
        [value] => format!("value must be {}", shown(value)),
        values => {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("value must be one of {}", values.join(", "))
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> String {
    // The closing quote counts as an escaped one behind a backslash, so that one of two is left.
    let escaped = go_quote(text).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = escaped.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&escaped);
    format!("'{inner}'")
}

/// A number with a comma after each three digits, as Go's package for translated messages writes it.
fn number(number: &Number) -> String {
    if let Some(text) = number.as_f64().and_then(scientific) {
        return text;
    }
    let text = number.as_f64().map_or_else(|| number.to_string(), |float| format_float(float, 'f', None));
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", with_commas(digits))
}

/// Very small and large numbers: `3×10⁻⁰⁵`, `1×10⁰⁶`.
fn scientific(number: f64) -> Option<String> {
    const SUPERSCRIPT: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if number == 0.0 || (1e-4..1e6).contains(&number.abs()) {
        return None;
    }
    let text = format_float(number, 'e', None);
    let (mantissa, exponent) = text.split_once('e')?;
    let raised = exponent.chars().filter_map(|letter| match letter.to_digit(10) {
        Some(digit) => SUPERSCRIPT.get(digit as usize).copied(),
        None => (letter == '-').then_some('⁻'),
    });
    Some(format!("{mantissa}×10{}", raised.collect::<String>()))
}

fn grouped(count: usize) -> String {
    with_commas(&count.to_string())
}

fn with_commas(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
