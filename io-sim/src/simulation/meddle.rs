//! What users of Helm do to a release behind the operator's back.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_encoding::yaml;
use pilothouse_protocol::{ObjectRef, Preconditions, Propagation, ReleaseKey, Request};
use pilothouse_release::{Limits, ReleaseRecord, ReleaseStatus, encode};
use serde_json::json;

use super::charts::NEVER_READY;
use super::cluster::{apply, merge};
use super::spec::{NAMESPACE, Naming};
use super::stage::Stage;
use crate::scenario::HelmCommand;

/// The field manager of the `helm` command.
const HELM: &str = "helm";

impl Stage<'_> {
    /// Somebody uses Helm on a release, or changes its storage by hand.
    pub(super) fn helm(&mut self, command: HelmCommand, name: &str) {
        let naming = self.naming(name);
        self.meddled.insert(name.to_owned());
        self.oracles.meddle(ReleaseKey::new(NAMESPACE, name));
        self.oracles.meddle(ReleaseKey::new(NAMESPACE, naming.release.clone()));
        let revisions = self.revisions(&naming);
        let Some((newest, record)) = revisions.last_key_value() else { return };
        let (newest, record) = (*newest, record.clone());
        match command {
            HelmCommand::Uninstall => {
                if let Some(record) = &record {
                    self.delete_manifest(record);
                }
                revisions.keys().for_each(|version| self.delete_revision(&naming, *version));
            }
            HelmCommand::Rollback => self.roll_back(&naming, &revisions),
            HelmCommand::Forget => self.delete_revision(&naming, newest),
            HelmCommand::ForgetMiddle => {
                if let Some(middle) = revisions.keys().rev().nth(1) {
                    self.delete_revision(&naming, *middle);
                }
            }
            HelmCommand::Corrupt => {
                let body = json!({"data": {"release": "bm90IGEgcmVsZWFzZQ=="}});
                merge(&mut self.world, HELM, &storage_ref(&naming, newest), body, false);
            }
            HelmCommand::Mislabel => {
                let body = json!({"metadata": {"labels": {"status": "superseded"}}});
                merge(&mut self.world, HELM, &storage_ref(&naming, newest), body, false);
            }
            HelmCommand::Pending => self.add(&naming, record, newest + 1, ReleaseStatus::PendingUpgrade),
            HelmCommand::Twin => self.add(&naming, record, newest + 1, ReleaseStatus::Deployed),
            HelmCommand::Repair => {
                let unreadable = revisions.iter().filter(|(_, record)| record.is_none());
                unreadable.for_each(|(version, _)| self.delete_revision(&naming, *version));
            }
        }
    }

    /// How a HelmRelease calls its release, or has called it before it was deleted.
    pub(super) fn naming(&self, name: &str) -> Naming {
        let applied = self.applied.iter().rev().find(|(applied, _)| applied == name);
        let settings =
            self.declared.get(name).and_then(Option::as_ref).or(applied.map(|(_, settings)| settings));
        Naming::of(name, settings.unwrap_or(&Vec::new()))
    }

    fn revisions(&mut self, naming: &Naming) -> BTreeMap<u32, Option<ReleaseRecord>> {
        // What the oracles know may be one look behind.
        let _ = self.oracles.look(&self.world);
        let stored = self.oracles.releases().of(NAMESPACE, &naming.release);
        let revisions = stored.into_iter().flatten();
        revisions.map(|(version, revision)| (*version, revision.record.as_ref().ok().cloned())).collect()
    }

    /// The objects of the revision before come again, as a revision of their own.
    fn roll_back(&mut self, naming: &Naming, revisions: &BTreeMap<u32, Option<ReleaseRecord>>) {
        let mut newest_first = revisions.iter().rev();
        let Some((newest, record)) = newest_first.next() else { return };
        // Helm would take away what an unfinished revision has brought, which nobody here finds out.
        if record.as_ref().is_some_and(|record| record.info.status.is_pending()) {
            return;
        }
        let Some((_, Some(target))) = newest_first.next() else { return };
        // Nobody goes back to what cannot become ready: its fields would be Helm's, and stay.
        if target.manifest.contains(NEVER_READY) {
            return;
        }
        for (version, record) in
            revisions.iter().filter_map(|(version, record)| Some((version, record.as_ref()?)))
        {
            if record.info.status == ReleaseStatus::Deployed {
                self.add(naming, Some(record.clone()), *version, ReleaseStatus::Superseded);
            }
        }
        for document in target.manifest.split("\n---") {
            let Ok(mut object) = yaml::parse(document.trim_start_matches("---")) else { continue };
            if object.get("kind").is_some() {
                let namespace = &naming.namespace;
                object["metadata"]["namespace"] = json!(namespace);
                self.edited.insert((
                    object["kind"].as_str().unwrap_or_default().to_owned(),
                    object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
                ));
                apply(&mut self.world, HELM, object, false);
            }
        }
        self.add(naming, Some(target.clone()), newest + 1, ReleaseStatus::Deployed);
    }

    /// Stores a record as this revision with this status.
    fn add(&mut self, naming: &Naming, record: Option<ReleaseRecord>, version: u32, status: ReleaseStatus) {
        let Some(mut record) = record else { return };
        record.version = version;
        record.set_status(status.clone(), "made by hand");
        let Ok(text) = encode(&record, &Limits::default()) else { return };
        let labels = json!({"name": naming.release, "owner": "helm", "status": status.as_str(),
            "version": version.to_string()});
        let object = storage_ref(naming, version);
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {"namespace": NAMESPACE, "name": object.name, "labels": labels},
            "data": {"release": STANDARD.encode(text)},
        });
        apply(&mut self.world, HELM, secret, false);
    }

    fn delete_revision(&mut self, naming: &Naming, version: u32) {
        self.remove(storage_ref(naming, version));
    }

    fn delete_manifest(&mut self, record: &ReleaseRecord) {
        for document in record.manifest.split("\n---") {
            let Ok(object) = yaml::parse(document.trim_start_matches("---")) else { continue };
            let reference = ObjectRef::of(&object);
            if !reference.name.is_empty() && !document.contains("helm.sh/resource-policy: keep") {
                self.remove(ObjectRef { namespace: Some(record.namespace.clone()), ..reference });
            }
        }
    }

    fn remove(&mut self, object: ObjectRef) {
        let preconditions = Preconditions::default();
        let propagation = Propagation::Background;
        self.world.act(HELM, &Request::Delete { object, propagation, preconditions });
    }
}

fn storage_ref(naming: &Naming, version: u32) -> ObjectRef {
    let name = format!("sh.helm.release.v1.{}.v{version}", naming.release);
    ObjectRef::namespaced("v1", "Secret", NAMESPACE, name)
}
