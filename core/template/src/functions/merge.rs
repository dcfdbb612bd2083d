//! Merging dictionaries, after `dario.cat/mergo` as sprig calls it.

use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{Entries, Kind, MAX_VALUE_DEPTH, Map, MapType, ParamType, Value};

use super::arguments::{charge_items, is_empty, map, value};
use super::{Function, variadic};

const MAP: ParamType = ParamType::Map;

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("merge", &[MAP], MAP, |run, arguments| merge_all(run, arguments, false)),
    variadic("mustMerge", &[MAP], MAP, |run, arguments| merge_all(run, arguments, false)),
    variadic("mergeOverwrite", &[MAP], MAP, |run, arguments| merge_all(run, arguments, true)),
    variadic("mustMergeOverwrite", &[MAP], MAP, |run, arguments| merge_all(run, arguments, true)),
];

fn merge_all(run: &mut Run<'_, '_>, arguments: &[Value], overwrite: bool) -> Executed<Value> {
    let target = match map(arguments, 0) {
        Some(target) if !target.is_nil() => target,
        _ => return merge_into_nil(run, arguments, overwrite),
    };
    for source in arguments.iter().skip(1).filter_map(Value::as_map) {
        merge_maps(run, &target, &source, overwrite, 0)?;
    }
    Ok(value(arguments, 0))
}

/// A nil target becomes a new map as soon as a source is not nil.
fn merge_into_nil(run: &mut Run<'_, '_>, arguments: &[Value], overwrite: bool) -> Executed<Value> {
    let sources = arguments.iter().skip(1).filter_map(Value::as_map);
    let sources: Vec<Rc<Map>> = sources.filter(|source| !source.is_nil()).collect();
    if sources.is_empty() {
        return Ok(Value::Map(Rc::new(Map::new_nil(MapType::Any))));
    }
    let target = Rc::new(Map::new(MapType::Any, Entries::new()));
    for source in sources {
        merge_maps(run, &target, &source, overwrite, 0)?;
    }
    Ok(Value::Map(target))
}

/// Merges `source` into `target`, which shares what it takes over.
fn merge_maps(
    run: &mut Run<'_, '_>,
    target: &Rc<Map>,
    source: &Rc<Map>,
    overwrite: bool,
    depth: usize,
) -> Executed<()> {
    if depth > MAX_VALUE_DEPTH {
        return Err(ExecError::plain(format!("value nests deeper than {MAX_VALUE_DEPTH} levels")));
    }
    if target.is_same(source) {
        return Ok(());
    }
    for (key, new) in source.snapshot() {
        run.environment.budget.charge_steps(1)?;
        let old = target.get(&key);
        if new.is_nil() {
            if overwrite {
                target.insert(key, new);
            }
            continue;
        }
        if let (Some(old), Some(new)) = (old.as_ref().and_then(Value::as_map), new.as_map()) {
            merge_maps(run, &old, &new, overwrite, depth + 1)?;
        }
        if takes_new(target, old.as_ref(), &new, overwrite) {
            charge_items(run, 1)?;
            run.environment.changed.note(target, &new);
            target.insert(key, new);
        }
    }
    Ok(())
}

/// Whether the new value replaces the old one. Asked after two maps have been merged.
fn takes_new(target: &Map, old: Option<&Value>, new: &Value, overwrite: bool) -> bool {
    let Some(old) = old.filter(|old| !is_empty(old)) else {
        return true;
    };
    match (old.kind(), new.kind()) {
        (Kind::Map, Kind::Map) => false,
        // A list stands against any value that is not empty, unless overwriting.
        (_, Kind::Slice) => overwrite || target.is_empty(),
        _ => overwrite,
    }
}
