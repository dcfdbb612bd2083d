//! One request and its reply, or the end of patience.

use pilothouse_machine::{Context, SECOND};
use pilothouse_protocol::{Failure, Monotonic, Reply, Request, RequestId, Why};

/// After this long a request counts as lost; its effect is unknown then.
const PATIENCE: u64 = 60 * SECOND;

/// A request in flight.
#[derive(Debug)]
pub(crate) struct Call {
    id: RequestId,
    until: Monotonic,
}

impl Call {
    /// Sends a request as the target cluster's identity.
    pub(crate) fn send(context: &mut Context, request: Request) -> Self {
        let until = context.now.monotonic.after_nanos(PATIENCE);
        Self { id: context.request(request), until }
    }

    /// The reply; `None` while it has not come.
    pub(crate) fn poll(&self, context: &mut Context) -> Option<Reply> {
        if let Some(reply) = context.take(self.id) {
            return Some(reply);
        }
        if !context.wait_until(self.until, Why::RequestTimeout) {
            return None;
        }
        context.give_up(self.id);
        Some(Reply::Failed(Failure::Unknown("no reply from the API server".to_owned())))
    }
}

/// The failure of a request that was answered with something else than it asks for.
pub(crate) fn unexpected() -> Failure {
    Failure::Unknown("unexpected reply of the API server".to_owned())
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::Now;

    use super::*;

    #[test]
    fn a_lost_request_is_given_up_as_unknown() {
        let mut context = Context::new(1);
        let call = Call::send(&mut context, Request::Discover { fresh: false });
        assert_eq!(call.poll(&mut context), None);
        assert_eq!(context.deadline().map(|deadline| deadline.why), Some(Why::RequestTimeout));
        context.begin(Now { monotonic: Monotonic(PATIENCE), wall: 0 });
        assert!(matches!(call.poll(&mut context), Some(Reply::Failed(Failure::Unknown(_)))));
    }
}
