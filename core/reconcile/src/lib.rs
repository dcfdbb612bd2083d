//! The release machine: prerequisites, decision, actions, status.
