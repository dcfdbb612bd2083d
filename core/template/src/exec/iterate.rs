//! `range`.

use std::rc::Rc;

use crate::format;
use crate::parse::ast::Branch;
use crate::value::{IntType, List, Map, Shape, Value};

use super::walk::Flow;
use super::{At, Executed, Frame, Operand};

impl<'a> Frame<'a, '_, '_, '_> {
    /// Walks the body once for each element, or the `else` list when there is none.
    pub(super) fn walk_range(&mut self, dot: &Operand, branch: &'a Branch) -> Executed<Flow> {
        let value = self.eval_pipeline(dot, &branch.pipe)?;
        let any = match &value {
            Value::Nil => false,
            Value::Int(int_type, count) => self.range_int(branch, *int_type, *count, &value)?,
            Value::List(list) => self.range_list(branch, list)?,
            Value::Map(map) => self.range_map(branch, map)?,
            Value::Bytes(bytes) => self.range_bytes(branch, bytes)?,
            Value::Native(object) => match object.shape() {
                Shape::List(list) => self.range_list(branch, &list)?,
                Shape::Map(map) => self.range_map(branch, &map)?,
                Shape::Struct(_) => return Err(self.not_iterable(&value)),
            },
            _ => return Err(self.not_iterable(&value)),
        };
        if any { Ok(Flow::Done) } else { self.walk_else(dot, branch) }
    }

    fn range_int(
        &mut self,
        branch: &'a Branch,
        int_type: IntType,
        count: i64,
        value: &Value,
    ) -> Executed<bool> {
        if branch.pipe.variables.of(&self.source().variables).len() > 1 {
            let shown = format::value_text(value);
            return Err(self.fail(format!("can't use {shown} to iterate over more than one variable")));
        }
        for number in 0..count {
            let element = Operand::plain(Value::Int(int_type, number));
            if self.iterate(branch, Operand::default(), element)? == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    fn range_list(&mut self, branch: &'a Branch, list: &Rc<List>) -> Executed<bool> {
        let boxed = list.list_type().has_boxed_elements();
        let count = list.len();
        for index in 0..count {
            let value = list.get(index).unwrap_or_default();
            let key = Operand::plain(int(index));
            if self.iterate(branch, key, Operand { value, boxed })? == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    /// The body may change the map; what it is ranged over is what the map was at first.
    fn range_map(&mut self, branch: &'a Branch, map: &Rc<Map>) -> Executed<bool> {
        let boxed = map.map_type().has_boxed_elements();
        self.charge((map.len() / 8) as u64)?;
        let entries = map.snapshot();
        let any = !entries.is_empty();
        for (key, value) in entries {
            let key = Operand::plain(Value::string(key));
            if self.iterate(branch, key, Operand { value, boxed })? == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    fn range_bytes(&mut self, branch: &'a Branch, bytes: &[u8]) -> Executed<bool> {
        for (index, byte) in bytes.iter().enumerate() {
            let element = Operand::plain(Value::Int(IntType::Uint8, i64::from(*byte)));
            if self.iterate(branch, Operand::plain(int(index)), element)? == Flow::Break {
                break;
            }
        }
        Ok(!bytes.is_empty())
    }

    /// Sets the variables and walks the body.
    fn iterate(&mut self, branch: &'a Branch, key: Operand, element: Operand) -> Executed<Flow> {
        self.at = At::Pipe(&branch.pipe);
        self.charge(1)?;
        match branch.pipe.variables.of(&self.source().variables) {
            [] => {}
            [variable] => self.set_variable(variable, element.clone())?,
            [first, second, ..] => {
                self.set_variable(first, key)?;
                self.set_variable(second, element.clone())?;
            }
        }
        self.walk(&element, branch.list)
    }

    fn not_iterable(&self, value: &Value) -> crate::error::ExecError {
        self.fail(format!("range can't iterate over {}", format::shown_text(value)))
    }
}

fn int(index: usize) -> Value {
    Value::int(i64::try_from(index).unwrap_or(i64::MAX))
}
