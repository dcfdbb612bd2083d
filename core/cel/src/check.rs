//! The check of an expression before it is evaluated: names and functions exist, operators fit, the result is a boolean.
//!
//! It is weaker than cel-go's: what depends on overloads of functions shows when the expression is evaluated.

use cel::Program;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::error::{SyntaxError, located};
use crate::functions::{NAMESPACES, global, is_type, member};
use crate::types::Type;

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// At a place, given as an offset in characters.
    At(usize, String),
    /// The type of its value.
    OutputType(String),
}

impl Problem {
    /// The error about an expression.
    pub(crate) fn into_error(self, text: &str) -> SyntaxError {
        match self {
            Self::OutputType(found) => SyntaxError::OutputType(found),
            Self::At(offset, message) => {
                let before: String = text.chars().take(offset).collect();
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
                let place = (isize::try_from(line).unwrap_or(-1), isize::try_from(column).unwrap_or(-1));
                SyntaxError::Invalid { text: text.to_owned(), reason: located(text, place, &message) }
            }
        }
    }
}

/// Checks that an expression over these variables gives a boolean.
pub(crate) fn gives_boolean(program: &Program, variables: &[&str]) -> Result<(), Problem> {
    let mut check = Check { program, names: Vec::new() };
    check.names.extend(variables.iter().map(|name| ((*name).to_owned(), Type::Struct)));
    match check.check(program.expression())? {
        Type::Bool => Ok(()),
        other => Err(Problem::OutputType(other.to_string())),
    }
}

struct Check<'a> {
    program: &'a Program,
    /// What names mean, the innermost last.
    names: Vec<(String, Type)>,
}

impl Check<'_> {
    fn check(&mut self, node: &IdedExpr) -> Result<Type, Problem> {
        match &node.expr {
            Expr::Literal(literal) => Ok(of_literal(literal)),
            Expr::Ident(name) => self.name(node, name),
            Expr::Select(select) => {
                if let Some(name) = qualified(node).filter(|name| is_type(name)) {
                    return self.name(node, &name);
                }
                let operand = self.check(&select.operand)?;
                if select.test {
                    return Ok(Type::Bool);
                }
                match operand {
                    Type::Dyn | Type::Map | Type::Struct => Ok(Type::Dyn),
                    Type::Optional => Ok(Type::Optional),
                    other => Err(self.at(node, format!("type '{other}' does not support field selection"))),
                }
            }
            Expr::List(list) => {
                list.elements.iter().try_for_each(|element| self.check(element).map(drop))?;
                Ok(Type::List)
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.check(&entry.key)?;
                        self.check(&entry.value)?;
                    }
                }
                Ok(Type::Map)
            }
            Expr::Struct(object) => Err(self.undeclared(node, &object.type_name)),
            Expr::Call(call) => self.call(node, call),
            Expr::Comprehension(comprehension) => self.comprehension(node, comprehension),
            Expr::Unspecified => Ok(Type::Dyn),
        }
    }

    fn name(&self, node: &IdedExpr, name: &str) -> Result<Type, Problem> {
        let plain = name.trim_start_matches('.');
        if let Some((_, known)) = self.names.iter().rev().find(|(known, _)| known == plain) {
            return Ok(*known);
        }
        if is_type(plain) { Ok(Type::Meta) } else { Err(self.undeclared(node, plain)) }
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Result<Type, Problem> {
        let qualifier = call.target.as_deref().and_then(|target| match &target.expr {
            Expr::Ident(name) if NAMESPACES.contains(&name.as_str()) && !self.is_variable(name) => Some(name),
            _ => None,
        });
        let target = match (&call.target, qualifier) {
            (Some(target), None) => Some(self.check(target)?),
            _ => None,
        };
        let arguments = call.args.iter().map(|argument| self.check(argument));
        let arguments = arguments.collect::<Result<Vec<Type>, Problem>>()?;
        if let Some(result) = operator(&call.func_name, &arguments) {
            return result.ok_or_else(|| self.no_overload(node, &call.func_name, None, &arguments));
        }
        let result = match (qualifier, target) {
            (Some(qualifier), _) => global(&format!("{qualifier}.{}", call.func_name)),
            (None, None) => global(&call.func_name),
            (None, Some(_)) => member(&call.func_name),
        };
        let name = qualifier
            .map_or_else(|| call.func_name.clone(), |qualifier| format!("{qualifier}.{}", call.func_name));
        result.ok_or_else(|| self.undeclared(node, &name))
    }

    fn comprehension(&mut self, node: &IdedExpr, all: &ComprehensionExpr) -> Result<Type, Problem> {
        let range = self.check(&all.iter_range)?;
        if ![Type::Dyn, Type::List, Type::Map, Type::Struct].contains(&range) {
            let message = format!(
                "expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)"
            );
            return Err(self.at(node, message));
        }
        let start = self.check(&all.accu_init)?;
        let outer = self.names.len();
        self.names.push((all.accu_var.clone(), start));
        self.names.push((all.iter_var.clone(), Type::Dyn));
        self.names.extend(all.iter_var2.clone().map(|name| (name, Type::Dyn)));
        self.check(&all.loop_cond)?;
        self.check(&all.loop_step)?;
        let result = self.check(&all.result);
        self.names.truncate(outer);
        result
    }

    fn is_variable(&self, name: &str) -> bool {
        self.names.iter().any(|(known, _)| known == name)
    }

    fn undeclared(&self, node: &IdedExpr, name: &str) -> Problem {
        self.at(node, format!("undeclared reference to '{name}' (in container '')"))
    }

    fn no_overload(&self, node: &IdedExpr, name: &str, target: Option<Type>, arguments: &[Type]) -> Problem {
        let types = target.iter().chain(arguments).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.at(node, format!("found no matching overload for '{name}' applied to '({types})'"))
    }

    fn at(&self, node: &IdedExpr, message: String) -> Problem {
        let offset = self.program.source_info().offset_for(node.id).map_or(0, |(start, _)| start);
        Problem::At(usize::try_from(offset).unwrap_or_default(), message)
    }
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// The result of an operator, itself absent when the operator does not take such operands; `None` for what is none.
fn operator(name: &str, operands: &[Type]) -> Option<Option<Type>> {
    use Type::{Bool, Bytes, Double, Duration, Dyn, Int, List, Map, Optional, Struct, Text, Timestamp, Uint};
    let may_all_be =
        |wanted: &[Type]| operands.iter().all(|operand| wanted.iter().any(|wanted| operand.may_be(*wanted)));
    let same = |operands: &[Type]| operands.windows(2).all(|pair| pair[0].may_be(pair[1]));
    let joined = || operands.iter().copied().reduce(Type::or).unwrap_or(Dyn);
    Some(match (name, operands) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, _) => {
            may_all_be(&[Bool]).then_some(Bool)
        }
        (operators::NOT_STRICTLY_FALSE, _) => Some(Bool),
        (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
            comparable(*left, *right).then_some(Bool)
        }
        (
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
            [left, right],
        ) => {
            let ordered = may_all_be(&[Bool, Int, Uint, Double, Text, Bytes, Timestamp, Duration]);
            (ordered && comparable(*left, *right)).then_some(Bool)
        }
        (operators::IN, [_, container]) => [Dyn, List, Map, Struct].contains(container).then_some(Bool),
        (operators::CONDITIONAL, [condition, yes, no]) => condition.may_be(Bool).then(|| yes.or(*no)),
        (operators::INDEX, [container, _]) => [Dyn, List, Map, Struct, Optional]
            .contains(container)
            .then_some(if *container == Optional { Optional } else { Dyn }),
        (operators::OPT_INDEX | operators::OPT_SELECT, _) => Some(Optional),
        (operators::NEGATE, _) => may_all_be(&[Int, Double]).then(joined),
        (operators::ADD | operators::SUBSTRACT, [Timestamp | Duration, _] | [_, Timestamp | Duration]) => {
            may_all_be(&[Timestamp, Duration]).then_some(Dyn)
        }
        (operators::ADD, _) => {
            (may_all_be(&[Int, Uint, Double, Text, Bytes, List]) && same(operands)).then(joined)
        }
        (operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE, _) => {
            (may_all_be(&[Int, Uint, Double]) && same(operands)).then(joined)
        }
        (operators::MODULO, _) => (may_all_be(&[Int, Uint]) && same(operands)).then(joined),
        _ => return None,
    })
}

