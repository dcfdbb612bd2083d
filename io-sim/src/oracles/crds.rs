//! A CustomResourceDefinition that exists is changed by releases with the policy `CreateReplace` only (spec 08 row 17).

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_protocol::metadata;
use serde_json::Value;

use super::look::list;
use crate::world::{Machine, World};

/// The kind.
pub(super) const KIND: &str = "CustomResourceDefinition";
/// Says which version of its chart a CRD of a scenario is from.
const VERSION: &str = "chart-version";

/// The CRDs as they were seen last.
#[derive(Debug, Default)]
pub(super) struct Crds {
    /// Names of those that may be replaced.
    replaced: BTreeSet<String>,
    /// Uid and chart version by name.
    seen: BTreeMap<String, (String, String)>,
}

impl Crds {
    /// A release may replace the CRD of this name.
    pub(super) fn may_replace(&mut self, name: String) {
        self.replaced.insert(name);
    }

    /// Whether one has changed that should not have.
    pub(super) fn check<M: Machine>(&mut self, world: &World<M>) -> Option<String> {
        list(world, KIND, None).iter().find_map(|crd| self.compare(crd))
    }

    fn compare(&mut self, crd: &Value) -> Option<String> {
        let name = metadata::text(crd, "name");
        let version = metadata::annotation(crd, VERSION)?;
        let now = (metadata::text(crd, "uid").to_owned(), version.to_owned());
        let before = self.seen.insert(name.to_owned(), now.clone())?;
        let changed = before.0 == now.0 && before.1 != now.1;
        (changed && !self.replaced.contains(name)).then(|| {
            format!(
                "crds: {name} was of chart version {}, and is of {} though no release may replace it",
                before.1, now.1
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn crd(uid: &str, version: &str) -> Value {
        json!({"metadata": {"name": "things", "uid": uid, "annotations": {VERSION: version}}})
    }

    #[test]
    fn a_crd_that_changes_needs_a_policy() {
        let mut crds = Crds::default();
        assert_eq!(crds.compare(&crd("a", "1.0.0")), None);
        assert_eq!(crds.compare(&crd("a", "1.0.0")), None);
        assert!(crds.compare(&crd("a", "2.0.0")).unwrap().starts_with("crds: things"));
        assert_eq!(crds.compare(&crd("b", "3.0.0")), None, "made anew");
        crds.may_replace("things".to_owned());
        assert_eq!(crds.compare(&crd("b", "4.0.0")), None);
    }
}
