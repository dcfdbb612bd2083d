//! Lines of a streamed answer.

use std::ops::Range;

use http_body_util::BodyExt;
use hyper::body::Body;
use memchr::memchr;

/// The longest line, in bytes. An object is at most a few MiB: etcd takes no more than 1.5 MiB of it.
const LINE_MAX: usize = 32 * 1024 * 1024;

/// Why there are no more lines.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// The connection broke.
    #[error("the stream broke: {0}")]
    Broken(String),
    /// Not what a watch sends.
    #[error("a line of the stream is longer than {LINE_MAX} bytes")]
    TooLong,
}

/// Splits a body at its newlines.
pub(super) struct Lines<B> {
    body: B,
    buffer: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// How far there is no newline behind that.
    searched: usize,
}

impl<B> Lines<B>
where
    B: Body + Unpin,
    B::Error: std::fmt::Display,
{
    pub(super) fn new(body: B) -> Self {
        Self { body, buffer: Vec::new(), begin: 0, searched: 0 }
    }

    /// The next complete line without its newline; `None` at the end. A last line without newline is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, LineError> {
        loop {
            if let Some(line) = self.pass_line() {
                return Ok(self.buffer.get(line));
            }
            self.drop_passed();
            if self.buffer.len() > LINE_MAX {
                return Err(LineError::TooLong);
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(|error| LineError::Broken(error.to_string()))?;
            if let Ok(data) = frame.into_data() {
                self.append(data);
            }
        }
    }

    fn append(&mut self, mut data: B::Data) {
        use hyper::body::Buf;
        while data.has_remaining() {
            let chunk = data.chunk();
            self.buffer.extend_from_slice(chunk);
            let length = chunk.len();
            data.advance(length);
        }
    }

    /// Where the next complete line is, which is passed.
    fn pass_line(&mut self) -> Option<Range<usize>> {
        let unsearched = self.buffer.get(self.searched..)?;
        let Some(offset) = memchr(b'\n', unsearched) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.begin..self.searched + offset;
        (self.begin, self.searched) = (line.end + 1, line.end + 1);
        Some(line)
    }

    /// Makes room for what comes. While nothing comes nothing is held.
    fn drop_passed(&mut self) {
        if self.begin == self.buffer.len() {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..self.begin);
        }
        self.searched -= self.begin;
        self.begin = 0;
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;
    use tokio::sync::mpsc;

    use super::*;
    use crate::simulated::AnswerBody;

    #[tokio::test]
    async fn bodies_are_split_at_newlines() {
        for pieces in
            [&["one\n\ntwo\nrest"][..], &["on", "e\n", "\ntw", "o\nre", "st"], &["one\n\nt", "wo\n"]]
        {
            let (sender, receiver) = mpsc::channel(pieces.len());
            for piece in pieces {
                sender.try_send(Bytes::from_static(piece.as_bytes())).unwrap();
            }
            drop(sender);
            let mut lines = Lines::new(AnswerBody::stream(receiver));
            let mut seen = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                seen.push(String::from_utf8(line.to_vec()).unwrap());
            }
            assert_eq!(seen, ["one", "", "two"], "{pieces:?}");
        }
    }
}
