//! Arithmetic, rounding and sequences.

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{List, ListType, ParamType, Value};

use super::arguments::{charge_items, int};
use super::convert::{to_float64, to_int64};
use super::{Function, fixed, variadic};

const ANY: ParamType = ParamType::Any;
const INT: ParamType = ParamType::Int;

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("add1", &[ANY], |_, arguments| Ok(Value::int64(to_int64(&arguments[0]).wrapping_add(1)))),
    variadic("add", &[], ANY, |_, arguments| {
        Ok(Value::int64(arguments.iter().map(to_int64).fold(0, i64::wrapping_add)))
    }),
    fixed("sub", &[ANY, ANY], |_, arguments| {
        Ok(Value::int64(to_int64(&arguments[0]).wrapping_sub(to_int64(&arguments[1]))))
    }),
    fixed("div", &[ANY, ANY], |_, arguments| divide(arguments, i64::wrapping_div)),
    fixed("mod", &[ANY, ANY], |_, arguments| divide(arguments, i64::wrapping_rem)),
    variadic("mul", &[ANY], ANY, |_, arguments| {
        Ok(Value::int64(arguments.iter().map(to_int64).fold(1, i64::wrapping_mul)))
    }),
    variadic("max", &[ANY], ANY, |_, arguments| Ok(extreme(arguments, i64::max))),
    variadic("biggest", &[ANY], ANY, |_, arguments| Ok(extreme(arguments, i64::max))),
    variadic("min", &[ANY], ANY, |_, arguments| Ok(extreme(arguments, i64::min))),
    variadic("maxf", &[ANY], ANY, |_, arguments| Ok(extreme_float(arguments, f64::INFINITY, |a, b| a > b))),
    variadic("minf", &[ANY], ANY, |_, arguments| {
        Ok(extreme_float(arguments, f64::NEG_INFINITY, |a, b| a < b))
    }),
    fixed("ceil", &[ANY], |_, arguments| Ok(Value::Float(to_float64(&arguments[0]).ceil()))),
    fixed("floor", &[ANY], |_, arguments| Ok(Value::Float(to_float64(&arguments[0]).floor()))),
    variadic("round", &[ANY, INT], ParamType::Float64, |_, arguments| Ok(round(arguments))),
    fixed("until", &[INT], |run, arguments| {
        let end = int(arguments, 0);
        Ok(ints(steps(run, 0, end, if end < 0 { -1 } else { 1 })?))
    }),
    fixed("untilStep", &[INT, INT, INT], |run, arguments| {
        Ok(ints(steps(run, int(arguments, 0), int(arguments, 1), int(arguments, 2))?))
    }),
    variadic("seq", &[], INT, seq),
];

fn divide(arguments: &[Value], operation: fn(i64, i64) -> i64) -> Executed<Value> {
    match to_int64(&arguments[1]) {
        0 => Err(ExecError::plain("runtime error: integer divide by zero")),
        divisor => Ok(Value::int64(operation(to_int64(&arguments[0]), divisor))),
    }
}

fn extreme(arguments: &[Value], choose: fn(i64, i64) -> i64) -> Value {
    Value::int64(arguments.iter().map(to_int64).reduce(choose).unwrap_or(0))
}

/// Go's `math.Max` and `math.Min`: the `utmost` wins even over NaN, and zeros have an order.
fn extreme_float(arguments: &[Value], utmost: f64, is_better: fn(f64, f64) -> bool) -> Value {
    let choose = |best: f64, next: f64| {
        if best == utmost || next == utmost {
            utmost
        } else if best.is_nan() || next.is_nan() {
            f64::NAN
        } else if best == 0.0 && next == 0.0 {
            // One over it is infinite with the sign of the zero.
            if is_better(1.0 / next, 1.0 / best) { next } else { best }
        } else if is_better(next, best) {
            next
        } else {
            best
        }
    };
    Value::Float(arguments.iter().map(to_float64).reduce(choose).unwrap_or(0.0))
}

/// Rounds to a number of places; a part of at least `rest` (0.5 unless given) goes up, whatever the sign.
fn round(arguments: &[Value]) -> Value {
    let round_on = arguments.get(2).map_or(0.5, to_float64);
    let power = power_of_ten(int(arguments, 1));
    let digit = power * to_float64(&arguments[0]);
    let rounded = if digit.fract() >= round_on { digit.ceil() } else { digit.floor() };
    Value::Float(rounded / power)
}

/// Go's `math.Pow` with the base of ten, which is not the nearest number for each exponent.
fn power_of_ten(exponent: i64) -> f64 {
    const ENOUGH: i32 = 1 << 12;
    // Ten is this times two to the fourth.
    let (mut factor, mut shift) = (0.625, 4);
    let (mut mantissa, mut scale) = (1.0, 0i32);
    let mut left = exponent.unsigned_abs();
    while left != 0 {
        if shift > ENOUGH {
            scale += shift;
            break;
        }
        if left & 1 == 1 {
            mantissa *= factor;
            scale += shift;
        }
        factor *= factor;
        shift *= 2;
        if factor < 0.5 {
            factor += factor;
            shift -= 1;
        }
        left >>= 1;
    }
    if exponent < 0 {
        (mantissa, scale) = (1.0 / mantissa, -scale);
    }
    let scale = scale.clamp(-2000, 2000);
    mantissa * 2f64.powi(scale / 2) * 2f64.powi(scale - scale / 2)
}

/// The numbers from `start` to before `stop`.
fn steps(run: &mut Run<'_, '_>, start: i64, stop: i64, step: i64) -> Executed<Vec<i64>> {
    let distance = i128::from(stop) - i128::from(start);
    let step_wide = i128::from(step);
    if distance == 0 || step == 0 || (distance > 0) != (step > 0) {
        return Ok(Vec::new());
    }
    let count = usize::try_from((distance.abs() - 1) / step_wide.abs() + 1).unwrap_or(usize::MAX);
    charge_items(run, count)?;
    let mut numbers = Vec::with_capacity(count);
    let mut next = start;
    for _ in 0..count {
        numbers.push(next);
        next = next.wrapping_add(step);
    }
    Ok(numbers)
}

fn ints(numbers: Vec<i64>) -> Value {
    let items = numbers.into_iter().map(Value::int).collect();
    Value::List(std::rc::Rc::new(List::new(ListType::Int, items)))
}

/// Like the `seq` command: end; start and end; or start, step and end.
fn seq(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let (start, end, step) = match arguments.len() {
        1 => (1, int(arguments, 0), None),
        2 => (int(arguments, 0), int(arguments, 1), None),
        3 => (int(arguments, 0), int(arguments, 2), Some(int(arguments, 1))),
        _ => return Ok("".into()),
    };
    let direction = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(direction);
    if end < start && step > 0 {
        return Ok("".into());
    }
    let numbers = steps(run, start, end.saturating_add(direction), step)?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}
