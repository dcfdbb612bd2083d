//! A quick judge of values. The validator makes ready the schemas of all drafts, then the one of the chart, and only then
//! looks at values, which takes longer than all else of a small chart. Most values meet their schema, and most schemas use
//! a few keywords: this judge says yes to these, without words. Whatever is unusual or wrong is left to the validator.

mod plain;

use pilothouse_encoding::number::from_json_float;
use serde_json::{Map, Number, Value};

use plain::Plain;

/// Looks at a value with a schema: several times what public charts need.
const MAX_LOOKS: usize = 200_000;

/// Deepest chain of schemas within schemas; the validator refuses those that lead to themselves.
const MAX_DEPTH: usize = 64;

/// Longest list whose items are compared with each other.
const MAX_COMPARED: usize = 100;

/// Whether the values surely meet the schema, which then is one that the validator takes.
pub(super) fn accepts(schema: &Value, values: &Map<String, Value>) -> bool {
    let Some(plain) = Plain::of(schema) else { return false };
    let mut judge = Judge { plain, looks_left: MAX_LOOKS };
    judge.meets(schema, Instance::Object(values), 0) == Some(true)
}

/// What a schema is applied to.
#[derive(Clone, Copy)]
enum Instance<'v> {
    Object(&'v Map<String, Value>),
    /// Anything else.
    Other(&'v Value),
}

impl<'v> From<&'v Value> for Instance<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Object(members) => Self::Object(members),
            other => Self::Other(other),
        }
    }
}

struct Judge<'s> {
    plain: Plain<'s>,
    looks_left: usize,
}

impl<'s> Judge<'s> {
    /// Whether a value meets a schema; nothing when that is left to the validator.
    fn meets(&mut self, schema: &'s Value, value: Instance<'_>, depth: usize) -> Option<bool> {
        self.looks_left = self.looks_left.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        let keywords = match schema {
            Value::Bool(accepts) => return Some(*accepts),
            Value::Object(keywords) => keywords,
            _ => return None,
        };
        if let Some(reference) = keywords.get("$ref") {
            let target = self.plain.target(reference.as_str()?)?;
            let is_met = self.meets(target, value, depth + 1)?;
            if !is_met || self.plain.references_stand_alone {
                return Some(is_met);
            }
        }
        for (keyword, operand) in keywords {
            let is_met = match keyword.as_str() {
                "type" => has_type(value, operand),
                "const" => equals(operand, value),
                "enum" => operand.as_array()?.iter().any(|allowed| equals(allowed, value)),
                "allOf" | "anyOf" | "oneOf" => self.meets_some(keyword, operand.as_array()?, value, depth)?,
                "not" => !self.meets(operand, value, depth + 1)?,
                "if" => self.meets_branch(keywords, operand, value, depth)?,
                _ => self.meets_of_kind(keyword, operand, keywords, value, depth)?,
            };
            if !is_met {
                return Some(false);
            }
        }
        Some(true)
    }

    fn meets_some(
        &mut self,
        keyword: &str,
        schemas: &'s [Value],
        value: Instance<'_>,
        depth: usize,
    ) -> Option<bool> {
        let mut met = 0;
        for schema in schemas {
            met += usize::from(self.meets(schema, value, depth + 1)?);
        }
        Some(match keyword {
            "allOf" => met == schemas.len(),
            "oneOf" => met == 1,
            _ => met > 0,
        })
    }

    fn meets_branch(
        &mut self,
        keywords: &'s Map<String, Value>,
        condition: &'s Value,
        value: Instance<'_>,
        depth: usize,
    ) -> Option<bool> {
        let branch = if self.meets(condition, value, depth + 1)? { "then" } else { "else" };
        keywords.get(branch).map_or(Some(true), |schema| self.meets(schema, value, depth + 1))
    }

    /// Keywords that look at values of one type alone.
    fn meets_of_kind(
        &mut self,
        keyword: &str,
        operand: &'s Value,
        keywords: &'s Map<String, Value>,
        value: Instance<'_>,
        depth: usize,
    ) -> Option<bool> {
        match value {
            Instance::Object(members) => self.meets_of_map(keyword, operand, keywords, members, depth),
            Instance::Other(Value::Array(items)) => self.meets_of_list(keyword, operand, items, depth),
            Instance::Other(Value::String(text)) => self.meets_of_text(keyword, operand, text),
            Instance::Other(Value::Number(number)) => Some(meets_of_number(keyword, operand, number)),
            Instance::Other(_) => Some(true),
        }
    }

