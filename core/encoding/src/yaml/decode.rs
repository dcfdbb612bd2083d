//! From nodes to JSON-like values: tags, merges, aliases, keys of other types than text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value};

use super::compose::{Content, Document, Node, NodeId};
use super::error::YamlError;
use super::go_syntax;
use super::limits::Limits;
use super::modern;
use super::tag::{Scalar, Tag, resolve_node};
use crate::number::{format_float32, from_json_float};

/// How documents are read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// Repeated keys are refused.
    pub(super) strict: bool,
    /// Plain scalars have the types of go-yaml v3.
    pub(super) modern: bool,
}

/// Decodes a document.
pub(super) fn decode(document: &Document<'_>, limits: &Limits, rules: Rules) -> Result<Value, YamlError> {
    let Some(root) = document.root else {
        return Ok(Value::Null);
    };
    let mut decoder = Decoder {
        document,
        limits,
        rules,
        depth: 0,
        // The document node counts too.
        decoded: 1,
        text: 0,
        from_aliases: 0,
        alias_depth: 0,
        expanding: BTreeSet::new(),
        duplicates: Vec::new(),
        bad: Bad::default(),
    };
    let value = decoder.node(root)?;
    if !decoder.duplicates.is_empty() {
        return Err(YamlError::DuplicateKeys(decoder.duplicates));
    }
    if let Some(error) = decoder.bad.key.or(decoder.bad.float) {
        return Err(error);
    }
    Ok(value)
}

struct Decoder<'a> {
    document: &'a Document<'a>,
    limits: &'a Limits,
    rules: Rules,
    depth: usize,
    decoded: usize,
    /// Bytes of scalars that were decoded.
    text: usize,
    from_aliases: usize,
    alias_depth: usize,
    /// Alias nodes that are being decoded.
    expanding: BTreeSet<NodeId>,
    duplicates: Vec<String>,
    /// Errors that Go finds only after decoding everything: keys JSON cannot have, then floats.
    bad: Bad,
}

/// Keys and floats that JSON cannot have.
#[derive(Default)]
struct Bad {
    key: Option<YamlError>,
    float: Option<YamlError>,
}

impl Bad {
    fn is_none(&self) -> bool {
        self.key.is_none() && self.float.is_none()
    }

    /// Adds what is found later.
    fn add(&mut self, other: Self) {
        self.key = self.key.take().or(other.key);
        self.float = self.float.take().or(other.float);
    }
}

/// A map under construction with the typed keys that strict mode compares.
#[derive(Default)]
struct Entries {
    members: Map<String, Value>,
    /// What is wrong with members, by key: a later member of the same key takes it back.
    bad: BTreeMap<String, Bad>,
    seen: BTreeSet<String>,
}

