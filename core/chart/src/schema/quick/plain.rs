//! Schemas of usual keywords with usual operands. What is found here to be one is valid for the validator's own schemas of
//! drafts 7, 2019-09 and 2020-12, and all that it refers to is in it.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_template::translate_regex;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::are_unique;

/// Deepest schema within schemas.
const MAX_DEPTH: usize = 64;

/// Most regular expressions, and bytes that one takes when compiled.
const MAX_PATTERNS: usize = 100;
const MAX_PATTERN: usize = 64 << 10;

/// Keywords that are left to the validator, those of all drafts that may change what others mean.
const UNUSUAL: [&str; 23] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    "additionalItems",
    "contains",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "disallow",
    "divisibleBy",
    "extends",
    "id",
    "maxContains",
    "minContains",
    "multipleOf",
    "prefixItems",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// A plain schema.
pub(super) struct Plain<'s> {
    root: &'s Value,
    /// Beside a reference nothing counts, as it is up to draft 7.
    pub(super) references_stand_alone: bool,
    /// Formats are checked, as they are up to draft 7.
    pub(super) formats_count: bool,
    /// Regular expressions, by their text.
    patterns: BTreeMap<String, Regex>,
    references: BTreeSet<&'s str>,
}

impl<'s> Plain<'s> {
    /// The schema, if it is plain.
    pub(super) fn of(root: &'s Value) -> Option<Self> {
        let is_old = match root.get("$schema") {
            None => false,
            Some(draft) => is_draft_7(draft.as_str()?)?,
        };
        if !root.get("$id").is_none_or(is_plain_address) {
            return None;
        }
        let mut plain = Self {
            root,
            references_stand_alone: is_old,
            formats_count: is_old,
            patterns: BTreeMap::new(),
            references: BTreeSet::new(),
        };
        let Value::Object(keywords) = root else { return None };
        for (keyword, operand) in
            keywords.iter().filter(|(name, _)| !matches!(name.as_str(), "$schema" | "$id"))
        {
            plain.look_at(keywords, keyword, operand, 0)?;
        }
        plain.look_at_targets()?;
        Some(plain)
    }

