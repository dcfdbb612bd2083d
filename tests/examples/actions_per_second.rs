//! Measures the simulation: actions and requests per second of processor time, virtual against real time.
//! Run it with `--release`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command line tool that measures time and prints"
)]

use std::sync::Arc;
use std::time::Instant;

use pilothouse_tests::acceptance::{Fixtures, shared};
use pilothouse_tests::measure::cycle;

/// Worlds that are played.
const WORLDS: u64 = 40;
/// Upgrades in each of them.
const UPGRADES: u32 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shared = shared().ok_or("no recorded scenarios beside this checkout")?;
    let fixtures = Arc::new(Fixtures::read(&shared)?);
    cycle(&fixtures, 0, 1)?;
    let start = Instant::now();
    let (mut actions, mut requests, mut virtual_time) = (0, 0, 0);
    for seed in 0..WORLDS {
        let measured = cycle(&fixtures, seed, UPGRADES)?;
        actions += measured.actions;
        requests += measured.requests;
        virtual_time += measured.virtual_time / 1_000_000_000;
    }
    // One thread that never waits: real time is processor time, unless others compete for the processor.
    let millis = u64::try_from(start.elapsed().as_millis())?.max(1);
    let cycles = WORLDS * (u64::from(UPGRADES) + 2);
    println!("{cycles} installs, upgrades and deletions in {WORLDS} worlds: {millis} ms");
    println!("{} actions, {} requests per second", actions * 1000 / millis, requests * 1000 / millis);
    println!("{} seconds of virtual time per second", virtual_time * 1000 / millis);
    Ok(())
}
