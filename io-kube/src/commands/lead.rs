//! Leader election around the operator: nothing starts before this replica leads, and it ends when it does not any more.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{ApiClient, ConnectError};
use crate::clock;
use crate::election::{ApiLease, Election, Fence, InvalidTimes, Times, lease_name};
use crate::environment;
use crate::flags::RunFlags;
use crate::limiter::Rate;
use crate::logs::Log;
use crate::metrics::Metrics;

/// The namespace of the Pod, in a cluster.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Why there is no election.
#[derive(Debug, thiserror::Error)]
pub(super) enum LeadError {
    #[error(transparent)]
    Times(#[from] InvalidTimes),
    #[error(
        "unable to find leader election namespace: set the environment variable {}",
        environment::RUNTIME_NAMESPACE
    )]
    Namespace,
    #[error(transparent)]
    Client(#[from] ConnectError),
}

/// The fence of the operator's writes: closed until an election opens it, or always open.
pub(super) fn fence(flags: &RunFlags) -> Fence {
    if flags.enable_leader_election { Fence::closed() } else { Fence::open() }
}

/// This replica as a candidate; `None` without leader election.
///
/// # Errors
///
/// Times that do not go together, or no namespace for the Lease.
pub(super) fn candidate(
    flags: &RunFlags,
    config: kube::Config,
    (fence, metrics, log): (Fence, Arc<Metrics>, Log),
) -> Result<Option<Election<ApiLease>>, LeadError> {
    if !flags.enable_leader_election {
        return Ok(None);
    }
    let times = Times {
        lease: flags.leader_election_lease_duration.into(),
        renew: flags.leader_election_renew_deadline.into(),
        retry: flags.leader_election_retry_period.into(),
    };
    times.check()?;
    let in_pod = || std::fs::read_to_string(POD_NAMESPACE).ok().map(|text| text.trim().to_owned());
    let namespace = environment::variable(environment::RUNTIME_NAMESPACE).or_else(in_pod);
    let namespace = namespace.filter(|namespace| !namespace.is_empty()).ok_or(LeadError::Namespace)?;
    let name = lease_name(&flags.watch_label_selector);
    // A connection and a rate of its own: a renewal must not wait behind the work.
    let client = ApiClient::new(config, Rate::new(-1.0, 1), Arc::clone(&metrics))?;
    let lease = ApiLease::new(Arc::new(client), namespace.clone(), name.clone());
    Ok(Some(Election::new(lease, (&namespace, &name), identity(), times, fence, log).with_metrics(metrics)))
}

/// `<hostname>_<random>`: a Pod that was started anew is another candidate.
fn identity() -> String {
    format!("{}_{}", environment::hostname(), clock::uuid())
}

/// The leadership of this replica, renewed in a task of its own.
pub(super) struct Leadership {
    task: JoinHandle<()>,
    give_back: oneshot::Sender<()>,
}

impl Leadership {
    /// Keeps what was acquired.
    pub(super) fn keep(mut election: Election<ApiLease>, log: Log) -> Self {
        let (give_back, asked) = oneshot::channel();
        let task = tokio::spawn(async move {
            let asked = async {
                if asked.await.is_err() {
                    // Nobody will ask: the claim runs out by itself.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                failure = election.keep() => log.error("", "failed to renew lease", &failure, &[]),
                () = asked => election.release().await,
            }
        });
        Self { task, give_back }
    }

    /// Waits until the leadership is lost.
    pub(super) async fn lost(&mut self) {
        // A task that panicked renews no more.
        let _ = (&mut self.task).await;
    }

    /// Gives the leadership back.
    pub(super) async fn release(self) {
        if self.give_back.send(()).is_ok() {
            let _ = self.task.await;
        }
    }
}
