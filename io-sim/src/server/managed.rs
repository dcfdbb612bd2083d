//! `metadata.managedFields`: who owns which field (`sigs.k8s.io/structured-merge-diff` and the server's field manager).

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{Comparison, FieldSet};
use super::kinds::Kind;

/// `operation` of an entry. The order is that of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Every other write.
    Update,
}

/// Who writes, as an entry names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// `apiVersion` of the request.
    pub api_version: &'a str,
    /// `status`, or empty for the main resource.
    pub subresource: &'a str,
    /// Present moment, RFC 3339.
    pub time: &'a str,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Field manager.
    pub manager: String,
    /// The operation.
    pub operation: Operation,
    /// `apiVersion` of the last request.
    pub api_version: String,
    /// `status`, or empty for the main resource.
    pub subresource: String,
    /// When the set last changed.
    pub time: String,
    /// The fields.
    pub fields: FieldSet,
}

/// All entries of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedFields {
    /// In the order of the server.
    pub entries: Vec<Entry>,
}

/// Fields of another manager that an apply would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The entry as messages name it.
    pub manager: String,
    /// By what conflicts are ordered: the entry as the server identifies it.
    pub identity: String,
    /// The fields.
    pub fields: FieldSet,
}

/// Fields that no manager ever owns.
static NEVER_OWNED: LazyLock<FieldSet> = LazyLock::new(|| {
    let strip = json!({
        "f:apiVersion": {}, "f:kind": {},
        "f:metadata": {".": {}, "f:name": {}, "f:namespace": {}, "f:creationTimestamp": {}, "f:selfLink": {}, "f:uid": {},
            "f:clusterName": {}, "f:generation": {}, "f:managedFields": {}, "f:resourceVersion": {}},
    });
    FieldSet::decode(&strip)
});

static SPEC: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::decode(&json!({"f:spec": {}})));

static REPLICAS: LazyLock<FieldSet> =
    LazyLock::new(|| FieldSet::decode(&json!({"f:spec": {"f:replicas": {}}})));

static STATUS: LazyLock<FieldSet> = LazyLock::new(|| FieldSet::decode(&json!({"f:status": {}})));

/// Takes out what cannot be owned by a write of the object or of a subresource. With the status of a built-in kind metadata
/// is written as well.
#[must_use]
pub(crate) fn ownable(fields: &FieldSet, kind: &Kind, subresource: &str) -> FieldSet {
    let fields = fields.difference(&NEVER_OWNED);
    match subresource {
        "status" if kind.is_builtin() => fields.recursive_difference(&SPEC),
        "status" => {
            let others = fields.recursive_difference(&STATUS);
            fields.difference(&others)
        }
        _ if kind.status => fields.recursive_difference(&STATUS),
        _ => fields,
    }
}

impl ManagedFields {
    /// From the JSON list; entries that cannot be read are left out.
    #[must_use]
    pub fn decode(list: &Value) -> Self {
        let entries = list.as_array().into_iter().flatten().filter_map(decode_entry).collect();
        Self { entries }
    }

    /// As the JSON list.
    #[must_use]
    pub fn encode(&self) -> Value {
        self.entries.iter().map(encode_entry).collect()
    }

    /// The fields of an apply manager.
    #[must_use]
    pub fn applied_by(&self, writer: &Writer<'_>) -> Option<&FieldSet> {
        let found = self.entries.iter().find(|entry| is_applier(entry, writer));
        found.map(|entry| &entry.fields)
    }

    /// The union of all fields except those of one apply manager.
    #[must_use]
    pub fn others(&self, writer: &Writer<'_>) -> FieldSet {
        let others = self.entries.iter().filter(|entry| !is_applier(entry, writer));
        others.fold(FieldSet::default(), |all, entry| all.union(&entry.fields))
    }

