//! The end of a run, and the comparison with its fault-free twin.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_protocol::{ObjectRef, Reply, Request};

use super::classes::classes_of_fault;
use super::spec::flag;
use super::stage::Stage;
use super::states::state_of;
use super::{Finding, Run};
use crate::faults::{kind_of, verb_of};
use crate::oracles::end_state;
use crate::scenario::{Knob, Line, Scenario, Statement, Target};
use crate::world::Exchange;

impl Stage<'_> {
    /// What the run leaves behind.
    pub(super) fn finish(mut self, finding: Option<Finding>) -> Run {
        let mut run = Run {
            hash: self.ledger.digest(),
            finding,
            end: Some(end_state(&self.world)),
            actions: self.ledger.actions(),
            happenings: self.happenings,
            time: self.world.now().monotonic.0,
            fired: std::mem::take(&mut self.fired),
            pairs: std::mem::take(&mut self.pairs),
            steps: std::mem::take(&mut self.steps),
            recoveries: std::mem::take(&mut self.recoveries),
            ..Run::default()
        };
        let fired = std::mem::take(&mut self.world.faults().fired);
        run.record = self.world.into_record();
        let exchanges = &run.record.exchanges;
        for fired in &fired {
            let hit = usize::try_from(fired.number).ok().and_then(|number| exchanges.get(number));
            let Some(Exchange { request, .. }) = hit else { continue };
            for class in classes_of_fault(fired, request) {
                *run.fired.entry(class).or_default() += 1;
                run.pairs.extend(state_of(request).map(|state| (state, class)));
            }
        }
        run.states = exchanges.iter().filter_map(|exchange| state_of(&exchange.request)).collect();
        run.shape = shape(exchanges);
        run.deletions = deletions(exchanges);
        run.marks = run.record.events.iter().map(|event| event.event.reason.clone()).collect();
        run
    }
}

