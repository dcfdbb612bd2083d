use std::sync::{Arc, Mutex};

use http::Method;
use pilothouse_protocol::{ApiError, LogLevel};

use super::*;
use crate::logs::Encoding;

const SECOND: Duration = Duration::from_secs(1);
const TIMES: Times =
    Times { lease: Duration::from_secs(35), renew: Duration::from_secs(30), retry: Duration::from_secs(5) };

/// A Lease in memory that can be out of reach.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lease: Option<Value>,
    version: u64,
    away: bool,
    writes: Vec<(String, Instant)>,
    told: Vec<String>,
}

impl Memory {
    fn set_away(&self, away: bool) {
        self.0.lock().unwrap().away = away;
    }

    fn holder(&self) -> String {
        let state = self.0.lock().unwrap();
        let lease = state.lease.as_ref();
        lease.and_then(|lease| lease["spec"]["holderIdentity"].as_str()).unwrap_or_default().to_owned()
    }
}

impl LeaseStore for Memory {
    async fn read(&self) -> Result<Option<Value>, Failure> {
        let state = self.0.lock().unwrap();
        if state.away { Err(Failure::Unreachable("away".to_owned())) } else { Ok(state.lease.clone()) }
    }

    async fn write(&self, lease: &Value, create: bool) -> Result<Value, Failure> {
        let mut state = self.0.lock().unwrap();
        if state.away {
            return Err(Failure::Unreachable("away".to_owned()));
        }
        let stored = state.lease.as_ref().map(|stored| stored["metadata"]["resourceVersion"].clone());
        let named = lease["metadata"].get("resourceVersion").cloned();
        if create == stored.is_some() || (!create && named != stored) {
            return Err(Failure::Api(ApiError::new(409, "Conflict", "changed")));
        }
        state.version += 1;
        let mut lease = lease.clone();
        lease["metadata"]["resourceVersion"] = json!(state.version.to_string());
        state.lease = Some(lease.clone());
        let holder = lease["spec"]["holderIdentity"].as_str().unwrap().to_owned();
        state.writes.push((holder, Instant::now()));
        Ok(lease)
    }

    async fn tell(&self, _: &Value, message: &str) {
        self.0.lock().unwrap().told.push(message.to_owned());
    }
}

fn candidate(store: &Memory, identity: &str) -> (Election<Memory>, Fence) {
    let fence = Fence::closed();
    let log = Log::to(Encoding::Json, LogLevel::Error, |_| {});
    (Election::new(store.clone(), ("ns", "l"), identity.to_owned(), TIMES, fence.clone(), log), fence)
}

fn may_write(fence: &Fence) -> bool {
    fence.check(&Method::POST).is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_renews_stays_one() {
    let store = Memory::default();
    let (mut leader, fence) = candidate(&store, "a");
    assert!(!may_write(&fence));
    leader.acquire().await;
    let kept = tokio::spawn(async move { leader.keep().await });
    for _ in 0..100 {
        sleep(SECOND).await;
        assert!(may_write(&fence));
    }
    assert!(store.0.lock().unwrap().writes.len() >= 20);
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_stops_before_another_may_begin() {
    let store = Memory::default();
    let (mut first, first_fence) = candidate(&store, "a");
    let (mut second, second_fence) = candidate(&store, "b");
    first.acquire().await;
    let began = Instant::now();
    store.set_away(true);
    let failure = first.keep().await;
    assert!(failure.to_string().contains("away") && !may_write(&first_fence));
    assert!(began.elapsed() <= TIMES.renew);
    store.set_away(false);
    second.acquire().await;
    assert!(may_write(&second_fence) && began.elapsed() >= TIMES.lease);
    assert_eq!(store.holder(), "b");
}

/// As a process that was stopped with a signal: nothing of it runs, time passes, the Lease moves.
#[tokio::test(start_paused = true)]
async fn a_leader_that_stood_still_writes_nothing_afterwards() {
    let store = Memory::default();
    let (mut first, first_fence) = candidate(&store, "a");
    first.acquire().await;
    let (mut second, second_fence) = candidate(&store, "b");
    second.acquire().await;
    assert!(!may_write(&first_fence) && may_write(&second_fence));
    let failure = first.keep().await;
    assert_eq!(failure.to_string(), "b leads");
    assert!(!may_write(&first_fence));
    assert_eq!(store.holder(), "b");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_given_back_is_taken_within_a_retry() {
    let store = Memory::default();
    let (mut first, first_fence) = candidate(&store, "a");
    let (mut second, _fence) = candidate(&store, "b");
    first.acquire().await;
    let waiting = tokio::spawn(async move { second.acquire().await });
    sleep(SECOND).await;
    first.release().await;
    let released = Instant::now();
    assert!(!may_write(&first_fence));
    waiting.await.unwrap();
    assert!(released.elapsed() <= TIMES.retry.mul_f64(1.0 + JITTER));
    let told = &store.0.lock().unwrap().told;
    assert_eq!(*told, ["a became leader", "a stopped leading", "b became leader"]);
}

#[test]
fn shards_have_leases_of_their_own() {
    assert_eq!(lease_name(""), "helm-controller-leader-election");
    // printf 'sharding.fluxcd.io/key=shard1' | sha256sum | cut -c1-8
    assert_eq!(lease_name("sharding.fluxcd.io/key=shard1"), "helm-controller-leader-election-73fdc1be");
}
