//! Sets of field paths, as `metadata.managedFields` holds them (FieldsV1).

mod path;
mod problems;
mod set;
mod typed;

pub use path::{PathElement, display_path};
pub use problems::problems;
pub use set::FieldSet;
pub use typed::{Comparison, compare, fields_of, item_element, remove_fields};
