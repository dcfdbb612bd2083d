//! Tests that cross the crates: scenarios, properties, fuzz entry points.

pub mod acceptance;
pub mod fields;
pub mod fuzz_entry;
pub mod measure;
pub mod oracles;
