//! What was found, and the words about it.

use pilothouse_protocol::ObjectRef;

use super::json_diff::{Operation, OperationKind};
use crate::ManifestObject;

/// One object of the release against the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The object as it should be.
    pub object: ManifestObject,
    /// How it differs.
    pub kind: DriftKind,
}

/// How an object differs.
#[derive(Debug, Clone, PartialEq)]
pub enum DriftKind {
    /// Not at all.
    None,
    /// It is not looked at.
    Excluded,
    /// It does not exist.
    Missing,
    /// These operations bring it back.
    Changed(Vec<Operation>),
}

/// The objects of a release, in the order of the manifest, and what could not be found out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DriftSet {
    /// The objects that could be looked at.
    pub drifts: Vec<Drift>,
    /// Why others could not.
    pub errors: Vec<String>,
}

impl DriftSet {
    /// Whether there is anything to put right.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.drifts.iter().any(|drift| matches!(drift.kind, DriftKind::Missing | DriftKind::Changed(_)))
    }

    /// The errors as Go prints an aggregate; `None` when there are none.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match self.errors.as_slice() {
            [] => None,
            [error] => Some(error.clone()),
            errors => {
                let mut unique: Vec<&str> = Vec::new();
                for error in errors {
                    if !unique.contains(&error.as_str()) {
                        unique.push(error);
                    }
                }
                Some(if unique.len() == 1 {
                    unique[0].to_owned()
                } else {
                    format!("[{}]", unique.join(", "))
                })
            }
        }
    }

    /// One line for each object that differs or is not looked at.
    #[must_use]
    pub fn summary(&self) -> String {
        let lines = self.drifts.iter().filter_map(|drift| {
            let object = &drift.object.reference;
            match &drift.kind {
                DriftKind::None => None,
                DriftKind::Excluded => Some(format!("{object} excluded")),
                DriftKind::Missing => Some(format!("{object} removed")),
                DriftKind::Changed(operations) => {
                    let count = |kind| operations.iter().filter(|operation| operation.kind == kind).count();
                    let (added, removed) = (count(OperationKind::Add), count(OperationKind::Remove));
                    let changed = count(OperationKind::Replace);
                    Some(format!(
                        "{object} changed ({added} additions, {changed} changes, {removed} removals)"
                    ))
                }
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The numbers, for the log.
    #[must_use]
    pub fn brief(&self) -> String {
        let count =
            |fits: fn(&DriftKind) -> bool| self.drifts.iter().filter(|drift| fits(&drift.kind)).count();
        let removed = count(|kind| *kind == DriftKind::Missing);
        let changed = count(|kind| matches!(kind, DriftKind::Changed(_)));
        let excluded = count(|kind| *kind == DriftKind::Excluded);
        format!("removed: {removed}, changed: {changed}, excluded: {excluded}")
    }

    /// The objects that differ, with the operations that bring them back; `None` for one that does not exist.
    pub fn changes(&self) -> impl Iterator<Item = (&ObjectRef, Option<&[Operation]>)> {
        self.drifts.iter().filter_map(|drift| match &drift.kind {
            DriftKind::Missing => Some((&drift.object.reference, None)),
            DriftKind::Changed(operations) => Some((&drift.object.reference, Some(operations.as_slice()))),
            DriftKind::None | DriftKind::Excluded => None,
        })
    }
}
