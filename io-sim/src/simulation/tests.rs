//! Simulation as a whole: what it must find, and that it finds nothing.

use std::collections::BTreeSet;

use super::*;
use crate::scenario::Scenario;

const LIFE: &str = "seed 1
chart web 1.0.0 workloads=1 hooks=pre-install test=yes secret=yes
chart web 1.1.0 workloads=2
source app chart=web@1.0.0
apply values Secret values-app password=hidden
apply release app source=app values-from=Secret/values-app test=yes replicas=2 message=one
at 60s expect release app Ready=True/TestSucceeded
expect stored app 1=deployed
source app chart=web@1.1.0
at 120s expect stored app 1=superseded 2=deployed
expect exists Deployment app-web-1
settle
delete release app
settle
expect absent ConfigMap app-config
";

#[test]
fn a_scenario_installs_tests_upgrades_and_uninstalls() {
    let run = run_scenario(&Scenario::parse(LIFE).unwrap());
    assert_eq!(run.finding, None);
    for mark in ["InstallSucceeded", "TestSucceeded", "UpgradeSucceeded", "UninstallSucceeded"] {
        assert!(run.marks.contains(mark), "{mark}: {:?}", run.marks);
    }
}

#[test]
fn the_same_scenario_goes_the_same_way() {
    let scenario = Scenario::parse(LIFE).unwrap();
    let (first, second) = (run_scenario(&scenario), run_scenario(&scenario));
    assert_eq!((first.hash, first.actions), (second.hash, second.actions));
    assert!(first.actions > 50);
}

#[test]
fn what_is_expected_and_is_not_so_is_found() {
    let text = LIFE.replace("2=deployed", "2=failed");
    let finding = run_scenario(&Scenario::parse(&text).unwrap()).finding.unwrap();
    assert_eq!(finding.oracle(), "expectation");
}

#[test]
fn random_runs_find_nothing() {
    let campaign =
        Campaign { classes: ALL_CLASSES.into_iter().collect(), twins: true, ..Campaign::default() };
    let mut shapes = BTreeSet::new();
    for seed in 0..25 {
        let simulated = simulate(seed, &campaign);
        assert_eq!(simulated.run.finding, None, "seed {seed}\n{}", simulated.scenario);
        shapes.insert(simulated.run.shape);
    }
    assert!(shapes.len() > 12, "{} ways", shapes.len());
}
