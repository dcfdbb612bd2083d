//! The artifact server: bytes or an HTTP failure for each address.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{Failure, Reply};

/// What an address answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Artifact {
    /// 200 with these bytes.
    Bytes(Arc<[u8]>),
    /// Another status.
    Status {
        /// The code.
        code: u16,
        /// Code and text, `404 Not Found`.
        line: String,
    },
    /// No connection.
    Unreachable(String),
}

/// All addresses; others answer 404.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    by_url: BTreeMap<String, Artifact>,
}

impl Artifacts {
    /// Sets what an address answers.
    pub fn set(&mut self, url: impl Into<String>, artifact: Artifact) {
        self.by_url.insert(url.into(), artifact);
    }

    /// Puts bytes under an address.
    pub fn put(&mut self, url: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.set(url, Artifact::Bytes(bytes.into()));
    }

    /// Takes an address away.
    pub fn remove(&mut self, url: &str) {
        self.by_url.remove(url);
    }

    /// The answer to a download.
    #[must_use]
    pub fn fetch(&self, url: &str) -> Reply {
        match self.by_url.get(url) {
            Some(Artifact::Bytes(bytes)) => Reply::Artifact(Arc::clone(bytes)),
            Some(Artifact::Status { code, line }) => {
                Reply::Failed(Failure::Http { code: *code, line: line.clone() })
            }
            Some(Artifact::Unreachable(why)) => Reply::Failed(Failure::Unreachable(why.clone())),
            None => Reply::Failed(Failure::Http { code: 404, line: "404 Not Found".to_owned() }),
        }
    }
}
