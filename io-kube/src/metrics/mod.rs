//! What `/metrics` shows (spec 03 §8): the names, types, labels and texts of helm-controller, in the Prometheus text
//! format 0.0.4.

mod definitions;
mod process;
mod registry;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pilothouse_operator::{FinishedPass, PassResult};
use pilothouse_protocol::{Monotonic, ReleaseKey};
use serde_json::Value;
use tokio::time::Instant;

use registry::Registry;

/// `controller` and `name` of the series that controller-runtime makes for each controller.
const CONTROLLER: &str = "helmrelease";
/// `kind` of the series about an object.
const KIND: &str = "HelmRelease";
/// The condition whose status is shown.
const READY: &str = "Ready";
/// The statuses that a condition can have.
const STATUSES: [&str; 3] = ["False", "True", "Unknown"];

/// The series of the process.
#[derive(Debug)]
pub struct Metrics {
    started_wall: i64,
    registry: Mutex<Registry>,
    /// Taken over when the page is shown: it changes with most inputs.
    load: Mutex<Option<Load>>,
    /// What the series about objects show.
    shown: Mutex<BTreeMap<ReleaseKey, Shown>>,
    /// Since when passes run.
    running: Mutex<BTreeMap<ReleaseKey, Instant>>,
}

/// What the series about one object show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    suspended: bool,
    /// One of [`STATUSES`]; the empty text for any other, `None` without the condition.
    ready: Option<&'static str>,
}

/// What the operator is doing at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Releases that wait for a worker.
    pub depth: usize,
    /// Releases at work.
    pub working: usize,
    /// How often a release was put into the queue.
    pub adds: u64,
}