/// A digest of the kinds of requests in order.
fn shape(exchanges: &[Exchange]) -> u64 {
    let bytes = exchanges.iter().flat_map(|exchange| {
        let kind = kind_of(&exchange.request).unwrap_or_default();
        [verb_of(&exchange.request) as u8].into_iter().chain(kind.bytes())
    });
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// How often each object that is neither storage nor a Job was deleted. To ask once more is no other deletion: an uninstall
/// that goes on after a restart does.
fn deletions(exchanges: &[Exchange]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let mut gone: BTreeSet<ObjectRef> = BTreeSet::new();
    for exchange in exchanges {
        match (&exchange.request, &exchange.reply) {
            (Request::Create { body }, Some(Reply::Object(_))) => {
                gone.remove(&ObjectRef::of(body));
            }
            (Request::Patch { object, .. }, Some(Reply::Object(_))) => {
                gone.remove(object);
            }
            (Request::Delete { object, .. }, Some(Reply::Deleted)) => {
                let counted = object.kind != "Job" && !object.name.starts_with("sh.helm.release.");
                if counted && gone.insert(object.clone()) {
                    *counts.entry(object.to_string()).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    counts
}

/// The scenario without what disturbs it: the same inputs, on a good day.
#[must_use]
pub(super) fn twin(scenario: &Scenario) -> Scenario {
    let stays = |line: &&Line| match line {
        Line::Step(step) => !is_disturbance(&step.what),
        Line::Blank | Line::Comment(_) => true,
    };
    Scenario { lines: scenario.lines.iter().filter(stays).cloned().collect() }
}

/// Whether a statement is about the process, the clock, the watches or the API server, not about what users do.
fn is_disturbance(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Fault(..)
            | Statement::Crash { .. }
            | Statement::Restart { .. }
            | Statement::Takeover { .. }
            | Statement::Pause(_)
            | Statement::Clock { .. }
            | Statement::Tick
            | Statement::Lag { .. }
            | Statement::Rewind { .. }
            | Statement::Relist
            | Statement::Repeat
            | Statement::Gap(_)
            | Statement::Slow(_)
    )
}

/// Whether a run can be compared with its twin at all: what others do to objects ends otherwise at another moment.
pub(super) fn is_comparable(scenario: &Scenario) -> bool {
    let meddles = scenario.steps().any(|step| {
        matches!(step.what, Statement::Edit(..) | Statement::Helm(..) | Statement::ForgetStatus { .. })
            || matches!(&step.what, Statement::Delete(target) if target.kind != "release")
    });
    !meddles && !is_deleted_while_suspended(scenario)
}

/// Whether a HelmRelease is suspended when somebody deletes it, or while it is deleted: what is installed stays when the operator
/// sees it so, and goes when it sees it as it was before or is afterwards.
fn is_deleted_while_suspended(scenario: &Scenario) -> bool {
    let (mut suspended, mut deleted) = (BTreeSet::new(), BTreeSet::new());
    scenario.steps().any(|step| match &step.what {
        Statement::Release { name, settings } if flag(settings, Knob::Suspend) => {
            suspended.insert(name);
            deleted.contains(name)
        }
        Statement::Release { name, .. } => {
            suspended.remove(name);
            false
        }
        Statement::Delete(Target { name, .. }) => {
            deleted.insert(name);
            suspended.contains(name)
        }
        _ => false,
    })
}

/// How a run differs from that of its fault-free twin: in where it has led to and, when nothing has failed on the way and
/// users have done the same, in what was deleted.
pub(super) fn differences(run: &Run, twin: &Run, scenario: &Scenario) -> Option<String> {
    let (end, wanted) = (run.end.as_ref()?, twin.end.as_ref()?);
    // What the releases say was judged in both runs; where more than one end is right there is nothing to compare.
    if end.releases != wanted.releases {
        return None;
    }
    // Which hooks are left over tells by which way it came to the end.
    let differences = wanted.differences(end);
    if let Some(difference) = differences.iter().find(|difference| !difference.contains("\"hook\"")) {
        return Some(format!("twin: {difference}"));
    }
    let failed =
        |run: &Run| run.marks.iter().any(|mark| mark.ends_with("Failed") || mark.contains("Remediat"));
    let others = restarted_inputs(run) != restarted_inputs(twin)
        || happened(run, scenario) != happened(twin, scenario);
    if failed(run) || failed(twin) || others {
        return None;
    }
    let objects: BTreeSet<&String> = run.deletions.keys().chain(twin.deletions.keys()).collect();
    objects.into_iter().find_map(|object| {
        let count = |run: &Run| run.deletions.get(object).copied().unwrap_or_default();
        let (ours, theirs) = (count(run), count(twin));
        (ours > theirs).then(|| format!("twin: {object} was deleted {ours} times instead of {theirs}"))
    })
}

/// Which steps of a scenario that wait for a state have found it.
fn happened(run: &Run, scenario: &Scenario) -> Vec<String> {
    let waited = scenario.steps().filter(|step| step.during.is_some()).map(ToString::to_string);
    waited.filter(|waited| run.steps.iter().any(|(_, step)| step == waited)).collect()
}

/// How often releases were uninstalled: a deletion that was overtaken by another input does not count.
fn restarted_inputs(run: &Run) -> u64 {
    let uninstalled = run.record.events.iter().filter(|event| event.event.reason == "UninstallSucceeded");
    uninstalled.map(|event| event.count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deleted_while_suspended_is_not_compared() {
        let compared = |text: &str| is_comparable(&Scenario::parse(text).unwrap());
        let (on, off) = ("apply release app suspend=yes", "apply release app");
        assert!(compared(&format!("{on}\n{off}\ndelete release app\n{off}\n")));
        assert!(compared(&format!("{on}\ndelete release db\n{off}\n")));
        assert!(!compared(&format!("{on}\ndelete release app\n{off}\n")));
        assert!(!compared(&format!("{off}\ndelete release app\n{on}\n{off}\n")));
        assert!(!compared("delete ConfigMap app-config\n"));
    }
}
