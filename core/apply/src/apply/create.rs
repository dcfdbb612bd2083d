//! Creating all objects of a manifest without looking at what exists.

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Object, ObjectRef};

use super::plan::{Applied, ApplyCause, ApplyError, ApplyPlan, Method};
use super::write::{Force, How, Write};
use crate::ManifestObject;
use crate::batch::Batch;

/// Creates all targets of a plan; all are tried.
#[derive(Debug)]
pub(super) struct CreateAll {
    batch: Batch<Create>,
}

impl CreateAll {
    /// Creates the targets of the plan.
    pub(super) fn new(plan: ApplyPlan) -> Self {
        let how = how_to_create(plan.method);
        let tasks = plan
            .targets
            .into_iter()
            .map(|target| (target.reference.kind.clone(), Create { write: Write::create(target, how) }));
        Self { batch: Batch::new(tasks) }
    }
}

impl Task for CreateAll {
    type Output = Result<Applied, Box<ApplyError>>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let mut applied = Applied::default();
        let mut causes = Vec::new();
        for (reference, outcome) in self.batch.poll(context)? {
            match outcome {
                Ok(object) => applied.note_created(reference, &object),
                Err(cause) => {
                    applied.created.push(reference);
                    causes.push(cause);
                }
            }
        }
        Some(ApplyError::unless_empty(applied, causes, "\n"))
    }

    fn describe(&self) -> String {
        self.batch.describe()
    }
}

/// How new objects are written.
pub(super) fn how_to_create(method: Method) -> How {
    match method {
        Method::ServerSide { force_conflicts } => {
            let force = if force_conflicts { Force::All } else { Force::Never };
            How::Apply { force, migrate: false }
        }
        Method::ClientSide { .. } => How::Create,
    }
}

/// A write that keeps the name of its object with the outcome.
#[derive(Debug)]
struct Create {
    write: Write,
}

impl Task for Create {
    type Output = (ObjectRef, Result<Object, ApplyCause>);

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let outcome = self.write.poll(context)?;
        let ManifestObject { reference, .. } = self.write.target();
        let outcome = outcome.map_err(|error| ApplyCause {
            object: reference.clone(),
            failure: error.failure,
            text: error.text,
        });
        Some((reference.clone(), outcome))
    }

    fn describe(&self) -> String {
        self.write.describe()
    }
}
