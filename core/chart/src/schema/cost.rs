//! How much work a schema makes of values. Schemas that refer to others twice at each of many levels, or in long chains,
//! would take for ever, or more stack than there is.

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexBuilder;
use serde_json::{Map, Value};

/// Most looks at a value with a schema. Public charts need a few ten thousand.
const MAX_CHECKS: u64 = 20_000_000;
/// Most different pairs of a schema and a value.
const MAX_PAIRS: usize = 1_000_000;
/// Deepest chain of schemas within schemas.
const MAX_DEPTH: usize = 400;

/// Bytes that all regular expressions may take when compiled, and those of one, tried in turn.
const MAX_PATTERNS: usize = 16 << 20;
const PATTERN_SIZES: [usize; 3] = [16 << 10, 128 << 10, 1 << 20];

/// Keywords with a schema, or a list or map of them, for the value itself.
const IN_PLACE: [&str; 9] =
    ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];
/// Keywords with a schema, or a list of them, for each item of a list.
const ITEMS: [&str; 5] = ["items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"];
/// Keywords with a schema, or a map of them, for each member of a map.
const MEMBERS: [&str; 4] =
    ["patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames"];

/// Whether checking the values stays within the bounds.
///
/// # Errors
/// Which bound is passed.
pub(super) fn check(schema: &Value, values: &Value) -> Result<(), String> {
    let mut left = MAX_PATTERNS;
    check_patterns(schema, &mut left)?;
    let mut names = BTreeMap::new();
    index(schema, &mut names);
    let mut cost = Cost { root: schema, names, known: BTreeMap::new(), open: BTreeSet::new() };
    match cost.of(schema, values, 0) {
        Ok(checks) if checks <= MAX_CHECKS => Ok(()),
        Ok(_) => Err(format!("schema takes more than {MAX_CHECKS} checks of the values")),
        Err(bound) => Err(bound),
    }
}

/// Refuses regular expressions that take too much; the validator gives up over them.
fn check_patterns(schema: &Value, left: &mut usize) -> Result<(), String> {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(pattern)) = map.get("pattern") {
                take_pattern(pattern, left)?;
            }
            if let Some(Value::Object(patterns)) = map.get("patternProperties") {
                patterns.keys().try_for_each(|pattern| take_pattern(pattern, left))?;
            }
            map.values().try_for_each(|inner| check_patterns(inner, left))
        }
        Value::Array(items) => items.iter().try_for_each(|inner| check_patterns(inner, left)),
        _ => Ok(()),
    }
}

/// Takes the size of an expression from what is left; one that is malformed is left to the validator.
fn take_pattern(pattern: &str, left: &mut usize) -> Result<(), String> {
    for size in PATTERN_SIZES {
        match RegexBuilder::new(pattern).size_limit(size).build() {
            Ok(_) => {
                *left = left.checked_sub(size).ok_or_else(|| {
                    format!("regular expressions of the schema take more than {MAX_PATTERNS} bytes")
                })?;
                return Ok(());
            }
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(_) => return Ok(()),
        }
    }
    let most = PATTERN_SIZES[PATTERN_SIZES.len() - 1];
    Err(format!("regular expression of the schema takes more than {most} bytes"))
}

/// Collects schemas by the names that references can use.
fn index<'s>(schema: &'s Value, names: &mut BTreeMap<&'s str, &'s Value>) {
    match schema {
        Value::Object(map) => {
            for keyword in ["$id", "id", "$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(name)) = map.get(keyword) {
                    names.insert(name.trim_matches('#'), schema);
                }
            }
            map.values().for_each(|inner| index(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| index(inner, names)),
        _ => {}
    }
}

/// A schema and a value, by their addresses.
type Pair = (usize, usize);

struct Cost<'s> {
    root: &'s Value,
    names: BTreeMap<&'s str, &'s Value>,
    known: BTreeMap<Pair, u64>,
    /// Pairs that are looked at now: the validator refuses those that lead to themselves.
    open: BTreeSet<Pair>,
}

impl<'s> Cost<'s> {
    /// The number of checks of a value.
    fn of(&mut self, schema: &'s Value, value: &Value, depth: usize) -> Result<u64, String> {
        let Value::Object(map) = schema else { return Ok(1) };
        if depth > MAX_DEPTH {
            return Err(format!("schema nests deeper than {MAX_DEPTH} levels"));
        }
        let pair = (std::ptr::from_ref(schema).addr(), std::ptr::from_ref(value).addr());
        if let Some(checks) = self.known.get(&pair) {
            return Ok(*checks);
        }
        if self.known.len() + self.open.len() > MAX_PAIRS {
            return Err(format!("schema takes more than {MAX_PAIRS} checks of the values"));
        }
        if !self.open.insert(pair) {
            return Ok(1);
        }
        let mut checks = 1_u64;
        for (inner, value) in self.applied(map, value) {
            checks = checks.saturating_add(self.of(inner, value, depth + 1)?);
        }
        self.open.remove(&pair);
        self.known.insert(pair, checks);
        Ok(checks)
    }

