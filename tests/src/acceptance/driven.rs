//! The operator as the machine of a simulated world, with its trace.

use std::cell::RefCell;
use std::rc::Rc;

use pilothouse_io_sim::rng::Rng;
use pilothouse_io_sim::world::Machine;
use pilothouse_operator::{Operator, OperatorAction, OperatorInput};
use pilothouse_protocol::{Deadline, Now};
use serde::Serialize;

/// Every input and action as a line of JSON.
pub type Trace = Rc<RefCell<Vec<String>>>;

/// One line of a trace.
#[derive(Serialize)]
enum Line<'a> {
    Input { now: Now, input: &'a OperatorInput },
    Action(&'a OperatorAction),
}

/// The operator in a world.
#[derive(Debug)]
pub struct Driven {
    operator: Operator,
    trace: Option<Trace>,
    /// What exists at the start, until all of it is known.
    held: Option<(u64, Vec<OperatorInput>)>,
    actions: u64,
}

impl Driven {
    /// An operator with the receiver of its trace. With a seed it sees what exists at its start in another order.
    #[must_use]
    pub fn new(operator: Operator, trace: Option<Trace>, shuffle: Option<u64>) -> Self {
        Self { operator, trace, held: shuffle.map(|seed| (seed, Vec::new())), actions: 0 }
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// How many actions it has wanted.
    #[must_use]
    pub fn actions(&self) -> u64 {
        self.actions
    }

    fn feed(&mut self, now: Now, input: OperatorInput) {
        self.write(&Line::Input { now, input: &input });
        self.operator.handle(now, input);
    }

    fn write(&self, line: &Line<'_>) {
        if let Some(trace) = &self.trace {
            let text = serde_json::to_string(line).unwrap_or_else(|error| error.to_string());
            trace.borrow_mut().push(text);
        }
    }
}

impl Machine for Driven {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        match (&mut self.held, input) {
            (Some((seed, inputs)), OperatorInput::Synced) => {
                let (seed, inputs) = (*seed, std::mem::take(inputs));
                self.held = None;
                for input in shuffled(seed, inputs) {
                    self.feed(now, input);
                }
                self.feed(now, OperatorInput::Synced);
            }
            (Some((_, inputs)), input) => inputs.push(input),
            (None, input) => self.feed(now, input),
        }
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let action = self.operator.poll_action()?;
        self.actions += 1;
        self.write(&Line::Action(&action));
        Some(action)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.operator.poll_timeout()
    }
}

fn shuffled(seed: u64, mut inputs: Vec<OperatorInput>) -> Vec<OperatorInput> {
    let mut rng = Rng::new(seed);
    for last in (1..inputs.len()).rev() {
        let other = rng.below(last as u64 + 1);
        inputs.swap(last, usize::try_from(other).unwrap_or(last));
    }
    inputs
}
