use std::sync::Arc;

use pilothouse_machine::Context;
use pilothouse_protocol::{Failure, Reply, Request};
use pilothouse_release::{ReleaseStatus, StorageKey};

use super::*;
use crate::ActionResult;
use crate::fake::{Fake, revision, storage};

/// Runs storage tasks as if they were one action.
struct Action<F>(F, Option<Storage>);

impl<F: FnMut(&mut Storage, &mut Context) -> Option<Result<(), HelmError>>> pilothouse_machine::Task
    for Action<F>
{
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<ActionResult> {
        let outcome = (self.0)(self.1.as_mut()?, context)?;
        let storage = self.1.take()?;
        Some(ActionResult {
            storage,
            mark: JournalMark::default(),
            outcome: outcome.map(|()| Arc::default()),
        })
    }

    fn describe(&self) -> String {
        "testing storage".to_owned()
    }
}

fn lost() -> Reply {
    Reply::Failed(Failure::Unknown("connection reset".to_owned()))
}

fn create(fake: &mut Fake) -> (Vec<String>, Result<(), String>) {
    let record = revision(1, ReleaseStatus::PendingInstall, "x", &[]);
    let mut task = CreateRelease::new(Arc::new(record), 0);
    let action = Action(
        move |storage: &mut Storage, context: &mut Context| task.poll(storage, context),
        Some(storage()),
    );
    let (writes, result) = fake.act(action);
    (writes, result.outcome.map(|_| ()).map_err(|error| error.to_string()))
}

#[test]
fn a_lost_write_is_made_again() {
    let mut fake = Fake::new();
    let mut first = true;
    fake.fault = Some(Box::new(move |request| {
        let fails = matches!(request, Request::Create { .. }) && std::mem::take(&mut first);
        fails.then(lost)
    }));
    let (writes, result) = create(&mut fake);
    assert_eq!((writes, result), (vec!["Create 1 pending-install: x".to_owned()], Ok(())));
}

#[test]
fn a_write_that_did_not_arrive_is_made_again() {
    let mut fake = Fake::new();
    let mut first = true;
    fake.fault = Some(Box::new(move |request| {
        let fails = matches!(request, Request::Create { .. }) && std::mem::take(&mut first);
        fails.then(|| Reply::Failed(Failure::Unreachable("refused".to_owned())))
    }));
    let (writes, result) = create(&mut fake);
    assert_eq!((writes, result), (vec!["Create 1 pending-install: x".to_owned()], Ok(())));
}

#[test]
fn a_write_without_any_answer_is_given_up() {
    let mut fake = Fake::new();
    fake.fault =
        Some(Box::new(|request| matches!(request, Request::Create { .. } | Request::Get { .. }).then(lost)));
    let (writes, result) = create(&mut fake);
    assert_eq!(writes, [""; 0]);
    assert!(result.unwrap_err().ends_with("connection reset"));
}

#[test]
fn a_deletion_names_what_was_stored() {
    let mut fake = Fake::new();
    fake.store(vec![revision(1, ReleaseStatus::Failed, "x", &[])]);
    let mut task = DeleteRelease::new(StorageKey::new("app", 1));
    let action = Action(
        move |storage: &mut Storage, context: &mut Context| task.poll(storage, context),
        Some(storage()),
    );
    let (writes, result) = fake.act(action);
    assert!(result.outcome.is_ok());
    assert_eq!(writes, ["Delete 1 failed: x"]);
}
