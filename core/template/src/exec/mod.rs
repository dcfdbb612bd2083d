//! Runs parsed templates.

mod argument;
mod call;
mod field;
mod include;
mod iterate;
mod pipeline;
mod walk;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::budget::LimitError;
use crate::environment::Environment;
use crate::error::ExecError;
use crate::format::quote::quoted;
use crate::parse::Shown as _;
use crate::parse::ast::{Branch, Command, Expr, Node, Pipe, Source, Tree};
use crate::parse::place::{Place, Span};
use crate::set::{MissingKey, Namespace, ROOT_NAME};
use crate::stack::StackGuard;
use crate::value::Value;

/// Result of an execution step.
pub(crate) type Executed<T> = Result<T, ExecError>;

/// A value with what Go's static type adds to it.
#[derive(Clone, Default)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    /// The value sits in an `interface {}`: an element of a map or list. A nil that is not boxed is no value
    /// at all.
    pub(crate) boxed: bool,
}

impl Operand {
    /// A value of its own type.
    pub(crate) fn plain(value: Value) -> Self {
        Operand { value, boxed: false }
    }

    /// Whether this is no value at all.
    pub(crate) fn is_invalid(&self) -> bool {
        !self.boxed && self.value.is_nil()
    }
}

/// What all templates of a render share.
pub(crate) struct Run<'r, 'e> {
    pub(crate) environment: &'r mut Environment<'e>,
    pub(crate) missing_key: MissingKey,
    /// The definitions that `template`, `include` and `tpl` see now.
    namespace: Rc<Namespace>,
    output: Vec<u8>,
    /// Variable slots of all running templates, innermost last.
    variables: Vec<Operand>,
    depth: usize,
    guard: StackGuard,
    /// How many runs of a template `include` has begun and not ended.
    included: BTreeMap<Rc<str>, usize>,
}

/// Runs the template `name`; see [`crate::TemplateSet::execute`].
pub(crate) fn execute(
    namespace: &Rc<Namespace>,
    missing_key: MissingKey,
    name: &str,
    data: &Value,
    environment: &mut Environment<'_>,
) -> Executed<Vec<u8>> {
    let guard = StackGuard::new(environment.budget.limits().stack);
    let mut run = Run {
        environment,
        missing_key,
        namespace: Rc::clone(namespace),
        output: Vec::new(),
        variables: Vec::new(),
        depth: 0,
        guard,
        included: BTreeMap::new(),
    };
    run.run_named(name, name.as_bytes(), data)?;
    Ok(run.output)
}

impl Run<'_, '_> {
    /// Runs a template by name into the present output; `written` is the name with the bytes that are no letter.
    fn run_named(&mut self, name: &str, written: &[u8], data: &Value) -> Executed<()> {
        let Some(tree) = self.namespace.find(name) else {
            let (name, root) = (quoted(written), quoted(ROOT_NAME.as_bytes()));
            return Err(ExecError::plain(format!(
                "template: no template {name} associated with template {root}"
            )));
        };
        let tree = Rc::clone(tree);
        self.run_tree(&tree, Operand::plain(data.clone()))
    }

    /// Takes what was written behind `start`.
    fn written_since<T>(&mut self, start: usize, taken: impl FnOnce(&[u8]) -> T) -> T {
        let text = taken(&self.output[start..]);
        self.output.truncate(start);
        text
    }

    /// Runs a template into the present output.
    fn run_tree(&mut self, tree: &Tree, data: Operand) -> Executed<()> {
        let base = self.variables.len();
        self.variables.push(data.clone());
        self.variables.resize_with(base + tree.slots, Operand::default);
        self.depth += 1;
        let mut frame = Frame { run: self, tree, base, at: At::Nowhere };
        let result = frame.check_depth().and_then(|()| frame.walk(&data, tree.root));
        self.depth -= 1;
        self.variables.truncate(base);
        result.map(|_| ())
    }
}

