//! Simulation of the operator after scenarios: written ones, and random ones drawn from a seed.
//!
//! [`run_scenario`] plays a scenario and looks with all oracles; [`simulate`] draws one from a seed and compares it with its
//! fault-free twin as well; [`shrink`] makes a scenario that finds something as short as it can.

mod campaign;
mod charts;
mod classes;
mod cluster;
mod compare;
mod declare;
mod disturb;
mod driven;
mod expect;
mod feasible;
mod generate;
mod judge;
mod meddle;
mod outcome;
mod replica;
mod replicas;
mod run;
mod settle;
mod shards;
mod shrink;
mod spec;
mod stage;
mod states;
#[cfg(test)]
mod tests;

pub use campaign::{Campaign, Coverage, Simulated, simulate};
pub use classes::{ALL_CLASSES, FaultClass, classes_of};
pub use driven::{Driven, Ledger};
pub use feasible::{can_strike, feasible_pairs};
pub use generate::{decode, generate};
pub use outcome::{Finding, Run};
pub use run::{RunOptions, run_scenario, run_scenario_while, run_scenario_with};
pub use shrink::{Shrunk, shrink};
