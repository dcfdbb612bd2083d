//! Leader election (spec 06 §4) with a Lease, as client-go's `leaderelection` package does it: one of several replicas
//! reconciles. It renews its claim; when it has not succeeded for the renew deadline it ends, before the time after
//! which another one may take over.

mod claim;
mod fence;
mod fenced_body;
mod lease;

pub use fence::{Fence, is_write};
pub use fenced_body::FencedBody;
pub use lease::ApiLease;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_encoding::digest::Algorithm;
use pilothouse_protocol::Failure;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::clock;
use crate::logs::Log;
use crate::metrics::Metrics;
use claim::{Claim, Next};

/// The name of the Lease, which is helm-controller's: only one of both reconciles.
const NAME: &str = "helm-controller-leader-election";

/// By how much the time between tries to acquire is spread, as a factor, in client-go.
const JITTER: f64 = 1.2;

/// How long the record of an event may take.
const EVENT_TIMEOUT: Duration = Duration::from_secs(1);

/// The times of an election.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How long others wait before they take over.
    pub lease: Duration,
    /// How long the leader tries to renew.
    pub renew: Duration,
    /// The time between tries.
    pub retry: Duration,
}

/// Times that do not go together, in client-go's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimes {
    /// Another one would take over before the leader gives up.
    #[error("leaseDuration must be greater than renewDeadline")]
    Lease,
    /// There would be one try only.
    #[error("renewDeadline must be greater than retryPeriod*JitterFactor")]
    Renew,
    /// Nothing would be retried, or all the time.
    #[error("leaseDuration, renewDeadline and retryPeriod must be greater than zero")]
    Zero,
}

impl Times {
    /// Checks that the times go together.
    ///
    /// # Errors
    ///
    /// They do not.
    pub fn check(&self) -> Result<(), InvalidTimes> {
        if self.retry.is_zero() || self.lease < Duration::from_secs(1) {
            return Err(InvalidTimes::Zero);
        }
        if self.lease <= self.renew {
            return Err(InvalidTimes::Lease);
        }
        if self.renew <= self.retry.mul_f64(JITTER) {
            return Err(InvalidTimes::Renew);
        }
        Ok(())
    }
}

/// The name of the Lease of those who watch HelmReleases with this label selector: shards elect independently.
#[must_use]
pub fn lease_name(selector: &str) -> String {
    if selector.is_empty() {
        return NAME.to_owned();
    }
    let digest = Algorithm::Sha256.compute(selector.as_bytes());
    format!("{NAME}-{}", digest.encoded().get(..8).unwrap_or_default())
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
    claim: Claim,
    /// The moment before the last successful write was sent.
    renewed: Instant,
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
        let claim = Claim::new(namespace.to_owned(), name.to_owned(), identity, times.lease);
        Self {
            store,
            times,
            claim,
            renewed: Instant::now(),
            fence,
            log,
            shown: format!("{namespace}/{name}"),
            metrics: None,
        }
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
            match self.attempt(Instant::now() + self.times.renew / 2).await {
                Ok(true) => break,
                Ok(false) => trouble.clear(),
                Err(failure) if failure.to_string() != trouble => {
                    trouble = failure.to_string();
                    self.log.error(
                        "",
                        "error retrieving resource lock",
                        &failure,
                        &[("lease", json!(self.shown))],
                    );
                }
                Err(_) => {}
            }
            if self.claim.holder() != leader {
                self.claim.holder().clone_into(&mut leader);
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
        let Some(lease) = self.claim.last_seen() else { return };
        let message = format!("{} {what}", self.claim.identity());
        let _ = timeout(EVENT_TIMEOUT, self.store.tell(lease, &message)).await;
    }

    /// Renews until that has not worked for the renew deadline, or somebody else leads. The fence is closed then.
    pub async fn keep(&mut self) -> Failure {
        let failure = loop {
            sleep(self.times.retry).await;
            if let Err(failure) = self.renew(self.renewed + self.times.renew).await {
                break failure;
            }
        };
        self.fence.close();
        self.show(false);
        failure
    }

    /// Gives the Lease back, so that another candidate need not wait. The fence is closed before.
    pub async fn release(&mut self) {
        self.fence.close();
        self.show(false);
        let Some(lease) = self.claim.release(clock::wall_nanos()) else { return };
        self.tell("stopped leading").await;
        let written = timeout_at(Instant::now() + self.times.retry, self.store.write(&lease, false)).await;
        match written {
            Ok(Ok(_)) => self.log.info("", &format!("released lease {}", self.shown), &[]),
            Ok(Err(failure)) => self.log.error("", "failed to release lock", &failure, &[]),
            Err(_) => self.log.error("", "failed to release lock", &"no answer", &[]),
        }
    }

    async fn renew(&mut self, deadline: Instant) -> Result<(), Failure> {
        loop {
            let failure = match self.attempt(deadline).await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    return Err(Failure::Unreachable(format!("{} leads", self.claim.holder())));
                }
                Err(failure) => failure,
            };
            if Instant::now() + self.times.retry >= deadline {
                return Err(failure);
            }
            sleep(self.times.retry).await;
        }
    }

    /// One try; whether this candidate leads now. The claim counts from the moment before it was sent: nobody can have
    /// seen it earlier.
    async fn attempt(&mut self, deadline: Instant) -> Result<bool, Failure> {
        let timed_out = |_| Failure::Unknown("no answer of the API server in time".to_owned());
        let began = Instant::now();
        if let Some(lease) = self.claim.renewal(began, clock::wall_nanos())
            && let Ok(Ok(written)) = timeout_at(deadline, self.store.write(&lease, false)).await
        {
            return Ok(self.won(began, written));
        }
        let read = timeout_at(deadline, self.store.read()).await.map_err(timed_out)??;
        let began = Instant::now();
        let (lease, create) = match self.claim.next(began, clock::wall_nanos(), read) {
            Next::Wait => return Ok(false),
            Next::Create(lease) => (lease, true),
            Next::Update(lease) => (lease, false),
        };
        let written = timeout_at(deadline, self.store.write(&lease, create)).await.map_err(timed_out)??;
        Ok(self.won(began, written))
    }

    fn won(&mut self, began: Instant, written: Value) -> bool {
        self.claim.written(began, written);
        self.renewed = began;
        self.fence.extend(began + self.times.renew);
        true
    }
}

#[cfg(test)]
mod tests;
