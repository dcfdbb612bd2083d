//! What evaluating an expression may cost, and the functions that count it.
//!
//! The interpreter has no bound of its own. So the program is rewritten by [`crate::charge`]: what functions and operators
//! work on passes through these functions, which cannot be named in an expression, and pay for its size.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cel::common::types::{CelBytes, CelList, CelMap, CelOptional, CelString, DYN_TYPE, MAP_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

/// The variable that holds the budget.
pub(crate) const VARIABLE: &str = "@budget";
/// Pays for a value: `@charge(@budget, value)`.
pub(crate) const CHARGE: &str = "@charge";
/// Pays for the elements of what is iterated over, and gives the keys of a map in order.
pub(crate) const RANGE: &str = "@range";
/// Pays for a value as often as another one has characters or elements: `@multiply(@budget, value, other)`.
pub(crate) const MULTIPLY: &str = "@multiply";

/// cel-go's words.
pub(crate) const EXCEEDED: &str = "operation cancelled: actual cost limit exceeded";

/// Units that one evaluation may cost: each operand is one, each element of it is one, and so are so many bytes of text.
const LIMIT: u64 = 1_000_000;
const BYTES: u64 = 16;

/// What is left. Copies share it.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    left: Arc<AtomicU64>,
}

static BUDGET_TYPE: Type = Type::new_unspecified_type(VARIABLE);

impl Default for Budget {
    fn default() -> Self {
        Self { left: Arc::new(AtomicU64::new(LIMIT)) }
    }
}

impl Val for Budget {
    fn get_type(&self) -> &Type {
        <Self as Val>::cel_type()
    }

    fn cel_type() -> &'static Type {
        &BUDGET_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Budget {}

impl Budget {
    /// Whether more was asked for than there was. Operators may have swallowed the error.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Pays, or fails for good.
    fn pay(&self, units: u64) -> Result<(), ExecutionError> {
        let left = self.left.load(Ordering::Relaxed).checked_sub(units);
        self.left.store(left.unwrap_or_default(), Ordering::Relaxed);
        left.map(drop).ok_or_else(|| ExecutionError::function_error(CHARGE, EXCEEDED))
    }
}

/// Declares the functions.
pub(crate) fn extension(environment: &mut Env) -> Result<(), DeclarationError> {
    environment.add_overload(CHARGE, CHARGE, vec![DYN_TYPE, DYN_TYPE], charge)?;
    environment.add_overload(RANGE, RANGE, vec![DYN_TYPE, DYN_TYPE], range)?;
    environment.add_overload(MULTIPLY, MULTIPLY, vec![DYN_TYPE, DYN_TYPE, DYN_TYPE], multiply)
}

fn charge<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [budget, value] = exactly(arguments)?;
    of(&budget)?.pay(weight(value.as_ref()))?;
    Ok(value)
}

fn range<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [budget, value] = exactly(arguments)?;
    of(&budget)?.pay(weight(value.as_ref()))?;
    if *value.get_type() != MAP_TYPE {
        return Ok(value);
    }
    let mut keys: Vec<Box<dyn Val + 'v>> = Vec::new();
    if let Some(iterable) = value.as_iterable() {
        let mut items = iterable.iter();
        while let Some(key) = items.next() {
            keys.push(key.clone_as_boxed());
        }
    }
    keys.sort_by_cached_key(|key| format!("{key:?}"));
    Ok(CowVal::owned(CelList::from(keys)))
}

fn multiply<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [budget, value, factor] = exactly(arguments)?;
    of(&budget)?.pay(weight(value.as_ref()).saturating_mul(weight(factor.as_ref())).saturating_mul(BYTES))?;
    Ok(value)
}

fn exactly<'b, 'v, const N: usize>(
    arguments: Vec<CowVal<'b, 'v>>,
) -> Result<[CowVal<'b, 'v>; N], ExecutionError> {
    let count = arguments.len();
    arguments.try_into().map_err(|_| ExecutionError::invalid_argument_count(N, count))
}

fn of<'a>(value: &'a CowVal<'_, '_>) -> Result<&'a Budget, ExecutionError> {
    let budget = value.as_any().and_then(|any| any.downcast_ref::<Budget>());
    budget.ok_or_else(|| ExecutionError::undeclared_reference(VARIABLE))
}

/// How much a value is: at least one.
fn weight<'v>(value: &(dyn Val + 'v)) -> u64 {
    let inner = if let Some(text) = value.downcast_ref::<CelString<'v>>() {
        text.inner().len() as u64 / BYTES
    } else if let Some(bytes) = value.downcast_ref::<CelBytes<'v>>() {
        bytes.inner().len() as u64 / BYTES
    } else if let Some(list) = value.downcast_ref::<CelList<'v>>() {
        list.inner().iter().map(|item| weight(item.as_ref())).sum()
    } else if let Some(map) = value.downcast_ref::<CelMap<'v>>() {
        // A sum does not depend on the order.
        map.inner().values().map(|item| 1 + weight(item.as_ref())).sum()
    } else if let Some(optional) = value.downcast_ref::<CelOptional<'v>>() {
        optional.inner().map_or(0, weight)
    } else {
        0
    };
    inner.saturating_add(1)
}
