//! Questions about types, and deep equality.

use crate::value::{ParamType, Value};

use super::arguments::text;
use super::{Function, fixed};

const ANY: ParamType = ParamType::Any;
const NAMED: &[ParamType] = &[ParamType::String, ParamType::Any];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("typeOf", &[ANY], |_, arguments| Ok(arguments[0].type_name().into())),
    fixed("typeIs", NAMED, |_, arguments| Ok(Value::Bool(text(arguments, 0) == arguments[1].type_name()))),
    fixed("typeIsLike", NAMED, |_, arguments| {
        let (target, actual) = (text(arguments, 0), arguments[1].type_name());
        Ok(Value::Bool(target == actual || format!("*{target}") == actual))
    }),
    fixed("kindOf", &[ANY], |_, arguments| Ok(arguments[0].kind().name().into())),
    fixed("kindIs", NAMED, |_, arguments| Ok(Value::Bool(text(arguments, 0) == arguments[1].kind().name()))),
    fixed("deepEqual", &[ANY, ANY], |run, arguments| {
        let (equal, nodes) = arguments[0].deep_equal(&arguments[1])?;
        run.environment.budget.charge_steps(nodes as u64)?;
        Ok(Value::Bool(equal))
    }),
];