    fn meets_of_map(
        &mut self,
        keyword: &str,
        operand: &'s Value,
        keywords: &'s Map<String, Value>,
        members: &Map<String, Value>,
        depth: usize,
    ) -> Option<bool> {
        match keyword {
            "required" => Some(has_all(members, operand.as_array()?)),
            "dependencies" => self.meets_dependencies(operand.as_object()?, members, depth),
            "minProperties" => Some(members.len() as u64 >= operand.as_u64()?),
            "maxProperties" => Some(members.len() as u64 <= operand.as_u64()?),
            "properties" => {
                let schemas = operand.as_object()?;
                let mut known =
                    members.iter().filter_map(|(name, member)| Some((schemas.get(name)?, member)));
                self.all(&mut known, depth)
            }
            "patternProperties" => {
                let mut pairs = Vec::new();
                for (pattern, schema) in operand.as_object()? {
                    let pattern = self.plain.pattern(pattern)?;
                    let matching = members.iter().filter(|(name, _)| pattern.is_match(name));
                    pairs.extend(matching.map(|(_, member)| (schema, member)));
                }
                self.all(&mut pairs.into_iter(), depth)
            }
            "additionalProperties" => {
                for (name, member) in members {
                    if !self.is_known(keywords, name)? && !self.meets(operand, member.into(), depth + 1)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            _ => Some(true),
        }
    }

    /// Whether there is what members need: other members, or that a schema is met.
    fn meets_dependencies(
        &mut self,
        dependencies: &'s Map<String, Value>,
        members: &Map<String, Value>,
        depth: usize,
    ) -> Option<bool> {
        for (_, needed) in dependencies.iter().filter(|(name, _)| members.contains_key(*name)) {
            let is_met = match needed {
                Value::Array(names) => has_all(members, names),
                schema => self.meets(schema, Instance::Object(members), depth + 1)?,
            };
            if !is_met {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Whether a schema says something about a member by its name.
    fn is_known(&self, keywords: &'s Map<String, Value>, name: &str) -> Option<bool> {
        if keywords.get("properties").is_some_and(|properties| properties.get(name).is_some()) {
            return Some(true);
        }
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        for pattern in patterns.into_iter().flat_map(Map::keys) {
            if self.plain.pattern(pattern)?.is_match(name) {
                return Some(true);
            }
        }
        Some(false)
    }

    fn meets_of_list(
        &mut self,
        keyword: &str,
        operand: &'s Value,
        items: &[Value],
        depth: usize,
    ) -> Option<bool> {
        match keyword {
            "minItems" => Some(items.len() as u64 >= operand.as_u64()?),
            "maxItems" => Some(items.len() as u64 <= operand.as_u64()?),
            "uniqueItems" if operand.as_bool()? => are_unique(items),
            "items" => self.all(&mut items.iter().map(|item| (operand, item)), depth),
            _ => Some(true),
        }
    }

    fn meets_of_text(&self, keyword: &str, operand: &Value, text: &str) -> Option<bool> {
        match keyword {
            "minLength" => Some(text.chars().count() as u64 >= operand.as_u64()?),
            "maxLength" => Some(text.chars().count() as u64 <= operand.as_u64()?),
            "pattern" => Some(self.plain.pattern(operand.as_str()?)?.is_match(text)),
            "format" if self.plain.formats_count => None,
            _ => Some(true),
        }
    }

    fn all<'v>(
        &mut self,
        pairs: &mut dyn Iterator<Item = (&'s Value, &'v Value)>,
        depth: usize,
    ) -> Option<bool> {
        for (schema, value) in pairs {
            if !self.meets(schema, value.into(), depth + 1)? {
                return Some(false);
            }
        }
        Some(true)
    }
}

fn has_all(members: &Map<String, Value>, names: &[Value]) -> bool {
    names.iter().all(|name| name.as_str().is_some_and(|name| members.contains_key(name)))
}

fn has_type(value: Instance<'_>, allowed: &Value) -> bool {
    match allowed {
        Value::String(name) => is_of_type(value, name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(|name| is_of_type(value, name)),
        _ => false,
    }
}

fn is_of_type(value: Instance<'_>, name: &str) -> bool {
    match value {
        Instance::Object(_) => name == "object",
        Instance::Other(Value::Null) => name == "null",
        Instance::Other(Value::Bool(_)) => name == "boolean",
        Instance::Other(Value::String(_)) => name == "string",
        Instance::Other(Value::Array(_)) => name == "array",
        Instance::Other(Value::Number(number)) => match name {
            "integer" => !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0),
            _ => name == "number",
        },
        Instance::Other(Value::Object(_)) => false,
    }
}

fn meets_of_number(keyword: &str, operand: &Value, number: &Number) -> bool {
    let (Some(bound), Some(number)) = (operand.as_f64(), number.as_f64()) else { return true };
    match keyword {
        "minimum" => number >= bound,
        "maximum" => number <= bound,
        "exclusiveMinimum" => number > bound,
        "exclusiveMaximum" => number < bound,
        _ => true,
    }
}

fn are_unique(items: &[Value]) -> Option<bool> {
    if items.len() > MAX_COMPARED {
        return None;
    }
    let mut rest = items;
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|other| equals_value(first, other)) {
            return Some(false);
        }
        rest = others;
    }
    Some(true)
}

/// Whether a value is that of a schema.
fn equals(wanted: &Value, value: Instance<'_>) -> bool {
    match value {
        Instance::Object(members) => wanted.as_object().is_some_and(|wanted| equals_map(wanted, members)),
        Instance::Other(value) => equals_value(wanted, value),
    }
}

fn equals_value(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(number)) => equals_number(wanted, number),
        (Value::Array(wanted), Value::Array(items)) => {
            let mut pairs = wanted.iter().zip(items);
            wanted.len() == items.len() && pairs.all(|(wanted, item)| equals_value(wanted, item))
        }
        (Value::Object(wanted), Value::Object(members)) => equals_map(wanted, members),
        _ => wanted == value,
    }
}

fn equals_map(wanted: &Map<String, Value>, members: &Map<String, Value>) -> bool {
    let has = |(name, wanted): (&String, &Value)| {
        members.get(name).is_some_and(|member| equals_value(wanted, member))
    };
    wanted.len() == members.len() && wanted.iter().all(has)
}

/// Floats without a fraction count as integers in values, not in schemas; integers are compared as such.
fn equals_number(wanted: &Number, number: &Number) -> bool {
    let integer = number.as_f64().filter(|_| number.is_f64()).and_then(from_json_float);
    let number = integer.as_ref().unwrap_or(number);
    if let (Some(wanted), Some(number)) = (wanted.as_u64(), number.as_u64()) {
        return wanted == number;
    }
    if let (Some(wanted), Some(number)) = (wanted.as_i64(), number.as_i64()) {
        return wanted == number;
    }
    wanted.as_f64() == number.as_f64()
}

#[cfg(test)]
mod tests;
