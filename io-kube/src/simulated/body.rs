//! The body of an answer: bytes that are there, or lines of a watch as they come.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc;

/// The body of an answer.
#[derive(Debug)]
pub struct AnswerBody {
    ready: Option<Bytes>,
    rest: Option<mpsc::Receiver<Bytes>>,
}

impl AnswerBody {
    /// Bytes that are there.
    #[must_use]
    pub fn whole(bytes: Vec<u8>) -> Self {
        Self { ready: (!bytes.is_empty()).then(|| Bytes::from(bytes)), rest: None }
    }

    /// What comes out of a channel, until that is closed.
    #[must_use]
    pub fn stream(lines: mpsc::Receiver<Bytes>) -> Self {
        Self { ready: None, rest: Some(lines) }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(bytes) = self.ready.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.rest {
            Some(lines) => lines.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_none() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.ready, &self.rest) {
            (_, Some(_)) => SizeHint::default(),
            (Some(bytes), None) => SizeHint::with_exact(bytes.len() as u64),
            (None, None) => SizeHint::with_exact(0),
        }
    }
}