    /// What a reference names.
    pub(super) fn target(&self, reference: &str) -> Option<&'s Value> {
        let mut names = reference.strip_prefix('#')?.split('/');
        if !names.next()?.is_empty() {
            return None;
        }
        names.try_fold(self.root, |found, name| found.get(name).filter(|_| is_plain_name(name)))
    }

    /// References may lead to what lies in keywords that mean nothing, which then are schemas, too.
    fn look_at_targets(&mut self) -> Option<()> {
        let mut seen = BTreeSet::new();
        while let Some(reference) = self.references.difference(&seen).next().copied() {
            seen.insert(reference);
            let target = self.target(reference)?;
            if !is_usual(reference) {
                self.schema(target, 0)?;
            }
        }
        Some(())
    }

    /// A regular expression of the schema.
    pub(super) fn pattern(&self, pattern: &str) -> Option<&Regex> {
        self.patterns.get(pattern)
    }

    fn schema(&mut self, schema: &'s Value, depth: usize) -> Option<()> {
        let keywords = match schema {
            Value::Bool(_) => return Some(()),
            Value::Object(keywords) if depth <= MAX_DEPTH => keywords,
            _ => return None,
        };
        keywords.iter().try_for_each(|(keyword, operand)| self.look_at(keywords, keyword, operand, depth))
    }

    fn look_at(
        &mut self,
        keywords: &Map<String, Value>,
        keyword: &'s str,
        operand: &'s Value,
        depth: usize,
    ) -> Option<()> {
        let is_plain = match keyword {
            "title" | "description" | "$comment" | "format" | "contentEncoding" | "contentMediaType" => {
                operand.is_string()
            }
            "default" => true,
            // The validator of draft 7 looks at it even beside a reference.
            "const" => !keywords.contains_key("$ref"),
            "examples" => operand.is_array(),
            "enum" => operand
                .as_array()
                .is_some_and(|allowed| !allowed.is_empty() && are_unique(allowed) == Some(true)),
            "readOnly" | "writeOnly" | "deprecated" | "uniqueItems" => operand.is_boolean(),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => operand.is_number(),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                operand.is_u64()
            }
            "type" => is_type(operand) || is_list_of(operand, is_type),
            "required" => is_list_of_names(operand),
            // Only that of the whole, and of parts with an identifier, says what keywords mean.
            "$schema" => is_draft_7(operand.as_str()?).is_some(),
            "pattern" => return self.pattern_of_text(operand.as_str()?),
            "$ref" => {
                self.references.insert(operand.as_str()?);
                true
            }
            "properties" | "definitions" | "$defs" | "patternProperties" => {
                return self.members(keyword, operand.as_object()?, depth);
            }
            "dependencies" => {
                let mut needed = operand.as_object()?.values();
                return needed.try_for_each(|needed| match needed {
                    Value::Array(_) => is_list_of_names(needed).then_some(()),
                    schema => self.schema(schema, depth + 1),
                });
            }
            "additionalProperties" | "items" | "not" | "if" | "then" | "else" => {
                return self.schema(operand, depth + 1);
            }
            "allOf" | "anyOf" | "oneOf" => {
                let schemas = operand.as_array().filter(|schemas| !schemas.is_empty())?;
                return schemas.iter().try_for_each(|schema| self.schema(schema, depth + 1));
            }
            other => !UNUSUAL.contains(&other),
        };
        is_plain.then_some(())
    }

    fn members(&mut self, keyword: &str, schemas: &'s Map<String, Value>, depth: usize) -> Option<()> {
        for (name, schema) in schemas {
            if keyword == "patternProperties" {
                self.pattern_of_names(name)?;
            }
            self.schema(schema, depth + 1)?;
        }
        Some(())
    }

    /// Makes a regular expression of Go ready. The validator has escapes of its own.
    fn pattern_of_text(&mut self, pattern: &str) -> Option<()> {
        if pattern.contains('\\') {
            return None;
        }
        let translated = translate_regex(pattern).ok()?;
        self.compile(pattern, &translated)
    }

    /// Makes a regular expression ready that the validator takes as it is: few letters mean the same to it and to Go.
    fn pattern_of_names(&mut self, pattern: &str) -> Option<()> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"^$.*_-/".contains(&byte);
        if !pattern.bytes().all(is_plain) {
            return None;
        }
        self.compile(pattern, pattern)
    }

    fn compile(&mut self, pattern: &str, translated: &str) -> Option<()> {
        if self.patterns.contains_key(pattern) {
            return Some(());
        }
        if self.patterns.len() >= MAX_PATTERNS {
            return None;
        }
        let compiled = RegexBuilder::new(translated).size_limit(MAX_PATTERN).build().ok()?;
        self.patterns.insert(pattern.to_owned(), compiled);
        Some(())
    }
}

/// Whether a draft is number 7; nothing for those that are not known here.
fn is_draft_7(draft: &str) -> Option<bool> {
    let draft = draft.strip_suffix('#').unwrap_or(draft);
    let draft = draft.strip_prefix("http://").or_else(|| draft.strip_prefix("https://"))?;
    match draft {
        "json-schema.org/draft-07/schema" => Some(true),
        "json-schema.org/schema"
        | "json-schema.org/draft/2019-09/schema"
        | "json-schema.org/draft/2020-12/schema" => Some(false),
        _ => None,
    }
}

/// Whether an identifier is an address that changes nothing for references within the schema.
fn is_plain_address(id: &Value) -> bool {
    let Some(rest) = id.as_str().and_then(|id| id.strip_prefix("https://")) else { return false };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let is_host = host.starts_with(|c: char| c.is_ascii_lowercase())
        && host.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.');
    is_host && host != "json-schema.org" && !host.contains("..") && path.split('/').all(is_plain_name)
}

/// Whether a reference leads to where schemas are looked at anyway.
fn is_usual(reference: &str) -> bool {
    let mut names = reference.split('/').skip(1);
    while let Some(keyword) = names.next() {
        if !matches!(keyword, "$defs" | "definitions" | "properties") || names.next().is_none() {
            return false;
        }
    }
    true
}

/// A name that means the same in every address.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name == "$defs" || !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain)
}

fn is_type(value: &Value) -> bool {
    const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
    value.as_str().is_some_and(|name| TYPES.contains(&name))
}

fn is_list_of_names(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || is_list_of(value, Value::is_string)
}

/// A list, not empty, of texts that differ from each other.
fn is_list_of(value: &Value, is_item: fn(&Value) -> bool) -> bool {
    let Some(items) = value.as_array() else { return false };
    let different: BTreeSet<&str> = items.iter().filter_map(Value::as_str).collect();
    !items.is_empty() && items.iter().all(is_item) && different.len() == items.len()
}
