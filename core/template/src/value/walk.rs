//! Deep copies and deep comparison.

use std::rc::Rc;

use crate::budget::{LimitError, TextBound};

use super::{COMPARED_PER_STEP, List, MAX_VALUE_DEPTH, Map, Shape, Value};

/// How many nodes a deep operation may visit. Parts that a value shares count once for each place.
pub(crate) const MAX_VALUE_NODES: usize = 1_000_000;
/// Bytes that encoders write for a node besides its content, and for a level of indentation.
const NODE: usize = 4;
const INDENT: usize = 2;

impl Value {
    /// A copy that shares no map or list, with the steps that making it takes and what it takes of the bound: so many bytes
    /// for a node, and more for a map.
    pub(crate) fn deep_copy(
        &self,
        bound: TextBound,
        node: usize,
        map: usize,
    ) -> Result<(Value, usize, usize), LimitError> {
        let mut visits = Visits { node, map, level: 0, ..Visits::within(bound) };
        let copy = copy(self, 0, &mut visits)?;
        Ok((copy, visits.nodes + visits.compared, visits.bytes))
    }

    /// Go's `reflect.DeepEqual`: same types, same content; and the steps that finding it out takes.
    pub(crate) fn deep_equal(&self, other: &Value) -> Result<(bool, usize), LimitError> {
        let mut visits = Visits { node: 0, level: 0, ..Visits::within(TextBound::ENCODED) };
        let equal = is_equal(self, other, 0, &mut visits)?;
        Ok((equal, visits.nodes + visits.compared))
    }
}

/// Counts visited nodes, and about how long a text of them is.
pub(super) struct Visits {
    nodes: usize,
    /// Steps that comparing long texts takes besides.
    compared: usize,
    bytes: usize,
    bound: TextBound,
    /// Bytes of a node besides its content.
    node: usize,
    /// Bytes of a map that is copied, besides.
    map: usize,
    /// Bytes for a level of indentation.
    level: usize,
    modern: bool,
}

impl Visits {
    /// A text of the nodes may get so long.
    pub(super) fn within(bound: TextBound) -> Self {
        Self { nodes: 0, compared: 0, bytes: 0, bound, node: NODE, map: 0, level: INDENT, modern: false }
    }

    /// The text is go-yaml v3's.
    pub(super) fn modern(self) -> Self {
        Self { modern: true, ..self }
    }

    /// Whether the text is go-yaml v3's.
    pub(super) fn is_modern(&self) -> bool {
        self.modern
    }

    /// Counts texts of that length that are compared.
    fn compare(&mut self, length: usize) {
        self.compared += length / COMPARED_PER_STEP;
    }

    /// Nodes visited so far.
    pub(super) fn count(&self) -> usize {
        self.nodes
    }

    /// Counts a text that is copied, as long as encoders write it: with escapes, and its lines indented.
    pub(super) fn text(&mut self, text: &[u8], depth: usize) -> Result<(), LimitError> {
        const ESCAPE: usize = 5;
        let is_escaped =
            |byte: &u8| u8::from(matches!(byte, 0..b' ' | b'"' | b'\\' | b'<' | b'>' | b'&' | 0x7f));
        let (mut escapes, mut lines) = (0, 0);
        // Counts that fit in a byte are made many at a time.
        for piece in text.chunks(usize::from(u8::MAX)) {
            escapes += usize::from(piece.iter().map(is_escaped).sum::<u8>());
            lines += usize::from(piece.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>());
        }
        self.bytes += text.len() + escapes * ESCAPE + lines * depth * self.level;
        self.check_bytes()
    }

    fn check_bytes(&self) -> Result<(), LimitError> {
        if self.bytes > self.bound.most { Err(self.bound.error) } else { Ok(()) }
    }

    /// Counts one node at `depth`, unless there are too many or it lies too deep.
    pub(super) fn visit(&mut self, depth: usize) -> Result<(), LimitError> {
        self.nodes += 1;
        self.bytes += self.node + depth * self.level;
        self.check_bytes()?;
        if depth > MAX_VALUE_DEPTH {
            return Err(LimitError::ValueDepth(MAX_VALUE_DEPTH));
        }
        if self.nodes > MAX_VALUE_NODES { Err(LimitError::ValueSize(MAX_VALUE_NODES)) } else { Ok(()) }
    }
}

