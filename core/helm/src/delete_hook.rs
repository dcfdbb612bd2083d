//! Deleting the object of a hook and waiting until it is gone (Helm `pkg/action/hooks.go`).

use pilothouse_apply::{Delete, Wait};
use pilothouse_chart::Hook;
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::Propagation;

use crate::action::Session;
use crate::adopt::build;
use crate::{HelmError, WaitOptions};

/// Never deleted: that would delete all objects of the kind.
const CRD_KIND: &str = "CustomResourceDefinition";

/// Deletes what one hook has created.
#[derive(Debug)]
pub(crate) struct DeleteHook {
    state: State,
}

#[derive(Debug)]
enum State {
    Start { kind: String, path: String, manifest: String, wait: WaitOptions },
    Deleting { delete: Delete, wait: WaitOptions },
    WaitingUntilGone(Wait),
}

impl DeleteHook {
    /// For this hook.
    pub(crate) fn new(hook: &Hook, wait: &WaitOptions) -> Self {
        let (kind, path, manifest) = (hook.kind.clone(), hook.path.clone(), hook.manifest.clone());
        Self { state: State::Start { kind, path, manifest, wait: wait.clone() } }
    }

    /// Goes as far as it can.
    pub(crate) fn poll(&mut self, session: &Session, context: &mut Context) -> Option<Result<(), HelmError>> {
        loop {
            match &mut self.state {
                State::Start { kind, .. } if kind == CRD_KIND => return Some(Ok(())),
                State::Start { path, manifest, wait, .. } => {
                    let objects = match build(manifest, &session.config, context) {
                        Ok(objects) => objects,
                        Err(error) => {
                            let words = format!("unable to build kubernetes object for deleting hook {path}");
                            return Some(Err(error.context(words)));
                        }
                    };
                    let references = objects.into_iter().map(|object| object.reference);
                    let delete = Delete::new(references, Propagation::Background);
                    self.state = State::Deleting { delete, wait: wait.clone() };
                }
                State::Deleting { delete, wait } => {
                    let deleted = delete.poll(context)?;
                    if let Some(error) = HelmError::delete(&deleted.errors) {
                        return Some(Err(error));
                    }
                    if !wait.for_resources() {
                        return Some(Ok(()));
                    }
                    self.state = State::WaitingUntilGone(Wait::gone(deleted.deleted, wait.timeout));
                }
                State::WaitingUntilGone(wait) => {
                    let result = wait.poll(context)?;
                    return Some(result.map_err(|error| Session::wait_error(context, &error)));
                }
            }
        }
    }
}
