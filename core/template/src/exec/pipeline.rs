//! Evaluates pipelines, commands and variables.

use std::cell::OnceCell;

use crate::parse::ast::{Command, Expr, Path, Pipe, Variable};
use crate::parse::place::Span;
use crate::parse::{Shown as _, unquoted};
use crate::value::{Text, Value};

use super::{At, Executed, Frame, Operand};

impl<'a> Frame<'a, '_, '_, '_> {
    /// The value of a pipeline; its variables are set.
    pub(super) fn eval_pipeline(&mut self, dot: &Operand, pipe: &'a Pipe) -> Executed<Value> {
        self.at = At::Pipe(pipe);
        self.check_depth()?;
        let source = self.source();
        let Some((first, others)) = pipe.commands.of(&source.commands).split_first() else {
            return Ok(Value::Nil);
        };
        let mut value = self.eval_command(dot, first, None)?;
        for command in others {
            value = self.eval_command(dot, command, Some(value))?;
        }
        for variable in pipe.variables.of(&source.variables) {
            self.set_variable(variable, Operand::plain(value.clone()))?;
        }
        Ok(value)
    }

    /// Sets a variable that the pipeline declares or assigns.
    pub(super) fn set_variable(&mut self, variable: &Variable, value: Operand) -> Executed<()> {
        let slot = variable.slot.and_then(|slot| self.run.variables.get_mut(self.base + slot as usize));
        match slot {
            Some(slot) => {
                *slot = value;
                Ok(())
            }
            None => Err(self.fail(format!("undefined variable: {}", self.source_text(variable.name)))),
        }
    }

    /// The value of one stage, given that of the stage before.
    fn eval_command(&mut self, dot: &Operand, command: &'a Command, last: Option<Value>) -> Executed<Value> {
        let Some((first, rest)) = command.operands.of(&self.source().operands).split_first() else {
            return Ok(Value::Nil);
        };
        match first {
            Expr::Function { function, .. } => {
                self.at = At::Expr(first);
                return Ok(self.eval_function(dot, function, At::Command(command), rest, last)?.value);
            }
            Expr::Field { path, .. } => {
                self.at = At::Expr(first);
                return Ok(self.eval_path(dot, dot, first, *path, rest, last)?.value);
            }
            Expr::Chain { base, path, .. } => {
                return Ok(self.eval_chain(dot, first, base, *path, rest, last)?.value);
            }
            Expr::Variable { .. } => return Ok(self.eval_variable(dot, first, rest, last)?.value),
            Expr::Pipe { pipe, .. } => {
                self.refuse_arguments(first, rest, last.as_ref())?;
                return self.eval_pipeline(dot, pipe.of(&self.source().pipes));
            }
            _ => {}
        }
        self.at = At::Expr(first);
        self.refuse_arguments(first, rest, last.as_ref())?;
        match first {
            Expr::Dot { .. } => Ok(dot.value.clone()),
            Expr::Nil { .. } => Err(self.fail("nil is not a command")),
            literal => self.eval_literal(literal),
        }
    }

    /// A constant of the type its form suggests.
    pub(super) fn eval_literal(&mut self, literal: &'a Expr) -> Executed<Value> {
        self.at = At::Expr(literal);
        match literal {
            Expr::Bool { value, .. } => Ok(Value::Bool(*value)),
            Expr::String { quoted, value, .. } => Ok(self.literal_text(*quoted, value)),
            Expr::Int { value, .. } => Ok(Value::int(*value)),
            Expr::Number { number, .. } => number.ideal().map_err(|message| self.fail(message)),
            other => {
                let shown = other.shown(self.source());
                Err(self.fail(format!("can't evaluate command {shown}")))
            }
        }
    }

    /// The text of a literal, which is made when it is first asked for: most of a chart's library is never run.
    pub(super) fn literal_text(&self, quoted: Span, value: &OnceCell<Text>) -> Value {
        Value::String(value.get_or_init(|| unquoted(self.source_text(quoted))).clone())
    }

    /// A variable and the fields after it.
    pub(super) fn eval_variable(
        &mut self,
        dot: &Operand,
        expr: &'a Expr,
        rest: &'a [Expr],
        last: Option<Value>,
    ) -> Executed<Operand> {
        let Expr::Variable { name, slot, path, .. } = expr else {
            return Ok(Operand::default());
        };
        self.at = At::Expr(expr);
        let slot = slot.and_then(|slot| self.run.variables.get(self.base + slot as usize));
        let Some(value) = slot.cloned() else {
            return Err(self.fail(format!("undefined variable: {}", self.source_text(*name))));
        };
        if path.0.is_empty() {
            self.refuse_arguments(expr, rest, last.as_ref())?;
            return Ok(value);
        }
        self.eval_path(dot, &value, expr, *path, rest, last)
    }

    /// Fields of a parenthesised pipeline or of a function's result.
    pub(super) fn eval_chain(
        &mut self,
        dot: &Operand,
        expr: &'a Expr,
        base: &'a Expr,
        path: Path,
        rest: &'a [Expr],
        last: Option<Value>,
    ) -> Executed<Operand> {
        self.at = At::Expr(expr);
        let receiver = match base {
            Expr::Pipe { pipe, .. } => {
                Operand::plain(self.eval_pipeline(dot, pipe.of(&self.source().pipes))?)
            }
            Expr::Nil { .. } => {
                let shown = expr.shown(self.source());
                return Err(self.fail(format!("indirection through explicit nil in {shown}")));
            }
            Expr::Function { function, .. } => {
                self.at = At::Expr(base);
                self.eval_function(dot, function, At::Expr(base), &[], None)?
            }
            other => Operand::plain(self.eval_literal(other)?),
        };
        self.eval_path(dot, &receiver, expr, path, rest, last)
    }

    fn refuse_arguments(&self, first: &Expr, rest: &[Expr], last: Option<&Value>) -> Executed<()> {
        if rest.is_empty() && last.is_none() {
            return Ok(());
        }
        let shown = first.shown(self.source());
        Err(self.fail(format!("can't give argument to non-function {shown}")))
    }
}