fn copy(value: &Value, depth: usize, visits: &mut Visits) -> Result<Value, LimitError> {
    visits.visit(depth)?;
    Ok(match value {
        Value::List(list) if list.is_nil() => value.clone(),
        Value::List(list) => {
            let items: Result<Vec<Value>, LimitError> =
                list.items().iter().map(|item| copy(item, depth + 1, visits)).collect();
            Value::List(Rc::new(List::new(list.list_type(), items?)))
        }
        Value::Map(map) if map.is_nil() => value.clone(),
        Value::Map(map) => {
            visits.bytes += visits.map;
            visits.check_bytes()?;
            let mut entries = super::Entries::new();
            for (key, value) in map.entries().iter() {
                // Until its place is found.
                visits.compare(4 * key.len());
                entries.insert(Rc::clone(key), copy(value, depth + 1, visits)?);
            }
            Value::typed_map(map.map_type(), entries)
        }
        Value::Native(object) => object.copied().unwrap_or_else(|| value.clone()),
        other => other.clone(),
    })
}

fn is_equal(left: &Value, right: &Value, depth: usize, visits: &mut Visits) -> Result<bool, LimitError> {
    visits.visit(depth)?;
    Ok(match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left_type, left), Value::Int(right_type, right)) => {
            left_type == right_type && left == right
        }
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::String(left), Value::String(right)) => {
            visits.compare(left.len().min(right.len()));
            left == right
        }
        (Value::Bytes(left), Value::Bytes(right)) => {
            visits.compare(left.len().min(right.len()));
            left == right
        }
        (Value::List(left), Value::List(right)) => is_equal_list(left, right, depth, visits)?,
        (Value::Map(left), Value::Map(right)) => is_equal_map(left, right, depth, visits)?,
        (Value::Native(left), Value::Native(right)) => {
            Rc::ptr_eq(left, right)
                || (left.type_name() == right.type_name()
                    && is_equal_shape(&left.shape(), &right.shape(), depth, visits)?)
        }
        _ => false,
    })
}

fn is_equal_list(
    left: &Rc<List>,
    right: &Rc<List>,
    depth: usize,
    visits: &mut Visits,
) -> Result<bool, LimitError> {
    if Rc::ptr_eq(left, right) {
        return Ok(true);
    }
    let same_form = left.list_type() == right.list_type() && left.is_nil() == right.is_nil();
    if !same_form || left.len() != right.len() {
        return Ok(false);
    }
    for (left, right) in left.items().iter().zip(right.items().iter()) {
        if !is_equal(left, right, depth + 1, visits)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_equal_map(
    left: &Rc<Map>,
    right: &Rc<Map>,
    depth: usize,
    visits: &mut Visits,
) -> Result<bool, LimitError> {
    let same_form = left.map_type() == right.map_type() && left.is_nil() == right.is_nil();
    if !same_form || left.len() != right.len() {
        return Ok(false);
    }
    if Rc::ptr_eq(left, right) {
        return Ok(true);
    }
    for ((left_key, left), (right_key, right)) in left.entries().iter().zip(right.entries().iter()) {
        visits.compare(left_key.len());
        if left_key != right_key || !is_equal(left, right, depth + 1, visits)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_equal_shape(
    left: &Shape,
    right: &Shape,
    depth: usize,
    visits: &mut Visits,
) -> Result<bool, LimitError> {
    match (left, right) {
        (Shape::List(left), Shape::List(right)) => is_equal_list(left, right, depth, visits),
        (Shape::Map(left), Shape::Map(right)) => is_equal_map(left, right, depth, visits),
        (Shape::Struct(left), Shape::Struct(right)) => {
            for ((_, left), (_, right)) in left.iter().zip(right) {
                if !is_equal(left, right, depth + 1, visits)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_looks_at_types() {
        let list = Value::list(vec![Value::int(1)]);
        assert!(list.deep_equal(&Value::list(vec![Value::int(1)])).unwrap().0);
        assert!(!list.deep_equal(&Value::list(vec![Value::int64(1)])).unwrap().0);
        assert!(!Value::int(1).deep_equal(&Value::Float(1.0)).unwrap().0);
    }

    #[test]
    fn a_copy_shares_nothing() {
        let inner = Value::map(super::super::Entries::new());
        let outer = Value::list(vec![inner.clone()]);
        let (copy, nodes, size) = outer.deep_copy(TextBound::ENCODED, 1, 10).unwrap();
        inner.as_map().unwrap().insert("a".into(), Value::int(1));
        assert!(!outer.deep_equal(&copy).unwrap().0);
        assert_eq!((nodes, size), (2, 12));
    }
}
