//! What the delete policies of hooks ask for after they ran.

use std::collections::VecDeque;

use pilothouse_chart::{Hook, HookDeletePolicy};
use pilothouse_machine::Context;

use crate::action::{Session, warn};
use crate::delete_hook::DeleteHook;
use crate::{HelmError, WaitOptions};

/// Hooks, by their position in the release, whose objects go if they have the policy.
#[derive(Debug, Default)]
pub(crate) struct Cleanup {
    /// So many deletions at the front may fail.
    pub(crate) tolerated: usize,
    /// In this order.
    pub(crate) deletions: Vec<(usize, HookDeletePolicy)>,
}

/// Carries out a [`Cleanup`].
#[derive(Debug)]
pub(crate) struct CleanHooks {
    waiting: VecDeque<(DeleteHook, bool)>,
}

impl CleanHooks {
    /// Deletes the objects of those hooks that have the policy.
    pub(crate) fn new(cleanup: Cleanup, hooks: &[Hook], wait: &WaitOptions) -> Self {
        let tolerated = cleanup.tolerated;
        let deletions = cleanup.deletions.into_iter().enumerate().filter_map(|(position, (at, policy))| {
            let hook = hooks.get(at).filter(|hook| hook.delete_policies.contains(&policy))?;
            Some((DeleteHook::new(hook, wait), position < tolerated))
        });
        Self { waiting: deletions.collect() }
    }

    /// Goes as far as it can; ends with the first error that is not tolerated.
    pub(crate) fn poll(&mut self, session: &Session, context: &mut Context) -> Option<Result<(), HelmError>> {
        while let Some((delete, tolerated)) = self.waiting.front_mut() {
            let result = delete.poll(session, context)?;
            match result {
                Err(error) if *tolerated => {
                    let text = error.to_string();
                    warn(context, "error deleting the hook resource on hook failure", &[("error", &text)]);
                }
                Err(error) => return Some(Err(error)),
                Ok(()) => {}
            }
            self.waiting.pop_front();
        }
        Some(Ok(()))
    }
}
