//! Bringing the objects of a manifest onto the server (Helm `pkg/kube/client.go`, `Create` and `Update`).

mod plan;

pub use plan::{Applied, ApplyCause, ApplyError, ApplyPlan, Method};

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, Reply};

/// Applies a plan.
#[derive(Debug)]
pub struct Apply {
    plan: ApplyPlan,
}

impl Apply {
    /// A task that applies the plan.
    #[must_use]
    pub fn new(plan: ApplyPlan) -> Self {
        Self { plan }
    }
}

impl Task for Apply {
    type Output = Result<Applied, Box<ApplyError>>;

    fn poll(&mut self, _context: &mut Context) -> Option<Self::Output> {
        None
    }

    fn describe(&self) -> String {
        format!("applying {} objects", self.plan.targets.len())
    }
}

/// The failure in a reply; a reply of another kind than was asked for is one too.
pub(crate) fn failure_of(reply: Reply) -> Failure {
    match reply {
        Reply::Failed(failure) => failure,
        _ => Failure::Unknown("the reply does not fit the request".to_owned()),
    }
}
