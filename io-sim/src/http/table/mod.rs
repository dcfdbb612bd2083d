//! Objects as a `Table` of `meta.k8s.io/v1`: what `kubectl get` prints.

mod columns;
mod custom;
mod network;
mod others;
mod path;
mod storage;
mod times;
mod workloads;

use pilothouse_protocol::{Object, metadata};
use serde_json::{Value, json};

use super::list::partial;
use super::names;
use crate::server::Server;
use crate::server::kinds::Kind;
use columns::Column;

/// What a cell is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    /// The object.
    pub(super) object: &'a Value,
    /// The present moment, nanoseconds since the Unix epoch.
    pub(super) wall: i64,
}

/// One kind as a table.
pub(crate) struct View {
    columns: Vec<Column>,
    wall: i64,
    include: Include,
}

/// What comes with each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Row<'_> {
    /// A text within the object; empty when it is absent.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number within the object; zero when it is absent.
    pub(super) fn number(&self, pointer: &str) -> i64 {
        self.object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
    }

    /// The items of a list within the object.
    pub(super) fn items(&self, pointer: &str) -> impl Iterator<Item = &Value> {
        self.object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
    }

    /// How many members a map or list within the object has.
    pub(super) fn count(&self, pointer: &str) -> i64 {
        let count = match self.object.pointer(pointer) {
            Some(Value::Object(fields)) => fields.len(),
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        };
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// How long ago a time within the object was; `<unknown>` when it is absent.
    pub(super) fn since(&self, pointer: &str) -> Value {
        json!(times::since(self.text(pointer), self.wall))
    }

    /// The values of a field of all containers, with commas between them.
    pub(super) fn containers(&self, pod: &str, field: &str) -> Value {
        let pointer = format!("{pod}/containers");
        let values = self.items(&pointer).filter_map(|container| container.get(field)?.as_str());
        json!(values.collect::<Vec<_>>().join(","))
    }

    /// A map of texts within the object as `key=value`, with commas between them; `<none>` when it is empty.
    pub(super) fn pairs(&self, pointer: &str) -> Value {
        let fields = self.object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        let pairs: Vec<String> =
            fields.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        json!(if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") })
    }
}

impl View {
    /// The columns of a kind. `include` is the `includeObject` of the request.
    pub(crate) fn new(server: &Server, kind: &Kind, wall: i64, include: &str) -> Self {
        let include = match include {
            "None" => Include::Nothing,
            "Object" => Include::Object,
            _ => Include::Metadata,
        };
        let columns = if kind.is_builtin() {
            columns::of(&kind.resource)
        } else {
            let definition = server.store().get(names::DEFINITIONS, "", &kind.resource);
            custom::columns(definition.map(|stored| &*stored.object), kind.gvk.version())
        };
        Self { columns, wall, include }
    }

    /// The table of some objects; its columns are described when `described` is set.
    pub(crate) fn table(&self, list_metadata: Value, objects: &[Object], described: bool) -> Value {
        let definitions: Vec<Value> = if described {
            let name =
                json!({"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0});
            std::iter::once(name).chain(self.columns.iter().map(Column::describe)).collect()
        } else {
            Vec::new()
        };
        let rows: Vec<Value> = objects.iter().map(|object| self.row(object)).collect();
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": list_metadata,
            "columnDefinitions": definitions, "rows": rows,
        })
    }

    fn row(&self, object: &Object) -> Value {
        let row = Row { object, wall: self.wall };
        let name = json!(metadata::text(object, "name"));
        let cells: Vec<Value> =
            std::iter::once(name).chain(self.columns.iter().map(|column| column.cell(&row))).collect();
        match self.include {
            Include::Nothing => json!({ "cells": cells }),
            Include::Metadata => json!({"cells": cells, "object": partial(object)}),
            Include::Object => json!({"cells": cells, "object": **object}),
        }
    }
}
