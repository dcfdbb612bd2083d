//! The built-in kinds of Kubernetes v1.36: the table `builtin.txt`, read once.
//!
//! The table holds facts of the published OpenAPI v3 documents and of discovery, one line each:
//! `kind <apiVersion> <Kind> <plural> namespaced|cluster status|- <type>`, then types with their fields. Field types:
//! a letter for scalars, `@name` a struct, `!@name` an atomic struct, `{}T`/`{a}T` a map, `[a]T` an atomic list,
//! `[s]T` a set, `[m:k1,k2]T` a keyed list, `~key` the strategic merge key, `*` anything, `=json` a default,
//! `^` present even in an empty object, `#n` the number in the published `generated.proto`, `#n.m` within a message that JSON
//! has no level for, `?` a scalar that can be absent.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Field, ListKind, Schema, Strategic, Struct, Type, TypeId};

/// One built-in kind.
#[derive(Debug, Clone)]
pub struct BuiltinKind {
    /// `apiVersion`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The plural.
    pub plural: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether there is a `status` subresource.
    pub status: bool,
    /// Root type in [`builtin_schema`].
    pub root: TypeId,
}

struct Table {
    schema: Schema,
    kinds: Vec<BuiltinKind>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Reader::default().read(include_str!("builtin.txt")));

/// All built-in kinds.
#[must_use]
pub fn builtin_kinds() -> &'static [BuiltinKind] {
    &TABLE.kinds
}

/// Types of the built-in kinds.
#[must_use]
pub fn builtin_schema() -> &'static Schema {
    &TABLE.schema
}

#[derive(Default)]
struct Reader {
    schema: Schema,
    named: BTreeMap<String, TypeId>,
    shapes: BTreeMap<String, TypeId>,
    current: Option<TypeId>,
}

impl Reader {
    fn read(mut self, text: &str) -> Table {
        self.schema = Schema::new();
        let mut kinds = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["kind", api_version, kind, plural, scope, status, root] => kinds.push(BuiltinKind {
                    api_version: (*api_version).to_owned(),
                    kind: (*kind).to_owned(),
                    plural: (*plural).to_owned(),
                    namespaced: *scope == "namespaced",
                    status: *status == "status",
                    root: self.named_type(root),
                }),
                ["type", name] if !line.starts_with(' ') => self.begin(name),
                [field, shape, flags @ ..] => self.field(field, shape, flags),
                _ => {}
            }
        }
        Table { schema: self.schema, kinds }
    }

    fn named_type(&mut self, name: &str) -> TypeId {
        if name == "-" {
            return Schema::UNTYPED;
        }
        if let Some(id) = self.named.get(name) {
            return *id;
        }
        let id = self.schema.add(Type::Struct(Struct::default()));
        self.named.insert(name.to_owned(), id);
        id
    }

    fn begin(&mut self, name: &str) {
        let plain = name.trim_start_matches('!');
        let id = self.named_type(plain);
        self.current = Some(id);
        if let Some(Type::Struct(known)) = self.schema.types.get_mut(id.0 as usize) {
            known.atomic = plain != name;
        }
    }

    fn field(&mut self, name: &str, shape: &str, flags: &[&str]) {
        let wire = flags.iter().find_map(|flag| flag.strip_prefix('#')).unwrap_or_default();
        let field = Field {
            id: self.shape(shape),
            default: flags
                .iter()
                .find_map(|flag| flag.strip_prefix('='))
                .and_then(|json| serde_json::from_str(json).ok()),
            zero: flags.contains(&"^"),
            wire: wire.trim_end_matches('?').split('.').filter_map(|number| number.parse().ok()).collect(),
            optional: wire.ends_with('?'),
            retain_keys: flags.contains(&"retainKeys"),
        };
        let Some(id) = self.current else { return };
        if let Some(Type::Struct(known)) = self.schema.types.get_mut(id.0 as usize) {
            known.fields.insert(name.to_owned(), field);
        }
    }

    fn shape(&mut self, shape: &str) -> TypeId {
        if let Some(id) = self.shapes.get(shape) {
            return *id;
        }
        let id = if shape == "*" {
            Schema::UNTYPED
        } else if let Some(name) = shape.strip_prefix('@') {
            self.named_type(name)
        } else if let Some(name) = shape.strip_prefix("!@") {
            self.named_type(name)
        } else {
            let new = self.composite(shape);
            self.schema.add(new)
        };
        self.shapes.insert(shape.to_owned(), id);
        id
    }

    fn composite(&mut self, shape: &str) -> Type {
        if let Some(element) = shape.strip_prefix("{}") {
            return Type::Map { element: self.shape(element), atomic: false };
        }
        if let Some(element) = shape.strip_prefix("{a}") {
            return Type::Map { element: self.shape(element), atomic: true };
        }
        if let Some((options, element)) = shape.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let (kind, strategic) = list_options(options);
            return Type::List { element: self.shape(element), kind, strategic };
        }
        Type::Scalar(shape.chars().next().unwrap_or('s'))
    }
}

fn list_options(options: &str) -> (ListKind, Strategic) {
    let (kind, strategic) = match options.split_once('~') {
        None => (options, Strategic::Replace),
        Some((kind, "")) => (kind, Strategic::Merge),
        Some((kind, key)) => (kind, Strategic::MergeKey(key.to_owned())),
    };
    let kind = match kind.strip_prefix("m:") {
        Some(keys) => ListKind::Map(keys.split(',').map(str::to_owned).collect()),
        None if kind == "s" => ListKind::Set,
        None => ListKind::Atomic,
    };
    (kind, strategic)
}

#[cfg(test)]
mod tests {
    use super::super::Typed;
    use super::*;

    fn walk(kind: &str, path: &[&str]) -> Type {
        let found = builtin_kinds().iter().find(|entry| entry.kind == kind).expect("known kind");
        let mut typed = Typed { schema: builtin_schema(), id: found.root };
        for step in path {
            typed = if *step == "*" { typed.item() } else { typed.member(step).0 };
        }
        typed.get().clone()
    }

    #[test]
    fn lists_know_their_keys() {
        let ports = walk("Deployment", &["spec", "template", "spec", "containers", "*", "ports"]);
        let Type::List { kind, strategic, .. } = ports else { panic!("{ports:?}") };
        assert_eq!(kind, ListKind::Map(vec!["containerPort".into(), "protocol".into()]));
        assert_eq!(strategic, Strategic::MergeKey("containerPort".into()));
        let finalizers = walk("ConfigMap", &["metadata", "finalizers"]);
        assert!(matches!(finalizers, Type::List { kind: ListKind::Set, strategic: Strategic::Merge, .. }));
    }

    #[test]
    fn selectors_are_atomic() {
        let selector = walk("Deployment", &["spec", "selector"]);
        assert!(matches!(selector, Type::Struct(Struct { atomic: true, .. })));
    }

    #[test]
    fn all_kinds_have_a_type() {
        assert!(builtin_kinds().len() > 50);
        assert!(builtin_kinds().iter().all(|kind| kind.root != Schema::UNTYPED), "kinds without type");
    }
}
