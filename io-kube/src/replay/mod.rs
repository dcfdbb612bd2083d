//! `pilothouse replay`: what an operator was told is told to another one, and what it wants is compared with what the first
//! one wanted.

mod difference;
mod entry;
mod page;
mod play;
mod read;
mod report;
mod summary;

pub use difference::{Difference, differences};
pub use entry::{Entry, Lane};
pub use play::{Divergence, Played, Player};
pub use read::{Recording, ReplayError};
pub use report::{ReplayOptions, Verdict, replay};
