//! Pipelines, commands and operands.

use std::rc::Rc;

use crate::format::quote::quoted;
use crate::functions;
use crate::value::Value;

use super::ast::{Command, Expr, Path, Pipe, Variable};
use super::definition::{Parsed, Parser};
use super::number::Number;
use super::token::{Keyword, Token, TokenKind};
use super::unquote;

/// Variables a pipeline introduces: their names and entries in the scope.
#[derive(Default)]
struct Introduced {
    is_assign: bool,
    names: Vec<(Rc<str>, usize)>,
}

impl<'t> Parser<'t> {
    /// A pipeline up to the token `end`, which is consumed.
    pub(super) fn parse_pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        self.check_depth()?;
        let pos = self.peek_non_space().pos;
        let introduced = self.parse_declarations(context)?;
        let mut commands = Vec::with_capacity(1);
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                break;
            }
            if !begins_operand(token.kind) {
                return Err(self.unexpected(&token, context));
            }
            self.backup();
            commands.push(self.parse_command()?);
        }
        self.check_pipeline(&commands, context)?;
        let is_assign = introduced.is_assign;
        let variables = self.settle(introduced);
        Ok(Pipe { pos, is_assign, variables, commands })
    }

    /// `$x :=`, `$x =` or, in a range, `$i, $x :=` and the like.
    fn parse_declarations(&mut self, context: &str) -> Parsed<Introduced> {
        let mut introduced = Introduced::default();
        while self.peek_non_space().kind == TokenKind::Variable {
            let variable = self.next();
            // "$x foo" must be told from "$x :=", which takes three tokens of look-ahead.
            let after = self.peek().clone();
            let next = self.peek_non_space().clone();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    self.next_non_space();
                    introduced.is_assign = next.kind == TokenKind::Assign;
                    self.introduce(&mut introduced, &variable);
                    break;
                }
                TokenKind::Char if next.text == "," => {
                    self.next_non_space();
                    self.introduce(&mut introduced, &variable);
                    self.check_second_variable(context, introduced.names.len())?;
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

    fn introduce(&mut self, introduced: &mut Introduced, variable: &Token<'_>) {
        let name: Rc<str> = Rc::from(&*variable.text);
        let entry = self.body.scope.introduce(&name);
        introduced.names.push((name, entry));
    }

    fn check_second_variable(&mut self, context: &str, count: usize) -> Parsed<()> {
        if context != "range" || count >= 2 {
            return Err(self.error(format!("too many declarations in {context}")));
        }
        match self.peek_non_space().kind {
            TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => Ok(()),
            _ => Err(self.error("range can only initialize variables".to_owned())),
        }
    }

    /// Makes the introduced variables usable, which they are only after their pipeline.
    fn settle(&mut self, introduced: Introduced) -> Vec<Variable> {
        let scope = &mut self.body.scope;
        let is_assign = introduced.is_assign;
        let settle = |(name, entry)| {
            let slot = if is_assign { scope.assign(entry) } else { Some(scope.declare(entry)) };
            Variable { name, slot }
        };
        introduced.names.into_iter().map(settle).collect()
    }

    fn check_pipeline(&self, commands: &[Command], context: &str) -> Parsed<()> {
        if commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (index, command) in commands.iter().enumerate().skip(1) {
            if command.operands.first().is_some_and(Expr::is_literal) {
                return Err(self.error(format!("non executable command in pipeline stage {}", index + 1)));
            }
        }
        Ok(())
    }

    /// Operands up to a pipe character, which is consumed, or the end of the pipeline.
    fn parse_command(&mut self) -> Parsed<Command> {
        // Most commands have one or two.
        let mut operands = Vec::with_capacity(1);
        loop {
            self.peek_non_space();
            if let Some(operand) = self.parse_operand()? {
                operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return Err(self.unexpected(&token, "operand")),
            }
            break;
        }
        if operands.is_empty() {
            return Err(self.error("empty command".to_owned()));
        }
        Ok(Command { operands })
    }

    /// A term with the fields that follow it.
    fn parse_operand(&mut self) -> Parsed<Option<Expr>> {
        let Some(term) = self.parse_term()? else {
            return Ok(None);
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let chain_pos = self.peek().pos;
        let mut fields = Path::with_capacity(1);
        while self.peek().kind == TokenKind::Field {
            fields.push(Rc::from(&self.next().text[1..]));
        }
        Ok(Some(match term {
            Expr::Field { mut path, .. } => {
                path.append(&mut fields);
                Expr::Field { pos: chain_pos, path }
            }
            Expr::Variable { name, slot, mut path, .. } => {
                path.append(&mut fields);
                Expr::Variable { pos: chain_pos, name, slot, path }
            }
            literal if literal.is_literal() => {
                let shown = quoted(literal.to_string().as_bytes());
                return Err(self.error(format!("unexpected . after term {shown}")));
            }
            base => Expr::Chain { pos: chain_pos, base: Box::new(base), path: fields },
        }))
    }

    /// A simple operand, or nothing when the next token begins none.
    fn parse_term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.next_non_space();
        let pos = token.pos;
        let wrap = |parser: &Self, number: Result<Number, String>| match number {
            Ok(number) => Ok(Some(Expr::Number { pos, number: Box::new(number) })),
            Err(message) => Err(parser.error(message)),
        };
        Ok(Some(match token.kind {
            TokenKind::Identifier => match functions::lookup(&token.text) {
                Some(function) => Expr::Function { pos, function },
                None => {
                    let name = quoted(token.text.as_bytes());
                    return Err(self.error(format!("function {name} not defined")));
                }
            },
            TokenKind::Keyword(Keyword::Dot) => Expr::Dot { pos },
            TokenKind::Keyword(Keyword::Nil) => Expr::Nil { pos },
            TokenKind::Variable => self.use_variable(&token)?,
            TokenKind::Field => Expr::Field { pos, path: vec![Rc::from(&token.text[1..])] },
            TokenKind::Bool => Expr::Bool { pos, value: token.text == "true" },
            TokenKind::CharConstant => return wrap(self, Number::parse_char(&token.text)),
            TokenKind::Complex => return wrap(self, Number::parse_complex(&token.text)),
            TokenKind::Number => return wrap(self, Number::parse(&token.text)),
            TokenKind::LeftParen => {
                Expr::Pipe(Box::new(self.parse_pipeline("parenthesized pipeline", TokenKind::RightParen)?))
            }
            TokenKind::String | TokenKind::RawString => {
                let bytes = unquote::string(&token.text).map_err(|message| self.error(message))?;
                Expr::String { pos, quoted: token.text.into_owned(), value: Value::string(bytes) }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        }))
    }

    fn use_variable(&self, token: &Token<'_>) -> Parsed<Expr> {
        match self.body.scope.resolve(&token.text) {
            Some(slot) => {
                Ok(Expr::Variable { pos: token.pos, name: Rc::from(&*token.text), slot, path: Path::new() })
            }
            None => Err(self.error(format!("undefined variable {}", quoted(token.text.as_bytes())))),
        }
    }
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
