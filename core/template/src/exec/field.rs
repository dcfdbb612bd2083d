//! Field access: map entries, struct fields and methods.

use std::rc::Rc;

use crate::format::quote::quoted;
use crate::functions::values_methods;
use crate::parse::ast::{Expr, Path};
use crate::set::MissingKey;
use crate::time::named;
use crate::value::{COMPARED_PER_STEP, Map, MapType, Method, Object, Shape, Value};

use super::call::Callee;
use super::{At, Executed, Frame, Operand};

/// The arguments that follow a field, for the case that it is a method.
struct Arguments<'a> {
    rest: &'a [Expr],
    last: Option<Value>,
}

impl Arguments<'_> {
    fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.last.is_none()
    }
}

impl<'a> Frame<'a, '_, '_, '_> {
    /// Follows field names from `receiver`; only the last one may take arguments.
    pub(super) fn eval_path(
        &mut self,
        dot: &Operand,
        receiver: &Operand,
        expr: &'a Expr,
        path: Path,
        rest: &'a [Expr],
        last: Option<Value>,
    ) -> Executed<Operand> {
        let (mut receiver, mut reached) = (receiver, None);
        let mut names = path.names(&self.tree.source.text);
        let Some(mut name) = names.next() else { return Ok(receiver.clone()) };
        for next in names {
            let field = self.eval_field(dot, receiver, expr, name, Arguments { rest: &[], last: None })?;
            receiver = reached.insert(field);
            name = next;
        }
        self.eval_field(dot, receiver, expr, name, Arguments { rest, last })
    }

    fn eval_field(
        &mut self,
        dot: &Operand,
        receiver: &Operand,
        expr: &'a Expr,
        name: &str,
        arguments: Arguments<'a>,
    ) -> Executed<Operand> {
        if name.len() > COMPARED_PER_STEP {
            self.charge((4 * name.len() / COMPARED_PER_STEP) as u64)?;
        }
        match &receiver.value {
            Value::Map(map) if map.map_type() != MapType::Values => self.map_entry(map, name, &arguments),
            Value::Map(map) => match find_method(values_methods::METHODS, name) {
                Some(method) => {
                    let callee = Callee::Values(map, method);
                    self.eval_call(dot, callee, At::Expr(expr), arguments.rest, arguments.last)
                }
                None => self.map_entry(map, name, &arguments),
            },
            Value::Native(object) => match find_method(object.methods(), name) {
                Some(method) => {
                    let callee = Callee::Method(&**object, method);
                    self.eval_call(dot, callee, At::Expr(expr), arguments.rest, arguments.last)
                }
                None => self.native_field(receiver, object, name, &arguments),
            },
            Value::Int(int_type, number)
                if let Some(method) = find_method(named::methods(*int_type), name) =>
            {
                let callee = Callee::Number(*int_type, *number, method);
                self.eval_call(dot, callee, At::Expr(expr), arguments.rest, arguments.last)
            }
            Value::Nil if receiver.boxed => {
                Err(self.fail(format!("nil pointer evaluating interface {{}}.{name}")))
            }
            Value::Nil if self.run.missing_key == MissingKey::Error => {
                Err(self.fail(format!("nil data; no entry for key {}", quoted(name.as_bytes()))))
            }
            Value::Nil => Ok(Operand::default()),
            _ => Err(self.no_field(receiver, name)),
        }
    }

    fn map_entry(&self, map: &Map, name: &str, arguments: &Arguments<'_>) -> Executed<Operand> {
        if !arguments.is_empty() {
            return Err(self.fail(format!("{name} is not a method but has arguments")));
        }
        let map_type = map.map_type();
        let boxed = map_type.has_boxed_elements();
        if let Some(value) = map.get(name) {
            return Ok(Operand { value, boxed });
        }
        match self.run.missing_key {
            MissingKey::Default => Ok(Operand::default()),
            MissingKey::Zero => Ok(Operand { value: map_type.zero(), boxed }),
            MissingKey::Error => {
                Err(self.fail(format!("map has no entry for key {}", quoted(name.as_bytes()))))
            }
        }
    }

    fn native_field(
        &self,
        receiver: &Operand,
        object: &Rc<dyn Object>,
        name: &str,
        arguments: &Arguments<'_>,
    ) -> Executed<Operand> {
        if let Some(value) = object.field(name) {
            if !arguments.is_empty() {
                return Err(self.fail(format!("{name} has arguments but cannot be invoked as function")));
            }
            // A nil field is an empty interface.
            let boxed = value.is_nil();
            return Ok(Operand { value, boxed });
        }
        match object.shape() {
            Shape::Map(map) => self.map_entry(&map, name, arguments),
            Shape::Struct(fields) if fields.iter().any(|(field, _)| *field == name) => {
                let type_name = object.type_name().trim_start_matches('*');
                Err(self.fail(format!("{name} is an unexported field of struct type {type_name}")))
            }
            _ => Err(self.no_field(receiver, name)),
        }
    }

    fn no_field(&self, receiver: &Operand, name: &str) -> crate::error::ExecError {
        let type_name = if receiver.boxed { "interface {}" } else { receiver.value.type_name() };
        self.fail(format!("can't evaluate field {name} in type {type_name}"))
    }
}

fn find_method(methods: &'static [Method], name: &str) -> Option<&'static Method> {
    methods.iter().find(|method| method.name == name)
}
