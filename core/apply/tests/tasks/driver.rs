//! A driver whose replies are given by hand.

use std::sync::Arc;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{
    Action, ApiError, Failure, Identity, Monotonic, Now, Object, ObjectRef, Observation, Reply, Request,
    RequestId, WatchId, WatchTarget,
};
use serde_json::Value;

/// What a task has asked for and was not yet given.
pub(crate) struct Driver {
    pub(crate) context: Context,
    pub(crate) requests: Vec<(RequestId, Request)>,
    pub(crate) watches: Vec<(WatchId, WatchTarget)>,
    now: Now,
}

impl Driver {
    pub(crate) fn new() -> Self {
        let mut context = Context::new(1);
        context.identity = Identity::Controller;
        Self { context, requests: Vec::new(), watches: Vec::new(), now: Now::default() }
    }

    /// Polls the task and takes its actions.
    pub(crate) fn poll<T: Task>(&mut self, task: &mut T) -> Option<T::Output> {
        self.context.begin(self.now);
        let output = task.poll(&mut self.context);
        while let Some(action) = self.context.next_action() {
            match action {
                Action::Request { id, request, .. } => self.requests.push((id, request)),
                Action::Watch { id, target, .. } => self.watches.push((id, target)),
                Action::Unwatch { id } => self.watches.retain(|(watch, _)| *watch != id),
                Action::Emit(_) | Action::Log(_) => {}
            }
        }
        output
    }

    /// Answers the oldest request, and polls.
    pub(crate) fn answer<T: Task>(&mut self, task: &mut T, reply: Reply) -> Option<T::Output> {
        let (id, _) = self.requests.remove(0);
        self.context.reply(id, reply);
        self.poll(task)
    }

    /// Lets time pass, and polls.
    pub(crate) fn advance<T: Task>(&mut self, task: &mut T, seconds: u64) -> Option<T::Output> {
        let nanos = seconds * pilothouse_machine::SECOND;
        self.now.monotonic = Monotonic(self.now.monotonic.0 + nanos);
        self.now.wall += i64::try_from(nanos).unwrap();
        self.poll(task)
    }

    /// Reports to the watch of the given number, and polls.
    pub(crate) fn observe<T: Task>(
        &mut self,
        task: &mut T,
        watch: usize,
        observation: Observation,
    ) -> Option<T::Output> {
        self.context.observe(self.watches[watch].0, observation);
        self.poll(task)
    }

    /// The open requests as short texts: verb and object.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests.iter().map(|(_, request)| short(request)).collect()
    }

    /// The body of the oldest request.
    pub(crate) fn body(&self) -> Value {
        match &self.requests[0].1 {
            Request::Create { body } | Request::Update { body } | Request::Patch { body, .. } => {
                (**body).clone()
            }
            _ => Value::Null,
        }
    }
}

pub(crate) fn found(object: Value) -> Reply {
    Reply::Object(Arc::new(object))
}

pub(crate) fn object(value: Value) -> Object {
    Arc::new(value)
}

pub(crate) fn not_found() -> Reply {
    refused(404, "NotFound", "not found")
}

pub(crate) fn refused(code: u16, reason: &str, message: &str) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(code, reason, message)))
}

pub(crate) fn lost() -> Reply {
    Reply::Failed(Failure::Unknown("connection lost".to_owned()))
}

fn short(request: &Request) -> String {
    match request {
        Request::Get { object } => format!("get {object}"),
        Request::Create { body } => format!("create {}", ObjectRef::of(body)),
        Request::Update { body } => format!("update {}", ObjectRef::of(body)),
        Request::Patch { object, patch, .. } => {
            let kind = format!("{patch:?}").to_lowercase();
            let kind = kind.split(' ').next().unwrap_or_default().to_owned();
            format!("{kind} {object}")
        }
        Request::Delete { object, .. } => format!("delete {object}"),
        other => format!("{other:?}"),
    }
}