    /// The schemas that a schema applies, each with the value that it is applied to.
    fn applied<'v>(&self, map: &'s Map<String, Value>, value: &'v Value) -> Vec<(&'s Value, &'v Value)> {
        let mut applied = Vec::new();
        for keyword in IN_PLACE {
            applied.extend(schemas(map.get(keyword)).map(|inner| (inner, value)));
        }
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let target = map.get(keyword).and_then(Value::as_str).and_then(|text| self.target(text));
            applied.extend(target.map(|target| (target, value)));
        }
        match value {
            Value::Array(items) => {
                for inner in ITEMS.iter().flat_map(|keyword| schemas(map.get(*keyword))) {
                    applied.extend(items.iter().map(|item| (inner, item)));
                }
            }
            Value::Object(members) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    let given = |(key, inner): (&String, &'s Value)| Some((inner, members.get(key)?));
                    applied.extend(properties.iter().filter_map(given));
                }
                for inner in MEMBERS.iter().flat_map(|keyword| schemas(map.get(*keyword))) {
                    applied.extend(members.values().map(|member| (inner, member)));
                }
            }
            _ => {}
        }
        applied
    }

    /// What a reference names.
    fn target(&self, reference: &str) -> Option<&'s Value> {
        let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = if name.is_empty() { Some(self.root) } else { self.named(name) }?;
        match fragment {
            "" => Some(base),
            pointer if pointer.starts_with('/') => base.pointer(pointer),
            anchor => self.named(anchor),
        }
    }

    fn named(&self, name: &str) -> Option<&'s Value> {
        let found = self.names.get(name).or_else(|| {
            let same = |(known, _): &(&&str, &&Value)| known.ends_with(name) || name.ends_with(**known);
            self.names.iter().find(same).map(|(_, schema)| schema)
        });
        found.copied()
    }
}

/// A schema, or those of a list or a map.
fn schemas(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    const SCHEMA: [&str; 6] = ["type", "properties", "$ref", "allOf", "anyOf", "oneOf"];
    let (one, list, map) = match value {
        Some(Value::Array(items)) => (None, Some(items.iter()), None),
        Some(schema @ Value::Object(map)) => {
            // A map of schemas cannot be told from a schema; what it may be counts.
            let is_schema = map.is_empty() || SCHEMA.iter().any(|keyword| map.contains_key(*keyword));
            (Some(schema), None, (!is_schema).then(|| map.values().filter(|inner| inner.is_object())))
        }
        _ => (None, None, None),
    };
    one.into_iter().chain(list.into_iter().flatten()).chain(map.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_that_multiply_are_refused() {
        let levels = |count: usize| {
            let mut definitions = Map::new();
            for level in 0..count {
                let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
                definitions.insert(format!("d{level}"), json!({"allOf": [next, next]}));
            }
            definitions.insert(format!("d{count}"), json!({}));
            json!({"$ref": "#/$defs/d0", "$defs": definitions})
        };
        assert_eq!(check(&levels(10), &json!({})), Ok(()));
        assert!(check(&levels(40), &json!({})).unwrap_err().contains("checks of the values"));
    }

    #[test]
    fn long_chains_are_refused() {
        let definitions: Map<String, Value> = (0..1000)
            .map(|level| (format!("d{level}"), json!({"$ref": format!("#/$defs/d{}", level + 1)})))
            .collect();
        let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions});
        assert!(check(&schema, &json!({})).unwrap_err().contains("nests deeper"));
    }

    #[test]
    fn large_expressions_are_refused() {
        let one = |pattern: &str| check(&json!({"properties": {"a": {"pattern": pattern}}}), &json!({}));
        assert_eq!(one("^[a-z]+$"), Ok(()));
        assert_eq!(one("("), Ok(()));
        assert!(one(r"((\pL{30}){30}){1}").unwrap_err().contains("more than 1048576 bytes"));
        let many: Vec<Value> = (0..2000).map(|number| json!({"pattern": format!("a{number}")})).collect();
        assert!(check(&json!({"anyOf": many}), &json!({})).unwrap_err().contains("take more than"));
    }

    #[test]
    fn recursive_schemas_follow_the_values() {
        let schema = json!({"$id": "tree", "properties": {"children": {"items": {"$ref": "tree"}}}});
        let values = json!({"children": [{"children": [{}, {}]}]});
        assert_eq!(check(&schema, &values), Ok(()));
        assert_eq!(check(&json!({"$ref": "#"}), &values), Ok(()));
    }
}
