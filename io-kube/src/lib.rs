//! The Pilothouse operator on a real API server.
//!
//! The state machines of [`pilothouse_operator`] say what is to be done; this crate does it: requests to the API
//! server, downloads, watches, events. It has no opinions: no decision, no status, no retry of API requests.

pub mod charts;
pub mod client;
pub mod clock;
pub mod clusters;
pub mod commands;
mod connection;
pub mod correlator;
pub mod dev;
pub mod discovery;
pub mod driver;
pub mod election;
pub mod environment;
pub mod events;
pub mod fetch;
pub mod flags;
pub mod limiter;
pub mod lint;
pub mod logs;
pub mod measured;
mod metadata_reads;
pub mod metrics;
pub mod notify;
pub mod oom;
mod pages;
pub mod paths;
pub mod perform;
mod pprof;
mod proc;
pub mod record;
pub mod replay;
pub mod reply;
pub mod resolver;
pub mod server;
pub mod settings;
pub mod sim;
pub mod simulated;
pub mod template;
pub mod tokens;
pub mod transport;
mod trimmed;
pub mod urls;
pub mod watches;
