//! `pilothouse run`.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_encoding::duration::GoDuration;
use pilothouse_operator::{Config, Operator, Random};
use pilothouse_protocol::Now;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::lead::{self, LeadError, Leadership};
use super::memory;
use super::stack::{join, spawn_on_large_stack};
use crate::client::{ApiClient, ConnectError, find_cluster};
use crate::clock::{self, Clock};
use crate::clusters::Clusters;
use crate::driver::{INPUTS_MAX, Limits, Outcome, RealWorld, Terminate, drive};
use crate::environment;
use crate::events::{EventTasks, Recorder};
use crate::fetch::{FetchOptions, Fetcher};
use crate::flags::{RunFlags, listen_address};
use crate::limiter::Rate;
use crate::logs::Log;
use crate::measured::Measured;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::oom::{OomError, OomOptions, OomWatch};
use crate::perform::Performer;
use crate::record::{RecordOptions, Recorded, Tap};
use crate::server::{self, Site};
use crate::settings::{Settings, SettingsError};
use crate::tokens::TokenOptions;
use crate::transport::http_client;
use crate::urls::HostOverrides;
use crate::watches::{MachineWatches, SharedWatches};

/// How long the last events may take to be written.
const EVENTS_GRACE: Duration = Duration::from_secs(5);

/// How long tasks may take to end after the loop has ended.
const TASKS_GRACE: Duration = Duration::from_secs(1);

/// Inputs that wait for the recorder.
const RECORDED_MAX: usize = 256;

