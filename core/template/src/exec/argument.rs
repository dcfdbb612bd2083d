//! Evaluates arguments and checks them against parameter types.

use std::rc::Rc;

use crate::parse::Shown as _;
use crate::parse::ast::Expr;
use crate::parse::number::Number;
use crate::value::{IntType, ListType, MapType, ParamType, Value};

use super::{At, Executed, Frame, Operand};

impl<'a> Frame<'a, '_, '_, '_> {
    /// The value of an argument for a parameter of type `param`.
    pub(super) fn eval_argument(
        &mut self,
        dot: &Operand,
        param: &ParamType,
        expr: &'a Expr,
    ) -> Executed<Operand> {
        self.at = At::Expr(expr);
        let operand = match expr {
            Expr::Dot { .. } => dot.clone(),
            Expr::Nil { .. } if can_be_nil(param) => return Ok(Operand::default()),
            Expr::Nil { .. } => return Err(self.fail(format!("cannot assign nil to {}", type_name(param)))),
            Expr::Field { path, .. } => self.eval_path(dot, dot, expr, *path, &[], None)?,
            Expr::Variable { .. } => self.eval_variable(dot, expr, &[], None)?,
            Expr::Pipe { pipe, .. } => {
                Operand::plain(self.eval_pipeline(dot, pipe.of(&self.source().pipes))?)
            }
            Expr::Function { function, .. } => {
                self.eval_function(dot, function, At::Expr(expr), &[], None)?
            }
            Expr::Chain { base, path, .. } => self.eval_chain(dot, expr, base, *path, &[], None)?,
            literal => return self.eval_typed_literal(param, literal).map(Operand::plain),
        };
        self.validate(operand, param)
    }

    /// Checks that a value fits a parameter.
    pub(super) fn validate(&self, operand: Operand, param: &ParamType) -> Executed<Operand> {
        if operand.is_invalid() {
            if can_be_nil(param) {
                return Ok(operand);
            }
            return Err(self.fail(format!("invalid value; expected {}", type_name(param))));
        }
        if is_assignable(&operand.value, param) {
            // Only what goes into an interface loses its address.
            if let Value::Native(object) = &operand.value
                && *param != ParamType::Reflect
                && let Some(boxed) = object.boxed()
            {
                return Ok(Operand::plain(boxed));
            }
            if let (ParamType::Map, Value::Map(map)) = (param, &operand.value)
                && map.map_type() != MapType::Any
            {
                // Go converts the type, and the map stays the same.
                return Ok(Operand::plain(Value::Map(Rc::new(map.converted(MapType::Any)))));
            }
            return Ok(operand);
        }
        let given = if operand.value.is_nil() { "interface {}" } else { operand.value.type_name() };
        Err(self.fail(format!("wrong type for value; expected {}; got {given}", type_name(param))))
    }

    /// A literal read as the parameter's type.
    fn eval_typed_literal(&mut self, param: &ParamType, literal: &'a Expr) -> Executed<Value> {
        let small;
        let number = match literal {
            Expr::Number { number, .. } => Some(&**number),
            Expr::Int { value, .. } => {
                small = Number::of_int(*value);
                Some(&small)
            }
            _ => None,
        };
        let (found, expected) = match *param {
            ParamType::Any | ParamType::Reflect => return self.eval_literal(literal),
            ParamType::Bool => match literal {
                Expr::Bool { value, .. } => return Ok(Value::Bool(*value)),
                _ => (None, "bool"),
            },
            ParamType::String => match literal {
                Expr::String { quoted, value, .. } => return Ok(self.literal_text(*quoted, value)),
                _ => (None, "string"),
            },
            ParamType::Int => (number.and_then(|number| number.int).map(Value::int), "integer"),
            ParamType::Int64 => (number.and_then(|number| number.int).map(Value::int64), "integer"),
            ParamType::Integer(int_type) => {
                (number.and_then(|number| number.int).map(|int| Value::Int(int_type, int)), "integer")
            }
            ParamType::Uint32 => {
                let uint = number.and_then(|number| number.uint);
                // Go's SetUint keeps the low bits.
                let value = uint.map(|uint| Value::Int(IntType::Uint32, (uint & 0xffff_ffff).cast_signed()));
                (value, "unsigned integer")
            }
            ParamType::Float64 => (number.and_then(|number| number.float).map(Value::Float), "float"),
            ParamType::Map
            | ParamType::List
            | ParamType::Strings
            | ParamType::Bytes
            | ParamType::Native(_) => {
                let shown = literal.shown(self.source());
                return Err(self.fail(format!("can't handle {shown} for arg of type {}", type_name(param))));
            }
        };
        found.ok_or_else(|| {
            let shown = literal.shown(self.source());
            self.fail(format!("expected {expected}; found {shown}"))
        })
    }
}

/// Go's name of a parameter type.
fn type_name(param: &ParamType) -> &'static str {
    match *param {
        ParamType::Any => "interface {}",
        ParamType::Reflect => "reflect.Value",
        ParamType::String => "string",
        ParamType::Bool => "bool",
        ParamType::Int => "int",
        ParamType::Int64 => "int64",
        ParamType::Uint32 => "uint32",
        ParamType::Integer(int_type) => int_type.name(),
        ParamType::Float64 => "float64",
        ParamType::Map => "map[string]interface {}",
        ParamType::List => "[]interface {}",
        ParamType::Strings => "[]string",
        ParamType::Bytes => "[]uint8",
        ParamType::Native(name) => name,
    }
}

fn can_be_nil(param: &ParamType) -> bool {
    match *param {
        ParamType::Any
        | ParamType::Reflect
        | ParamType::Map
        | ParamType::List
        | ParamType::Strings
        | ParamType::Bytes => true,
        ParamType::Native(name) => name.starts_with('*') || name == "io.Writer",
        _ => false,
    }
}

fn is_assignable(value: &Value, param: &ParamType) -> bool {
    match (*param, value) {
        (ParamType::Any | ParamType::Reflect, _)
        | (ParamType::String, Value::String(_))
        | (ParamType::Bool, Value::Bool(_))
        | (ParamType::Int, Value::Int(IntType::Int, _))
        | (ParamType::Int64, Value::Int(IntType::Int64, _))
        | (ParamType::Uint32, Value::Int(IntType::Uint32, _))
        | (ParamType::Bytes, Value::Bytes(_))
        | (ParamType::Float64, Value::Float(_)) => true,
        (ParamType::Integer(wanted), Value::Int(int_type, _)) => wanted == *int_type,
        (ParamType::Map, Value::Map(map)) => map.is_assignable_to_any_map(),
        (ParamType::List, Value::List(list)) => list.list_type() == ListType::Any,
        (ParamType::Strings, Value::List(list)) => list.list_type() == ListType::String,
        (ParamType::Native(name), Value::Native(object)) => {
            // One level of indirection is followed.
            object.type_name() == name || object.type_name().strip_prefix('*') == Some(name)
        }
        _ => false,
    }
}
