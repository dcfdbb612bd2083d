//! What a played scenario leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_protocol::Monotonic;

use super::FaultClass;
use crate::oracles::EndState;
use crate::scenario::State;
use crate::world::Record;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// When, since the start.
    pub at: Monotonic,
    /// What; the word before the colon names the oracle.
    pub what: String,
}

impl Finding {
    /// The oracle that has found it.
    #[must_use]
    pub fn oracle(&self) -> &str {
        self.what.split(':').next().unwrap_or_default()
    }

    /// What kind of finding it is: what it says up to the first number, quotation or list.
    #[must_use]
    pub fn kind(&self) -> &str {
        let is_detail = |letter: char| letter.is_ascii_digit() || "\"'[{(".contains(letter);
        self.what.split(is_detail).next().unwrap_or_default()
    }
}

/// What a played scenario leaves behind.
#[derive(Debug, Default)]
pub struct Run {
    /// Equal runs have equal hashes: a digest of every action of the operator with its time.
    pub hash: u64,
    /// A digest of the kinds of actions alone: how many different ways runs go.
    pub shape: u64,
    /// What was found first. The run ends there.
    pub finding: Option<Finding>,
    /// The steps of the scenario, with the moment at which each happened.
    pub steps: Vec<(Monotonic, String)>,
    /// How often each class of disturbance took effect.
    pub fired: BTreeMap<FaultClass, u64>,
    /// States in which the operator was with a release when a class struck it.
    pub pairs: BTreeSet<(State, FaultClass)>,
    /// States in which it made requests.
    pub states: BTreeSet<State>,
    /// Interesting facts that occurred.
    pub marks: BTreeSet<String>,
    /// Where it has led to.
    pub end: Option<EndState>,
    /// How often the operator deleted each object that is neither storage nor hook.
    pub deletions: BTreeMap<String, u32>,
    /// Actions of the operator.
    pub actions: u64,
    /// Things that happened, in the operator and around it.
    pub happenings: u32,
    /// Nanoseconds of simulated time.
    pub time: u64,
    /// Nanoseconds from the end of the disturbances until everything was as it should be, for each `settle`.
    pub recoveries: Vec<u64>,
    /// Requests, events and log lines.
    pub record: Record,
}