    /// Records a write that is not an apply.
    pub(crate) fn record_update(&mut self, writer: &Writer<'_>, changes: &Comparison, kind: &Kind) {
        let position = self.entries.iter().position(|entry| is_updater(entry, writer));
        let before = position.map(|index| self.entries[index].fields.clone()).unwrap_or_default();
        let touched = changes.modified.union(&changes.added);
        self.disown(&touched.union(&changes.removed), |entry| is_updater(entry, writer));
        let own = before.difference(&changes.removed);
        let own = own.union(&ownable(&touched, kind, writer.subresource));
        let entry = Entry {
            manager: writer.manager.to_owned(),
            operation: Operation::Update,
            api_version: writer.api_version.to_owned(),
            subresource: writer.subresource.to_owned(),
            time: writer.time.to_owned(),
            fields: own,
        };
        self.replace(|entry| is_updater(entry, writer), entry, &before);
    }

    /// Records a write of `scale` (`managedfields.ScaleHandler`): the replicas go from all who had them to the writer. None
    /// are nobody's, and where nobody had them nobody gets them. The same number again takes them from everybody but
    /// appliers all the same, into an entry of its own with no time.
    pub(crate) fn record_scale(&mut self, writer: &Writer<'_>, before: i64, after: i64) {
        let has = |entry: &Entry| !entry.fields.intersection(&REPLICAS).is_empty();
        if !self.entries.iter().any(has) {
            return;
        }
        let entry = |manager: &str, subresource: &str| Entry {
            manager: manager.to_owned(),
            operation: Operation::Update,
            api_version: writer.api_version.to_owned(),
            subresource: subresource.to_owned(),
            time: String::new(),
            fields: REPLICAS.clone(),
        };
        let losers =
            |entry: &&mut Entry| has(entry) && (before != after || entry.operation == Operation::Update);
        let mut apart = Vec::new();
        for loser in self.entries.iter_mut().filter(losers) {
            loser.fields = loser.fields.difference(&REPLICAS);
            if before == after {
                apart.push(entry(&loser.manager, &loser.subresource));
            }
        }
        if before != after && after != 0 {
            apart.push(entry(writer.manager, writer.subresource));
        }
        self.entries.retain(|entry| !entry.fields.is_empty());
        self.entries.append(&mut apart);
        self.entries.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    }

    /// Of several entries of one manager the last one counts, as soon as they are read again.
    #[must_use]
    pub(crate) fn read_again(&self) -> Self {
        let key = |entry: &Entry| {
            let version = match entry.operation {
                Operation::Apply => String::new(),
                Operation::Update => entry.api_version.clone(),
            };
            (entry.operation, entry.manager.clone(), entry.subresource.clone(), version)
        };
        let counts = |(index, entry): &(usize, &Entry)| {
            self.entries.iter().skip(index + 1).all(|later| key(later) != key(entry))
        };
        let entries = self.entries.iter().enumerate().filter(counts).map(|(_, entry)| entry.clone());
        Self { entries: entries.collect() }
    }

    /// Records an apply: the manager owns exactly `fields`; what changed is taken from the others.
    pub fn record_apply(&mut self, writer: &Writer<'_>, fields: FieldSet, changes: &Comparison) {
        let before = self.applied_by(writer).cloned().unwrap_or_default();
        let gone = changes.modified.union(&changes.added).union(&changes.removed);
        self.disown(&gone, |entry| is_applier(entry, writer));
        let entry = Entry {
            manager: writer.manager.to_owned(),
            operation: Operation::Apply,
            api_version: writer.api_version.to_owned(),
            subresource: writer.subresource.to_owned(),
            time: writer.time.to_owned(),
            fields,
        };
        self.replace(|entry| is_applier(entry, writer), entry, &before);
    }

