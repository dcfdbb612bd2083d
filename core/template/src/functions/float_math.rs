//! Float arithmetic, which sprig does in decimal.

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format;
use crate::value::{ParamType, Value};

use super::convert::to_float64;
use super::decimal::Decimal;
use super::{Function, fixed, variadic};

const ANY: ParamType = ParamType::Any;

/// An operation on decimals; nothing when dividing by zero.
type Operation = fn(&Decimal, &Decimal) -> Option<Decimal>;

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("add1f", &[ANY], |run, arguments| {
        fold(run, &[arguments[0].clone(), Value::int(1)], |left, right| Some(left.add(right)))
    }),
    variadic("addf", &[], ANY, |run, arguments| {
        let mut all = vec![Value::Float(0.0)];
        all.extend_from_slice(arguments);
        fold(run, &all, |left, right| Some(left.add(right)))
    }),
    variadic("subf", &[ANY], ANY, |run, arguments| {
        fold(run, arguments, |left, right| Some(left.subtract(right)))
    }),
    variadic("mulf", &[ANY], ANY, |run, arguments| {
        fold(run, arguments, |left, right| Some(left.multiply(right)))
    }),
    variadic("divf", &[ANY], ANY, |run, arguments| fold(run, arguments, Decimal::divide)),
];

fn fold(run: &mut Run<'_, '_>, arguments: &[Value], operation: Operation) -> Executed<Value> {
    let mut result: Option<Decimal> = None;
    for argument in arguments {
        let number = to_float64(argument);
        let Some(next) = Decimal::from_float(number) else {
            let shown = format::value_text(&Value::Float(number));
            return Err(ExecError::plain(format!("Cannot create a Decimal from {shown}")));
        };
        result = Some(match result {
            None => next,
            Some(left) => {
                run.environment.budget.charge_steps(10 + (left.size() * 4) as u64)?;
                let result = operation(&left, &next);
                result.ok_or_else(|| ExecError::plain("decimal division by 0"))?
            }
        });
    }
    Ok(Value::Float(result.map_or(0.0, |result| result.to_float())))
}
