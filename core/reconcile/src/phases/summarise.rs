//! Ready from the conditions of the release (spec 03 §3).

use pilothouse_api::{Condition, ConditionStatus};
use pilothouse_machine::Context;

use crate::Subject;

/// Computes Ready from Remediated, TestSuccess and Released.
///
/// When none of them is present Ready is left as it is: it never mirrors Reconciling (spec 08 row 15).
pub fn summarise(subject: &mut Subject, context: &Context) {
    let test = subject.release.spec.test();
    if !test.enable {
        subject.status.conditions.remove("TestSuccess");
    }
    let Some(pick) = pick(subject, test.enable && !test.ignore_failures) else { return };
    let status = if pick.kind == "Remediated" { ConditionStatus::False } else { pick.status };
    if status == ConditionStatus::True {
        subject.status.conditions.remove("Stalled");
    }
    subject.mark(context, "Ready", status, &pick.reason, &pick.message);
}

/// The input with the highest observed generation; ties go to the first in order of priority. Tests are those of a release:
/// when it has failed, or is closed or uninstalled, they were run before that.
fn pick(subject: &Subject, tests_count: bool) -> Option<Condition> {
    let conditions = &subject.status.conditions;
    let tests_count = tests_count && !conditions.is_false("Released");
    let mut picked: Option<&Condition> = None;
    for kind in ["Remediated", "TestSuccess", "Released"] {
        if kind == "TestSuccess" && !tests_count {
            continue;
        }
        let Some(condition) = conditions.get(kind) else { continue };
        if picked.is_none_or(|best| condition.observed_generation > best.observed_generation) {
            picked = Some(condition);
        }
    }
    picked.cloned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Config;

    fn subject(test: bool) -> Subject {
        let object = serde_json::json!({
            "metadata": {"name": "n", "namespace": "ns", "generation": 2},
            "spec": {"interval": "1m", "test": {"enable": test}},
        });
        Subject::new(Arc::new(Config::default()), &object).unwrap()
    }

    fn set(subject: &mut Subject, kind: &str, status: ConditionStatus, generation: i64) {
        let now = Context::new(0).wall();
        subject.status.conditions.set(kind, status, kind, "m", generation, now);
    }

    #[test]
    fn a_remediated_release_is_never_ready() {
        let mut subject = subject(false);
        set(&mut subject, "Released", ConditionStatus::False, 2);
        set(&mut subject, "Remediated", ConditionStatus::True, 2);
        summarise(&mut subject, &Context::new(0));
        let ready = subject.status.conditions.get("Ready").unwrap();
        assert_eq!((ready.status, ready.reason.as_str()), (ConditionStatus::False, "Remediated"));
    }

    #[test]
    fn the_newest_generation_wins() {
        let mut subject = subject(true);
        set(&mut subject, "TestSuccess", ConditionStatus::False, 1);
        set(&mut subject, "Released", ConditionStatus::True, 2);
        summarise(&mut subject, &Context::new(0));
        assert!(subject.status.conditions.is_true("Ready"));
    }

    #[test]
    fn tests_that_have_passed_do_not_make_up_for_a_release_that_has_failed() {
        let mut subject = subject(true);
        set(&mut subject, "TestSuccess", ConditionStatus::True, 2);
        set(&mut subject, "Released", ConditionStatus::False, 2);
        summarise(&mut subject, &Context::new(0));
        assert!(subject.status.conditions.is_false("Ready"));
    }

    #[test]
    fn tests_do_not_count_when_they_are_disabled() {
        let mut subject = subject(false);
        set(&mut subject, "TestSuccess", ConditionStatus::False, 2);
        set(&mut subject, "Released", ConditionStatus::True, 2);
        summarise(&mut subject, &Context::new(0));
        assert!(subject.status.conditions.is_true("Ready"));
        assert!(subject.status.conditions.get("TestSuccess").is_none());
    }

    #[test]
    fn without_release_conditions_ready_stays() {
        let mut subject = subject(false);
        set(&mut subject, "Reconciling", ConditionStatus::True, 2);
        summarise(&mut subject, &Context::new(0));
        assert!(subject.status.conditions.get("Ready").is_none());
    }
}
