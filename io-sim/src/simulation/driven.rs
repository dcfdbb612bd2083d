//! The operators as the machine of a simulated world, with a digest of all that it wants.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{Action, Deadline, Monotonic, Now, Patch, ReleaseKey, Request, RequestId};
use serde_json::Value;

use super::replicas::Replicas;
use super::shards::Shards;
use crate::faults::{kind_of, verb_of};
use crate::world::{Machine, StartOrder};

/// What an operator and its successors have wanted.
#[derive(Debug, Default)]
pub struct Ledger {
    digest: Cell<u64>,
    actions: Cell<u64>,
    writes: RefCell<Vec<Write>>,
}

/// A write of an operator that others can take the place of.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) at: Monotonic,
    /// Which process has sent it.
    pub(super) writer: String,
    /// What it does.
    pub(super) what: String,
}

/// The operators of a world.
#[derive(Debug)]
pub(super) enum Crew {
    /// One for each shard.
    Shards(Shards),
    /// Those that take turns.
    Replicas(Box<Replicas>),
}

/// The operators in a world.
#[derive(Debug)]
pub struct Driven {
    crew: Crew,
    ledger: Rc<Ledger>,
    now: Now,
    order: StartOrder,
}

impl Ledger {
    /// A digest of every action with its time; equal runs have equal digests.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest.get()
    }

    /// How many actions were wanted.
    #[must_use]
    pub fn actions(&self) -> u64 {
        self.actions.get()
    }

    /// The writes since the last time, of operators that others can take the place of.
    pub(super) fn take_writes(&self) -> Vec<Write> {
        self.writes.take()
    }

    fn mix(&self, number: u64) {
        self.digest.set((self.digest.get() ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
    }

    fn text(&self, text: &str) {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.mix(u64::from_le_bytes(last));
        self.mix(text.len() as u64);
    }

    fn value(&self, value: &Value) {
        match value {
            Value::Null => self.mix(1),
            Value::Bool(flag) => self.mix(2 + u64::from(*flag)),
            Value::Number(number) => match number.as_i64() {
                Some(number) => self.mix(number.cast_unsigned()),
                None => self.mix(number.as_f64().unwrap_or_default().to_bits()),
            },
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.mix(items.len() as u64);
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(fields) => {
                self.mix(fields.len() as u64);
                for (key, field) in fields {
                    self.text(key);
                    self.value(field);
                }
            }
        }
    }

    fn action(&self, now: Now, OperatorAction { key, action }: &OperatorAction) {
        self.actions.set(self.actions.get() + 1);
        self.mix(now.monotonic.0);
        self.text(&key.name);
        match action {
            Action::Request { id, request, .. } => {
                self.mix(id.0);
                self.request(request);
            }
            Action::Watch { id, target, .. } => {
                self.mix(id.0);
                self.text(&target.kind);
            }
            Action::Unwatch { id } => self.mix(id.0),
            Action::Emit(event) => {
                self.text(&event.reason);
                self.text(&event.message);
            }
            Action::Log(entry) => self.text(&entry.message),
        }
    }

    fn request(&self, request: &Request) {
        match request {
            Request::Get { object } | Request::Delete { object, .. } => self.text(&object.name),
            Request::List { kind, .. } | Request::ListMetadata { kind, .. } => self.text(kind),
            Request::Create { body } | Request::Update { body } => self.value(body),
            Request::Patch { object, patch, body, status, dry_run } => {
                self.text(&object.name);
                let forced = matches!(patch, Patch::Apply { force: true, .. });
                self.mix(u64::from(*status) | u64::from(*dry_run) << 1 | u64::from(forced) << 2);
                self.value(body);
            }
            Request::Discover { fresh } => self.mix(u64::from(*fresh)),
            Request::Fetch { url } => self.text(url),
        }
    }
}

impl Driven {
    /// Operators that write into a ledger. With a seed they see what exists at their start in another order.
    pub(super) fn new(crew: Crew, ledger: Rc<Ledger>, shuffle: Option<u64>) -> Self {
        Self { crew, ledger, now: Now::default(), order: StartOrder::drawn_from(shuffle) }
    }

    /// Whether a pass over a release is under way.
    #[must_use]
    pub fn is_in_pass(&self, key: &ReleaseKey) -> bool {
        match &self.crew {
            Crew::Shards(shards) => shards.is_in_pass(key),
            Crew::Replicas(replicas) => replicas.is_in_pass(key),
        }
    }

    /// Those that take turns, if there are such.
    pub(super) fn replicas(&mut self) -> Option<&mut Replicas> {
        match &mut self.crew {
            Crew::Shards(_) => None,
            Crew::Replicas(replicas) => Some(replicas),
        }
    }

    fn note_write(&self, OperatorAction { action, .. }: &OperatorAction) {
        if let (Crew::Replicas(replicas), Action::Request { id, request, .. }) = (&self.crew, action)
            && request.is_write()
            && kind_of(request) != Some("Lease")
        {
            let what = format!("{} {}", verb_of(request).word(), kind_of(request).unwrap_or_default());
            let write = Write { at: self.now.monotonic, writer: replicas.sender(*id).to_owned(), what };
            self.ledger.writes.borrow_mut().push(write);
        }
    }
}

impl Machine for Driven {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        self.now = now;
        let crew = &mut self.crew;
        self.order.take(input, |input| match crew {
            Crew::Shards(shards) => shards.handle(now, input),
            Crew::Replicas(replicas) => replicas.handle(now, input),
        });
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let action = match &mut self.crew {
            Crew::Shards(shards) => shards.poll_action(),
            Crew::Replicas(replicas) => replicas.poll_action(),
        }?;
        self.ledger.action(self.now, &action);
        self.note_write(&action);
        Some(action)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        match &self.crew {
            Crew::Shards(shards) => shards.poll_timeout(),
            Crew::Replicas(replicas) => replicas.poll_timeout(),
        }
    }

    fn term(&self, key: &ReleaseKey, id: RequestId) -> u64 {
        match &self.crew {
            Crew::Shards(_) => 0,
            Crew::Replicas(replicas) => replicas.term(key, id),
        }
    }
}
