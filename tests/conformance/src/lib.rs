//! Conformance of the simulated API server: generated sequences of HTTP requests are sent to the model and to a real
//! API server, and the answers are compared field by field.
//!
//! The real server runs without controllers, so that nothing but the requests changes its objects.

pub mod bodies;
pub mod campaign;
pub mod compare;
pub mod generate;
pub mod known;
pub mod model;
pub mod real;
pub mod report;
pub mod resources;
pub mod step;
pub mod texts;
