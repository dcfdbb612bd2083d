//! What tests need of the recordings beside this checkout.

use std::sync::Arc;

use super::{Fixtures, Scenario, scenarios, shared};

/// Scenarios that together go through the whole life of a release: what is repeated with crashes and faults.
pub const LIFE_CYCLES: [&str; 12] = [
    "adopt-cli-release",
    "delete-ok",
    "install-ok",
    "install-retries-1",
    "noop-requested-at",
    "restart-killed-install",
    "storage-edited",
    "test-fail",
    "test-pass",
    "unlock-pending-upgrade",
    "upgrade-fail-rollback",
    "upgrade-values",
];

/// The recordings.
#[derive(Debug)]
pub struct Material {
    /// Definitions and charts.
    pub fixtures: Arc<Fixtures>,
    /// All scenarios, by name.
    pub scenarios: Vec<Scenario>,
}

impl Material {
    /// Reads them. Says on standard error that a test was skipped when there are none.
    ///
    /// # Panics
    /// When they cannot be read.
    #[must_use]
    #[expect(clippy::print_stderr, clippy::unwrap_used, reason = "only tests read them")]
    pub fn read() -> Option<Self> {
        let Some(shared) = shared() else {
            eprintln!("SKIPPED: no recorded scenarios beside this checkout (../shared/acceptance)");
            return None;
        };
        let fixtures = Arc::new(Fixtures::read(&shared).unwrap());
        Some(Self { fixtures, scenarios: scenarios(&shared).unwrap() })
    }

    /// A scenario by its name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "only tests ask")]
    pub fn scenario(&self, name: &str) -> &Scenario {
        self.scenarios.iter().find(|scenario| scenario.name == name).unwrap()
    }
}
