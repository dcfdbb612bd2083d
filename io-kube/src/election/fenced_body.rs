//! The body of a write, which asks the fence once more when the connection takes it.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use kube::client::Body;
use pilothouse_election::NOT_SENT;
use tower::BoxError;

use super::fence::Fence;

/// The body of a request. When it belongs to a write and the fence is closed at the moment at which the connection is
/// about to send it, it breaks off: an API server does nothing with half a body. A process may stand still between the
/// decision to send and the sending.
#[derive(Debug)]
pub struct FencedBody {
    body: Body,
    fence: Option<Fence>,
}

impl FencedBody {
    /// A body that is sent only while the fence is open; without a fence, always.
    #[must_use]
    pub fn new(body: Body, fence: Option<Fence>) -> Self {
        Self { body, fence }
    }
}

impl HttpBody for FencedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.fence.as_ref().is_some_and(|fence| !fence.is_open()) {
            return Poll::Ready(Some(Err(NOT_SENT.into())));
        }
        Pin::new(&mut self.body).poll_frame(context).map_err(BoxError::from)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
