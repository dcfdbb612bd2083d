//! Scenarios of our own in the simulated cluster: each must go through all its steps. Their format is that of the
//! recorded ones (`../shared/acceptance/README.md`), without a recording to compare with.

#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test program fails, and talks to who runs it"
)]

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use pilothouse_tests::acceptance::{Fixtures, Scenario, Setup, Tolerance, play, scenarios, shared};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let Some(shared) = shared() else {
        eprintln!("SKIPPED: no charts beside this checkout (../shared/acceptance)");
        return std::process::ExitCode::SUCCESS;
    };
    let fixtures = Arc::new(Fixtures::read(&shared).unwrap());
    let own = scenarios(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(!own.is_empty(), "there are scenarios in tests/scenarios");
    let trials = own.into_iter().map(|scenario| trial(scenario, &fixtures)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(scenario: Scenario, fixtures: &Arc<Fixtures>) -> Trial {
    let fixtures = Arc::clone(fixtures);
    Trial::test(scenario.name.clone(), move || {
        let played = play(&scenario, &fixtures, Setup::default(), Tolerance::Strict, &mut ());
        match played.map_err(|error| error.to_string())?.error {
            None => Ok(()),
            Some(error) => Err(Failed::from(error)),
        }
    })
}
