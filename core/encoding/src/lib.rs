//! Go-compatible JSON, YAML, numbers, durations and timestamps.