impl Metrics {
    /// The series of a process that started at `started_wall` nanoseconds since the Unix epoch and reconciles at most
    /// `concurrent` releases at once.
    #[must_use]
    pub fn new(started_wall: i64) -> Self {
        let mut registry = Registry::new(&definitions::ALL);
        for result in ["error", "requeue", "requeue_after", "success"] {
            registry.add("controller_runtime_reconcile_total", &[CONTROLLER, result], 0.0);
        }
        for name in definitions::OF_THE_CONTROLLER {
            registry.add(name, &[CONTROLLER], 0.0);
        }
        for name in definitions::OF_THE_QUEUE {
            registry.add(name, &[CONTROLLER, CONTROLLER], 0.0);
        }
        registry.touch("gotk_token_cached_items", &[]);
        registry.touch("gotk_token_cache_evictions_total", &[]);
        registry.touch("controller_runtime_reconcile_time_seconds", &[CONTROLLER]);
        registry.touch("workqueue_queue_duration_seconds", &[CONTROLLER, CONTROLLER]);
        registry.touch("workqueue_work_duration_seconds", &[CONTROLLER, CONTROLLER]);
        Self {
            started_wall,
            registry: Mutex::new(registry),
            load: Mutex::default(),
            shown: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Counts a request to an API server; `code` is the HTTP status, or `<error>` when there was no answer.
    pub fn count_request(&self, code: &str, host: &str, method: &str) {
        self.with(|registry| registry.add("rest_client_requests_total", &[code, host, method], 1.0));
    }

    /// The number of workers.
    pub fn set_concurrent(&self, concurrent: usize) {
        self.with(|registry| {
            registry.set("controller_runtime_max_concurrent_reconciles", &[CONTROLLER], number(concurrent));
        });
    }

    /// Whether this replica leads.
    pub fn set_leader(&self, lease: &str, leads: bool) {
        self.with(|registry| {
            registry.set("leader_election_master_status", &[lease], f64::from(u8::from(leads)))
        });
    }

    /// A token of a service account was asked for; whether there was one, and whether it is a new one.
    pub fn token_requested(&self, found: bool, new: bool) {
        let status = if found { "success" } else { "failure" };
        self.with(|registry| {
            registry.add("gotk_token_cache_requests_total", &[status], 1.0);
            if found && new {
                registry.add("gotk_token_cached_items", &[], 1.0);
            }
        });
    }

    /// A token of a service account is kept no longer.
    pub fn token_dropped(&self) {
        self.with(|registry| {
            registry.add("gotk_token_cached_items", &[], -1.0);
            registry.add("gotk_token_cache_evictions_total", &[], 1.0);
        });
    }

    /// Takes over what the operator is doing.
    pub fn set_load(&self, load: Load) {
        *locked(&self.load) = Some(load);
    }

    /// A pass begins.
    pub fn pass_began(&self, key: &ReleaseKey) {
        locked(&self.running).insert(key.clone(), Instant::now());
    }

    /// Counts a pass that has ended.
    pub fn record_pass(&self, pass: &FinishedPass) {
        locked(&self.running).remove(&pass.key);
        let result = match pass.result {
            PassResult::Success => "success",
            PassResult::Requeue => "requeue",
            PassResult::RequeueAfter => "requeue_after",
            PassResult::Error | PassResult::Terminal => "error",
        };
        let (waited, took) = (seconds(pass.queued, pass.started), seconds(pass.started, pass.ended));
        self.with(|registry| {
            registry.add("controller_runtime_reconcile_total", &[CONTROLLER, result], 1.0);
            registry.observe("controller_runtime_reconcile_time_seconds", &[CONTROLLER], took);
            registry.observe("workqueue_queue_duration_seconds", &[CONTROLLER, CONTROLLER], waited);
            registry.observe("workqueue_work_duration_seconds", &[CONTROLLER, CONTROLLER], took);
            if result == "error" {
                registry.add("controller_runtime_reconcile_errors_total", &[CONTROLLER], 1.0);
            }
            if pass.result == PassResult::Terminal {
                registry.add("controller_runtime_terminal_reconcile_errors_total", &[CONTROLLER], 1.0);
            }
            if matches!(pass.result, PassResult::Requeue | PassResult::RequeueAfter | PassResult::Error) {
                registry.add("workqueue_retries_total", &[CONTROLLER, CONTROLLER], 1.0);
            }
            if !pass.gone {
                let (name, namespace) = (pass.key.name.as_str(), pass.key.namespace.as_str());
                registry.observe("gotk_reconcile_duration_seconds", &[KIND, name, namespace], took);
            }
        });
    }

    /// Takes over readiness and suspension of a HelmRelease, or forgets it.
    pub fn see_release(&self, key: &ReleaseKey, object: Option<&Value>) {
        match object {
            None => self.forget_release(key),
            Some(object) => {
                let now = Shown::of(object);
                let mut shown = locked(&self.shown);
                if shown.get(key) != Some(&now) {
                    shown.insert(key.clone(), now);
                    self.show_release(key, now);
                }
            }
        }
    }

    fn show_release(&self, key: &ReleaseKey, Shown { suspended, ready }: Shown) {
        let of_object = [KIND, key.name.as_str(), key.namespace.as_str()];
        self.with(|registry| {
            registry.set("gotk_suspend_status", &of_object, f64::from(u8::from(suspended)));
            let Some(ready) = ready else { return };
            for status in STATUSES {
                let labels = [KIND, &key.name, &key.namespace, status, READY];
                let value = f64::from(u8::from(status == ready));
                registry.set("gotk_reconcile_condition", &labels, value);
            }
        });
    }

    fn forget_release(&self, key: &ReleaseKey) {
        locked(&self.running).remove(key);
        locked(&self.shown).remove(key);
        let of_object = [KIND, key.name.as_str(), key.namespace.as_str()];
        self.with(|registry| {
            for name in definitions::OF_AN_OBJECT {
                registry.remove(name, &of_object);
            }
        });
    }

    /// The page.
    #[must_use]
    pub fn render(&self) -> String {
        let (total, longest) = self.unfinished();
        let load = *locked(&self.load);
        self.with(|registry| {
            if let Some(load) = load {
                show_load(registry, load);
            }
            registry.set("workqueue_unfinished_work_seconds", &[CONTROLLER, CONTROLLER], total);
            registry.set("workqueue_longest_running_processor_seconds", &[CONTROLLER, CONTROLLER], longest);
            process::read(registry, self.started_wall);
            registry.render()
        })
    }

    /// How long the running passes have been at it, in seconds: all together, and the longest.
    fn unfinished(&self) -> (f64, f64) {
        let running = locked(&self.running);
        let ages = running.values().map(|began| began.elapsed().as_secs_f64());
        ages.fold((0.0, 0.0), |(total, longest), age| (total + age, f64::max(longest, age)))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Registry) -> T) -> T {
        act(&mut locked(&self.registry))
    }
}

impl Shown {
    fn of(object: &Value) -> Self {
        let conditions = object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition["type"] == READY);
        let known = |status: &str| STATUSES.into_iter().find(|known| *known == status).unwrap_or_default();
        Self {
            suspended: object["spec"]["suspend"] == true,
            ready: ready.and_then(|ready| ready["status"].as_str()).map(known),
        }
    }
}

fn show_load(registry: &mut Registry, load: Load) {
    registry.set("workqueue_depth", &[CONTROLLER, CONTROLLER, "0"], number(load.depth));
    registry.set("controller_runtime_active_workers", &[CONTROLLER], number(load.working));
    #[allow(clippy::cast_precision_loss, reason = "exact below 2^53")]
    registry.set("workqueue_adds_total", &[CONTROLLER, CONTROLLER], load.adds as f64);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[allow(clippy::cast_precision_loss, reason = "nobody has 2^53 of anything here")]
fn number(value: usize) -> f64 {
    value as f64
}

fn seconds(from: Monotonic, to: Monotonic) -> f64 {
    std::time::Duration::from_nanos(to.nanos_since(from)).as_secs_f64()
}

#[cfg(test)]
mod tests;
