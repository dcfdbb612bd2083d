//! Simulation as a whole: what it must find, and that it finds nothing.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::clock::SECOND;
use crate::faults::kind_of;
use crate::scenario::{Scenario, State};
use crate::world::Exchange;

/// How many of a hundred pairs a few seeds reach at least.
const REACHED_PERCENT: usize = 25;

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
fn time_is_up_within_a_run_too() {
    let (scenario, asked) = (Scenario::parse(LIFE).unwrap(), Cell::new(0));
    let more = || {
        asked.set(asked.get() + 1);
        asked.get() < 2
    };
    let run = run_scenario_while(&scenario, &RunOptions::default(), &more);
    assert_eq!((run.finding.unwrap().oracle(), asked.get()), ("interrupted", 2));
    let whole = run_scenario(&scenario);
    assert!(run.happenings < whole.happenings, "{} of {}", run.happenings, whole.happenings);
}

#[test]
fn making_short_plays_nothing_to_an_end_that_is_far_off() {
    let text = LIFE.replace("1=deployed\n", "1=failed\n");
    let scenario = Scenario::parse(&text).unwrap();
    let run = run_scenario(&scenario);
    let (found, asked) = (run.happenings, Cell::new(0_u32));
    let simulated = Simulated { seed: 1, scenario, run, runs: 1 };
    let more = || {
        asked.set(asked.get() + 1);
        true
    };
    let shrunk = Campaign::default().shrink(&simulated, more).unwrap();
    assert!(shrunk.steps() < 8, "{}", shrunk.scenario);
    assert!(asked.get() > shrunk.runs, "within the runs, too");
    let longest = found * 2 / 64 + 2;
    assert!(asked.get() < shrunk.runs * longest, "{} of {} runs of {longest}", asked.get(), shrunk.runs);
}

#[test]
fn random_runs_find_nothing_and_reach_much() {
    let classes: BTreeSet<FaultClass> = ALL_CLASSES.into_iter().collect();
    let mut coverage = Coverage::default();
    for seed in 0..70 {
        let campaign = Campaign { classes: classes.clone(), twins: seed < 25, ..Campaign::default() };
        let simulated = simulate(seed, &campaign);
        assert_eq!(simulated.run.finding, None, "seed {seed}\n{}", simulated.scenario);
        coverage.add(&simulated);
    }
    assert!(coverage.shapes.len() > 35, "{} ways", coverage.shapes.len());
    let never: Vec<_> = ALL_CLASSES.iter().filter(|class| !coverage.fired.contains_key(class)).collect();
    assert_eq!(never, Vec::<&FaultClass>::new());
    let (feasible, missing) = (feasible_pairs().count(), coverage.not_reached().len());
    assert!(
        (feasible - missing) * 100 > feasible * REACHED_PERCENT,
        "{missing} of {feasible} are not reached"
    );
    let wrong: Vec<_> = coverage.pairs.keys().filter(|(state, class)| !can_strike(*class, *state)).collect();
    assert_eq!(wrong, Vec::<&(State, FaultClass)>::new());
}

#[test]
fn a_statement_waits_for_its_state() {
    let text = LIFE.replace("at 60s expect", "at 1ms during write-status crash after=1s\nat 90s expect");
    let run = run_scenario(&Scenario::parse(&text).unwrap());
    assert_eq!(run.finding, None);
    let crashed: Vec<State> =
        run.pairs.iter().filter(|(_, class)| *class == FaultClass::Crash).map(|(state, _)| *state).collect();
    assert_eq!(crashed, [State::WriteStatus]);
}

#[test]
fn a_leader_that_stood_still_has_lost_its_lease_and_another_one_goes_on() {
    let pause = "at 60s expect release app Ready=True\nrequest app force\n\
                 during update-revision pause 70s\nwait 1s\nsource app chart=web@1.1.0\nat 200s expect";
    let text = LIFE.replace("seed 1\n", "seed 1\nreplicas 2\n").replace("at 60s expect", pause);
    let run =
        run_scenario(&Scenario::parse(&text[..text.find("expect stored app 1=deployed").unwrap()]).unwrap());
    assert_eq!(run.finding, None);
    let terms: BTreeSet<u64> = run.record.exchanges.iter().map(|exchange| exchange.term).collect();
    assert_eq!(terms, BTreeSet::from([0, 1, 2]));
    let is_late = |exchange: &&Exchange| {
        let writes = exchange.request.is_write() && kind_of(&exchange.request) != Some("Lease");
        writes && exchange.term == 1 && exchange.at.0 > 95 * SECOND
    };
    assert_eq!(run.record.exchanges.iter().find(is_late), None);
    assert_eq!(run.end.unwrap().releases["default/app"], json!([["Ready", "True"], ["TestSuccess", "True"]]));
}

#[cfg(feature = "twins")]
#[test]
fn a_leader_that_goes_on_writing_is_found() {
    use pilothouse_machine::twin::{Twin, bring_back};
    let campaign = Campaign { classes: ALL_CLASSES.into_iter().collect(), ..Campaign::default() };
    bring_back(Some(Twin::OldLeader));
    let found = (0..100).filter_map(|seed| simulate(seed, &campaign).run.finding);
    let oracles: BTreeSet<String> = found.map(|finding| finding.oracle().to_owned()).collect();
    bring_back(None);
    assert_eq!(oracles, BTreeSet::from(["lease".to_owned()]));
}
