//! Merging dictionaries, after `dario.cat/mergo` as sprig calls it.

use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{
    COMPARED_PER_STEP, Entries, Kind, MAX_VALUE_DEPTH, Map, MapType, ParamType, Shape, Value, is_exported,
};

use super::arguments::{charge_items, is_empty, map, value};
use super::{Function, variadic};

const MAP: ParamType = ParamType::Map;

/// Go's name of the type that every value fits.
const ANY: &str = "interface {}";

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("merge", &[MAP], MAP, |run, arguments| lenient(merge_all(run, arguments, false))),
    variadic("mustMerge", &[MAP], MAP, |run, arguments| strict(merge_all(run, arguments, false))),
    variadic("mergeOverwrite", &[MAP], MAP, |run, arguments| lenient(merge_all(run, arguments, true))),
    variadic("mustMergeOverwrite", &[MAP], MAP, |run, arguments| strict(merge_all(run, arguments, true))),
];

/// Why maps cannot be merged.
enum MergeError {
    /// A pointer stands against a value of another type: the one error that is returned.
    Types,
    /// Go panics, or a bound is passed.
    Failed(ExecError),
}

impl<T: Into<ExecError>> From<T> for MergeError {
    fn from(error: T) -> Self {
        MergeError::Failed(error.into())
    }
}

type Merged<T> = Result<T, MergeError>;

/// What a function gives that keeps errors from templates.
fn lenient(merged: Merged<Value>) -> Executed<Value> {
    match merged {
        Err(MergeError::Types) => Ok(Value::from("")),
        other => strict(other),
    }
}

fn strict(merged: Merged<Value>) -> Executed<Value> {
    merged.map_err(|error| match error {
        MergeError::Types => ExecError::plain("src and dst must be of same type"),
        MergeError::Failed(error) => error,
    })
}

