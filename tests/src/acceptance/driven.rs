//! The operator as the machine of a simulated world, with its trace.

use std::cell::RefCell;
use std::rc::Rc;

use pilothouse_io_sim::world::{Machine, Start, StartOrder};
use pilothouse_operator::{Config, Operator, OperatorAction, OperatorInput};
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

/// Sees what passes between the operator and its world.
pub trait Witness {
    /// Before an input is handled.
    fn input(&mut self, now: Now, input: &OperatorInput);
    /// After it was handled.
    fn handled(&mut self);
    /// An action that the input has led to.
    fn action(&mut self, action: &OperatorAction);
    /// There are no more.
    fn drained(&mut self);
}

/// Makes the operator of a world, with its witness.
pub type Operators = Rc<dyn Fn(&Config, Start) -> (Operator, Option<Box<dyn Witness>>)>;

/// The operator in a world.
pub struct Driven {
    operator: Operator,
    witness: Option<Box<dyn Witness>>,
    trace: Option<Trace>,
    order: StartOrder,
    actions: u64,
}

impl Driven {
    /// An operator with the receiver of its trace. With a seed it sees what exists at its start in another order.
    #[must_use]
    pub fn new(operator: Operator, trace: Option<Trace>, shuffle: Option<u64>) -> Self {
        Self { operator, witness: None, trace, order: StartOrder::drawn_from(shuffle), actions: 0 }
    }

    /// With somebody who sees what passes.
    #[must_use]
    pub fn with_witness(self, witness: Option<Box<dyn Witness>>) -> Self {
        Self { witness, ..self }
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
        if let Some(witness) = &mut self.witness {
            witness.input(now, &input);
        }
        self.operator.handle(now, input);
        if let Some(witness) = &mut self.witness {
            witness.handled();
        }
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
        let mut order = std::mem::take(&mut self.order);
        order.take(input, |input| self.feed(now, input));
        self.order = order;
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let Some(action) = self.operator.poll_action() else {
            if let Some(witness) = &mut self.witness {
                witness.drained();
            }
            return None;
        };
        if let Some(witness) = &mut self.witness {
            witness.action(&action);
        }
        self.actions += 1;
        self.write(&Line::Action(&action));
        Some(action)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.operator.poll_timeout()
    }
}
