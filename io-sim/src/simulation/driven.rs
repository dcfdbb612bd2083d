//! The operator as the machine of a simulated world, with a digest of all that it wants.

use std::cell::Cell;
use std::rc::Rc;

use pilothouse_operator::{Operator, OperatorAction, OperatorInput};
use pilothouse_protocol::{Action, Deadline, Now, Patch, Request};
use serde_json::Value;

use super::shards::Shards;
use crate::world::{Machine, StartOrder};

/// What an operator and its successors have wanted.
#[derive(Debug, Default)]
pub struct Ledger {
    digest: Cell<u64>,
    actions: Cell<u64>,
}

/// The operator in a world.
#[derive(Debug)]
pub struct Driven {
    shards: Shards,
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
    /// Operators, one for each shard, that write into a ledger. With a seed they see what exists at their start in another
    /// order.
    #[must_use]
    pub fn new(operators: Vec<Operator>, ledger: Rc<Ledger>, shuffle: Option<u64>) -> Self {
        Self {
            shards: Shards::new(operators),
            ledger,
            now: Now::default(),
            order: StartOrder::drawn_from(shuffle),
        }
    }

    /// The operator of the releases without a shard.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        self.shards.first()
    }
}

impl Machine for Driven {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        self.now = now;
        let shards = &mut self.shards;
        self.order.take(input, |input| shards.handle(now, input));
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let action = self.shards.poll_action()?;
        self.ledger.action(self.now, &action);
        Some(action)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.shards.poll_timeout()
    }
}
