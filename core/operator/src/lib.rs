//! All releases of one operator.
//!
//! [`Operator`] holds one [`pilothouse_reconcile::Release`] machine for each HelmRelease and decides who may run; the
//! release machines decide what to do. The two talk in values. The operator is driven like its children: feed an
//! [`OperatorInput`], drain [`OperatorAction`]s, ask for the next deadline.

mod messages;

pub use messages::{OperatorAction, OperatorInput};
