//! Lines of a streamed answer.

use http_body_util::BodyExt;
use hyper::body::Body;

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
    /// Bytes at the start of the buffer that hold no newline.
    searched: usize,
}

impl<B> Lines<B>
where
    B: Body + Unpin,
    B::Error: std::fmt::Display,
{
    pub(super) fn new(body: B) -> Self {
        Self { body, buffer: Vec::new(), searched: 0 }
    }

    /// The next complete line without its newline; `None` at the end. A last line without newline is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
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

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let unsearched = self.buffer.get(self.searched..)?;
        let Some(offset) = unsearched.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return None;
        };
        let rest = self.buffer.split_off(self.searched + offset + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        line.pop();
        self.searched = 0;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use hyper::body::Bytes;

    use super::*;

    #[tokio::test]
    async fn bodies_are_split_at_newlines() {
        let mut lines = Lines::new(Full::new(Bytes::from("one\n\ntwo\nrest")));
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            seen.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(seen, ["one", "", "two"]);
    }
}
