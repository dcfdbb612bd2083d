//! The simulated API server as a side.

use std::io;

use pilothouse_io_sim::clock::DEFAULT_START;
use pilothouse_io_sim::http::{Frontend, HttpBody, HttpRequest};
use pilothouse_io_sim::server::{Server, ServerOptions};
use pilothouse_protocol::{Monotonic, Now};
use serde_json::Value;

use crate::resources::definition;
use crate::step::{Answer, Side, Step};

/// A model that serves the custom kind as well.
pub struct Model {
    server: Server,
    frontend: Frontend,
    now: Now,
}

impl Model {
    /// A fresh one.
    ///
    /// # Errors
    ///
    /// The definition of the custom kind cannot be read.
    pub fn new(seed: u64) -> Result<Self, io::Error> {
        let server = Server::new(&ServerOptions { seed, ..ServerOptions::default() });
        let now = Now { monotonic: Monotonic(0), wall: DEFAULT_START };
        let mut model = Self { server, frontend: Frontend::default(), now };
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        model.send(&Step::new("POST", path).body("application/json", definition()?))?;
        model.server.establish(DEFAULT_START, "widgets.conformance.example.com");
        Ok(model)
    }
}

impl Side for Model {
    fn send(&mut self, step: &Step) -> Result<Answer, io::Error> {
        // Times with whole seconds are in order then, as requests are.
        self.now.wall += 1_000_000_000;
        self.now.monotonic = self.now.monotonic.after_nanos(1_000_000);
        let target = format!("{}?{}", step.path, step.query);
        let mut request = HttpRequest::new(step.method, &target)
            .header("user-agent", step.agent)
            .header("accept", step.accept);
        if !step.content_type.is_empty() {
            request = request.with_body(step.content_type, step.body.to_string());
        }
        let response = self.frontend.answer(&mut self.server, self.now, &request);
        let warnings = response.headers.iter().filter(|(name, _)| *name == "warning");
        let warnings = warnings.map(|(_, value)| value.clone()).collect();
        let body = match response.body {
            HttpBody::Whole(bytes) => parsed(&bytes),
            HttpBody::Watch(mut stream) => parsed(&stream.poll(&self.server, self.now)),
        };
        Ok(Answer { code: response.status, body, warnings })
    }
}

/// A body as JSON, or as a text.
pub(crate) fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
