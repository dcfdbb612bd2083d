//! Syntax trees, with variables resolved to slots and functions to ids.

use std::rc::Rc;
use std::sync::Arc;

use crate::functions::Function;
use crate::value::Text;

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

/// An offset in a source, none of which is longer than this can tell.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A part of a source: trees hold places instead of copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The part between two byte offsets.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Span { start: offset(start), end: offset(end) }
    }

    /// Length in bytes.
    pub(crate) fn len(self) -> usize {
        self.range().len()
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Byte offset of the start.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// The bytes of the part.
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.range()).unwrap_or_default()
    }

    /// The part as text; a source is UTF-8, and parts of it begin and end between letters.
    pub(crate) fn text_of(self, text: &[u8]) -> &str {
        std::str::from_utf8(self.of(text)).unwrap_or_default()
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A sequence of nodes.
pub(crate) type List = Box<[Node]>;

/// Something that is walked for its output.
pub(crate) enum Node {
    Text(Span),
    Action { pos: u32, pipe: Pipe },
    // In boxes: most nodes are text and actions, and lists have room for the largest kind.
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Box<Invocation>),
    Break { pos: u32 },
    Continue { pos: u32 },
}

/// An `if`, `with` or `range`.
pub(crate) struct Branch {
    pub(crate) pos: u32,
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
    pub(crate) else_list: Option<List>,
}

/// A `template` or `block`.
pub(crate) struct Invocation {
    pub(crate) pos: u32,
    pub(crate) name: Rc<str>,
    pub(crate) pipe: Option<Pipe>,
}

/// A pipeline.
pub(crate) struct Pipe {
    pub(crate) pos: u32,
    first: Command,
    /// What most pipelines do not have.
    more: Option<Box<More>>,
}

struct More {
    is_assign: bool,
    variables: Box<[Variable]>,
    /// The commands behind the first one.
    commands: Box<[Command]>,
}

impl Pipe {
    /// A pipeline of at least one command.
    pub(crate) fn new(
        pos: u32,
        is_assign: bool,
        variables: Box<[Variable]>,
        first: Command,
        commands: Vec<Command>,
    ) -> Self {
        let is_plain = variables.is_empty() && commands.is_empty();
        let more = (!is_plain).then(|| Box::new(More { is_assign, variables, commands: commands.into() }));
        Pipe { pos, first, more }
    }

    /// The variables that it declares or assigns.
    pub(crate) fn variables(&self) -> &[Variable] {
        self.more.as_ref().map_or(&[], |more| &more.variables)
    }

    /// Whether the variables are assigned to, not declared.
    pub(crate) fn is_assign(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.is_assign)
    }

    /// The first command.
    pub(crate) fn first(&self) -> &Command {
        &self.first
    }

    /// The other commands.
    pub(crate) fn others(&self) -> &[Command] {
        self.more.as_ref().map_or(&[], |more| &more.commands)
    }
}

/// A variable that a pipeline declares or assigns.
pub(crate) struct Variable {
    pub(crate) name: Span,
    /// Absent when an assignment names a variable that does not exist when it runs.
    pub(crate) slot: Option<u32>,
}

/// One stage of a pipeline; the first operand says what it does.
pub(crate) struct Command {
    pub(crate) operands: Box<[Expr]>,
}

impl Command {
    /// Byte offset of the first operand in the source.
    pub(crate) fn pos(&self) -> u32 {
        self.operands.first().map_or(0, Expr::pos)
    }
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
        value: Text,
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
    Pipe(Box<Pipe>),
}

/// Field names in order of access, each behind a full stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(pub(crate) Span);

impl Path {
    /// The names; none when there is no path.
    pub(crate) fn names(self, source: &[u8]) -> impl Iterator<Item = &str> {
        let mut names = self.0.of(source).split(|byte| *byte == b'.');
        names.next();
        names.map(|name| std::str::from_utf8(name).unwrap_or_default())
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
                | Expr::Int { .. }
                | Expr::Nil { .. }
                | Expr::Number { .. }
                | Expr::String { .. }
        )
    }
}

/// Whether a body has nothing but white space and comments.
pub(crate) fn is_empty_list(list: &List, text: &[u8]) -> bool {
    list.iter().all(|node| matches!(node, Node::Text(span) if is_blank(span.of(text))))
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
        assert!(size_of::<Node>() <= 40 && size_of::<Expr>() <= 32);
    }
}
