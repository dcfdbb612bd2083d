//! The OOM watch (spec 06 §7): when memory comes near the limit of the cgroup the operator ends in order, before the
//! kernel ends it in the middle of something.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pilothouse_encoding::duration::GoDuration;
use pilothouse_protocol::LogLevel;

use crate::logs::Log;

/// Where cgroups are in a container.
const CGROUPS: &str = "/sys/fs/cgroup";
/// The limit: version 2, version 1.
const MAX_FILES: [&str; 2] = ["memory.max", "memory/memory.limit_in_bytes"];
/// The usage: version 2, version 1.
const CURRENT_FILES: [&str; 2] = ["memory.current", "memory/memory.usage_in_bytes"];
const INTERVAL_MIN: GoDuration = GoDuration::from_millis(50);
const LOGGER: &str = "OOMwatch";

/// What the flags say.
#[derive(Debug, Clone)]
pub struct OomOptions {
    /// `--oom-watch-max-memory-path`; empty to look for it.
    pub max_path: String,
    /// `--oom-watch-current-memory-path`; empty to look for it.
    pub current_path: String,
    /// `--oom-watch-memory-threshold`, percent.
    pub threshold: u8,
    /// `--oom-watch-interval`.
    pub interval: GoDuration,
}

/// Why memory cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum OomError {
    /// No percentage.
    #[error("memory usage percent threshold must be between 1 and 100, got {0}")]
    Threshold(u8),
    /// Too often.
    #[error("interval must be at least 50ms, got {0}")]
    Interval(GoDuration),
    /// No cgroup was found.
    #[error("failed to discover cgroup paths, please specify them manually")]
    Discover,
    /// One of both files was found.
    #[error("failed to discover {0} memory path, please specify it manually")]
    DiscoverOne(&'static str),
    /// The file with the usage is not there.
    #[error("failed to confirm existence of current memory usage file: {0}")]
    Current(io::Error),
    /// The file with the limit holds none.
    #[error("failed to read memory usage limit: {0}")]
    Max(String),
}

/// Looks at the memory of a cgroup.
#[derive(Debug)]
pub struct OomWatch {
    max: u64,
    current_path: PathBuf,
    threshold: u8,
    interval: Duration,
}

impl OomWatch {
    /// Reads the limit.
    ///
    /// # Errors
    ///
    /// Options out of range, or files that are not there or hold no number.
    pub fn new(options: &OomOptions) -> Result<Self, OomError> {
        Self::below(Path::new(CGROUPS), options)
    }

    fn below(cgroups: &Path, options: &OomOptions) -> Result<Self, OomError> {
        if !(1..=100).contains(&options.threshold) {
            return Err(OomError::Threshold(options.threshold));
        }
        if options.interval < INTERVAL_MIN {
            return Err(OomError::Interval(options.interval));
        }
        let max = found(cgroups, &options.max_path, MAX_FILES);
        let current = found(cgroups, &options.current_path, CURRENT_FILES);
        let (max_path, current_path) = match (max, current) {
            (Some(max), Some(current)) => (max, current),
            (None, None) => return Err(OomError::Discover),
            (None, Some(_)) => return Err(OomError::DiscoverOne("max")),
            (Some(_), None) => return Err(OomError::DiscoverOne("current")),
        };
        current_path.symlink_metadata().map_err(OomError::Current)?;
        let max = number(&max_path).map_err(OomError::Max)?;
        Ok(Self { max, current_path, threshold: options.threshold, interval: options.interval.into() })
    }

    /// Returns when memory comes near the limit.
    pub async fn near(&self, log: &Log) {
        loop {
            tokio::time::sleep(self.interval).await;
            match number(&self.current_path) {
                Ok(current) if self.is_near(current) => {
                    let text = format!(
                        "Memory usage is near OOM ({}/{}), shutting down",
                        size(current),
                        size(self.max)
                    );
                    log.info(LOGGER, &text, &[]);
                    return;
                }
                Ok(current) => {
                    let text = format!("Current memory usage {}/{}", size(current), size(self.max));
                    log.line(LogLevel::Trace, LOGGER, &text, &[]);
                }
                Err(error) => {
                    log.error(LOGGER, "Failed to read current memory usage, skipping check", &error, &[]);
                }
            }
        }
    }

