//! Lists and watches on the raw API: those of the whole operator and those that release machines ask for.

mod backoff;
mod joined;
mod lines;
mod machine;
mod shared;
mod stream;

pub use machine::MachineWatches;
pub use shared::{SharedWatches, WatchScope};
pub use stream::{Flow, ListWatch, Observer, Part, Seen, follow};