/// Numbers are comparable whatever their types; objects with maps.
fn comparable(left: Type, right: Type) -> bool {
    left.may_be(right)
        || (left.is_number() && right.is_number())
        || [left, right].contains(&Type::Null)
        || [left, right].iter().all(|side| [Type::Map, Type::Struct].contains(side))
}

/// `a.b.c` of a chain of selections.
fn qualified(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::Expression;

    #[test]
    fn mistakes_are_found_before_anything_is_evaluated() {
        let cases = [
            ("self.spec.suspend == dep.spec.suspend", ""),
            (
                "has(dep.status) && dep.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
                "",
            ),
            ("int(dep.metadata.labels['v']) + 1 > 2u", ""),
            ("type(dep) == map || dep.?status.ready.orValue(false) == true", ""),
            ("sets.contains(dep.a, [1]) && size(dep) > 1 && 'x'.matches('y')", ""),
            ("timestamp(dep.t) + duration('1h') > timestamp(self.t)", ""),
            ("true ? false : dep.x == 1", ""),
            (
                "foo == 1",
                "failed to parse the CEL expression 'foo == 1': ERROR: <input>:1:1: undeclared reference to 'foo' (in \
                 container '')\n | foo == 1\n | ^",
            ),
            (
                "self.x ==\n  nope(1)",
                "failed to parse the CEL expression 'self.x ==\n  nope(1)': ERROR: <input>:2:7: undeclared reference to \
                 'nope' (in container '')\n |   nope(1)\n | ......^",
            ),
            ("dep.spec.suspend", "CEL expression output type mismatch: expected bool, got dyn"),
            ("1 + 2", "CEL expression output type mismatch: expected bool, got int"),
            (
                "1 && true",
                "failed to parse the CEL expression '1 && true': ERROR: <input>:1:3: found no matching overload for \
                 '_&&_' applied to '(int, bool)'\n | 1 && true\n | ..^",
            ),
        ];
        for (text, expected) in cases {
            let found = Expression::compile(text, &["self", "dep"]).err();
            assert_eq!(found.map(|error| error.to_string()).unwrap_or_default(), expected, "{text}");
        }
    }
}