fn merge_all(run: &mut Run<'_, '_>, arguments: &[Value], overwrite: bool) -> Merged<Value> {
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
fn merge_into_nil(run: &mut Run<'_, '_>, arguments: &[Value], overwrite: bool) -> Merged<Value> {
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
) -> Merged<()> {
    if depth > MAX_VALUE_DEPTH {
        return Err(ExecError::plain(format!("value nests deeper than {MAX_VALUE_DEPTH} levels")).into());
    }
    if target.is_same(source) {
        return Ok(());
    }
    for (key, new) in source.snapshot() {
        // A long key is compared several times until its place is found.
        run.environment.budget.charge_steps(1 + (4 * key.len() / COMPARED_PER_STEP) as u64)?;
        let old = target.get(&key);
        if new.is_nil() {
            if overwrite {
                insert(run, target, key, new, source.map_type().element_name())?;
            }
            continue;
        }
        match new.kind() {
            Kind::Map | Kind::Struct | Kind::Ptr => {
                let old = old.as_ref().unwrap_or(&Value::Nil);
                merge_values(run, old, &new, overwrite, depth + 1)?;
            }
            Kind::Slice => check_slice(target, old.as_ref(), &new, overwrite)?,
            _ => {}
        }
        if takes_new(target, old.as_ref(), &new, overwrite) {
            insert(run, target, key, new, source.map_type().element_name())?;
        }
    }
    Ok(())
}

/// Sets a member whose type Go knows by that name.
fn insert(run: &mut Run<'_, '_>, target: &Rc<Map>, key: Rc<str>, new: Value, type_name: &str) -> Merged<()> {
    check_assignable(target, type_name)?;
    charge_items(run, 1)?;
    run.environment.changed.note(target, &new);
    target.insert(key, new);
    Ok(())
}

fn check_assignable(target: &Map, type_name: &str) -> Merged<()> {
    let wanted = target.map_type().element_name();
    if matches!(wanted, name if name == ANY || name == type_name) {
        return Ok(());
    }
    let message =
        format!("reflect.Value.SetMapIndex: value of type {type_name} is not assignable to type {wanted}");
    Err(ExecError::plain(message).into())
}

/// Go sets a list before it asks whether it replaces the old value.
fn check_slice(target: &Map, old: Option<&Value>, new: &Value, overwrite: bool) -> Merged<()> {
    match old {
        Some(old) if target.map_type() == MapType::String => Err(called("IsNil", old)),
        Some(old) if !old.is_nil() && !overwrite && !target.is_empty() => {
            check_assignable(target, old.type_name())
        }
        _ => check_assignable(target, new.type_name()),
    }
}

/// Merges values that stand in interfaces: what is no pointer cannot be set there.
fn merge_values(
    run: &mut Run<'_, '_>,
    old: &Value,
    new: &Value,
    overwrite: bool,
    depth: usize,
) -> Merged<()> {
    match (old.kind(), new.kind()) {
        (Kind::Struct, _) => merge_structs(run, old, new, overwrite, depth),
        (Kind::Map, kind) => match (old.as_map(), new.as_map()) {
            (Some(old), _) if old.is_nil() && kind == Kind::Struct => Err(called("IsNil", new)),
            (Some(old), Some(new)) if !old.is_nil() => merge_maps(run, &old, &new, overwrite, depth),
            _ => Ok(()),
        },
        (Kind::Ptr, Kind::Map) if new.as_map().is_some_and(|new| new.is_nil()) => Ok(()),
        (Kind::Ptr, Kind::Ptr) => merge_pointed(run, old, new, overwrite, depth),
        (Kind::Ptr, _) if overwrite || pointed_type(old) == new.type_name() => Ok(()),
        (Kind::Ptr, _) => Err(MergeError::Types),
        _ => Ok(()),
    }
}

/// Merges what two pointers point at, which is set as a whole when none of its fields can be.
fn merge_pointed(
    run: &mut Run<'_, '_>,
    old: &Value,
    new: &Value,
    overwrite: bool,
    depth: usize,
) -> Merged<()> {
    if fields(old).is_some_and(|fields| fields.iter().any(|(name, _)| is_exported(name))) {
        return merge_structs(run, old, new, overwrite, depth);
    }
    let (wanted, given) = (pointed_type(old), pointed_type(new));
    match (old, new) {
        _ if !overwrite => Ok(()),
        (Value::Native(old), Value::Native(new)) if wanted == given => {
            old.assign(&**new);
            Ok(())
        }
        _ => {
            let message = format!("reflect.Set: value of type {given} is not assignable to type {wanted}");
            Err(ExecError::plain(message).into())
        }
    }
}

/// Merges structs field by field. None of them can be set, but Go looks at all.
fn merge_structs(
    run: &mut Run<'_, '_>,
    old: &Value,
    new: &Value,
    overwrite: bool,
    depth: usize,
) -> Merged<()> {
    let old_fields = fields(old).unwrap_or_default();
    if !old_fields.iter().any(|(name, _)| is_exported(name)) {
        return Ok(());
    }
    let is_struct = matches!(new.kind(), Kind::Struct) || old.kind() == Kind::Ptr;
    let Some(new_fields) = fields(new).filter(|_| is_struct) else { return Err(called("Field", new)) };
    for (index, (_, old)) in old_fields.iter().enumerate() {
        let Some((_, new)) = new_fields.get(index) else {
            return Err(ExecError::plain("reflect: Field index out of range").into());
        };
        merge_values(run, old, new, overwrite, depth + 1)?;
    }
    Ok(())
}

fn fields(value: &Value) -> Option<Vec<(&'static str, Value)>> {
    match value {
        Value::Native(object) => match object.shape() {
            Shape::Struct(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}

fn pointed_type(pointer: &Value) -> &str {
    pointer.type_name().trim_start_matches('*')
}

/// What Go says of a method of `reflect.Value` that the kind does not have.
fn called(method: &str, on: &Value) -> MergeError {
    ExecError::plain(format!("reflect: call of reflect.Value.{method} on {} Value", on.kind().name())).into()
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
