//! The series: names, texts, types and labels of controller-runtime, client-go and Flux's runtime.

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Type {
    /// Goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations below bounds.
    Histogram(&'static [f64]),
}

/// One family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition {
    /// Its name.
    pub(super) name: &'static str,
    /// Its `HELP` text.
    pub(super) help: &'static str,
    /// Its type.
    pub(super) kind: Type,
    /// Names of its labels, in the order of the alphabet, in which they are written.
    pub(super) labels: &'static [&'static str],
}

/// Ten steps from 10 ms to 30 min, as Go computes them.
const DURATION_BOUNDS: [f64; 10] = [
    0.01,
    0.038363583488692544,
    0.1471764538093883,
    0.5646216173286169,
    2.166090855590701,
    8.309900738254731,
    31.879757075478317,
    122.30217221643493,
    469.19495946736544,
    1799.9999999999986,
];
const RECONCILE_BOUNDS: [f64; 40] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25,
    1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0,
    50.0, 60.0,
];
/// Twelve times ten, from 10 ns, as Go computes them.
const QUEUE_BOUNDS: [f64; 12] = [
    1e-8,
    1e-7,
    1e-6,
    9.999999999999999e-6,
    9.999999999999999e-5,
    0.001,
    0.01,
    0.1,
    1.0,
    10.0,
    100.0,
    1000.0,
];

const CONTROLLER: &[&str] = &["controller"];
const QUEUE: &[&str] = &["controller", "name"];
const OBJECT: &[&str] = &["kind", "name", "namespace"];

/// Families with one series for the controller, which begin at zero.
pub(super) const OF_THE_CONTROLLER: [&str; 5] = [
    "controller_runtime_active_workers",
    "controller_runtime_reconcile_errors_total",
    "controller_runtime_reconcile_panics_total",
    "controller_runtime_reconcile_timeouts_total",
    "controller_runtime_terminal_reconcile_errors_total",
];

/// Families with one series for the queue, which begin at zero.
pub(super) const OF_THE_QUEUE: [&str; 4] = [
    "workqueue_adds_total",
    "workqueue_longest_running_processor_seconds",
    "workqueue_retries_total",
    "workqueue_unfinished_work_seconds",
];

/// Families with series of each HelmRelease.
pub(super) const OF_AN_OBJECT: [&str; 3] =
    ["gotk_reconcile_condition", "gotk_reconcile_duration_seconds", "gotk_suspend_status"];

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Definition {
    Definition { name, help, kind: Type::Counter, labels }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Definition {
    Definition { name, help, kind: Type::Gauge, labels }
}

const fn histogram(
    name: &'static str,
    labels: &'static [&'static str],
    bounds: &'static [f64],
    help: &'static str,
) -> Definition {
    Definition { name, help, kind: Type::Histogram(bounds), labels }
}

/// All families.
pub(super) const ALL: [Definition; 33] = [
    gauge("controller_runtime_active_workers", CONTROLLER, "Number of currently used workers per controller"),
    gauge(
        "controller_runtime_max_concurrent_reconciles",
        CONTROLLER,
        "Maximum number of concurrent reconciles per controller",
    ),
    counter(
        "controller_runtime_reconcile_errors_total",
        CONTROLLER,
        "Total number of reconciliation errors per controller",
    ),
    counter(
        "controller_runtime_reconcile_panics_total",
        CONTROLLER,
        "Total number of reconciliation panics per controller",
    ),
    histogram(
        "controller_runtime_reconcile_time_seconds",
        CONTROLLER,
        &RECONCILE_BOUNDS,
        "Length of time per reconciliation per controller",
    ),
    counter(
        "controller_runtime_reconcile_timeouts_total",
        CONTROLLER,
        "Total number of reconciliation timeouts per controller",
    ),
    counter(
        "controller_runtime_reconcile_total",
        &["controller", "result"],
        "Total number of reconciliations per controller",
    ),
    counter(
        "controller_runtime_terminal_reconcile_errors_total",
        CONTROLLER,
        "Total number of terminal reconciliation errors per controller",
    ),
    gauge("go_goroutines", &[], "Number of tasks that currently exist."),
    gauge("go_threads", &[], "Number of OS threads that currently exist."),
    gauge(
        "gotk_reconcile_condition",
        &["kind", "name", "namespace", "status", "type"],
        "The current condition status of a GitOps Toolkit resource reconciliation.",
    ),
    histogram(
        "gotk_reconcile_duration_seconds",
        OBJECT,
        &DURATION_BOUNDS,
        "The duration in seconds of a GitOps Toolkit resource reconciliation.",
    ),
    gauge("gotk_suspend_status", OBJECT, "The current suspend status of a GitOps Toolkit resource."),
    gauge("gotk_token_cached_items", &[], "Total number of items in the cache."),
    counter("gotk_token_cache_evictions_total", &[], "Total number of cache evictions."),
    counter(
        "gotk_token_cache_requests_total",
        &["status"],
        "Total number of cache requests partitioned by success or failure.",
    ),
    gauge(
        "leader_election_master_status",
        &["name"],
        "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. \
         'name' is the string used to identify the lease. Please make sure to group by name.",
    ),
    counter("process_cpu_seconds_total", &[], "Total user and system CPU time spent in seconds."),
    gauge("process_max_fds", &[], "Maximum number of open file descriptors."),
    counter(
        "process_network_receive_bytes_total",
        &[],
        "Number of bytes received by the process over the network.",
    ),
    counter(
        "process_network_transmit_bytes_total",
        &[],
        "Number of bytes sent by the process over the network.",
    ),
    gauge("process_open_fds", &[], "Number of open file descriptors."),
    gauge("process_resident_memory_bytes", &[], "Resident memory size in bytes."),
    gauge("process_start_time_seconds", &[], "Start time of the process since unix epoch in seconds."),
    gauge("process_virtual_memory_bytes", &[], "Virtual memory size in bytes."),
    counter(
        "rest_client_requests_total",
        &["code", "host", "method"],
        "Number of HTTP requests, partitioned by status code, method, and host.",
    ),
    counter("workqueue_adds_total", QUEUE, "Total number of adds handled by workqueue"),
    gauge(
        "workqueue_depth",
        &["controller", "name", "priority"],
        "Current depth of workqueue by workqueue and priority",
    ),
    gauge(
        "workqueue_longest_running_processor_seconds",
        QUEUE,
        "How many seconds has the longest running processor for workqueue been running.",
    ),
    histogram(
        "workqueue_queue_duration_seconds",
        QUEUE,
        &QUEUE_BOUNDS,
        "How long in seconds an item stays in workqueue before being requested",
    ),
    counter(
        "workqueue_retries_total",
        QUEUE,
        "Total number of items added to the workqueue with a non-zero delay (rate-limited requeues, explicit \
         RequeueAfter or AddAfter calls)",
    ),
    gauge(
        "workqueue_unfinished_work_seconds",
        QUEUE,
        "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large \
         values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this \
         increases.",
    ),
    histogram(
        "workqueue_work_duration_seconds",
        QUEUE,
        &QUEUE_BOUNDS,
        "How long in seconds processing an item from workqueue takes.",
    ),
];
