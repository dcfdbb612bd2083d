//! What an operator was told by the watches, to tell it again to one that takes its place.

use std::collections::BTreeMap;

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{Object, ObjectRef, ReleaseKey};

/// The newest of everything. Objects are shared with the operator.
#[derive(Default)]
pub(super) struct Memory {
    releases: BTreeMap<ReleaseKey, Object>,
    sources: BTreeMap<ObjectRef, Object>,
    storage: BTreeMap<ObjectRef, u64>,
    storage_watched: bool,
    synced: bool,
    ends: bool,
}

impl Memory {
    /// Takes in an input.
    pub(super) fn see(&mut self, input: &OperatorInput) {
        match input {
            OperatorInput::Release { key, object } => set(&mut self.releases, key, object.as_ref()),
            OperatorInput::Source { object, value } => set(&mut self.sources, object, value.as_ref()),
            OperatorInput::Storage { object, version } => set(&mut self.storage, object, version.as_ref()),
            OperatorInput::StorageWatched(watched) => self.storage_watched = *watched,
            OperatorInput::Synced => self.synced = true,
            OperatorInput::Shutdown => self.ends = true,
            OperatorInput::Config { .. }
            | OperatorInput::Reply { .. }
            | OperatorInput::Observed { .. }
            | OperatorInput::Timer => {}
        }
    }

    /// Whether the operator is about to end, or does not know yet what there is.
    pub(super) fn is_unsettled(&self) -> bool {
        self.ends || !self.synced
    }

    /// What tells a new operator all of it.
    pub(super) fn inputs(&self) -> Vec<OperatorInput> {
        let source = |(object, value): (&ObjectRef, &Object)| OperatorInput::Source {
            object: object.clone(),
            value: Some(Object::clone(value)),
        };
        let release = |(key, object): (&ReleaseKey, &Object)| OperatorInput::Release {
            key: key.clone(),
            object: Some(Object::clone(object)),
        };
        let stored = |(object, version): (&ObjectRef, &u64)| OperatorInput::Storage {
            object: object.clone(),
            version: Some(*version),
        };
        let mut inputs: Vec<_> = self.sources.iter().map(source).collect();
        inputs.extend(self.releases.iter().map(release));
        inputs.extend(self.storage.iter().map(stored));
        inputs.push(OperatorInput::StorageWatched(self.storage_watched));
        if self.synced {
            inputs.push(OperatorInput::Synced);
        }
        inputs
    }
}

fn set<K: Ord + Clone, V: Clone>(map: &mut BTreeMap<K, V>, key: &K, value: Option<&V>) {
    match value {
        Some(value) => drop(map.insert(key.clone(), value.clone())),
        None => drop(map.remove(key)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_is_told_again() {
        let mut memory = Memory::default();
        let key = ReleaseKey::new("ns", "a");
        let release = |object: Option<i64>| OperatorInput::Release {
            key: key.clone(),
            object: object.map(|version| Arc::new(json!({"version": version}))),
        };
        memory.see(&release(Some(1)));
        assert!(memory.is_unsettled());
        memory.see(&OperatorInput::Synced);
        memory.see(&release(Some(2)));
        assert!(!memory.is_unsettled());
        assert_eq!(
            memory.inputs(),
            [release(Some(2)), OperatorInput::StorageWatched(false), OperatorInput::Synced]
        );
        memory.see(&release(None));
        assert_eq!(memory.inputs().len(), 2);
        memory.see(&OperatorInput::Shutdown);
        assert!(memory.is_unsettled());
    }
}
