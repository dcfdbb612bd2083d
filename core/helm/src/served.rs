//! The kinds of new CRDs: the API serves them some moments after it calls the CRDs established.

use pilothouse_machine::{Context, SECOND, Task};
use pilothouse_protocol::{GroupVersionKind, Monotonic, Why};
use serde_json::Value;

use crate::{Discover, HelmError};

/// The longest wait for kinds to be served. Without them the build says which one is missing.
const TIMEOUT: u64 = 10 * SECOND;

/// Between two looks.
const PAUSE: u64 = SECOND / 5;

/// Discovers the API until it serves these kinds.
#[derive(Debug, Default)]
pub(crate) struct DiscoverServed {
    kinds: Vec<GroupVersionKind>,
    discover: Discover,
    /// When to stop waiting.
    until: Option<Monotonic>,
    /// When to look again.
    next: Option<Monotonic>,
}

impl DiscoverServed {
    /// For these kinds; none are served at once.
    pub(crate) fn new(kinds: Vec<GroupVersionKind>) -> Self {
        Self { kinds, ..Self::default() }
    }

    /// Goes as far as it can. An unreachable cluster is a [`HelmError::Unreachable`].
    pub(crate) fn poll(&mut self, context: &mut Context) -> Option<Result<(), HelmError>> {
        let until = *self.until.get_or_insert(context.now.monotonic.after_nanos(TIMEOUT));
        loop {
            if let Some(next) = self.next {
                if context.interrupt().is_none() && !context.wait_until(next, Why::Poll) {
                    return None;
                }
                self.next = None;
                self.discover = Discover::new();
            }
            let discovery = match self.discover.poll(context)? {
                Ok(discovery) => discovery,
                Err(error) => return Some(Err(error)),
            };
            let served =
                |kind: &GroupVersionKind| discovery.resource(&kind.api_version, &kind.kind).is_some();
            let given_up = context.now.monotonic >= until || context.interrupt().is_some();
            if self.kinds.iter().all(served) || given_up {
                return Some(Ok(()));
            }
            self.next = Some(context.now.monotonic.after_nanos(PAUSE));
        }
    }

    /// What it is doing, for progress displays.
    pub(crate) fn describe(&self) -> String {
        self.discover.describe()
    }
}

/// The kinds that a CRD brings.
pub(crate) fn kinds_of(crd: &Value) -> Vec<GroupVersionKind> {
    let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
    let served = versions.into_iter().flatten().filter(|version| version["served"] == true);
    served
        .filter_map(|version| version["name"].as_str())
        .map(|version| GroupVersionKind::new(format!("{group}/{version}"), kind))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use pilothouse_protocol::{Action, ApiResource, Discovery, Now, Reply};
    use serde_json::json;

    use super::*;

    fn thing() -> GroupVersionKind {
        GroupVersionKind::new("example.org/v1", "Thing")
    }

    fn answer(context: &mut Context, kinds: &[GroupVersionKind]) {
        let Some(Action::Request { id, .. }) = context.next_action() else { panic!("no request") };
        let resources: BTreeMap<_, _> =
            kinds.iter().map(|kind| (kind.clone(), ApiResource::default())).collect();
        context.reply(id, Reply::Discovery(Arc::new(Discovery { resources, ..Discovery::default() })));
    }

    #[test]
    fn it_looks_again_until_the_kind_is_served() {
        let mut context = Context::new(1);
        let mut task = DiscoverServed::new(vec![thing()]);
        assert!(task.poll(&mut context).is_none());
        answer(&mut context, &[]);
        assert!(task.poll(&mut context).is_none());
        assert!(context.next_action().is_none(), "asked without a pause");
        context.begin(Now { monotonic: Monotonic(PAUSE), wall: 0 });
        assert!(task.poll(&mut context).is_none());
        answer(&mut context, &[thing()]);
        assert_eq!(task.poll(&mut context), Some(Ok(())));
    }

    #[test]
    fn it_gives_up_in_the_end() {
        let mut context = Context::new(1);
        let mut task = DiscoverServed::new(vec![thing()]);
        assert!(task.poll(&mut context).is_none());
        context.begin(Now { monotonic: Monotonic(TIMEOUT), wall: 0 });
        answer(&mut context, &[]);
        assert_eq!(task.poll(&mut context), Some(Ok(())));
    }

    #[test]
    fn only_served_versions_count() {
        let versions = json!([{"name": "v1", "served": true}, {"name": "v0", "served": false}]);
        let crd = json!({"spec": {"group": "example.org", "names": {"kind": "Thing"}, "versions": versions}});
        assert_eq!(kinds_of(&crd), [thing()]);
        assert_eq!(kinds_of(&json!({})), []);
    }
}
