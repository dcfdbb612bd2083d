//! The order in which Go's validator (`github.com/santhosh-tekuri/jsonschema/v6`) finds what is wrong with a value.
//!
//! It asks one keyword of a schema after the other, always in the same order, and goes through items and alternatives as
//! they stand. Properties come in an order that changes from run to run, here by their names.

use boon::{ErrorKind, ValidationError};

use super::collapsed::{length, steps};

/// Keywords in the order in which they are asked; those in one row together, property by property or item by item.
const KEYWORDS: [&[&str]; 31] = [
    &["type", "const", "enum", "format"],
    &["$ref"],
    &["minProperties"],
    &["maxProperties"],
    &["required"],
    &["dependencies"],
    &["properties", "patternProperties", "additionalProperties"],
    &["additionalProperties of no schema"],
    &["propertyNames"],
    &["dependentSchemas"],
    &["dependentRequired"],
    &["minItems", "minLength", "minimum"],
    &["maxItems", "maxLength", "maximum"],
    &["exclusiveMinimum", "uniqueItems", "pattern"],
    &["exclusiveMaximum", "contentEncoding"],
    &["multipleOf", "contentMediaType"],
    &["contentSchema"],
    &["prefixItems", "items"],
    &["additionalItems"],
    &["contains", "minContains"],
    &["maxContains"],
    &["$recursiveRef"],
    &["$dynamicRef"],
    &["not"],
    &["allOf"],
    &["anyOf"],
    &["oneOf"],
    &["then"],
    &["else"],
    &["unevaluatedProperties"],
    &["unevaluatedItems"],
];

/// When a violation is found.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(Vec<(usize, Part)>);

/// What of a keyword is asked.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    /// An item, or an alternative.
    Number(usize),
    Name(String),
}

impl Place {
    /// When what is wrong is found.
    pub(super) fn of(error: &ValidationError<'_, '_>) -> Self {
        let mut place = Self::within(&fragment(error.schema_url), &error.instance_location.to_string());
        place.0.push((rank(keyword(&error.kind)), Part::Whole));
        place
    }

    /// When alternatives have failed, of which one lies at `base`, and which were asked of what is at `instance`.
    pub(super) fn of_alternatives(base: &str, instance: &str) -> Self {
        let mut tokens = fragment(base);
        tokens.pop();
        let keyword = tokens.pop().unwrap_or_default();
        let mut place = Self::within(&tokens, instance);
        place.0.push((rank(keyword), Part::Whole));
        place
    }

    fn within(tokens: &[&str], instance: &str) -> Self {
        let instance: Vec<&str> = instance.split('/').collect();
        let below = instance.len().saturating_sub(steps(tokens));
        let mut names = instance.get(below..).unwrap_or_default().iter();
        let (mut place, mut at) = (Vec::new(), 0);
        while let Some(keyword) = tokens.get(at) {
            let next = tokens.get(at + 1).copied();
            let length = length(keyword, next);
            let part = if steps(&tokens[at..tokens.len().min(at + length)]) > 0 {
                names.next().copied()
            } else {
                next.filter(|_| length > 1)
            };
            place.push((rank(keyword), part.map_or(Part::Whole, part_of)));
            at += length;
        }
        Self(place)
    }
}

fn part_of(token: &str) -> Part {
    token.parse().map_or_else(|_| Part::Name(token.to_owned()), Part::Number)
}

/// The way to a schema within its document.
fn fragment(url: &str) -> Vec<&str> {
    let way = url.split_once('#').map_or("", |(_, way)| way);
    way.split('/').skip(1).collect()
}

fn rank(keyword: &str) -> usize {
    KEYWORDS.iter().position(|row| row.contains(&keyword)).unwrap_or(KEYWORDS.len())
}

/// The keyword that is not met.
fn keyword(kind: &ErrorKind<'_, '_>) -> &'static str {
    match kind {
        ErrorKind::Reference { kw: "$recursiveRef", .. } => "$recursiveRef",
        ErrorKind::Reference { kw: "$dynamicRef", .. } => "$dynamicRef",
        ErrorKind::Reference { .. } => "$ref",
        ErrorKind::MinProperties { .. } => "minProperties",
        ErrorKind::MaxProperties { .. } => "maxProperties",
        ErrorKind::Required { .. } => "required",
        ErrorKind::Dependency { .. } => "dependencies",
        ErrorKind::AdditionalProperties { .. } => "additionalProperties of no schema",
        ErrorKind::PropertyName { .. } => "propertyNames",
        ErrorKind::DependentRequired { .. } => "dependentRequired",
        ErrorKind::MinItems { .. } => "minItems",
        ErrorKind::MaxItems { .. } => "maxItems",
        ErrorKind::UniqueItems { .. } => "uniqueItems",
        ErrorKind::AdditionalItems { .. } => "additionalItems",
        ErrorKind::Contains | ErrorKind::MinContains { .. } => "contains",
        ErrorKind::MaxContains { .. } => "maxContains",
        ErrorKind::MinLength { .. } => "minLength",
        ErrorKind::MaxLength { .. } => "maxLength",
        ErrorKind::Pattern { .. } => "pattern",
        ErrorKind::ContentEncoding { .. } => "contentEncoding",
        ErrorKind::ContentMediaType { .. } => "contentMediaType",
        ErrorKind::ContentSchema => "contentSchema",
        ErrorKind::Minimum { .. } => "minimum",
        ErrorKind::Maximum { .. } => "maximum",
        ErrorKind::ExclusiveMinimum { .. } => "exclusiveMinimum",
        ErrorKind::ExclusiveMaximum { .. } => "exclusiveMaximum",
        ErrorKind::MultipleOf { .. } => "multipleOf",
        ErrorKind::Not => "not",
        ErrorKind::AllOf => "allOf",
        ErrorKind::AnyOf => "anyOf",
        ErrorKind::OneOf(_) => "oneOf",
        _ => "type",
    }
}