impl Decoder<'_> {
    /// Decodes one node. The recursion goes through small functions: each level of nesting costs stack.
    fn node(&mut self, id: NodeId) -> Result<Value, YamlError> {
        self.count()?;
        let document = self.document;
        let node = document.node(id);
        match &node.content {
            Content::Alias { anchor, target } => self.alias(id, anchor, *target),
            Content::Scalar { .. } => self.scalar(node),
            Content::Sequence(items) => self.sequence(node, items),
            Content::Mapping(children) => self.map(node, children),
        }
    }

    fn alias(&mut self, id: NodeId, anchor: &str, target: NodeId) -> Result<Value, YamlError> {
        self.enter_alias(id, anchor)?;
        let value = self.node(target);
        self.leave_alias(id);
        value
    }

    fn sequence(&mut self, node: &Node<'_>, items: &[NodeId]) -> Result<Value, YamlError> {
        self.descend(node)?;
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.node(*item)?);
        }
        self.depth -= 1;
        Ok(Value::Array(values))
    }

    fn map(&mut self, node: &Node<'_>, children: &[NodeId]) -> Result<Value, YamlError> {
        self.descend(node)?;
        let mut entries = Entries::default();
        self.mapping(children, &mut entries)?;
        self.depth -= 1;
        entries.bad.into_values().for_each(|bad| self.bad.add(bad));
        Ok(Value::Object(entries.members))
    }

    fn mapping(&mut self, children: &[NodeId], entries: &mut Entries) -> Result<(), YamlError> {
        for pair in children.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            if is_merge(self.document.node(key)) {
                self.merge(value, entries)?;
            } else {
                self.entry(key, value, entries)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, key: NodeId, value: NodeId, entries: &mut Entries) -> Result<(), YamlError> {
        let key = self.key(key)?;
        let before = std::mem::take(&mut self.bad);
        let member = self.node(value)?;
        let bad = std::mem::replace(&mut self.bad, before);
        let text = key_text(&key);
        match &text {
            Some(text) if bad.is_none() => drop(entries.bad.remove(text)),
            Some(text) => drop(entries.bad.insert(text.clone(), bad)),
            None => self.bad.add(bad),
        }
        self.insert(&key, text, (value, member), entries);
        Ok(())
    }

    /// Adds a member; strict mode refuses a key that is there already, of the same type and value.
    fn insert(
        &mut self,
        key: &Scalar,
        text: Option<String>,
        (value, member): (NodeId, Value),
        entries: &mut Entries,
    ) {
        if self.rules.strict && !entries.seen.insert(format!("{} {}", key.go_type(), key.go_syntax())) {
            let line = u64::from(self.document.node(value).line) + 1;
            self.duplicates.push(format!("line {line}: key {} already set in map", key.go_syntax()));
            return;
        }
        if let Some(text) = text {
            entries.members.insert(text, member);
        } else if self.bad.key.is_none() {
            self.bad.key = Some(YamlError::UnsupportedMapKey {
                kind: key.go_type(),
                key: key.go_syntax(),
                value: go_syntax::of_node(self.document, value),
            });
        }
    }

    /// Decodes a key; Go decodes collections too before it refuses them.
    fn key(&mut self, id: NodeId) -> Result<Scalar, YamlError> {
        let document = self.document;
        let node = document.node(id);
        match &node.content {
            Content::Alias { anchor, target } => {
                self.count()?;
                self.enter_alias(id, anchor)?;
                let key = self.key(*target)?;
                self.leave_alias(id);
                Ok(key)
            }
            Content::Scalar { .. } => {
                self.count()?;
                self.resolve(node)
            }
            Content::Sequence(_) | Content::Mapping(_) => {
                self.node(id)?;
                Err(YamlError::InvalidMapKey(go_syntax::of_node(document, id)))
            }
        }
    }

    /// `<<`: the members of a map, or of several of which earlier ones win. Go lets a merge replace what
    /// stands before it.
    fn merge(&mut self, value: NodeId, entries: &mut Entries) -> Result<(), YamlError> {
        let document = self.document;
        match &document.node(value).content {
            Content::Sequence(items) => {
                for item in items.iter().rev() {
                    self.merge_map(*item, entries)?;
                }
                Ok(())
            }
            _ => self.merge_map(value, entries),
        }
    }

    fn merge_map(&mut self, id: NodeId, entries: &mut Entries) -> Result<(), YamlError> {
        let document = self.document;
        match &document.node(id).content {
            Content::Mapping(children) => {
                self.count()?;
                self.mapping(children, entries)
            }
            Content::Alias { anchor, target } => {
                let Content::Mapping(children) = &document.node(*target).content else {
                    return Err(YamlError::MergeValue);
                };
                self.count()?;
                self.enter_alias(id, anchor)?;
                self.count()?;
                self.descend(document.node(id))?;
                self.mapping(children, entries)?;
                self.depth -= 1;
                self.leave_alias(id);
                Ok(())
            }
            _ => Err(YamlError::MergeValue),
        }
    }

    fn scalar(&mut self, node: &Node<'_>) -> Result<Value, YamlError> {
        Ok(match self.resolve(node)? {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::Number(Number::from(value)),
            Scalar::Uint(value) => Value::Number(Number::from(value)),
            Scalar::Text(text) => Value::String(text),
            Scalar::Float(float) => match from_json_float(float) {
                Some(number) => Value::Number(number),
                None => {
                    self.bad.float.get_or_insert(unsupported_float(float));
                    Value::Null
                }
            },
        })
    }

    fn resolve(&mut self, node: &Node<'_>) -> Result<Scalar, YamlError> {
        if let Content::Scalar { value, .. } = &node.content {
            self.text = self.text.saturating_add(value.len());
        }
        if self.text > self.limits.text_bytes {
            return Err(YamlError::TextSize { limit: self.limits.text_bytes });
        }
        match modern::text(node).filter(|_| self.rules.modern) {
            Some(text) => Ok(Scalar::Text(text)),
            None => resolve_node(node),
        }
    }

    fn enter_alias(&mut self, id: NodeId, anchor: &str) -> Result<(), YamlError> {
        if !self.expanding.insert(id) {
            return Err(YamlError::AnchorCycle(anchor.to_owned()));
        }
        self.alias_depth += 1;
        Ok(())
    }

    fn leave_alias(&mut self, id: NodeId) {
        self.alias_depth -= 1;
        self.expanding.remove(&id);
    }

    fn descend(&mut self, node: &Node<'_>) -> Result<(), YamlError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let line = (node.line > 0).then_some(u64::from(node.line) + 1);
            return Err(YamlError::Depth { line, limit: self.limits.depth });
        }
        Ok(())
    }

    /// Counts one decoded node and stops alias bombs by go-yaml's own rule.
    fn count(&mut self) -> Result<(), YamlError> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.from_aliases += 1;
        }
        if self.from_aliases > 100
            && self.decoded > 1000
            && ratio(self.from_aliases, self.decoded) > allowed_alias_ratio(self.decoded)
        {
            return Err(YamlError::ExcessiveAliasing);
        }
        if self.decoded > self.limits.nodes {
            return Err(YamlError::Nodes { limit: self.limits.nodes });
        }
        Ok(())
    }
}

/// An unquoted `<<`, or one with the merge tag.
fn is_merge(node: &Node<'_>) -> bool {
    match &node.content {
        Content::Scalar { value, implicit } => value == "<<" && (*implicit || node.tag == Some(Tag::Merge)),
        _ => false,
    }
}

/// The text `sigs.k8s.io/yaml` turns a key into; none for null and unsigned integers.
fn key_text(key: &Scalar) -> Option<String> {
    Some(match key {
        Scalar::Null | Scalar::Uint(_) => return None,
        Scalar::Bool(true) => "true".to_owned(),
        Scalar::Bool(false) => "false".to_owned(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Text(text) => text.clone(),
        Scalar::Float(float) => match format_float32(*float).as_str() {
            "+Inf" => ".inf".to_owned(),
            "-Inf" => "-.inf".to_owned(),
            "NaN" => ".nan".to_owned(),
            text => text.to_owned(),
        },
    })
}

fn unsupported_float(float: f64) -> YamlError {
    YamlError::UnsupportedValue(if float.is_nan() {
        "NaN"
    } else if float > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    })
}

/// Up to 400,000 nodes 99% may come from aliases, from 4,000,000 on 10%, and linearly less between.
fn allowed_alias_ratio(decoded: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    if decoded <= LOW {
        0.99
    } else if decoded >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ratio(decoded - LOW, HIGH - LOW)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "node counts are far below 2^52")]
    let ratio = part as f64 / whole as f64;
    ratio
}
