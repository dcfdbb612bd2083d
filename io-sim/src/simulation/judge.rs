//! The reference model: what status, storage and objects should say in the end, told by what was declared.
//!
//! It is small and slow, and knows nothing of how the operator works: only what a user who reads the declarations expects.

use pilothouse_protocol::{ObjectRef, metadata};
use serde_json::{Map, Value as Json, json};

use super::charts::{ChartShape, crd_name};
use super::expect::condition;
use super::spec::{NAMESPACE, Naming, chart_values, flag, number, text, values_from, words};
use super::stage::{Offer, Stage, release_ref};
use crate::oracles::is_leftover;
use crate::scenario::{Knob, Settings, SourceState, setting};

const CRD_VERSION: &str = "apiextensions.k8s.io/v1";
const CRD_KIND: &str = "CustomResourceDefinition";

/// What a user expects of a HelmRelease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// It becomes Ready.
    Ready,
    /// It cannot: the status has to say so.
    NotReady,
    /// Whatever it is, it may stay.
    Anything,
}

impl Stage<'_> {
    /// What is not yet as the declarations want it; the first such thing.
    pub(super) fn wrong(&self) -> Option<String> {
        self.declared.iter().find_map(|(name, settings)| match settings {
            None => self.wrong_of_deleted(name),
            Some(settings) => match self.expected(name, settings, 0) {
                Expected::Ready => self.wrong_of_ready(name, settings),
                Expected::NotReady => self.wrong_of_unready(name),
                Expected::Anything => None,
            },
        })
    }

    /// Whether a HelmRelease is expected to be Ready, or to be gone.
    pub(super) fn is_ready(&self, name: &str) -> bool {
        match self.declared.get(name) {
            Some(Some(settings)) => self.expected(name, settings, 0) == Expected::Ready,
            Some(None) => true,
            None => false,
        }
    }

    /// Whether a HelmRelease is deleted, and kept by a hook that fails.
    pub(super) fn is_kept(&self, name: &str) -> bool {
        self.declared.get(name) == Some(&None) && self.world.get(&release_ref(name)).is_some()
    }

    /// What a HelmRelease should come to. `depth` ends cycles of dependencies.
    fn expected(&self, name: &str, settings: &Settings, depth: usize) -> Expected {
        if flag(settings, Knob::Suspend) {
            return Expected::Anything;
        }
        let source = text(settings, Knob::Source).unwrap_or(name);
        let Some(Offer { chart, state: SourceState::Whole }) = self.sources.get(source) else {
            return Expected::NotReady;
        };
        let dependencies = words(settings, Knob::DependsOn).iter();
        let is_ready = |other: &String| match self.declared.get(other) {
            Some(Some(settings)) if depth < 8 => self.expected(other, settings, depth + 1),
            _ => Expected::NotReady,
        };
        for other in dependencies {
            let expected = is_ready(other);
            if expected != Expected::Ready {
                return expected;
            }
        }
        let Some(values) = self.values_of(settings) else { return Expected::NotReady };
        let is = |key: &str| values.get(key) == Some(&json!(true));
        if is("failRender") {
            return Expected::NotReady;
        }
        let shape = self.charts.get(chart).map(ChartShape::of).unwrap_or_default();
        let unsure = (is("stuck") && !flag(settings, Knob::DisableWait))
            || (is("failHook") && !shape.hooks.is_empty())
            || (is("failTest") && shape.test)
            || values.get("selector").is_some_and(|selector| *selector != json!("one"));
        if unsure { Expected::Anything } else { Expected::Ready }
    }

    /// The values of a HelmRelease; `None` when a source of them is missing.
    fn values_of(&self, settings: &Settings) -> Option<Map<String, Json>> {
        let mut values = Map::new();
        for (kind, name) in values_from(settings) {
            let found = self.values.get(&(kind.to_owned(), name.to_owned()))?;
            values.extend(chart_values(found));
        }
        values.extend(chart_values(settings));
        Some(values)
    }

    fn wrong_of_deleted(&self, name: &str) -> Option<String> {
        if let Some(release) = self.world.get(&release_ref(name)) {
            // A hook of its own that fails keeps it, and the status says so.
            let says_so = condition(&release, "Ready").is_some_and(|ready| ready["status"] == "False");
            if says_so && self.hooks_fail(name) {
                return None;
            }
            return Some(format!("liveness: {name} is deleted, and still there"));
        }
        // What others have put into its storage stays there, with its objects.
        if self.meddled.contains(name)
            || !self.was_never(name, &[Knob::ReleaseName, Knob::TargetNamespace, Knob::Suspend])
        {
            return None;
        }
        let config = ObjectRef::namespaced("v1", "ConfigMap", NAMESPACE, format!("{name}-config"));
        let exchanges = &self.world.record().exchanges;
        if self.world.get(&config).is_some_and(|config| !is_leftover(exchanges, &config)) {
            return Some(format!("model: {name} is deleted, its objects are not"));
        }
        let mut stored = self.oracles.releases().of(NAMESPACE, name).into_iter().flatten();
        let stored = stored.any(|(_, revision)| !is_leftover(exchanges, &revision.secret));
        let kept = !self.was_never(name, &[Knob::KeepHistory]);
        (stored && !kept).then(|| format!("model: {name} is deleted, its history is not"))
    }

    fn wrong_of_unready(&self, name: &str) -> Option<String> {
        let Some(release) = self.world.get(&release_ref(name)) else {
            return Some(format!("liveness: {name} does not exist"));
        };
        let status = |kind: &str| condition(&release, kind).and_then(|found| found["status"].as_str());
        if status("Ready") == Some("True") && status("Reconciling") != Some("True") {
            return Some(format!("model: {name} is Ready, and cannot be"));
        }
        let says_so = status("Reconciling") == Some("True") || status("Stalled") == Some("True");
        (!says_so).then(|| format!("liveness: {name} is neither Ready, Reconciling nor Stalled"))
    }

    fn wrong_of_ready(&self, name: &str, settings: &Settings) -> Option<String> {
        let Some(release) = self.world.get(&release_ref(name)) else {
            return Some(format!("liveness: {name} does not exist"));
        };
        let ready = condition(&release, "Ready").cloned().unwrap_or_default();
        if ready["status"] != "True" {
            return Some(format!("liveness: {name} is not Ready: {}", shown(&ready)));
        }
        if let Some(kind) = ["Reconciling", "Stalled"].iter().find(|kind| condition(&release, kind).is_some())
        {
            return Some(format!("liveness: {name} is Ready, and {kind}"));
        }
        let generation = metadata::generation(&release);
        let observed = release.pointer("/status/observedGeneration").and_then(Json::as_i64);
        if observed != Some(generation) || ready["observedGeneration"] != json!(generation) {
            return Some(format!("model: {name} has observed {observed:?} of generation {generation}"));
        }
        let asked = metadata::annotation(&release, "reconcile.fluxcd.io/requestedAt");
        let handled = release.pointer("/status/lastHandledReconcileAt").and_then(Json::as_str);
        if asked != handled && asked.is_some() {
            return Some(format!("liveness: {name} has handled {handled:?} of the request {asked:?}"));
        }
        self.wrong_of_storage(name, settings, &release).or_else(|| self.wrong_of_objects(name, settings))
    }

    fn wrong_of_storage(&self, name: &str, settings: &Settings, release: &Json) -> Option<String> {
        let naming = Naming::of(name, settings);
        let Some(revisions) = self.oracles.releases().of(NAMESPACE, &naming.release) else {
            return Some(format!("model: {name} is Ready, and nothing is stored"));
        };
        let (version, newest) = revisions.last_key_value()?;
        let deployed: Vec<u32> = revisions
            .iter()
            .filter(|(_, revision)| revision.status() == "deployed")
            .map(|(version, _)| *version)
            .collect();
        // A deployed revision that somebody else has made beside ours stays.
        let only =
            deployed == [*version] || (self.meddled.contains(name) && deployed.last() == Some(version));
        if !only {
            return Some(format!(
                "model: {name} is Ready; of {:?} are deployed {deployed:?}",
                revisions.keys()
            ));
        }
        let wanted = self.sources.get(text(settings, Knob::Source).unwrap_or(name));
        let stored = newest.record.as_ref().map(|record| record.chart.name_and_version().1.to_owned());
        // An OCI artifact has its digest as build metadata of the version.
        let version_of = |stored: &str| stored.split('+').next().unwrap_or_default().to_owned();
        let found = stored.as_deref().map(version_of).unwrap_or_default();
        if wanted.is_some_and(|offer| found != offer.chart.version) {
            return Some(format!("model: {name} is Ready with chart version {found:?}"));
        }
        let latest = release.pointer("/status/history/0/version").and_then(Json::as_u64);
        if latest != Some(u64::from(*version)) {
            return Some(format!("model: {name} knows revision {latest:?}, stored is {version}"));
        }
        let most = number(settings, Knob::MaxHistory).unwrap_or(5);
        let too_many = most > 0 && revisions.len() > usize::try_from(most).unwrap_or(usize::MAX).max(2) + 1;
        too_many.then(|| format!("model: {name} keeps {} revisions, {most} are allowed", revisions.len()))
    }

    fn wrong_of_objects(&self, name: &str, settings: &Settings) -> Option<String> {
        let Naming { release, namespace } = Naming::of(name, settings);
        let offer = self.sources.get(text(settings, Knob::Source).unwrap_or(name))?;
        let shape = self.charts.get(&offer.chart).map(ChartShape::of).unwrap_or_default();
        let values = self.values_of(settings)?;
        let value = |key: &str, otherwise: Json| values.get(key).cloned().unwrap_or(otherwise);
        let corrected = text(settings, Knob::Drift) == Some("enabled");
        let look = |version: &str, kind: &str, suffix: &str, pointer: &str, wanted: Json| -> Option<String> {
            let object = format!("{release}-{suffix}");
            let edited = self.edited.contains(&(kind.to_owned(), object.clone()));
            if edited && !corrected {
                return None;
            }
            let found =
                self.world.get(&ObjectRef::namespaced(version, kind, namespace.clone(), object.clone()));
            let Some(found) = found else {
                return Some(format!("model: {name} is Ready without {kind} {namespace}/{object}"));
            };
            let found = found.pointer(pointer).cloned().unwrap_or_default();
            (found != wanted).then(|| {
                format!(
                    "model: {name} is Ready; {kind} {object} has {found} instead of {wanted} at {pointer}"
                )
            })
        };
        let config = |pointer: &str, wanted| look("v1", "ConfigMap", "config", pointer, wanted);
        if let Some(wrong) = config("/data/message", value("message", json!(""))).or_else(|| {
            let label = text(settings, Knob::PostRender).map_or(Json::Null, |label| json!(label));
            config("/metadata/labels/rendered", label)
        }) {
            return Some(wrong);
        }
        if let Some(wrong) = self.wrong_of_crds(name, settings, offer, &shape) {
            return Some(wrong);
        }
        let without = value("without", json!(-1));
        let workloads = (0..shape.workloads).filter(|number| without != json!(number));
        workloads.into_iter().find_map(|number| {
            let wanted = value("replicas", json!(1));
            look("apps/v1", "Deployment", &format!("web-{number}"), "/spec/replicas", wanted)
        })
    }

    /// CRDs exist unless they are to be skipped, and are those of the chart where they are to be replaced.
    fn wrong_of_crds(
        &self,
        name: &str,
        settings: &Settings,
        offer: &Offer,
        shape: &ChartShape,
    ) -> Option<String> {
        let policy = text(settings, Knob::CrdsPolicy);
        let of_this_name = self.applied.iter().filter(|(applied, _)| applied == name);
        let mut policies = of_this_name.map(|(_, settings)| text(settings, Knob::CrdsPolicy));
        let constant = policies.all(|before| before == policy);
        if !shape.crds || policy == Some("Skip") || !constant || self.meddled.contains(name) {
            return None;
        }
        let crd = crd_name(&offer.chart.name);
        let found = self.world.get(&ObjectRef::cluster(CRD_VERSION, CRD_KIND, crd.clone()));
        let Some(found) = found else { return Some(format!("model: {name} is Ready without CRD {crd}")) };
        let version = metadata::annotation(&found, "chart-version").unwrap_or_default();
        (policy == Some("CreateReplace") && version != offer.chart.version).then(|| {
            format!(
                "model: {name} is Ready; CRD {crd} is of chart version {version}, not {}",
                offer.chart.version
            )
        })
    }

    /// Whether hooks of a HelmRelease were ever declared to fail.
    fn hooks_fail(&self, name: &str) -> bool {
        let fails = |settings: &Settings| flag(settings, Knob::FailHook);
        self.applied.iter().any(|(applied_name, settings)| applied_name == name && fails(settings))
    }

    /// Whether none of these knobs was ever set for a HelmRelease.
    fn was_never(&self, name: &str, knobs: &[Knob]) -> bool {
        let applied = |settings: &Settings| knobs.iter().any(|knob| setting(settings, *knob).is_some());
        !self.applied.iter().any(|(applied_name, settings)| applied_name == name && applied(settings))
    }
}

fn shown(condition: &Json) -> String {
    let part = |key: &str| condition[key].as_str().unwrap_or("absent").to_owned();
    format!("{}/{} {}", part("status"), part("reason"), part("message"))
}
