//! A change of what the release is (spec 02 §2.8): the old one is uninstalled before the new one is installed.

use pilothouse_machine::Context;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_protocol::{Identity, LogLevel};

use super::desired::Desired;
use super::uninstall::UninstallRelease;
use crate::{Ending, Subject};

/// Finds out whether the target has changed, and uninstalls the old release if so.
#[derive(Debug)]
pub struct TargetChange {
    what: Option<&'static str>,
    uninstall: Option<UninstallRelease>,
}

impl TargetChange {
    /// For a subject and what is wanted.
    #[must_use]
    pub fn new(subject: &Subject, desired: &Desired) -> Self {
        Self { what: changed(subject, desired), uninstall: None }
    }

    /// Goes as far as it can. The error says how the pass ends; after an uninstall the next pass installs.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<(), Ending>> {
        let Some(what) = self.what else { return Some(Ok(())) };
        if self.uninstall.is_none() {
            context.log(
                LogLevel::Info,
                format!(
                    "release target configuration changed ({what}): running uninstall for current release"
                ),
            );
            if is_back(Twin::Hc864) {
                subject.release.storage_namespace().clone_into(&mut subject.status.storage_namespace);
            }
            self.uninstall = Some(UninstallRelease::new(subject));
        }
        let ending = match self.uninstall.as_mut() {
            None => Ending::Rate,
            Some(uninstall) => match uninstall.poll(subject, context)? {
                Ok(_) => Ending::Rate,
                Err(error) if error.is_interrupted() => Ending::interrupted(context),
                Err(error) => Ending::Error(error.to_string()),
            },
        };
        if ending == Ending::Rate {
            subject.status.history.0.clear();
            subject.status.clear_failures();
            subject.status.storage_namespace.clear();
        }
        context.act_as(Identity::Controller);
        Some(Err(ending))
    }
}

/// The first difference between the current release and the wanted one.
fn changed(subject: &Subject, desired: &Desired) -> Option<&'static str> {
    let (release, status) = (&subject.release, &subject.status);
    let known = |_: &&_| !status.storage_namespace.is_empty() || is_back(Twin::Hc864);
    let snapshot = status.history.latest().filter(known)?;
    if status.storage_namespace != release.storage_namespace() {
        return Some("storage namespace");
    }
    if snapshot.namespace != release.release_namespace() {
        return Some("release namespace");
    }
    if snapshot.name != release.short_release_name() {
        return Some("release name");
    }
    let in_place = release.spec.upgrade().chart_name_change_strategy.as_deref() == Some("InPlaceUpdate");
    (snapshot.chart_name != desired.chart_name && !in_place).then_some("chart name")
}
