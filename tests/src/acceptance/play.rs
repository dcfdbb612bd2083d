//! Playing a scenario step by step.

use std::collections::BTreeSet;
use std::sync::Arc;

use pilothouse_io_sim::clock::{MILLISECOND, SECOND};
use pilothouse_io_sim::world::Progress;
use pilothouse_protocol::{Failure, ObjectRef, Reply};
use serde_json::{Map, Value, json};

use super::cluster::{Cluster, Fixtures, Setup, followed};
use super::normalise::Normaliser;
use super::watcher::Watcher;
use super::{Scenario, StepError, flags};

/// The time between two looks of a wait.
const POLL: u64 = 250 * MILLISECOND;

/// What happens when a wait is in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tolerance {
    /// The scenario ends: its results are compared.
    #[default]
    Strict,
    /// The script goes on: something was broken on purpose, and only where it leads is of interest.
    Lenient,
}

/// A scenario that was played.
pub struct Played {
    /// `{checkpoint: {strict}}`, as in the recording.
    pub result: Value,
    /// Why it ended before its last step.
    pub error: Option<String>,
    /// The cluster as it was left.
    pub cluster: Cluster,
}

/// A scenario that is being played.
pub struct Player<'a> {
    /// The cluster.
    pub cluster: Cluster,
    pub(super) scenario: &'a Scenario,
    pub(super) normaliser: Normaliser,
    /// Kind, namespace and name of what the script made itself.
    pub(super) applied: BTreeSet<(String, Option<String>, String)>,
    pub(super) results: Map<String, Value>,
    tolerance: Tolerance,
    pub(super) watcher: &'a mut dyn Watcher,
}

/// Plays a scenario with the flags that it names.
///
/// # Errors
/// When the scenario cannot be played at all: an unknown flag or mask.
pub fn play(
    scenario: &Scenario,
    fixtures: &Arc<Fixtures>,
    setup: Setup,
    tolerance: Tolerance,
    watcher: &mut dyn Watcher,
) -> Result<Played, StepError> {
    let mut player = Player::new(scenario, fixtures, setup, tolerance, watcher)?;
    let error = player.run().err().map(|error| error.0);
    Ok(Played { result: Value::Object(player.results), error, cluster: player.cluster })
}

impl<'a> Player<'a> {
    /// A player before the first step.
    ///
    /// # Errors
    /// When the scenario cannot be played at all: an unknown flag or mask.
    pub fn new(
        scenario: &'a Scenario,
        fixtures: &Arc<Fixtures>,
        mut setup: Setup,
        tolerance: Tolerance,
        watcher: &'a mut dyn Watcher,
    ) -> Result<Self, StepError> {
        let found = flags::config(&scenario.texts("flags")).map_err(|error| StepError(error.to_string()))?;
        setup.world.follow =
            followed(found.release_selector.as_deref(), found.config.gates.external_artifact);
        setup.config = found.config;
        let normaliser = Normaliser::new(&scenario.texts("infoMasks"))?;
        let cluster = Cluster::start(fixtures, setup);
        let (applied, results) = (BTreeSet::new(), Map::new());
        Ok(Self { cluster, scenario, normaliser, applied, results, tolerance, watcher })
    }

    /// Plays all steps and collects at the end.
    ///
    /// # Errors
    /// The first step that cannot be played or waits in vain, or what the watcher says.
    pub fn run(&mut self) -> Result<(), StepError> {
        let outcome = self.run_steps();
        if !self.results.contains_key("final") {
            let options = self.scenario.document.get("collect").cloned().unwrap_or_default();
            let collected = self.collect(&options)?;
            self.results.insert("final".to_owned(), collected);
        }
        outcome
    }

    fn run_steps(&mut self) -> Result<(), StepError> {
        let namespaces =
            std::iter::once(self.scenario.namespace()).chain(self.scenario.texts("createNamespaces"));
        for name in namespaces {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            accepted(&self.cluster.apply("acceptance", body), "namespace")?;
        }
        self.pass(SECOND)?;
        for (number, step) in self.scenario.steps().iter().enumerate() {
            self.step(step).map_err(|StepError(why)| StepError(format!("step {number}: {why}")))?;
        }
        Ok(())
    }