/// A running template.
struct Frame<'a, 'r, 'e, 'x> {
    run: &'x mut Run<'r, 'e>,
    tree: &'a Tree,
    /// Where the template's variable slots begin.
    base: usize,
    /// The syntax that errors point at.
    at: At<'a>,
}

/// Syntax that an error can point at.
#[derive(Clone, Copy)]
enum At<'a> {
    Nowhere,
    Node(&'a Node),
    Pipe(&'a Pipe),
    Command(&'a Command),
    Expr(&'a Expr),
}

impl<'a> Frame<'a, '_, '_, '_> {
    /// What the template is a part of.
    fn source(&self) -> &'a Source {
        &self.tree.source
    }

    /// A part of the template's source.
    fn source_text(&self, span: Span) -> &'a str {
        span.text_of(&self.tree.source.text)
    }

    /// An error of this template at the present place.
    fn fail(&self, message: impl AsRef<str>) -> ExecError {
        self.fail_with(message.as_ref(), None)
    }

    /// The same, with the error that the message ends in.
    fn fail_with(&self, message: &str, cause: Option<ExecError>) -> ExecError {
        let name = &self.tree.name;
        let mut text = String::from("template: ");
        match self.location() {
            None => {
                let _ = write!(text, "{name}: {message}");
            }
            Some((pos, context)) => {
                let (line, column) = self.tree.source.position(pos);
                let file = &self.tree.source.name;
                let name = quoted(name.as_bytes());
                let _ = write!(text, "{file}:{line}:{column}: executing {name} at <{context}>: {message}");
            }
        }
        ExecError::template(text, cause)
    }

    /// An error of this template for a passed bound.
    fn exceeded(&self, limit: LimitError) -> ExecError {
        self.fail(limit.to_string()).with_limit(limit)
    }

    fn charge(&mut self, steps: u64) -> Executed<()> {
        self.run.environment.budget.charge_steps(steps).map_err(|limit| self.exceeded(limit))
    }

    /// Refuses to nest deeper than the limits allow.
    fn check_depth(&self) -> Executed<()> {
        let limits = self.run.environment.budget.limits();
        if self.run.depth > limits.depth {
            return Err(self.exceeded(LimitError::Depth(limits.depth)));
        }
        if self.run.guard.is_exhausted() {
            return Err(self.exceeded(LimitError::Stack(limits.stack)));
        }
        Ok(())
    }

    fn location(&self) -> Option<(usize, String)> {
        let source = self.source();
        match self.at {
            At::Nowhere => None,
            At::Node(node) => Some(describe_node(node, source)),
            At::Pipe(pipe) => Some((pipe.pos as usize, pipe.shown(source))),
            At::Command(command) => Some((command.pos as usize, command.shown(source))),
            At::Expr(expr) => Some((expr.pos() as usize, expr.shown(source))),
        }
    }
}

/// Offset and text of a node. Only a missing template is reported at its node; the others appear with passed
/// bounds alone.
fn describe_node(node: &Node, source: &Source) -> (usize, String) {
    let branch = |word: &str, branch: &Place<Branch>| {
        let branch = branch.of(&source.branches);
        (branch.pos, format!("{word} {}", branch.pipe.shown(source)))
    };
    let (pos, text) = match node {
        Node::Template(invocation) => {
            let invocation = invocation.of(&source.invocations);
            let name = quoted(invocation.name.as_bytes());
            let pipe = invocation.pipe.as_ref().map(|pipe| format!(" {}", pipe.shown(source)));
            (invocation.pos, format!("{{{{template {name}{}}}}}", pipe.unwrap_or_default()))
        }
        Node::Text(span) => return (span.start(), "text".to_owned()),
        Node::Action { pos, pipe } => (*pos, format!("{{{{{}}}}}", pipe.shown(source))),
        Node::If(inner) => branch("if", inner),
        Node::With(inner) => branch("with", inner),
        Node::Range(inner) => branch("range", inner),
        Node::Break { pos } => (*pos, "{{break}}".to_owned()),
        Node::Continue { pos } => (*pos, "{{continue}}".to_owned()),
    };
    (pos as usize, text)
}
