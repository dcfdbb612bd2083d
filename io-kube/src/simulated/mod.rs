//! The simulated API server for clients that speak HTTP: a `tower` service within the process, and a listener on the
//! loopback interface in front of it.
//!
//! Whoever owns the simulated cluster has a [`Desk`]: requests arrive there one at a time, so that the cluster needs no
//! lock and stays where it is. The other end is an [`ApiService`], of which there may be any number.

mod body;
mod desk;
mod listener;
mod service;

pub use body::AnswerBody;
pub use desk::{Asked, Desk};
pub use listener::{ListenError, Listener};
pub use service::{ApiService, Closed};