    /// Lets nanoseconds pass.
    ///
    /// # Errors
    /// What the watcher says, and when the operator wants timers without end.
    pub fn pass(&mut self, nanos: u64) -> Result<(), StepError> {
        let Self { cluster, watcher, .. } = self;
        let world = &mut cluster.world;
        let end = world.now().monotonic.after_nanos(nanos);
        let mut said = None;
        let progress = world.run_until(
            |world| {
                said = watcher.look(world);
                said.is_some()
            },
            nanos,
        );
        if let Some(why) = said {
            return Err(StepError(why));
        }
        if progress == Progress::Livelock {
            return Err(StepError("the operator asks for timers without end".to_owned()));
        }
        let left = end.nanos_since(world.now().monotonic);
        world.run_for(left);
        Ok(())
    }

    /// Waits until a check succeeds, with a look every 0.25 seconds.
    pub(super) fn poll(
        &mut self,
        seconds: f64,
        what: &str,
        mut check: impl FnMut(&Cluster) -> Result<(), String>,
    ) -> Result<(), StepError> {
        let end = self.cluster.world.now().monotonic.after_nanos(nanos(seconds));
        loop {
            let why = match check(&self.cluster) {
                Ok(()) => return Ok(()),
                Err(why) => why,
            };
            if self.cluster.world.now().monotonic > end {
                return match self.tolerance {
                    Tolerance::Strict => Err(StepError(format!("timeout waiting for {what}: {why}"))),
                    Tolerance::Lenient => Ok(()),
                };
            }
            self.pass(POLL)?;
        }
    }

    /// Whether the script goes on when something is not there.
    pub(super) fn is_lenient(&self) -> bool {
        self.tolerance == Tolerance::Lenient
    }

    /// Waits until no release is under way and nothing is going to be tried soon: for `calm` seconds without a change
    /// of a HelmRelease, at most `limit` seconds. Says whether that was reached.
    ///
    /// # Errors
    /// What the watcher says.
    pub fn settle(&mut self, calm: f64, limit: f64) -> Result<bool, StepError> {
        let (mut last, mut since) = (String::new(), self.cluster.world.now().monotonic);
        let end = since.after_nanos(nanos(limit));
        loop {
            let now = self.cluster.world.now().monotonic;
            let (state, busy) = self.state();
            if busy || state != last {
                (last, since) = (state, now);
            }
            if now.nanos_since(since) >= nanos(calm) {
                return Ok(true);
            }
            if now > end {
                return Ok(false);
            }
            self.pass(SECOND)?;
        }
    }

    fn state(&self) -> (String, bool) {
        let releases = self.cluster.list("HelmRelease", None);
        let versions = releases.iter().map(|release| release["metadata"]["resourceVersion"].to_string());
        let is_busy = |condition: &Value| {
            (condition["type"] == "Ready" && condition["status"] == "Unknown")
                || (condition["type"] == "Reconciling" && condition["status"] == "True")
        };
        let conditions = |release: &Value| {
            release.pointer("/status/conditions").and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let busy = releases.iter().any(|release| conditions(release).iter().any(is_busy));
        (versions.collect(), busy || self.cluster.world.machine().is_none())
    }

    /// `Kind/name` or `Kind/namespace/name` as an object.
    pub(super) fn reference(&self, text: &str, api_version: Option<&str>) -> Result<ObjectRef, StepError> {
        let parts: Vec<&str> = text.split('/').collect();
        let own = self.scenario.namespace();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, own.as_str(), *name),
            [kind, namespace, name] => (*kind, *namespace, *name),
            _ => return Err(StepError(format!("{text} is no object"))),
        };
        let api_version = self.cluster.api_version(kind, api_version)?;
        let cluster_scoped =
            self.cluster.is_namespaced(&api_version, kind).is_ok_and(|namespaced| !namespaced);
        Ok(match cluster_scoped {
            true => ObjectRef::cluster(api_version, kind, name),
            false => ObjectRef::namespaced(api_version, kind, namespace, name),
        })
    }
}

/// Seconds as nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a script are few and positive"
)]
pub(super) fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// An error for a request that was refused.
pub(super) fn accepted(reply: &Reply, what: &str) -> Result<(), StepError> {
    match reply {
        Reply::Failed(Failure::Api(error)) => Err(StepError(format!("{what}: HTTP {}: {error}", error.code))),
        Reply::Failed(failure) => Err(StepError(format!("{what}: {failure}"))),
        _ => Ok(()),
    }
}
