//! Leader election (spec 06 §4) with a Lease, as client-go's `leaderelection` package does it: one of several replicas
//! reconciles. It renews its claim; when it has not succeeded for the renew deadline it ends, before the time after
//! which another one may take over.

mod fence;
mod fenced_body;
mod lease;

pub use fence::{Fence, is_write};
pub use fenced_body::FencedBody;
pub use lease::ApiLease;
pub use pilothouse_election::{InvalidTimes, Times};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_election::{Candidate, JITTER, LEASE_NAME, Step, Wish};
use pilothouse_encoding::digest::Algorithm;
use pilothouse_protocol::Failure;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::clock;
use crate::logs::Log;
use crate::metrics::Metrics;

/// How long the record of an event may take.
const EVENT_TIMEOUT: Duration = Duration::from_secs(1);

/// The name of the Lease of those who watch HelmReleases with this label selector: shards elect independently.
#[must_use]
pub fn lease_name(selector: &str) -> String {
    if selector.is_empty() {
        return LEASE_NAME.to_owned();
    }
    let digest = Algorithm::Sha256.compute(selector.as_bytes());
    format!("{LEASE_NAME}-{}", digest.encoded().get(..8).unwrap_or_default())
}

/// Where the Lease is kept.
pub trait LeaseStore {
    /// Reads it; `None` when there is none.
    fn read(&self) -> impl Future<Output = Result<Option<Value>, Failure>> + Send;
    /// Creates it, or replaces the version that it names; answers with what is stored then.
    fn write(&self, lease: &Value, create: bool) -> impl Future<Output = Result<Value, Failure>> + Send;
    /// Records an event about it, as it was last written. That it could not be recorded is of no consequence.
    fn tell(&self, lease: &Value, message: &str) -> impl Future<Output = ()> + Send;
}

/// One candidate.
pub struct Election<S> {
    store: S,
    times: Times,
    candidate: Candidate,
    fence: Fence,
    log: Log,
    shown: String,
    metrics: Option<Arc<Metrics>>,
}

impl<S: LeaseStore> Election<S> {
    /// A candidate for the Lease `namespace/name`. While it leads, the fence is open.
    pub fn new(
        store: S,
        (namespace, name): (&str, &str),
        identity: String,
        times: Times,
        fence: Fence,
        log: Log,
    ) -> Self {
        let candidate = Candidate::new((namespace, name), identity, times, fence.timeless());
        Self { store, times, candidate, fence, log, shown: format!("{namespace}/{name}"), metrics: None }
    }

    /// Shows in metrics whether this candidate leads.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self.show(false);
        self
    }

    fn show(&self, leads: bool) {
        if let (Some(metrics), Some((_, name))) = (&self.metrics, self.shown.split_once('/')) {
            metrics.set_leader(name, leads);
        }
    }

    /// Waits until this candidate leads.
    pub async fn acquire(&mut self) {
        self.log.info("", &format!("attempting to acquire leader lease {}...", self.shown), &[]);
        let mut leader = String::new();
        let mut trouble = String::new();
        loop {
            match self.attempt().await {
                Step::Leads => break,
                Step::Waits(Some(failure)) if failure.to_string() != trouble => {
                    trouble = failure.to_string();
                    self.log.error(
                        "",
                        "error retrieving resource lock",
                        &failure,
                        &[("lease", json!(self.shown))],
                    );
                }
                Step::Waits(None) => trouble.clear(),
                _ => {}
            }
            if self.candidate.holder() != leader {
                self.candidate.holder().clone_into(&mut leader);
                self.log.info("", "new leader elected", &[("identity", json!(leader))]);
            }
            let spread = self.times.retry.mul_f64(JITTER).as_millis();
            let extra = clock::jitter(u64::try_from(spread).unwrap_or_default());
            sleep(self.times.retry + Duration::from_millis(extra)).await;
        }
        self.show(true);
        self.log.info("", &format!("successfully acquired lease {}", self.shown), &[]);
        self.tell("became leader").await;
    }

    /// Records an event about this candidate; who does not answer soon is not waited for.
    async fn tell(&self, what: &str) {
        let Some(lease) = self.candidate.last_seen() else { return };
        let message = format!("{} {what}", self.candidate.identity());
        let _ = timeout(EVENT_TIMEOUT, self.store.tell(lease, &message)).await;
    }

    /// Renews until that has not worked for the renew deadline, or somebody else leads. The fence is closed then.
    pub async fn keep(&mut self) -> Failure {
        let failure = loop {
            sleep(self.times.retry).await;
            if let Step::Lost(failure) = self.attempt().await {
                break failure;
            }
        };
        self.show(false);
        failure
    }

    /// Gives the Lease back, so that another candidate need not wait. The fence is closed before.
    pub async fn release(&mut self) {
        let lease = self.candidate.release(clock::wall_nanos());
        self.show(false);
        let Some(lease) = lease else { return };
        self.tell("stopped leading").await;
        let written = timeout_at(Instant::now() + self.times.retry, self.store.write(&lease, false)).await;
        match written {
            Ok(Ok(_)) => self.log.info("", &format!("released lease {}", self.shown), &[]),
            Ok(Err(failure)) => self.log.error("", "failed to release lock", &failure, &[]),
            Err(_) => self.log.error("", "failed to release lock", &"no answer", &[]),
        }
    }

    /// One try, with all that it asks the API server for.
    async fn attempt(&mut self) -> Step {
        let deadline = self.fence.instant(self.candidate.deadline(self.fence.now()));
        let mut wish = self.candidate.begin(self.fence.now(), clock::wall_nanos());
        loop {
            let answer = timeout_at(deadline, self.ask(&wish)).await;
            let answer = answer
                .unwrap_or_else(|_| Err(Failure::Unknown("no answer of the API server in time".to_owned())));
            match self.candidate.answer(self.fence.now(), clock::wall_nanos(), answer) {
                Step::Ask(next) => wish = next,
                step => return step,
            }
        }
    }

    async fn ask(&self, wish: &Wish) -> Result<Option<Value>, Failure> {
        match wish {
            Wish::Read => self.store.read().await,
            Wish::Create(lease) => self.store.write(lease, true).await.map(Some),
            Wish::Update(lease) => self.store.write(lease, false).await.map(Some),
        }
    }
}

#[cfg(test)]
mod tests;
