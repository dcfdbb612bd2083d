//! Syntax trees, with variables resolved to slots and functions to ids.

use std::cell::OnceCell;
use std::rc::Rc;

use bytes::Bytes;

use crate::functions::Function;
use crate::value::Text;

use super::number::Number;
use super::place::{Place, Slice, Span};

/// One template file: its text, from which error positions are computed, and the parts of its trees.
///
/// Parts name each other by where they lie, which takes a few allocations for a file instead of some for each action.
#[derive(Default)]
pub(crate) struct Source {
    /// The name the file was parsed under.
    pub(crate) name: String,
    /// The whole text, which is UTF-8.
    pub(crate) text: Bytes,
    pub(crate) nodes: Vec<Node>,
    pub(crate) branches: Vec<Branch>,
    pub(crate) invocations: Vec<Invocation>,
    pub(crate) pipes: Vec<Pipe>,
    pub(crate) commands: Vec<Command>,
    pub(crate) operands: Vec<Expr>,
    pub(crate) variables: Vec<Variable>,
}

impl Source {
    /// A file without parts yet, with room for those that so many actions usually have: lists that grow step by step
    /// are copied, and leave memory behind that was touched for nothing.
    pub(crate) fn with_room(name: &str, text: Bytes, actions: usize) -> Self {
        let actions = actions.min(MOST_EXPECTED);
        Source {
            name: name.to_owned(),
            text,
            nodes: Vec::with_capacity(2 * actions + 1),
            branches: Vec::with_capacity(actions / 3),
            commands: Vec::with_capacity(actions + actions / 4),
            operands: Vec::with_capacity(2 * actions),
            ..Source::default()
        }
    }

    /// Gives back the room that was not needed.
    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.branches.shrink_to_fit();
        self.commands.shrink_to_fit();
        self.operands.shrink_to_fit();
    }

    /// Line (from 1) and byte column (from 0) of an offset.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        (line, column)
    }

    /// The column of an offset in letters, from 1, if it lies in that line.
    pub(crate) fn column_in_line(&self, offset: usize, line: usize) -> Option<usize> {
        let (found, bytes) = self.position(offset);
        let start = offset.checked_sub(bytes)?;
        let before = self.text.get(start..offset)?;
        (found == line).then(|| String::from_utf8_lossy(before).chars().count() + 1)
    }

    /// Whether a body has nothing but white space and comments.
    pub(crate) fn is_empty(&self, list: List) -> bool {
        list.of(&self.nodes)
            .iter()
            .all(|node| matches!(node, Node::Text(span) if is_blank(span.of(&self.text))))
    }
}

/// Actions that room is made for in advance.
const MOST_EXPECTED: usize = 4096;

/// A template body.
pub(crate) struct Tree {
    /// The template's name: that of the file, or of its `define`.
    pub(crate) name: Rc<str>,
    pub(crate) source: Rc<Source>,
    pub(crate) root: List,
    /// Number of variable slots a run of the body needs.
    pub(crate) slots: usize,
}

impl Tree {
    /// Whether it has nothing but white space and comments.
    pub(crate) fn is_empty(&self) -> bool {
        self.source.is_empty(self.root)
    }
}

/// A sequence of nodes.
pub(crate) type List = Slice<Node>;

/// Something that is walked for its output.
pub(crate) enum Node {
    Text(Span),
    Action { pos: u32, pipe: Pipe },
    If(Place<Branch>),
    With(Place<Branch>),
    Range(Place<Branch>),
    Template(Place<Invocation>),
    Break { pos: u32 },
    Continue { pos: u32 },
}

/// An `if`, `with` or `range`.
pub(crate) struct Branch {
    pub(crate) pos: u32,
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    /// Empty when there is no `else`, which does the same.
    pub(crate) else_list: List,
}

/// A `template` or `block`.
pub(crate) struct Invocation {
    pub(crate) pos: u32,
    pub(crate) name: Rc<str>,
    pub(crate) pipe: Option<Pipe>,
}

/// A pipeline.
#[derive(Clone, Copy)]
pub(crate) struct Pipe {
    pub(crate) pos: u32,
    /// Whether the variables are assigned to, not declared.
    pub(crate) is_assign: bool,
    /// The variables that it declares or assigns.
    pub(crate) variables: Slice<Variable>,
    /// At least one.
    pub(crate) commands: Slice<Command>,
}

/// A variable that a pipeline declares or assigns.
pub(crate) struct Variable {
    pub(crate) name: Span,
    /// Absent when an assignment names a variable that does not exist when it runs.
    pub(crate) slot: Option<u32>,
}

/// One stage of a pipeline; the first operand says what it does.
#[derive(Clone, Copy)]
pub(crate) struct Command {
    pub(crate) pos: u32,
    pub(crate) operands: Slice<Expr>,
}

/// An operand.
pub(crate) enum Expr {
    Dot {
        pos: u32,
    },
    Nil {
        pos: u32,
    },
    Bool {
        pos: u32,
        value: bool,
    },
    /// A number of decimal digits alone, which most are.
    Int {
        pos: u32,
        digits: Span,
        value: i64,
    },
    Number {
        pos: u32,
        number: Box<Number>,
    },
    String {
        pos: u32,
        quoted: Span,
        /// What is between the quotes, once somebody asked.
        value: OnceCell<Text>,
    },
    Field {
        pos: u32,
        path: Path,
    },
    Variable {
        pos: u32,
        name: Span,
        slot: Option<u32>,
        path: Path,
    },
    Function {
        pos: u32,
        function: &'static Function,
    },
    Chain {
        pos: u32,
        base: Box<Expr>,
        path: Path,
    },
    Pipe {
        pos: u32,
        pipe: Place<Pipe>,
    },
}

/// Field names in order of access, each behind a full stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(pub(crate) Span);

impl Path {
    /// The names; none when there is no path.
    pub(crate) fn names(self, source: &[u8]) -> impl Iterator<Item = &str> {
        let mut rest = self.0.text_of(source).strip_prefix('.');
        std::iter::from_fn(move || {
            let (name, end) = (rest?, rest?.bytes().position(|byte| byte == b'.'));
            rest = end.map(|end| &name[end + 1..]);
            Some(end.map_or(name, |end| &name[..end]))
        })
    }
}

impl Expr {
    /// Byte offset of the operand in the source.
    pub(crate) fn pos(&self) -> u32 {
        match self {
            Expr::Dot { pos }
            | Expr::Nil { pos }
            | Expr::Bool { pos, .. }
            | Expr::Int { pos, .. }
            | Expr::Number { pos, .. }
            | Expr::String { pos, .. }
            | Expr::Field { pos, .. }
            | Expr::Variable { pos, .. }
            | Expr::Function { pos, .. }
            | Expr::Chain { pos, .. }
            | Expr::Pipe { pos, .. } => *pos,
        }
    }

    /// Whether the operand is a plain value, which cannot take a pipeline's value.
    pub(crate) fn is_literal(&self) -> bool {
        matches!(
            self,
            Expr::Bool { .. }
                | Expr::Dot { .. }
                | Expr::Int { .. }
                | Expr::Nil { .. }
                | Expr::Number { .. }
                | Expr::String { .. }
        )
    }
}

fn is_blank(text: &[u8]) -> bool {
    let rest = text.trim_ascii_start();
    match rest.first() {
        None => true,
        Some(byte) if byte.is_ascii_graphic() => false,
        // White space beyond ASCII is rare.
        Some(_) => std::str::from_utf8(rest).is_ok_and(|rest| rest.trim().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_small() {
        assert!(size_of::<Node>() <= 32 && size_of::<Expr>() <= 32);
    }
}