    fn is_near(&self, current: u64) -> bool {
        u128::from(current) * 100 >= u128::from(self.max) * u128::from(self.threshold)
    }
}

fn found(cgroups: &Path, given: &str, names: [&str; 2]) -> Option<PathBuf> {
    if !given.is_empty() {
        return Some(PathBuf::from(given));
    }
    names.into_iter().map(|name| cgroups.join(name)).find(|path| path.symlink_metadata().is_ok())
}

fn number(path: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.trim().parse().map_err(|_| format!("{}: not a number: {:?}", path.display(), text.trim()))
}

/// `1.5 GiB`.
fn size(bytes: u64) -> String {
    if bytes == 0 {
        return "-".to_owned();
    }
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut shown = bytes as f64 / 1024.0;
    let mut units = ["KiB", "MiB", "GiB", "TiB", "PiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while shown >= 1024.0
        && let Some(larger) = units.next()
    {
        shown /= 1024.0;
        unit = larger;
    }
    format!("{shown:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::logs::Encoding;

    /// A folder of its own below that of the test's build.
    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("pilothouse-oom-{}-{name}", std::process::id()));
        std::fs::create_dir_all(folder.join("memory")).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        folder
    }

    fn options() -> OomOptions {
        OomOptions {
            max_path: String::new(),
            current_path: String::new(),
            threshold: 95,
            interval: GoDuration::from_millis(500),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn memory_near_the_limit_is_noticed() {
        let folder = folder("near", &[("memory.max", "1073741824\n"), ("memory.current", "1000\n")]);
        let watch = OomWatch::below(&folder, &options()).unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let log =
            Log::to(Encoding::Json, LogLevel::Info, move |line| sink.lock().unwrap().push(line.to_owned()));
        let early = tokio::time::timeout(Duration::from_secs(5), watch.near(&log)).await;
        assert!(early.is_err());
        std::fs::write(folder.join("memory.current"), "1020054733").unwrap();
        watch.near(&log).await;
        let line = lines.lock().unwrap().join("");
        assert!(
            line.contains("\"logger\":\"OOMwatch\"")
                && line.contains("near OOM (972.8 MiB/1.0 GiB), shutting down")
        );
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn cgroups_of_both_versions_are_found() {
        let first =
            folder("v1", &[("memory/memory.limit_in_bytes", "100"), ("memory/memory.usage_in_bytes", "94")]);
        let watch = OomWatch::below(&first, &options()).unwrap();
        assert!(!watch.is_near(94) && watch.is_near(95));
        std::fs::remove_dir_all(first).unwrap();
    }

    #[test]
    fn what_cannot_be_watched_is_named() {
        let none = folder("none", &[]);
        let unlimited = folder("max", &[("memory.max", "max"), ("memory.current", "1")]);
        let half = folder("half", &[("memory.max", "1")]);
        let missing =
            OomOptions { max_path: "/m".into(), current_path: "/nonexistent/c".into(), ..options() };
        for (folder, options, text) in [
            (&none, OomOptions { threshold: 0, ..options() }, "between 1 and 100, got 0"),
            (
                &none,
                OomOptions { interval: GoDuration::from_millis(49), ..options() },
                "at least 50ms, got 49ms",
            ),
            (&none, options(), "failed to discover cgroup paths"),
            (&half, options(), "failed to discover current memory path"),
            (&unlimited, options(), "failed to read memory usage limit"),
            (&none, missing, "failed to confirm existence"),
        ] {
            let error = OomWatch::below(folder, &options).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        for folder in [none, unlimited, half] {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [(0, "-"), (1023, "1023 B"), (1536, "1.5 KiB"), (u64::MAX, "16384.0 PiB")] {
            assert_eq!(size(bytes), text);
        }
    }
}