    /// The fields of other managers that an apply changes.
    #[must_use]
    pub fn conflicts(&self, writer: &Writer<'_>, changes: &Comparison) -> Vec<Conflict> {
        let touched = changes.modified.union(&changes.added);
        let others = self.entries.iter().filter(|entry| !is_applier(entry, writer));
        let clashes = others.map(|entry| (entry, entry.fields.intersection(&touched)));
        let clashes = clashes.filter(|(_, fields)| !fields.is_empty());
        clashes
            .map(|(entry, fields)| Conflict {
                manager: display_manager(entry),
                identity: identity(entry),
                fields,
            })
            .collect()
    }

    /// Whether both hold the same ownership, times left aside.
    #[must_use]
    pub fn same_ownership(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.entries.iter().all(|mine| {
                other.entries.iter().any(|theirs| {
                    mine.manager == theirs.manager
                        && mine.operation == theirs.operation
                        && mine.subresource == theirs.subresource
                        && mine.fields == theirs.fields
                })
            })
    }

    fn disown(&mut self, gone: &FieldSet, except: impl Fn(&Entry) -> bool) {
        if gone.is_empty() {
            return;
        }
        for entry in self.entries.iter_mut().filter(|entry| !except(entry)) {
            entry.fields = entry.fields.difference(gone);
        }
    }

    fn replace(&mut self, same: impl Fn(&Entry) -> bool, mut new: Entry, before: &FieldSet) {
        if let Some(old) = self.entries.iter().find(|entry| same(entry))
            && *before == new.fields
        {
            new.time.clone_from(&old.time);
        }
        self.entries.retain(|entry| !same(entry) && !entry.fields.is_empty());
        if !new.fields.is_empty() {
            self.entries.push(new);
        }
        self.entries.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    }
}

fn sort_key(entry: &Entry) -> (Operation, &str, &str, &str, &str) {
    (entry.operation, &entry.time, &entry.manager, &entry.api_version, &entry.subresource)
}

fn is_applier(entry: &Entry, writer: &Writer<'_>) -> bool {
    entry.operation == Operation::Apply
        && entry.manager == writer.manager
        && entry.subresource == writer.subresource
}

fn is_updater(entry: &Entry, writer: &Writer<'_>) -> bool {
    entry.operation == Operation::Update
        && entry.manager == writer.manager
        && entry.subresource == writer.subresource
        && entry.api_version == writer.api_version
}

fn display_manager(entry: &Entry) -> String {
    let mut text = format!("{:?}", entry.manager);
    if !entry.subresource.is_empty() {
        text.push_str(&format!(" with subresource {:?}", entry.subresource));
    }
    if entry.operation == Operation::Update {
        text.push_str(&format!(" using {}", entry.api_version));
    }
    text
}

fn identity(entry: &Entry) -> String {
    let mut text = format!("{{\"manager\":{:?}", entry.manager);
    match entry.operation {
        Operation::Apply => text.push_str(",\"operation\":\"Apply\""),
        Operation::Update => {
            text.push_str(&format!(",\"operation\":\"Update\",\"apiVersion\":{:?}", entry.api_version));
        }
    }
    if !entry.subresource.is_empty() {
        text.push_str(&format!(",\"subresource\":{:?}", entry.subresource));
    }
    text.push('}');
    text
}

fn decode_entry(entry: &Value) -> Option<Entry> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let operation = match text("operation").as_str() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    Some(Entry {
        manager: text("manager"),
        operation,
        api_version: text("apiVersion"),
        subresource: text("subresource"),
        time: text("time"),
        fields: FieldSet::decode(entry.get("fieldsV1").unwrap_or(&Value::Null)),
    })
}

fn encode_entry(entry: &Entry) -> Value {
    let operation = match entry.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut value = json!({
        "apiVersion": entry.api_version, "fieldsType": "FieldsV1", "fieldsV1": entry.fields.encode(),
        "manager": entry.manager, "operation": operation,
    });
    if !entry.time.is_empty() {
        value["time"] = Value::String(entry.time.clone());
    }
    if !entry.subresource.is_empty() {
        value["subresource"] = Value::String(entry.subresource.clone());
    }
    value
}
