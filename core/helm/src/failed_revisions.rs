//! What failed revisions have left behind.

use std::sync::Arc;

use pilothouse_apply::ManifestObject;
use pilothouse_machine::Context;
use pilothouse_release::{ReleaseRecord, ReleaseStatus};

use crate::ActionConfig;
use crate::adopt::build;

/// The revisions that failed since the last deployed one, without `base`, that is compared with anyhow.
///
/// Helm forgets about them: what a failed upgrade has brought into an object under client-side apply stays for ever, because
/// the next one compares with the deployed revision.
pub(crate) fn failed_since_deployed(records: &[Arc<ReleaseRecord>], base: u32) -> Vec<Arc<ReleaseRecord>> {
    let is = |record: &ReleaseRecord, status: ReleaseStatus| record.info.status == status;
    let deployed = records.iter().filter(|record| is(record, ReleaseStatus::Deployed));
    let deployed = deployed.map(|record| record.version).max().unwrap_or_default();
    let failed = records.iter().filter(|record| is(record, ReleaseStatus::Failed));
    failed.filter(|record| record.version > deployed && record.version != base).cloned().collect()
}

/// Their objects. A manifest that cannot be read has not got far.
pub(crate) fn objects_of(
    failed: &[Arc<ReleaseRecord>],
    config: &ActionConfig,
    context: &Context,
) -> Vec<ManifestObject> {
    failed.iter().filter_map(|record| build(&record.manifest, config, context).ok()).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_after_the_deployed_revision_counts() {
        let record = |version: u32, status: ReleaseStatus| {
            let mut record = ReleaseRecord { version, ..ReleaseRecord::default() };
            record.set_status(status, "");
            Arc::new(record)
        };
        use ReleaseStatus::{Deployed, Failed, Superseded};
        let all = [record(1, Failed), record(2, Deployed), record(3, Failed), record(4, Failed)];
        let versions = |records: &[Arc<ReleaseRecord>], base: u32| -> Vec<u32> {
            failed_since_deployed(records, base).iter().map(|record| record.version).collect()
        };
        assert_eq!(versions(&all, 2), [3, 4]);
        assert_eq!(versions(&all, 4), [3]);
        assert_eq!(versions(&[record(1, Failed), record(2, Superseded), record(3, Failed)], 3), [1]);
    }
}
