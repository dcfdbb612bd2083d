//! Text, actions and control structures.

use std::rc::Rc;

use super::ast::{Branch, Invocation, List, Node, Pipe};
use super::definition::{Parsed as ParseResult, Parser};
use super::place::{Place, Slice};
use super::token::{Keyword, TokenKind};

/// What a step over text or an action yields.
pub(super) enum Parsed {
    Node(Node),
    End,
    Else,
}

impl Parsed {
    /// The action as error messages show it.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Parsed::End => "{{end}}",
            Parsed::Else => "{{else}}",
            Parsed::Node(_) => "node",
        }
    }
}

/// Which control structure is parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    If,
    With,
    Range,
}

impl Parser<'_> {
    /// Nodes up to an `end` or `else`, which is returned with them.
    pub(super) fn parse_list(&mut self) -> ParseResult<(List, Parsed)> {
        self.check_depth()?;
        let begin = self.nodes.len();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.parse_text_or_action()? {
                Parsed::Node(node) => self.nodes.push(node),
                end => return Ok((self.list_since(begin), end)),
            }
        }
        Err(self.error("unexpected EOF".to_owned()))
    }

    pub(super) fn parse_text_or_action(&mut self) -> ParseResult<Parsed> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Parsed::Node(Node::Text(token.span()))),
            TokenKind::LeftDelim => {
                self.body.action_at = Some(token.start);
                let action = self.parse_action()?;
                self.body.action_at = None;
                Ok(action)
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn parse_action(&mut self) -> ParseResult<Parsed> {
        let token = self.next_non_space();
        if let TokenKind::Keyword(keyword) = token.kind {
            let node = match keyword {
                Keyword::Block => self.parse_block()?,
                Keyword::Break => self.parse_loop_exit("{{break}}", Node::Break { pos: token.start })?,
                Keyword::Continue => {
                    self.parse_loop_exit("{{continue}}", Node::Continue { pos: token.start })?
                }
                Keyword::Else => return self.parse_else(),
                Keyword::End => {
                    self.expect(TokenKind::RightDelim, "end")?;
                    return Ok(Parsed::End);
                }
                Keyword::If => self.parse_control(Control::If)?,
                Keyword::Range => self.parse_control(Control::Range)?,
                Keyword::Template => self.parse_template()?,
                Keyword::With => self.parse_control(Control::With)?,
                Keyword::Define | Keyword::Dot | Keyword::Nil => {
                    self.backup();
                    return self.parse_pipeline_action();
                }
            };
            return Ok(Parsed::Node(node));
        }
        self.backup();
        self.parse_pipeline_action()
    }

    fn parse_pipeline_action(&mut self) -> ParseResult<Parsed> {
        let pos = self.peek().start;
        let pipe = self.parse_pipeline("command", TokenKind::RightDelim)?;
        Ok(Parsed::Node(Node::Action { pos, pipe }))
    }

    fn parse_loop_exit(&mut self, action: &str, node: Node) -> ParseResult<Node> {
        let token = self.next_non_space();
        if token.kind != TokenKind::RightDelim {
            return Err(self.unexpected(token, action));
        }
        if self.body.range_depth == 0 {
            return Err(self.error(format!("{action} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    /// An `else`; a following `if` or `with` is left for the control structure to take.
    fn parse_else(&mut self) -> ParseResult<Parsed> {
        let next = self.peek_non_space();
        if !next.is_keyword(Keyword::If) && !next.is_keyword(Keyword::With) {
            self.expect(TokenKind::RightDelim, "else")?;
        }
        Ok(Parsed::Else)
    }

    fn parse_control(&mut self, control: Control) -> ParseResult<Node> {
        self.check_depth()?;
        let mark = self.body.scope.mark();
        let context = match control {
            Control::If => "if",
            Control::With => "with",
            Control::Range => "range",
        };
        let pipe = self.parse_pipeline(context, TokenKind::RightDelim)?;
        let body_mark = self.body.scope.mark();
        let depth = usize::from(control == Control::Range);
        self.body.range_depth += depth;
        let (list, end) = self.parse_list()?;
        self.body.range_depth -= depth;
        self.body.scope.retire(body_mark);
        let else_list = match end {
            Parsed::Else => self.parse_else_list(control)?,
            _ => Slice::EMPTY,
        };
        self.body.scope.leave(mark);
        let branch = Branch { pos: pipe.pos, pipe, list, else_list };
        let branch = Place::append(&mut self.source.branches, branch);
        Ok(match control {
            Control::If => Node::If(branch),
            Control::With => Node::With(branch),
            Control::Range => Node::Range(branch),
        })
    }

    /// What follows an `else`. `else if` is an `if` in the `else` whose `end` serves both.
    fn parse_else_list(&mut self, control: Control) -> ParseResult<List> {
        let chained = match control {
            Control::If => self.peek().is_keyword(Keyword::If),
            Control::With => self.peek().is_keyword(Keyword::With),
            Control::Range => false,
        };
        if chained {
            self.next();
            let node = self.parse_control(control)?;
            return Ok(Slice::append(&mut self.source.nodes, std::iter::once(node)));
        }
        let (list, end) = self.parse_list()?;
        match end {
            Parsed::End => Ok(list),
            end => Err(self.error(format!("expected end; found {}", end.describe()))),
        }
    }

    fn parse_block(&mut self) -> ParseResult<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.parse_pipeline(CONTEXT, TokenKind::RightDelim)?;
        self.parse_block_body(Rc::clone(&name), CONTEXT)?;
        Ok(self.invocation(Invocation { pos: token.start, name, pipe: Some(pipe) }))
    }

    fn parse_template(&mut self) -> ParseResult<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe: Option<Pipe> = if self.next_non_space().kind == TokenKind::RightDelim {
            None
        } else {
            self.backup();
            Some(self.parse_pipeline(CONTEXT, TokenKind::RightDelim)?)
        };
        Ok(self.invocation(Invocation { pos: token.start, name, pipe }))
    }

    fn invocation(&mut self, invocation: Invocation) -> Node {
        Node::Template(Place::append(&mut self.source.invocations, invocation))
    }
}
