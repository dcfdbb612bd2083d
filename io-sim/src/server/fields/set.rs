//! A set of field paths as a tree.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::PathElement;

/// A set of field paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    nodes: BTreeMap<PathElement, Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    member: bool,
    children: FieldSet,
}

impl FieldSet {
    /// Whether no path is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a path. The empty path is ignored.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else { return };
        let node = self.nodes.entry(first.clone()).or_default();
        if rest.is_empty() {
            node.member = true;
        } else {
            node.children.insert(rest);
        }
    }

    /// Whether this very path is in the set.
    #[must_use]
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path.split_first() {
            None => false,
            Some((first, [])) => self.nodes.get(first).is_some_and(|node| node.member),
            Some((first, rest)) => self.nodes.get(first).is_some_and(|node| node.children.has(rest)),
        }
    }

    /// Whether an element is in the set itself.
    #[must_use]
    pub fn has_member(&self, element: &PathElement) -> bool {
        self.nodes.get(element).is_some_and(|node| node.member)
    }

    /// What lies under an element.
    #[must_use]
    pub fn children(&self, element: &PathElement) -> Option<&Self> {
        self.nodes.get(element).map(|node| &node.children).filter(|children| !children.is_empty())
    }

    /// Puts a whole set under an element.
    pub(super) fn graft(&mut self, element: PathElement, member: bool, children: Self) {
        if member || !children.is_empty() {
            let node = self.nodes.entry(element).or_default();
            node.member |= member;
            node.children = node.children.union(&children);
        }
    }

    /// Paths of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        let mut all = self.clone();
        for (element, node) in &other.nodes {
            let mine = all.nodes.entry(element.clone()).or_default();
            mine.member |= node.member;
            mine.children = mine.children.union(&node.children);
        }
        all
    }

    /// Paths of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for (element, node) in &self.nodes {
            if let Some(theirs) = other.nodes.get(element) {
                let children = node.children.intersection(&theirs.children);
                both.graft(element.clone(), node.member && theirs.member, children);
            }
        }
        both
    }

    /// Paths of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        for (element, node) in &self.nodes {
            match other.nodes.get(element) {
                None => rest.graft(element.clone(), node.member, node.children.clone()),
                Some(theirs) => rest.graft(
                    element.clone(),
                    node.member && !theirs.member,
                    node.children.difference(&theirs.children),
                ),
            }
        }
        rest
    }

    /// Without the paths of the other set and everything below them.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        for (element, node) in &self.nodes {
            match other.nodes.get(element) {
                None => rest.graft(element.clone(), node.member, node.children.clone()),
                Some(theirs) if theirs.member => {}
                Some(theirs) => rest.graft(
                    element.clone(),
                    node.member,
                    node.children.recursive_difference(&theirs.children),
                ),
            }
        }
        rest
    }

    /// The same set with every named field on the way to a member made a member as well.
    #[must_use]
    pub fn with_named_parents(&self) -> Self {
        let nodes = self.nodes.iter().map(|(element, node)| {
            let named = matches!(element, PathElement::Field(_)) && !node.children.is_empty();
            let children = node.children.with_named_parents();
            (element.clone(), Node { member: node.member || named, children })
        });
        Self { nodes: nodes.collect() }
    }

    /// All paths in the order in which conflicts are listed: on each level what is a member itself, then what lies below.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut all = Vec::new();
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    /// As FieldsV1.
    #[must_use]
    pub fn encode(&self) -> Value {
        let mut fields = Map::new();
        for (element, node) in &self.nodes {
            let mut inner = node.children.encode();
            if node.member
                && !node.children.is_empty()
                && let Value::Object(map) = &mut inner
            {
                map.insert(".".to_owned(), Value::Object(Map::new()));
            }
            fields.insert(element.encode(), inner);
        }
        Value::Object(fields)
    }

    /// From FieldsV1; what cannot be read is left out.
    #[must_use]
    pub fn decode(fields: &Value) -> Self {
        let mut set = Self::default();
        for (text, inner) in fields.as_object().into_iter().flatten() {
            let Some(element) = PathElement::decode(text) else { continue };
            let children = Self::decode(inner);
            let member = children.is_empty() || inner.get(".").is_some();
            set.nodes.insert(element, Node { member, children });
        }
        set
    }

    fn collect(&self, prefix: &mut Vec<PathElement>, all: &mut Vec<Vec<PathElement>>) {
        for element in self.nodes.iter().filter(|(_, node)| node.member).map(|(element, _)| element) {
            prefix.push(element.clone());
            all.push(prefix.clone());
            prefix.pop();
        }
        for (element, node) in &self.nodes {
            prefix.push(element.clone());
            node.children.collect(prefix, all);
            prefix.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(fields: Value) -> FieldSet {
        FieldSet::decode(&fields)
    }

    #[test]
    fn fields_v1_survive_the_round_trip() {
        let fields = json!({"f:data": {".": {}, "f:a": {}}, "f:spec": {"f:list": {"k:{\"name\":\"c\"}": {".": {}, "f:x": {}}}}});
        assert_eq!(set(fields.clone()).encode(), fields);
    }

    #[test]
    fn algebra() {
        let one = set(json!({"f:a": {".": {}, "f:b": {}, "f:c": {}}}));
        let two = set(json!({"f:a": {"f:b": {}, "f:d": {}}}));
        assert_eq!(one.intersection(&two).encode(), json!({"f:a": {"f:b": {}}}));
        assert_eq!(one.difference(&two).encode(), json!({"f:a": {".": {}, "f:c": {}}}));
        assert_eq!(one.union(&two).encode(), json!({"f:a": {".": {}, "f:b": {}, "f:c": {}, "f:d": {}}}));
        assert!(two.recursive_difference(&one).is_empty());
        assert_eq!(two.with_named_parents().paths().len(), 3);
    }
}
