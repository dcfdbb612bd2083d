//! Short runs in the simulated cluster, told in Rust: the operator, one HelmRelease `app` and the recorded charts.

use std::sync::{Arc, LazyLock};

use pilothouse_io_sim::faults::{Aimed, Fault};
use pilothouse_io_sim::world::{Exchange, WorldOptions};
use pilothouse_protocol::{ObjectRef, Request, metadata};
use serde_json::{Value, json};

use super::stored_release::secret_name;
use super::{Cluster, Material, Player, Scenario, Setup, Tolerance, decode_release};

const API_VERSION: &str = "helm.toolkit.fluxcd.io/v2";

static MATERIAL: LazyLock<Option<Material>> = LazyLock::new(|| {
    let mut material = Material::read()?;
    Arc::make_mut(&mut material.fixtures).add_own_charts();
    Some(material)
});

/// A run.
pub struct Stage {
    player: Player<'static>,
    namespace: String,
}

impl Stage {
    /// A cluster with the operator and a namespace; `None` when there are no recordings beside this checkout.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        Self::with_flags(name, &[])
    }

    /// The same with flags of the operator.
    ///
    /// # Panics
    /// When a flag is not known.
    #[must_use]
    pub fn with_flags(name: &str, flags: &[&str]) -> Option<Self> {
        Self::start(name, flags, Setup::default())
    }

    /// The same in a world of its own kind.
    #[must_use]
    pub fn in_world(name: &str, world: WorldOptions) -> Option<Self> {
        Self::start(name, &[], Setup { world, ..Setup::default() })
    }

    #[expect(clippy::unwrap_used, reason = "only tests use it")]
    fn start(name: &str, flags: &[&str], setup: Setup) -> Option<Self> {
        let fixtures = &MATERIAL.as_ref()?.fixtures;
        let document = json!({"steps": [], "flags": flags});
        let scenario = Scenario { name: name.to_owned(), folder: std::path::PathBuf::new(), document };
        let namespace = scenario.namespace();
        // Tests are few and short: what they leak is nothing.
        let scenario: &'static Scenario = Box::leak(Box::new(scenario));
        let watcher = Box::leak(Box::new(()));
        let mut player =
            Player::new(scenario, &Arc::clone(fixtures), setup, Tolerance::Strict, watcher).unwrap();
        player.run().unwrap();
        Some(Self { player, namespace })
    }

    /// The cluster.
    pub fn cluster(&mut self) -> &mut Cluster {
        &mut self.player.cluster
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Plays a step of a script.
    ///
    /// # Panics
    /// When it fails.
    #[expect(clippy::panic, reason = "only tests use it")]
    pub fn step(&mut self, step: &Value) -> &mut Self {
        if let Err(why) = self.try_step(step) {
            panic!("{step}: {why}; {}", self.status());
        }
        self
    }

    /// Plays a step of a script.
    ///
    /// # Errors
    /// Why it fails.
    pub fn try_step(&mut self, step: &Value) -> Result<(), String> {
        self.player.play_step(step).map_err(|error| error.0)
    }

    /// Publishes a chart as the source `app`, and applies the HelmRelease `app` with these members of its spec.
    pub fn release(&mut self, chart: &str, spec: &Value) -> &mut Self {
        self.chart(chart).apply(spec)
    }

    /// Publishes a chart as the source `app`.
    pub fn chart(&mut self, chart: &str) -> &mut Self {
        self.step(&json!({"source": {"name": "app", "chart": chart}}))
    }

    /// Applies the HelmRelease `app` with these members of its spec.
    ///
    /// # Panics
    /// When it is refused.
    #[expect(clippy::panic, reason = "only tests use it")]
    pub fn apply(&mut self, spec: &Value) -> &mut Self {
        if let Err(why) = self.try_apply(spec) {
            panic!("{spec}: {why}");
        }
        self
    }

    /// The same. Members that are null are left out, those of `chartRef` are merged with the usual ones.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn try_apply(&mut self, spec: &Value) -> Result<(), String> {
        let mut whole =
            json!({"interval": "10m", "timeout": "8s", "chartRef": {"kind": "HelmChart", "name": "app"}});
        for (name, value) in spec.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                ("chartRef", Value::Object(members)) => {
                    for (name, value) in members {
                        whole["chartRef"][name] = value.clone();
                    }
                }
                (_, Value::Null) => drop(whole.as_object_mut().and_then(|members| members.remove(name))),
                _ => whole[name] = value.clone(),
            }
        }
        self.try_step(&json!({"apply": [{"apiVersion": API_VERSION, "kind": "HelmRelease",
            "metadata": {"name": "app"}, "spec": whole}]}))
    }

    /// The requests of the operator so far that change something, as `verb Kind/name`; deletions with what becomes of
    /// dependents.
    #[must_use]
    pub fn sent(&self) -> Vec<String> {
        let line = |request: &Request| {
            Some(match request {
                Request::Create { body } => format!("create {}", named(&ObjectRef::of(body))),
                Request::Update { body } => format!("update {}", named(&ObjectRef::of(body))),
                Request::Patch { object, dry_run: false, .. } => format!("patch {}", named(object)),
                Request::Delete { object, propagation, .. } => {
                    format!("delete {} {propagation:?}", named(object))
                }
                _ => return None,
            })
        };
        self.requests().iter().filter_map(|exchange| line(&exchange.request)).collect()
    }

    /// Lets seconds pass.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.step(&json!({"sleep": seconds}))
    }

    /// Waits for a condition, `Status/Reason` or `Status`.
    pub fn wait(&mut self, kind: &str, expected: &str) -> &mut Self {
        self.step(
            &json!({"wait": {"object": "HelmRelease/app", "conditions": {kind: expected}, "timeout": 120}}),
        )
    }

    /// Asks for a reconcile.
    pub fn request(&mut self, token: &str) -> &mut Self {
        self.step(&json!({"annotate": {"object": "HelmRelease/app", "annotations": {
            "reconcile.fluxcd.io/requestedAt": token}}}))
    }

    /// From now on so many requests of a kind go wrong.
    pub fn fail(&mut self, times: u32, fault: Fault, at: fn(&Request) -> bool) -> &mut Self {
        self.cluster().world.faults().aimed.push(Aimed { at, fault, times });
        self
    }

    /// The HelmRelease; null when there is none.
    #[must_use]
    pub fn object(&self) -> Value {
        let object = ObjectRef::namespaced(API_VERSION, "HelmRelease", &*self.namespace, "app");
        self.player.cluster.get(&object).map_or(Value::Null, |found| Value::clone(&found))
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> Value {
        self.object()["status"].clone()
    }

    /// A condition as `Status/Reason`; empty when it is absent.
    #[must_use]
    pub fn condition(&self, kind: &str) -> String {
        let condition = self.raw_condition(kind);
        match (condition["status"].as_str(), condition["reason"].as_str()) {
            (Some(status), Some(reason)) => format!("{status}/{reason}"),
            _ => String::new(),
        }
    }

    /// The message of a condition; empty when it is absent.
    #[must_use]
    pub fn message(&self, kind: &str) -> String {
        self.raw_condition(kind)["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The stored revisions as `version status`, oldest first.
    #[must_use]
    pub fn stored(&self) -> Vec<String> {
        let secrets = self.player.cluster.list("Secret", Some(&self.namespace));
        let stored = secrets.iter().filter(|secret| secret["type"] == "helm.sh/release.v1");
        let label = |secret: &Value, name| metadata::label(secret, name).unwrap_or_default().to_owned();
        let mut found: Vec<(i64, String)> = stored
            .map(|secret| (label(secret, "version").parse().unwrap_or_default(), label(secret, "status")))
            .collect();
        found.sort();
        found.into_iter().map(|(version, status)| format!("{version} {status}")).collect()
    }

    /// A stored revision of `app`, decoded.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "only tests use it")]
    pub fn revision(&self, version: i64) -> Value {
        let object = ObjectRef::namespaced("v1", "Secret", &*self.namespace, secret_name("app", version));
        decode_release(&self.player.cluster.get(&object).unwrap()).unwrap()
    }

    /// An object of the namespace exists.
    #[must_use]
    pub fn has(&self, kind: &str, name: &str) -> bool {
        self.find(kind, name).is_some()
    }

    /// An object of the namespace.
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> Option<Value> {
        let all = self.player.cluster.list(kind, Some(&self.namespace));
        all.iter().find(|object| metadata::text(object, "name") == name).map(|object| Value::clone(object))
    }

    /// The requests of the operator so far.
    #[must_use]
    pub fn requests(&self) -> &[Exchange] {
        &self.player.cluster.world.record().exchanges
    }

    /// The events of a reason so far, each as often as it was recorded.
    #[must_use]
    pub fn events(&self, reason: &str) -> u64 {
        let events = &self.player.cluster.world.record().events;
        events.iter().filter(|recorded| recorded.event.reason == reason).map(|recorded| recorded.count).sum()
    }

    /// The messages of the events of a reason.
    #[must_use]
    pub fn event_messages(&self, reason: &str) -> Vec<String> {
        let events = &self.player.cluster.world.record().events;
        let found = events.iter().filter(|recorded| recorded.event.reason == reason);
        found.map(|recorded| recorded.event.message.clone()).collect()
    }

    /// The log lines about releases so far that begin so.
    #[must_use]
    pub fn logs(&self, beginning: &str) -> Vec<String> {
        let logs = &self.player.cluster.world.record().logs;
        let lines = logs.iter().map(|(_, _, entry)| &entry.message);
        lines.filter(|line| line.starts_with(beginning)).cloned().collect()
    }

    fn raw_condition(&self, kind: &str) -> Value {
        let conditions = self.status()["conditions"].clone();
        let all = conditions.as_array().into_iter().flatten();
        all.clone().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
    }
}

fn named(object: &ObjectRef) -> String {
    format!("{}/{}", object.kind, object.name)
}

/// Whether a request changes an object that is neither in storage nor a HelmRelease.
#[must_use]
pub fn changes_a_managed_object(request: &Request) -> bool {
    let object = match request {
        Request::Create { body } | Request::Update { body } => ObjectRef::of(body),
        Request::Patch { object, dry_run: false, .. } | Request::Delete { object, .. } => object.clone(),
        _ => return false,
    };
    !matches!(object.kind.as_str(), "HelmRelease" | "HelmChart")
        && !object.name.starts_with("sh.helm.release.v1.")
}