/// A time that no shutdown takes.
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why the operator did not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Oom(#[from] OomError),
    #[error(transparent)]
    Lead(#[from] LeadError),
    #[error("unable to record in {folder}: {error}")]
    Record { folder: String, error: io::Error },
    #[error("unable to listen on {address}: {error}")]
    Listen { address: String, error: io::Error },
    #[error("unable to start: {0}")]
    System(#[from] io::Error),
}

/// Runs the operator until a signal ends it. Exits with 1 when it cannot start or is ended by force.
pub(super) fn run(flags: RunFlags) -> ExitCode {
    memory::give_back();
    let log = Log::stderr(flags.encoding(), flags.level());
    match beside_its_requests(flags, &log) {
        Ok(code) => code,
        Err(error) => {
            log.error("setup", "unable to run the operator's thread", &error, &[]);
            ExitCode::FAILURE
        }
    }
}

/// The operator has a thread of its own, whose long work, such as rendering, keeps nothing else waiting: requests, watches
/// and the lease are served by this one meanwhile.
fn beside_its_requests(flags: RunFlags, log: &Log) -> io::Result<ExitCode> {
    // The first thing of all: a second provider of cryptography in the process would be a panic later on.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (handle, on_thread) = (runtime.handle().clone(), log.clone());
    // Its end is told by what is dropped, also when it panics.
    let (ending, mut ended) = mpsc::channel::<()>(1);
    let operator = spawn_on_large_stack("operator", move || {
        let _ending = ending;
        ended_with(&on_thread, handle.block_on(operate(&flags, &on_thread)))
    })?;
    runtime.block_on(ended.recv());
    let code = join("operator", operator);
    runtime.shutdown_timeout(TASKS_GRACE);
    code
}

fn ended_with(log: &Log, result: Result<Outcome, StartError>) -> ExitCode {
    match result {
        Ok(outcome) => finish(log, outcome),
        Err(error) => {
            let message = match &error {
                StartError::Settings(error) => error.message(),
                StartError::Oom(_) => "unable to setup OOM watcher",
                _ => "unable to start manager",
            };
            log.error("setup", message, &error, &[]);
            ExitCode::FAILURE
        }
    }
}

fn finish(log: &Log, outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Finished => {
            log.info("setup", "stopped", &[]);
            ExitCode::SUCCESS
        }
        Outcome::GraceOver => {
            log.error("setup", "problem running manager", &"the graceful shutdown timeout has passed", &[]);
            ExitCode::FAILURE
        }
        Outcome::LeadershipLost => {
            log.error("setup", "problem running manager", &"leader election lost", &[]);
            ExitCode::FAILURE
        }
        Outcome::Interrupted => {
            log.error("setup", "problem running manager", &"interrupted by a second signal", &[]);
            ExitCode::FAILURE
        }
    }
}

async fn operate(flags: &RunFlags, log: &Log) -> Result<Outcome, StartError> {
    let (terminate, mut signals) = signals()?;
    let settings = Settings::new(flags, environment::variable(environment::RUNTIME_NAMESPACE))?;
    settings.announce(log);
    let metrics = Arc::new(Metrics::new(clock::wall_nanos()));
    metrics.set_concurrent(flags.concurrent);
    if settings.watches_memory() {
        watch_memory(flags, log, terminate)?;
    }
    listen(flags, &metrics).await?;
    let (rate, fence) = (Rate::new(flags.kube_api_qps, flags.kube_api_burst), lead::fence(flags));
    let cluster = find_cluster().await?;
    let candidate =
        lead::candidate(flags, cluster.clone(), (fence.clone(), Arc::clone(&metrics), log.clone()))?;
    let client = Arc::new(ApiClient::new(cluster, rate, Arc::clone(&metrics))?.with_fence(fence));
    let clusters =
        Arc::new(Clusters::new(Arc::clone(&client), rate, Arc::clone(&metrics)).with_tokens(tokens(flags)));
    let mut leadership = None;
    if let Some(mut election) = candidate {
        // What the former leader has written last is read after it: the watches begin only then.
        tokio::select! {
            () = election.acquire() => leadership = Some(Leadership::keep(election, log.clone())),
            Some(Terminate) = signals.recv() => return Ok(Outcome::Finished),
        }
    }
    let outcome =
        lead_operator(flags, &settings, (client, clusters, metrics), log, signals, &mut leadership).await?;
    if let Some(leadership) = leadership
        && outcome == Outcome::Finished
        && flags.leader_election_release_on_cancel
    {
        leadership.release().await;
    }
    Ok(outcome)
}

/// Runs the operator as long as it leads.
async fn lead_operator(
    flags: &RunFlags,
    settings: &Settings,
    (client, clusters, metrics): (Arc<ApiClient>, Arc<Clusters>, Arc<Metrics>),
    log: &Log,
    signals: mpsc::Receiver<Terminate>,
    leadership: &mut Option<Leadership>,
) -> Result<Outcome, StartError> {
    let clock = Clock::start();
    let (operator, tap) = operator(flags, &settings.config, clock.now(), log)?;
    let mut operator = Recorded::new(Measured::new(operator, metrics), tap);
    let (inputs, queue) = mpsc::channel(INPUTS_MAX);
    let namespace = settings.scope.namespace.clone();
    let (mut world, events) = world(flags, (&client, clusters), log, &inputs, namespace);
    SharedWatches { client, log: log.clone(), inputs }.start(&settings.scope);
    log.info("setup", "starting manager", &[("version", json!(env!("CARGO_PKG_VERSION")))]);
    let grace = grace(flags);
    let lost = async {
        match leadership {
            Some(leadership) => leadership.lost().await,
            None => std::future::pending().await,
        }
    };
    let outcome = tokio::select! {
        biased;
        () = lost => Outcome::LeadershipLost,
        outcome = drive(&mut operator, &mut world, clock, queue, signals, grace) => outcome,
    };
    drop(world);
    if outcome == Outcome::Finished {
        events.finish(EVENTS_GRACE).await;
    }
    Ok(outcome)
}

/// The operator, with a tap if it is to be recorded.
fn operator(
    flags: &RunFlags,
    config: &Config,
    now: Now,
    log: &Log,
) -> Result<(Operator, Option<Tap>), StartError> {
    let random = Random::from_entropy(clock::entropy()?);
    let Some(folder) = flags.record.record.clone() else {
        return Ok((Operator::with_random(config.clone(), random), None));
    };
    let named = [
        ("watch-label-selector", flags.watch_label_selector.clone()),
        ("watch-configs-label-selector", flags.watch_configs_label_selector.clone()),
        ("watch-all-namespaces", flags.watch_all_namespaces.to_string()),
        ("kube-api-qps", flags.kube_api_qps.to_string()),
        ("kube-api-burst", flags.kube_api_burst.to_string()),
        ("http-retry", flags.http_retry.to_string()),
        ("http-timeout", flags.http_timeout.to_string()),
        ("graceful-shutdown-timeout", flags.graceful_shutdown_timeout.to_string()),
    ];
    let teller = log.clone();
    let options = RecordOptions {
        folder: folder.clone(),
        size_max: flags.record.record_max_size,
        waiting: RECORDED_MAX,
        command: "run",
        config: config.clone(),
        flags: named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        complain: Arc::new(move |error: &io::Error| {
            teller.error("record", "nothing more is recorded", error, &[])
        }),
    };
    log.info("setup", "recording", &[("folder", json!(folder.display().to_string()))]);
    let started = Tap::start(options, &random, now);
    let failed = |error| StartError::Record { folder: folder.display().to_string(), error };
    started.map(|(tap, operator)| (operator, Some(tap))).map_err(failed)
}

/// Ends the operator when memory runs out.
fn watch_memory(flags: &RunFlags, log: &Log, terminate: mpsc::Sender<Terminate>) -> Result<(), OomError> {
    log.info("setup", "setting up OOM watcher", &[]);
    let watch = OomWatch::new(&OomOptions {
        max_path: flags.oom_watch_max_memory_path.clone(),
        current_path: flags.oom_watch_current_memory_path.clone(),
        threshold: flags.oom_watch_memory_threshold,
        interval: flags.oom_watch_interval,
    })?;
    let log = log.clone();
    tokio::spawn(async move {
        watch.near(&log).await;
        // Nobody listens any more when the operator is about to end anyway.
        let _ = terminate.send(Terminate).await;
    });
    Ok(())
}

/// How long the operator may take to end. A negative time is no limit.
fn grace(flags: &RunFlags) -> Duration {
    let grace = flags.graceful_shutdown_timeout;
    if grace < GoDuration::default() { NO_LIMIT } else { grace.into() }
}

/// Whether tokens are kept, and for how long at most.
fn tokens(flags: &RunFlags) -> TokenOptions {
    TokenOptions { keep: flags.token_cache_max_size > 0, longest: flags.token_cache_max_duration.into() }
}

async fn listen(flags: &RunFlags, metrics: &Arc<Metrics>) -> Result<(), StartError> {
    let metrics_addr = if flags.metrics_addr.is_empty() { ":8080" } else { &flags.metrics_addr };
    let sites =
        [(metrics_addr, Site::Metrics(Arc::clone(metrics))), (flags.health_addr.as_str(), Site::Health)];
    for (flag, site) in sites.into_iter().filter(|(flag, _)| !flag.is_empty()) {
        if let Some(address) = listen_address(flag) {
            server::serve(&address, site).await.map_err(|error| StartError::Listen { address, error })?;
        }
    }
    Ok(())
}

fn world(
    flags: &RunFlags,
    (client, clusters): (&Arc<ApiClient>, Arc<Clusters>),
    log: &Log,
    inputs: &mpsc::Sender<pilothouse_operator::OperatorInput>,
    namespace: Option<String>,
) -> (RealWorld, EventTasks) {
    let http = http_client();
    let hosts = HostOverrides {
        source_controller: environment::variable(environment::SOURCE_CONTROLLER_LOCALHOST),
        source_watcher: environment::variable(environment::SOURCE_WATCHER_LOCALHOST),
    };
    let options = FetchOptions::new(flags.http_retry, flags.http_timeout.into(), hosts);
    let instance = environment::hostname();
    let notifier = (!flags.events_addr.is_empty())
        .then(|| Notifier::new(http.clone(), flags.events_addr.clone(), instance.clone(), log.clone()));
    let fetcher = Fetcher::new(http, options);
    let (recorder, events) = Recorder::start(Arc::clone(client), notifier, instance, log.clone());
    let world = RealWorld {
        performer: Arc::new(Performer::new(Arc::clone(&clusters), fetcher)),
        watches: MachineWatches::new(clusters, inputs.clone(), namespace),
        recorder,
        log: log.clone(),
        inputs: inputs.clone(),
        limits: Limits::default(),
    };
    (world, events)
}

/// SIGTERM and SIGINT, each time one comes, and a sender for other reasons to end.
fn signals() -> io::Result<(mpsc::Sender<Terminate>, mpsc::Receiver<Terminate>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, signals) = mpsc::channel(2);
    let others = sender.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                biased;
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if sender.send(Terminate).await.is_err() {
                return;
            }
        }
    });
    Ok((others, signals))
}
