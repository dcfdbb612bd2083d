//! The kinds of patch. All but apply turn the live object into the object that a PUT would carry.

mod apply;
mod json;
mod merge;
mod strategic;

pub(crate) use apply::apply;
pub(crate) use json::json_patch;
pub(crate) use merge::merge_patch;
pub(crate) use strategic::strategic_patch;
