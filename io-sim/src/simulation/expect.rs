//! Whether what a scenario expects is the case.

use serde_json::Value;

use super::Finding;
use super::spec::NAMESPACE;
use super::stage::{Stage, reference, release_ref};
use crate::scenario::Expectation;

impl Stage<'_> {
    pub(super) fn expect(&mut self, expectation: &Expectation) -> Result<(), Finding> {
        let wrong = match expectation {
            Expectation::Release { name, conditions } => self.expect_release(name, conditions),
            Expectation::Stored { name, revisions } => {
                let found = self.oracles.releases().of(NAMESPACE, name);
                let found: Vec<(u32, String)> = found
                    .into_iter()
                    .flatten()
                    .map(|(number, revision)| (*number, revision.status().to_owned()))
                    .collect();
                (found != *revisions).then(|| format!("stored are {found:?}"))
            }
            Expectation::Exists(target) => {
                self.world.get(&reference(target)).is_none().then(|| format!("{target} does not exist"))
            }
            Expectation::Absent(target) => {
                self.world.get(&reference(target)).is_some().then(|| format!("{target} exists"))
            }
        };
        match wrong {
            Some(wrong) => Err(self.finding(&format!("expectation: {expectation}: {wrong}"))),
            None => Ok(()),
        }
    }

    fn expect_release(&self, name: &str, conditions: &[(String, String)]) -> Option<String> {
        let Some(release) = self.world.get(&release_ref(name)) else {
            return Some("the release does not exist".to_owned());
        };
        conditions.iter().find_map(|(kind, wanted)| {
            let found = condition(&release, kind);
            let reason = found.and_then(|found| found["reason"].as_str()).unwrap_or_default();
            let status = found.and_then(|found| found["status"].as_str()).unwrap_or("absent");
            let same = wanted == status || *wanted == format!("{status}/{reason}");
            (!same).then(|| format!("{kind} is {status}/{reason}"))
        })
    }
}

/// A condition of a HelmRelease.
pub(super) fn condition<'a>(release: &'a Value, kind: &str) -> Option<&'a Value> {
    let all = release.pointer("/status/conditions")?.as_array()?;
    all.iter().find(|condition| condition["type"] == kind)
}
