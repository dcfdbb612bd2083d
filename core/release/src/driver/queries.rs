//! What Helm's storage layer makes of results: the last and the deployed revision, and what is pruned (Go package
//! `helm.sh/helm/v4/pkg/storage`, spec 04 §1).

use std::sync::Arc;

use crate::{ReleaseRecord, ReleaseStatus, StorageError, StorageResult};

/// The highest revision in the result of [`crate::StorageOperation::history`].
///
/// # Errors
/// [`StorageError::NoRevision`] when there are only unreadable ones.
pub fn last(name: &str, result: &StorageResult) -> Result<Arc<ReleaseRecord>, StorageError> {
    highest(result.records()).ok_or_else(|| StorageError::NoRevision(name.to_owned()))
}

/// All revisions in the result of [`crate::StorageOperation::deployed`].
///
/// # Errors
/// [`StorageError::NoDeployedReleases`] when there are none: Helm takes every error that says `not found` for that.
pub fn deployed_all(
    name: &str,
    result: Result<StorageResult, StorageError>,
) -> Result<Vec<Arc<ReleaseRecord>>, StorageError> {
    match result {
        Ok(result) => Ok(result.records().to_vec()),
        Err(error) if error.to_string().contains("not found") => {
            Err(StorageError::NoDeployedReleases(name.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// The highest revision in the result of [`crate::StorageOperation::deployed`].
///
/// # Errors
/// [`StorageError::NoDeployedReleases`] when there is none.
pub fn deployed(
    name: &str,
    result: Result<StorageResult, StorageError>,
) -> Result<Arc<ReleaseRecord>, StorageError> {
    let records = deployed_all(name, result)?;
    highest(&records).ok_or_else(|| StorageError::NoDeployedReleases(name.to_owned()))
}

/// The revisions to delete before a new one is created so that at most `max_history` are left with it: the oldest
/// first, never the last deployed one. Zero keeps all.
#[must_use]
pub fn prune(existing: &[Arc<ReleaseRecord>], max_history: usize) -> Vec<u32> {
    let Some(kept) = max_history.checked_sub(1) else { return Vec::new() };
    let mut versions: Vec<u32> = existing.iter().map(|record| record.version).collect();
    versions.sort_unstable();
    let last_deployed = existing
        .iter()
        .filter(|record| record.info.status == ReleaseStatus::Deployed)
        .map(|record| record.version)
        .max();
    let surplus = versions.len().saturating_sub(kept);
    versions.into_iter().filter(|version| Some(*version) != last_deployed).take(surplus).collect()
}

fn highest(records: &[Arc<ReleaseRecord>]) -> Option<Arc<ReleaseRecord>> {
    records.iter().max_by_key(|record| record.version).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revisions(statuses: &[(u32, &str)]) -> Vec<Arc<ReleaseRecord>> {
        let record = |(version, status): &(u32, &str)| {
            let mut record = ReleaseRecord { version: *version, ..ReleaseRecord::default() };
            record.set_status(ReleaseStatus::parse(status), "");
            Arc::new(record)
        };
        statuses.iter().map(record).collect()
    }

    fn found(statuses: &[(u32, &str)]) -> StorageResult {
        StorageResult::Records { records: revisions(statuses), undecodable: Vec::new() }
    }

    #[test]
    fn the_oldest_are_pruned_but_never_the_last_deployed() {
        let history = [(3, "superseded"), (1, "deployed"), (2, "failed"), (4, "failed")];
        for (max_history, pruned) in [
            (0, vec![]),
            (1, vec![2, 3, 4]),
            (2, vec![2, 3, 4]),
            (3, vec![2, 3]),
            (4, vec![2]),
            (5, vec![]),
            (9, vec![]),
        ] {
            assert_eq!(prune(&revisions(&history), max_history), pruned, "max {max_history}");
        }
        let none_deployed = [(1, "superseded"), (2, "failed"), (3, "failed")];
        assert_eq!(prune(&revisions(&none_deployed), 2), [1, 2]);
        let many_deployed = [(1, "deployed"), (2, "deployed"), (3, "failed")];
        assert_eq!(prune(&revisions(&many_deployed), 2), [1, 3]);
    }

    #[test]
    fn the_last_revision_is_the_highest() {
        assert_eq!(
            last("app", &found(&[(9, "failed"), (10, "failed"), (2, "deployed")])).unwrap().version,
            10
        );
        assert_eq!(last("app", &found(&[])).unwrap_err().to_string(), r#"no revision for release "app""#);
    }

    #[test]
    fn a_release_without_deployed_revisions() {
        let message = r#""app" has no deployed releases"#;
        assert_eq!(deployed("app", Err(StorageError::NotFound)).unwrap_err().to_string(), message);
        assert_eq!(deployed("app", Ok(found(&[]))).unwrap_err().to_string(), message);
        assert_eq!(deployed("app", Ok(found(&[(1, "deployed"), (2, "deployed")]))).unwrap().version, 2);
        let other = deployed_all("app", Err(StorageError::Injected("broken".to_owned())));
        assert_eq!(other.unwrap_err().to_string(), "broken");
    }
}
