//! One request in flight, with an end to waiting for its reply.

use pilothouse_machine::{Context, SECOND};
use pilothouse_protocol::{Failure, Monotonic, Object, Reply, Request, RequestId, Why};

/// How long a reply may take before the request's effect counts as unknown, in nanoseconds.
pub(crate) const REPLY_TIMEOUT: u64 = 60 * SECOND;
/// How often something is tried whose outcome is unknown.
pub(crate) const ATTEMPTS: u32 = 3;
/// How often a write is tried that collides with other writers (client-go's `retry.DefaultRetry`).
pub(crate) const CONFLICT_ATTEMPTS: u32 = 5;
/// The pause after a collision, in nanoseconds.
pub(crate) const CONFLICT_PAUSE: u64 = SECOND / 100;

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Call {
    id: RequestId,
    overdue: Monotonic,
}

impl Call {
    /// Sends a request.
    pub(crate) fn send(context: &mut Context, request: Request) -> Self {
        let overdue = context.now.monotonic.after_nanos(REPLY_TIMEOUT);
        Self { id: context.request(request), overdue }
    }

    /// The reply, once. An overdue one is a failure with unknown effect.
    pub(crate) fn poll(&self, context: &mut Context) -> Option<Reply> {
        if let Some(reply) = context.take(self.id) {
            return Some(reply);
        }
        if !context.wait_until(self.overdue, Why::RequestTimeout) {
            return None;
        }
        context.give_up(self.id);
        Some(Reply::Failed(Failure::Unknown("no reply from the API server".to_owned())))
    }

    /// The reply to a request that returns an object.
    pub(crate) fn poll_object(&self, context: &mut Context) -> Option<Result<Object, Failure>> {
        Some(match self.poll(context)? {
            Reply::Object(object) => Ok(object),
            reply => Err(failure_of(reply)),
        })
    }
}

/// The moment after the pause that follows the given attempt.
pub(crate) fn rest(context: &Context, attempt: u32) -> Monotonic {
    context.now.monotonic.after_nanos(SECOND.saturating_mul(u64::from(attempt)))
}

/// The failure in a reply; a reply of another kind than was asked for is one too.
pub(crate) fn failure_of(reply: Reply) -> Failure {
    match reply {
        Reply::Failed(failure) => failure,
        _ => Failure::Unknown("the reply does not fit the request".to_owned()),
    }
}

/// Whether the failure lies in the connection or the server, not in what was asked for.
pub(crate) fn is_transient(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable(_) | Failure::Unknown(_) => true,
        Failure::Api(error) => error.code >= 500 || error.code == 429,
        Failure::Http { .. } => false,
    }
}
