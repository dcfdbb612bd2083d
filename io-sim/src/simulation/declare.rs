//! What users and other controllers do with objects.

use std::sync::Arc;

use pilothouse_protocol::{ObjectRef, Preconditions, Propagation, ReleaseKey, Request, metadata};
use serde_json::{Value, json};

use super::Finding;
use super::charts::{ChartShape, crd_name, package};
use super::cluster::{apply, merge};
use super::spec::{NAMESPACE, flag, helm_release, number, source_object, text, values_object};
use super::stage::{Offer, SOMEBODY, Stage, reference, release_ref};
use crate::oracles::Retries;
use crate::scenario::{ChartVersion, Edit, Knob, Settings, SourceState, Target, ValuesKind, setting};
use crate::source_controller::PackageError;
use crate::world::Artifact;

/// The field manager of another controller.
const ANOTHER: &str = "another-controller";

impl Stage<'_> {
    /// The source, and what lies under the address of its artifact.
    pub(super) fn offer(
        &mut self,
        name: &str,
        chart: &ChartVersion,
        state: SourceState,
    ) -> Result<(), Finding> {
        let shape = self.charts.get(chart).map(ChartShape::of).unwrap_or_default();
        let packed = package(chart, &shape);
        let packed =
            packed.map_err(|error: PackageError| self.finding(&format!("scenario: {chart}: {error}")))?;
        let url = format!("http://charts/{name}/{}.tgz", chart.version);
        let answer = match state {
            SourceState::Whole | SourceState::NotReady => Artifact::Bytes(Arc::clone(&packed.archive)),
            SourceState::Missing => Artifact::Status { code: 404, line: "404 Not Found".to_owned() },
            SourceState::Corrupt => Artifact::Bytes(Arc::from(&b"\x1f\x8bno archive"[..])),
            SourceState::Empty => Artifact::Bytes(Arc::from(&b""[..])),
            SourceState::WrongDigest => {
                let other = ChartShape { keep: !shape.keep, ..shape.clone() };
                let other =
                    package(chart, &other).map_err(|error| self.finding(&format!("scenario: {error}")))?;
                Artifact::Bytes(Arc::clone(&other.archive))
            }
            SourceState::Unreachable => Artifact::Unreachable("dial tcp: i/o timeout".to_owned()),
        };
        self.world.artifacts().set(url.clone(), answer);
        self.sources.insert(name.to_owned(), Offer { chart: chart.clone(), state });
        self.tell_replaced_crds();
        let source = source_object(name);
        let object = ObjectRef::of(&source);
        apply(&mut self.world, SOMEBODY, source, false);
        let ready = state != SourceState::NotReady;
        let time = crate::clock::rfc3339(self.world.now().wall);
        let artifact = json!({"url": url, "path": "chart.tgz", "digest": packed.digest, "lastUpdateTime": time, "size": 1,
            "revision": format!("{}@{}", chart.version, packed.digest)});
        let condition = json!({"type": "Ready", "status": if ready { "True" } else { "False" }, "reason": "Succeeded",
            "message": "stored artifact", "lastTransitionTime": time, "observedGeneration": 1});
        let artifact = if ready { artifact } else { Value::Null };
        let status = json!({"observedGeneration": 1, "artifact": artifact, "conditions": [condition]});
        merge(&mut self.world, "source-controller", &object, json!({"status": status}), true);
        Ok(())
    }

    pub(super) fn apply_release(&mut self, name: &str, settings: &Settings) {
        let retrying = setting(settings, Knob::Retry).is_some();
        let retries = |knob| if retrying { -1 } else { number(settings, knob).unwrap_or_default().into() };
        let allowed =
            Retries { install: retries(Knob::InstallRetries), upgrade: retries(Knob::UpgradeRetries) };
        self.oracles.allow(ReleaseKey::new(NAMESPACE, name), allowed);
        if let Some(crate::scenario::Value::Span(interval)) = setting(settings, Knob::Retry) {
            self.oracles.hurry(interval.nanos());
        }
        let deleting =
            self.world.get(&release_ref(name)).is_some_and(|object| metadata::is_deleting(&object));
        apply(&mut self.world, SOMEBODY, helm_release(name, settings), false);
        self.applied.push((name.to_owned(), settings.clone()));
        self.tell_replaced_crds();
        // What is being deleted goes, whatever is applied to it meanwhile.
        if !deleting {
            self.declared.insert(name.to_owned(), Some(settings.clone()));
        }
        self.tell_lines(name, settings);
    }

    /// What of the manifest the spec decides alone.
    fn tell_lines(&mut self, name: &str, settings: &Settings) {
        let key = ReleaseKey::new(NAMESPACE, name);
        if flag(settings, Knob::Test) {
            self.oracles.repeats(key.clone());
        }
        let Some(release) = self.world.get(&release_ref(name)) else { return };
        let owned = |knob| text(settings, knob).map(str::to_owned);
        let mut lines = vec![("rendered", owned(Knob::PostRender))];
        lines.extend(owned(Knob::Message).map(|message| ("message", Some(message))));
        self.oracles.declare(key, metadata::generation(&release), lines);
    }

    /// The CRDs of every chart that a release with this policy may ever have had.
    fn tell_replaced_crds(&mut self) {
        for (name, settings) in &self.applied {
            let offer = self.sources.get(text(settings, Knob::Source).unwrap_or(name));
            if let Some(offer) = offer.filter(|_| text(settings, Knob::CrdsPolicy) == Some("CreateReplace")) {
                self.oracles.replaces_crd(crd_name(&offer.chart.name));
            }
        }
    }

    pub(super) fn apply_values(&mut self, kind: ValuesKind, name: &str, settings: &Settings) {
        if kind == ValuesKind::Secret {
            self.oracles.guard(text(settings, Knob::Password).unwrap_or_default());
        }
        apply(&mut self.world, SOMEBODY, values_object(kind, name, settings), false);
        self.values.insert((kind.word().to_owned(), name.to_owned()), settings.clone());
    }

    pub(super) fn request(&mut self, name: &str, force: bool, reset: bool) {
        self.tokens += 1;
        let token = format!("token-{}", self.tokens);
        let mut annotations = json!({"reconcile.fluxcd.io/requestedAt": token});
        if force {
            annotations["reconcile.fluxcd.io/forceAt"] = json!(token);
            self.oracles.force(ReleaseKey::new(NAMESPACE, name));
        }
        if reset {
            annotations["reconcile.fluxcd.io/resetAt"] = json!(token);
        }
        let body = json!({"metadata": {"annotations": annotations}});
        merge(&mut self.world, SOMEBODY, &release_ref(name), body, false);
    }

    pub(super) fn delete(&mut self, target: &Target) {
        let object = reference(target);
        if target.kind == "release" && self.declared.contains_key(&target.name) {
            self.declared.insert(target.name.clone(), None);
            // A watch that goes back to before it takes from the operator what it knew of the next one.
            self.oracles.repeats(ReleaseKey::new(NAMESPACE, &target.name));
        }
        self.values.remove(&(target.kind.clone(), target.name.clone()));
        self.edited.insert((object.kind.clone(), object.name.clone()));
        let preconditions = Preconditions::default();
        let propagation = Propagation::Background;
        self.world.act(SOMEBODY, &Request::Delete { object, propagation, preconditions });
    }

    pub(super) fn edit(&mut self, target: &Target, edit: &Edit) {
        let object = reference(target);
        self.edited.insert((object.kind.clone(), object.name.clone()));
        let body = match edit {
            Edit::Replicas(count) => json!({"spec": {"replicas": count}}),
            Edit::Message(text) => json!({"data": {"message": text}}),
            Edit::Label(text) => json!({"metadata": {"labels": {"edited": text}}}),
        };
        merge(&mut self.world, ANOTHER, &object, body, false);
    }

    pub(super) fn hold(&mut self, target: &Target, finalizers: &Value) {
        let body = json!({"metadata": {"finalizers": finalizers}});
        merge(&mut self.world, ANOTHER, &reference(target), body, false);
    }
}
