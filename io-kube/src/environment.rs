//! The environment variables that the operator knows (spec 06 §1). The only place that reads them.

/// Replaces the host of artifact URLs, for runs outside of the cluster.
pub const SOURCE_CONTROLLER_LOCALHOST: &str = "SOURCE_CONTROLLER_LOCALHOST";
/// The same for artifacts of the source-watcher.
pub const SOURCE_WATCHER_LOCALHOST: &str = "SOURCE_WATCHER_LOCALHOST";
/// The namespace in which the operator runs.
pub const RUNTIME_NAMESPACE: &str = "RUNTIME_NAMESPACE";

/// The value of a variable; `None` when it is unset, empty or not text.
#[allow(clippy::disallowed_methods, reason = "the one place where the environment is read")]
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The name of this host, which is the name of the Pod in a cluster.
#[must_use]
pub fn hostname() -> String {
    let read = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    variable("HOSTNAME").or_else(|| read("/proc/sys/kernel/hostname")).unwrap_or_default()
}
