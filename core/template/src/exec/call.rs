//! Calls functions and methods.

use std::rc::Rc;

use crate::error::ExecError;
use crate::functions::{Action, Function, ReflectCall, not_callable, values_methods};
use crate::parse::Shown as _;
use crate::parse::ast::Expr;
use crate::time::named;
use crate::value::{COMPARED_PER_STEP, IntType, Map, Method, Object, ParamType, Value};

use super::{At, Executed, Frame, Operand};

/// How many arguments are passed without allocating.
const FEW: usize = 4;

/// What is called.
#[derive(Clone, Copy)]
pub(super) enum Callee<'c> {
    Function(&'static Function),
    Method(&'c dyn Object, &'static Method),
    /// A method of an integer type.
    Number(IntType, i64, &'static Method),
    /// A method of Helm's `common.Values`.
    Values(&'c Rc<Map>, &'static Method),
}

impl Callee<'_> {
    fn name(&self) -> &'static str {
        match self {
            Callee::Function(function) => function.name,
            Callee::Method(_, method) | Callee::Number(_, _, method) | Callee::Values(_, method) => {
                method.name
            }
        }
    }

    fn params(&self) -> &'static [ParamType] {
        match self {
            Callee::Function(function) => function.params,
            Callee::Method(_, method) | Callee::Number(_, _, method) | Callee::Values(_, method) => {
                method.params
            }
        }
    }

    fn variadic(&self) -> Option<&'static ParamType> {
        match self {
            Callee::Function(function) => function.variadic.as_ref(),
            Callee::Method(_, method) | Callee::Number(_, _, method) | Callee::Values(_, method) => {
                method.variadic.as_ref()
            }
        }
    }

    /// The type of the parameter at `index`; beyond the fixed ones, the variadic type.
    fn param(&self, index: usize) -> &'static ParamType {
        self.params().get(index).or_else(|| self.variadic()).unwrap_or(&ParamType::Any)
    }
}

/// Bytes of a text besides its content.
const TEXT_OVERHEAD: usize = 32;

