//! What the target cluster serves: asked for at the start of an action, never believed for longer.

use std::sync::Arc;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Discovery, Reply, Request};

use crate::HelmError;
use crate::call::{Call, unexpected};

/// Reads server version and served kinds into [`Context::discovery`].
#[derive(Debug, Default)]
pub struct Discover {
    discovering: Option<Call>,
}

impl Discover {
    /// Asks the server anew, as Helm does for each action.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Task for Discover {
    /// The error is always [`HelmError::Unreachable`].
    type Output = Result<Arc<Discovery>, HelmError>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let call =
            self.discovering.get_or_insert_with(|| Call::send(context, Request::Discover { fresh: true }));
        Some(match call.poll(context)? {
            Reply::Discovery(discovery) => {
                context.discovery = Some(discovery.clone());
                Ok(discovery)
            }
            Reply::Failed(failure) => Err(HelmError::Unreachable(failure)),
            Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Artifact(_) => {
                Err(HelmError::Unreachable(unexpected()))
            }
        })
    }

    fn describe(&self) -> String {
        "discovering the API".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{Action, ApiError, Failure};

    use super::*;

    fn answer(reply: Reply) -> Result<Arc<Discovery>, HelmError> {
        let mut context = Context::new(1);
        let mut task = Discover::new();
        assert!(task.poll(&mut context).is_none());
        let Some(Action::Request { id, request, .. }) = context.next_action() else { panic!("no request") };
        assert_eq!(request, Request::Discover { fresh: true });
        context.reply(id, reply);
        task.poll(&mut context).unwrap()
    }

    #[test]
    fn an_unreachable_server_is_named_so() {
        let discovery = Arc::new(Discovery { git_version: "v1.36.1".to_owned(), ..Discovery::default() });
        assert_eq!(answer(Reply::Discovery(discovery)).unwrap().git_version, "v1.36.1");
        let failure = Failure::Api(ApiError::new(403, "Forbidden", "no"));
        assert_eq!(
            answer(Reply::Failed(failure)).unwrap_err().to_string(),
            "kubernetes cluster unreachable: no"
        );
    }
}
