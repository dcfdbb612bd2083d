//! cel-go's extension for sets: `sets.contains`, `sets.equivalent` and `sets.intersects` over lists.

use cel::common::types::{CelBool, CelList, LIST_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

/// Declares the functions.
pub(crate) fn extension(environment: &mut Env) -> Result<(), DeclarationError> {
    let both = || vec![LIST_TYPE, LIST_TYPE];
    environment.add_overload("sets.contains", "list_sets_contains_list", both(), contains)?;
    environment.add_overload("sets.equivalent", "list_sets_equivalent_list", both(), equivalent)?;
    environment.add_overload("sets.intersects", "list_sets_intersects_list", both(), intersects)
}

fn contains<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (set, other) = both(&arguments)?;
    Ok(truth(has_all(set, other)))
}

fn equivalent<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (set, other) = both(&arguments)?;
    Ok(truth(has_all(set, other) && has_all(other, set)))
}

fn intersects<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (set, other) = both(&arguments)?;
    Ok(truth(other.iter().any(|item| has(set, item.as_ref()))))
}

type Items<'a, 'v> = &'a [Box<dyn Val + 'v>];

fn both<'a, 'b, 'v>(
    arguments: &'a [CowVal<'b, 'v>],
) -> Result<(Items<'a, 'v>, Items<'a, 'v>), ExecutionError> {
    let list = |at: usize| arguments.get(at).and_then(|argument| argument.downcast_ref::<CelList<'v>>());
    match (list(0), list(1)) {
        (Some(set), Some(other)) => Ok((set.inner(), other.inner())),
        _ => Err(ExecutionError::no_such_overload("sets", Vec::new())),
    }
}

fn has_all<'v>(set: Items<'_, 'v>, wanted: Items<'_, 'v>) -> bool {
    wanted.iter().all(|item| has(set, item.as_ref()))
}

fn has<'v>(set: Items<'_, 'v>, wanted: &(dyn Val + 'v)) -> bool {
    set.iter().any(|item| item.equals(wanted))
}

fn truth<'b, 'v>(truth: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(truth))
}
