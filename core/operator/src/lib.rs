//! All releases of one operator.
//!
//! [`Operator`] holds one [`pilothouse_reconcile::Release`] machine for each HelmRelease and decides who may run; the
//! release machines decide what to do. The two talk in values. The operator is driven like its children: feed an
//! [`OperatorInput`], drain [`OperatorAction`]s, ask for the next deadline.

mod index;
mod messages;
mod operator;
mod passes;
mod storage;
mod timers;

pub use messages::{OperatorAction, OperatorInput};
pub use operator::{Operator, Progress};
pub use passes::FinishedPass;
pub use pilothouse_machine::Random;
pub use pilothouse_reconcile::PassResult;
pub use pilothouse_reconcile::{Config, DigestTape, Gates, Holder};
