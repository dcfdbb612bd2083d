//! Bringing the objects of a manifest onto the server (Helm `pkg/kube/client.go`, `Create` and `Update`).

mod conflict;
mod create;
mod own;
mod plan;
mod remove;
mod update;
mod words;
mod write;

use create::CreateAll;
use pilothouse_machine::{Context, Task};
pub use plan::{Applied, ApplyCause, ApplyError, ApplyPlan, Method};
use update::UpdateAll;

/// Applies a plan.
#[derive(Debug)]
pub struct Apply {
    step: Step,
}

#[derive(Debug)]
enum Step {
    Create(CreateAll),
    Update(Box<UpdateAll>),
}

impl Apply {
    /// A task that applies the plan.
    #[must_use]
    pub fn new(plan: ApplyPlan) -> Self {
        let step = if plan.create_only {
            Step::Create(CreateAll::new(plan))
        } else {
            Step::Update(Box::new(UpdateAll::new(plan)))
        };
        Self { step }
    }
}

impl Task for Apply {
    type Output = Result<Applied, Box<ApplyError>>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        match &mut self.step {
            Step::Create(create) => create.poll(context),
            Step::Update(update) => update.poll(context),
        }
    }

    fn describe(&self) -> String {
        match &self.step {
            Step::Create(create) => create.describe(),
            Step::Update(update) => update.describe(),
        }
    }
}
