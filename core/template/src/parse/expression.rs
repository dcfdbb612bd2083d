//! Pipelines, commands and operands.

use std::cell::OnceCell;

use crate::format::quote::quoted;
use crate::functions;

use super::ast::{Command, Expr, Path, Pipe, Variable};
use super::definition::{Parsed, Parser};
use super::display::Shown;
use super::number::Number;
use super::place::{Place, Slice, Span};
use super::token::{Keyword, Token, TokenKind};
use super::unquote;

/// Variables a pipeline introduces: their names and entries in the scope.
#[derive(Default)]
struct Introduced {
    is_assign: bool,
    names: [(Span, usize); MOST_VARIABLES],
    count: usize,
}

/// A range has the most variables.
const MOST_VARIABLES: usize = 2;

/// Longest number of decimal digits that fits every integer type of 64 bits.
const MOST_DIGITS: usize = 18;

impl<'t> Parser<'t> {
    /// A pipeline up to the token `end`, which is consumed.
    pub(super) fn parse_pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        self.check_depth()?;
        let pos = self.peek_non_space().start;
        let introduced = self.parse_declarations(context)?;
        let begin = self.commands.len();
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                break;
            }
            if !begins_operand(token.kind) {
                return Err(self.unexpected(token, context));
            }
            self.backup();
            let command = self.parse_command()?;
            self.commands.push(command);
        }
        if self.commands.len() == begin {
            return Err(self.error(format!("missing value for {context}")));
        }
        self.check_stages(begin)?;
        let variables = self.settle(&introduced);
        let commands = Slice::append(&mut self.source.commands, self.commands.drain(begin..));
        Ok(Pipe { pos, is_assign: introduced.is_assign, variables, commands })
    }

    /// `$x :=`, `$x =` or, in a range, `$i, $x :=` and the like.
    fn parse_declarations(&mut self, context: &str) -> Parsed<Introduced> {
        let mut introduced = Introduced::default();
        while self.peek_non_space().kind == TokenKind::Variable {
            let variable = self.next();
            // "$x foo" must be told from "$x :=", which takes three tokens of look-ahead.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    self.next_non_space();
                    introduced.is_assign = next.kind == TokenKind::Assign;
                    self.introduce(&mut introduced, variable);
                    break;
                }
                TokenKind::Char if self.text(next) == "," => {
                    self.next_non_space();
                    self.introduce(&mut introduced, variable);
                    self.check_second_variable(context, introduced.count)?;
                }
                _ if after.kind == TokenKind::Space => {
                    self.backup3(variable, after);
                    break;
                }
                _ => {
                    self.backup2(variable);
                    break;
                }
            }
        }
        Ok(introduced)
    }

    fn introduce(&mut self, introduced: &mut Introduced, variable: Token) {
        let entry = self.body.scope.introduce(self.text(variable));
        if let Some(name) = introduced.names.get_mut(introduced.count) {
            *name = (variable.span(), entry);
            introduced.count += 1;
        }
    }

    fn check_second_variable(&mut self, context: &str, count: usize) -> Parsed<()> {
        if context != "range" || count >= MOST_VARIABLES {
            return Err(self.error(format!("too many declarations in {context}")));
        }
        match self.peek_non_space().kind {
            TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => Ok(()),
            _ => Err(self.error("range can only initialize variables".to_owned())),
        }
    }

    /// Makes the introduced variables usable, which they are only after their pipeline.
    fn settle(&mut self, introduced: &Introduced) -> Slice<Variable> {
        let scope = &mut self.body.scope;
        let settled = introduced.names.iter().take(introduced.count).map(|(name, entry)| {
            let slot = if introduced.is_assign { scope.assign(*entry) } else { scope.declare(*entry) };
            Variable { name: *name, slot }
        });
        Slice::append(&mut self.source.variables, settled)
    }

    /// Refuses plain values behind a pipe character, in the commands since there were so many.
    fn check_stages(&self, begin: usize) -> Parsed<()> {
        let first = |command: &Command| command.operands.of(&self.source.operands).first();
        let is_literal = |command: &Command| first(command).is_some_and(Expr::is_literal);
        match self.commands[begin + 1..].iter().position(is_literal) {
            None => Ok(()),
            Some(index) => Err(self.error(format!("non executable command in pipeline stage {}", index + 2))),
        }
    }

    /// Operands up to a pipe character, which is consumed, or the end of the pipeline.
    fn parse_command(&mut self) -> Parsed<Command> {
        let begin = self.operands.len();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.parse_operand()? {
                self.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return Err(self.unexpected(token, "operand")),
            }
            break;
        }
        let Some(first) = self.operands.get(begin) else {
            return Err(self.error("empty command".to_owned()));
        };
        let pos = first.pos();
        let operands = Slice::append(&mut self.source.operands, self.operands.drain(begin..));
        Ok(Command { pos, operands })
    }

    /// A term with the fields that follow it.
    fn parse_operand(&mut self) -> Parsed<Option<Expr>> {
        let Some(term) = self.parse_term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let (pos, mut end) = (first.start, first.end);
        while self.peek().kind == TokenKind::Field {
            end = self.next().end;
        }
        // The names stand behind each other.
        let from = |start| Path(Span::new(start, end as usize));
        Ok(Some(match term {
            Expr::Field { path, .. } => Expr::Field { pos, path: from(path.0.start()) },
            Expr::Variable { name, slot, .. } => {
                Expr::Variable { pos, name, slot, path: from(first.start as usize) }
            }
            literal if literal.is_literal() => {
                let shown = quoted(literal.shown(&self.source).as_bytes());
                return Err(self.error(format!("unexpected . after term {shown}")));
            }
            base => Expr::Chain { pos, base: Box::new(base), path: from(first.start as usize) },
        }))
    }

    /// A simple operand, or nothing when the next token begins none.
    fn parse_term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.next_non_space();
        let (pos, text) = (token.start, self.text(token));
        let wrap = |parser: &Self, number: Result<Number, String>| match number {
            Ok(number) => Ok(Some(Expr::Number { pos, number: Box::new(number) })),
            Err(message) => Err(parser.error(message)),
        };
        Ok(Some(match token.kind {
            TokenKind::Identifier => match functions::lookup(text) {
                Some(function) => Expr::Function { pos, function },
                None => {
                    let name = quoted(text.as_bytes());
                    return Err(self.error(format!("function {name} not defined")));
                }
            },
            TokenKind::Keyword(Keyword::Dot) => Expr::Dot { pos },
            TokenKind::Keyword(Keyword::Nil) => Expr::Nil { pos },
            TokenKind::Variable => self.use_variable(token)?,
            TokenKind::Field => Expr::Field { pos, path: Path(token.span()) },
            TokenKind::Bool => Expr::Bool { pos, value: text == "true" },
            TokenKind::CharConstant => return wrap(self, Number::parse_char(text)),
            TokenKind::Complex => return wrap(self, Number::parse_complex(text)),
            TokenKind::Number => match small_int(text) {
                Some(value) => Expr::Int { pos, digits: token.span(), value },
                None => return wrap(self, Number::parse(text)),
            },
            TokenKind::LeftParen => {
                let pipe = self.parse_pipeline("parenthesized pipeline", TokenKind::RightParen)?;
                Expr::Pipe { pos: pipe.pos, pipe: Place::append(&mut self.source.pipes, pipe) }
            }
            TokenKind::String | TokenKind::RawString => {
                unquote::check(text).map_err(|message| self.error(message))?;
                Expr::String { pos, quoted: token.span(), value: OnceCell::new() }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        }))
    }

    fn use_variable(&self, token: Token) -> Parsed<Expr> {
        let text = self.text(token);
        match self.body.scope.resolve(text) {
            Some(slot) => {
                Ok(Expr::Variable { pos: token.start, name: token.span(), slot, path: Path::default() })
            }
            None => Err(self.error(format!("undefined variable {}", quoted(text.as_bytes())))),
        }
    }
}

/// A number that is read the same way whatever it is for.
fn small_int(text: &str) -> Option<i64> {
    let is_plain = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal = text == "0" || !text.starts_with('0');
    if is_plain && is_decimal { text.parse().ok() } else { None }
}

fn begins_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Complex
            | TokenKind::Keyword(Keyword::Dot | Keyword::Nil)
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::RawString
            | TokenKind::String
            | TokenKind::Variable
            | TokenKind::LeftParen
    )
}