impl<'a> Frame<'a, '_, '_, '_> {
    /// Calls a function named in a command or as an operand; errors of the call point at `whole`.
    pub(super) fn eval_function(
        &mut self,
        dot: &Operand,
        function: &'static Function,
        whole: At<'a>,
        rest: &'a [Expr],
        last: Option<Value>,
    ) -> Executed<Operand> {
        match function.action {
            Action::And => self.eval_logic(dot, function, rest, last, false),
            Action::Or => self.eval_logic(dot, function, rest, last, true),
            Action::Reflect(call) => self.eval_reflect_call(dot, function, call, whole, rest, last),
            _ => self.eval_call(dot, Callee::Function(function), whole, rest, last),
        }
    }

    /// `and` and `or` stop at the first argument that decides.
    fn eval_logic(
        &mut self,
        dot: &Operand,
        function: &'static Function,
        rest: &'a [Expr],
        last: Option<Value>,
        decides: bool,
    ) -> Executed<Operand> {
        self.charge(1)?;
        self.check_count(Callee::Function(function), rest.len(), last.is_some())?;
        let mut result = Operand::default();
        for argument in rest {
            result = self.eval_argument(dot, &ParamType::Reflect, argument)?;
            if result.value.truth() == decides {
                return Ok(result);
            }
        }
        Ok(last.map_or(result, Operand::plain))
    }

    /// Checks and evaluates the arguments, then calls.
    pub(super) fn eval_call(
        &mut self,
        dot: &Operand,
        callee: Callee<'_>,
        whole: At<'a>,
        rest: &'a [Expr],
        last: Option<Value>,
    ) -> Executed<Operand> {
        self.charge(1)?;
        self.check_count(callee, rest.len(), last.is_some())?;
        if let Callee::Method(object, method) = callee
            && let Some(message) = object.uncallable(method.name)
        {
            return Err(self.fail(message));
        }
        let count = rest.len() + usize::from(last.is_some());
        let mut few: [Value; FEW] = Default::default();
        let mut many;
        let arguments = if count <= FEW {
            &mut few[..count]
        } else {
            many = vec![Value::Nil; count];
            &mut many[..]
        };
        for (index, expr) in rest.iter().enumerate() {
            let value = self.eval_argument(dot, callee.param(index), expr)?.value;
            fill(&mut arguments[index], value);
        }
        if let Some(last) = last {
            let value = self.validate(Operand::plain(last), callee.param(count - 1))?.value;
            fill(&mut arguments[count - 1], value);
        }
        let looked_at = match callee {
            Callee::Function(Function { name: "len", .. }) => &[][..],
            // Of what is indexed only a part is looked at.
            Callee::Function(Function { name: "index", .. }) => arguments.get(1..).unwrap_or_default(),
            _ => &*arguments,
        };
        self.charge(looked_at.iter().map(size).sum())?;
        if let Callee::Function(Function { action: Action::Callee, .. }) = callee {
            let error = not_callable(&arguments[0], rest.first().map(|expr| expr.shown(self.source())));
            return Err(self.call_error(callee.name(), whole, error));
        }
        match self.invoke(callee, arguments) {
            Ok(value) => Ok(Operand::plain(value)),
            Err(error) => Err(self.call_error(callee.name(), whole, error)),
        }
    }

    fn invoke(&mut self, callee: Callee<'_>, arguments: &[Value]) -> Executed<Value> {
        let value = match callee {
            Callee::Function(Function { action: Action::Plain(call), .. }) => call(self.run, arguments)?,
            Callee::Function(_) => Value::Nil,
            Callee::Method(object, method) => {
                let (steps, bytes) = object.cost(method.name, arguments);
                self.run.environment.budget.charge_steps(steps)?;
                self.run.environment.budget.charge_bytes(bytes)?;
                object.call(method.name, arguments).map_err(|error| ExecError::plain(error.0))?
            }
            Callee::Number(int_type, number, method) => named::call(int_type, number, method.name, arguments),
            Callee::Values(map, method) => values_methods::call(self.run, map, method.name, arguments)?,
        };
        // A function may build its result from its arguments without limit, as in a loop of printf.
        if let Value::String(text) = &value {
            self.run.environment.budget.charge_bytes(text.len() + TEXT_OVERHEAD)?;
        }
        Ok(value)
    }

    /// Calls a function of one argument that tells no value from a nil one.
    fn eval_reflect_call(
        &mut self,
        dot: &Operand,
        function: &'static Function,
        call: ReflectCall,
        whole: At<'a>,
        rest: &'a [Expr],
        last: Option<Value>,
    ) -> Executed<Operand> {
        self.charge(1)?;
        self.check_count(Callee::Function(function), rest.len(), last.is_some())?;
        let argument = match (rest.first(), last) {
            (Some(expr), _) => self.eval_argument(dot, &ParamType::Reflect, expr)?,
            (None, last) => Operand::plain(last.unwrap_or_default()),
        };
        match call(&argument) {
            Ok(value) => Ok(Operand::plain(value)),
            Err(error) => Err(self.call_error(function.name, whole, error)),
        }
    }

    fn call_error(&mut self, name: &str, whole: At<'a>, error: ExecError) -> ExecError {
        self.at = whole;
        self.fail_with(&format!("error calling {name}: "), Some(error))
    }

    fn check_count(&self, callee: Callee<'_>, written: usize, has_last: bool) -> Executed<()> {
        let given = written + usize::from(has_last);
        let fixed = callee.params().len();
        if given == fixed || given > fixed && callee.variadic().is_some() {
            return Ok(());
        }
        let (least, got) = match callee.variadic() {
            // Go counts only the written arguments here.
            Some(_) => ("at least ", written),
            None => ("", given),
        };
        let name = callee.name();
        Err(self.fail(format!("wrong number of args for {name}: want {least}{fixed} got {got}")))
    }
}

/// Puts a value where there is none yet, so that nothing has to be freed.
fn fill(place: &mut Value, value: Value) {
    std::mem::forget(std::mem::replace(place, value));
}

/// Steps of looking at all of an argument once, as nearly every function does; nothing for small ones, and for maps,
/// whose functions charge for themselves.
fn size(argument: &Value) -> u64 {
    let units = match argument {
        Value::String(text) => text.len() / COMPARED_PER_STEP,
        Value::List(list) => list.len() / 8,
        _ => 0,
    };
    units as u64
}
