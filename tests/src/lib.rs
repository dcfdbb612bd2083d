//! Tests that cross the crates: scenarios, properties, fuzz entry points.
