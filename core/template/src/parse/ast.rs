//! Syntax trees, with variables resolved to slots and functions to ids.

use std::rc::Rc;
use std::sync::Arc;

use crate::functions::Function;
use crate::value::Value;

use super::number::Number;

/// The text of one template file; error positions are computed from it.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name the file was parsed under.
    pub(crate) name: String,
    /// The whole text, which is UTF-8.
    pub(crate) text: Arc<Vec<u8>>,
}

impl Source {
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
}

/// A template body.
pub(crate) struct Tree {
    /// The template's name: that of the file, or of its `define`.
    pub(crate) name: Rc<str>,
    pub(crate) source: Rc<Source>,
    pub(crate) root: List,
    /// Number of variable slots a run of the body needs.
    pub(crate) slots: usize,
}

/// A sequence of nodes.
pub(crate) type List = Vec<Node>;

impl Command {
    /// Byte offset of the first operand in the source.
    pub(crate) fn pos(&self) -> usize {
        self.operands.first().map_or(0, Expr::pos)
    }
}

/// Something that is walked for its output.
pub(crate) enum Node {
    Text { start: usize, end: usize },
    Action { pos: usize, pipe: Pipe },
    // In boxes: most nodes are text, and lists have room for the largest kind.
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template { pos: usize, name: Rc<str>, pipe: Option<Pipe> },
    Break { pos: usize },
    Continue { pos: usize },
}

/// An `if`, `with` or `range`.
pub(crate) struct Branch {
    pub(crate) pos: usize,
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) else_list: Option<List>,
}

/// A pipeline.
pub(crate) struct Pipe {
    pub(crate) pos: usize,
    /// The variables are assigned to, not declared.
    pub(crate) is_assign: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) commands: Vec<Command>,
}

/// A variable that a pipeline declares or assigns.
pub(crate) struct Variable {
    pub(crate) name: Rc<str>,
    /// Absent when an assignment names a variable that does not exist when it runs.
    pub(crate) slot: Option<usize>,
}

/// One stage of a pipeline; the first operand says what it does.
pub(crate) struct Command {
    pub(crate) operands: Vec<Expr>,
}

/// An operand.
pub(crate) enum Expr {
    Dot { pos: usize },
    Nil { pos: usize },
    Bool { pos: usize, value: bool },
    Number { pos: usize, number: Box<Number> },
    String { pos: usize, quoted: String, value: Value },
    Field { pos: usize, path: Path },
    Variable { pos: usize, name: Rc<str>, slot: Option<usize>, path: Path },
    Function { pos: usize, function: &'static Function },
    Chain { pos: usize, base: Box<Expr>, path: Path },
    Pipe(Box<Pipe>),
}

/// Field names, in order of access.
pub(crate) type Path = Vec<Rc<str>>;

impl Expr {
    /// Byte offset of the operand in the source.
    pub(crate) fn pos(&self) -> usize {
        match self {
            Expr::Dot { pos }
            | Expr::Nil { pos }
            | Expr::Bool { pos, .. }
            | Expr::Number { pos, .. }
            | Expr::String { pos, .. }
            | Expr::Field { pos, .. }
            | Expr::Variable { pos, .. }
            | Expr::Function { pos, .. }
            | Expr::Chain { pos, .. } => *pos,
            Expr::Pipe(pipe) => pipe.pos,
        }
    }

    /// Whether the operand is a plain value, which cannot take a pipeline's value.
    pub(crate) fn is_literal(&self) -> bool {
        matches!(
            self,
            Expr::Bool { .. }
                | Expr::Dot { .. }
                | Expr::Nil { .. }
                | Expr::Number { .. }
                | Expr::String { .. }
        )
    }
}

/// Whether a body has nothing but white space and comments.
pub(crate) fn is_empty_list(list: &List, text: &[u8]) -> bool {
    list.iter().all(|node| match node {
        Node::Text { start, end } => is_blank(&text[*start..*end]),
        _ => false,
    })
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
