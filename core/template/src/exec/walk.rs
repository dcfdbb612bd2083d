//! Walks nodes: text, actions and control structures.

use std::rc::Rc;

use crate::format;
use crate::format::quote::quoted;
use crate::parse::ast::{Branch, Invocation, List, Node, Pipe};
use crate::parse::place::Span;
use crate::value::{COMPARED_PER_STEP, Value};

use super::{At, Executed, Frame, Operand};

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// At its end.
    Done,
    /// At a `break` of the range around it.
    Break,
    /// At a `continue` of the range around it.
    Continue,
}

impl<'a> Frame<'a, '_, '_, '_> {
    /// Walks nodes in order.
    pub(super) fn walk(&mut self, dot: &Operand, list: List) -> Executed<Flow> {
        let source = self.source();
        for node in list.of(&source.nodes) {
            self.at = At::Node(node);
            self.charge(1)?;
            let flow = match node {
                Node::Text(span) => self.write(*span)?,
                Node::Action { pipe, .. } => self.walk_action(dot, node, pipe)?,
                Node::If(branch) => self.walk_if(dot, branch.of(&source.branches))?,
                Node::With(branch) => self.walk_with(dot, branch.of(&source.branches))?,
                Node::Range(branch) => self.walk_range(dot, branch.of(&source.branches))?,
                Node::Template(invocation) => self.walk_template(dot, invocation.of(&source.invocations))?,
                Node::Break { .. } => Flow::Break,
                Node::Continue { .. } => Flow::Continue,
            };
            if flow != Flow::Done {
                return Ok(flow);
            }
        }
        Ok(Flow::Done)
    }

    fn write(&mut self, span: Span) -> Executed<Flow> {
        self.charge_output(span.len())?;
        self.run.output.extend_from_slice(span.of(&self.tree.source.text));
        Ok(Flow::Done)
    }

    fn charge_output(&mut self, bytes: usize) -> Executed<()> {
        self.run.environment.budget.charge_bytes(bytes).map_err(|limit| self.exceeded(limit))
    }

    fn walk_action(&mut self, dot: &Operand, node: &'a Node, pipe: &'a Pipe) -> Executed<Flow> {
        let value = self.eval_pipeline(dot, pipe)?;
        if pipe.variables.is_empty() {
            self.at = At::Node(node);
            self.print(&value)?;
        }
        Ok(Flow::Done)
    }

    /// Prints a value as Go's templates do: no value at all is `<no value>`.
    fn print(&mut self, value: &Value) -> Executed<()> {
        match value {
            Value::String(text) => {
                self.charge_output(text.len())?;
                self.run.output.extend_from_slice(text.as_bytes());
            }
            Value::Nil => {
                self.charge_output(10)?;
                self.run.output.extend_from_slice(b"<no value>");
            }
            value => {
                let before = self.run.output.len();
                if let Value::Native(object) = value
                    && let Some(text) = object.string_by_pointer()
                {
                    self.charge_output(text.len())?;
                    self.run.output.extend(text.into_bytes());
                    return Ok(());
                }
                let bound = self.run.environment.budget.text_bound();
                let printed = format::write_shown(&mut self.run.output, value, bound);
                printed.map_err(|limit| self.exceeded(limit))?;
                self.charge_output(self.run.output.len() - before)?;
            }
        }
        Ok(())
    }

    fn walk_if(&mut self, dot: &Operand, branch: &'a Branch) -> Executed<Flow> {
        let value = self.eval_pipeline(dot, &branch.pipe)?;
        if value.truth() {
            return self.walk(dot, branch.list);
        }
        self.walk_else(dot, branch)
    }

    fn walk_with(&mut self, dot: &Operand, branch: &'a Branch) -> Executed<Flow> {
        let value = self.eval_pipeline(dot, &branch.pipe)?;
        if value.truth() {
            return self.walk(&Operand::plain(value), branch.list);
        }
        self.walk_else(dot, branch)
    }

    pub(super) fn walk_else(&mut self, dot: &Operand, branch: &'a Branch) -> Executed<Flow> {
        self.walk(dot, branch.else_list)
    }

    /// Runs another template; it sees its own data and no variables of this one.
    fn walk_template(&mut self, dot: &Operand, invocation: &'a Invocation) -> Executed<Flow> {
        self.charge((4 * invocation.name.len() / COMPARED_PER_STEP) as u64)?;
        let Some(tree) = self.run.namespace.find(&invocation.name) else {
            let name = quoted(invocation.name.as_bytes());
            return Err(self.fail(format!("template {name} not defined")));
        };
        let tree = Rc::clone(tree);
        let data = match &invocation.pipe {
            Some(pipe) => self.eval_pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        self.run.run_tree(&tree, Operand::plain(data))?;
        Ok(Flow::Done)
    }
}
