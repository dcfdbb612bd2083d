//! Go-compatible JSON, YAML, numbers, durations, timestamps and digests.
//!
//! Everything here is pure text and number work: the formats are those of Go's `encoding/json`, `strconv` and
//! `time` packages and of `sigs.k8s.io/yaml`, because stored releases, digests and API objects written by the
//! Go tool chain must be read and produced byte for byte.

pub mod digest;
pub mod duration;
pub mod go_json;
pub mod json_kind;
pub mod json_repair;
pub mod number;
pub mod quote;
pub mod timestamp;
pub mod utf8;
pub mod yaml;
