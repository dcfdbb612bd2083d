//! Pipelines, commands and operands.

use crate::format::quote::quoted;
use crate::functions;

use super::ast::{Command, Expr, Path, Pipe, Span, Variable, offset};
use super::definition::{Parsed, Parser};
use super::display::Shown;
use super::number::Number;
use super::token::{Keyword, Token, TokenKind};
use super::unquote;

/// Variables a pipeline introduces: their names and entries in the scope.
#[derive(Default)]
struct Introduced {
    is_assign: bool,
    names: Vec<(Span, usize)>,
}

/// Longest number of decimal digits that fits every integer type of 64 bits.
const MOST_DIGITS: usize = 18;

impl<'t> Parser<'t> {
    /// A pipeline up to the token `end`, which is consumed.
    pub(super) fn parse_pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        self.check_depth()?;
        let pos = offset(self.peek_non_space().pos);
        let introduced = self.parse_declarations(context)?;
        let (mut first, mut others) = (None, Vec::new());
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                break;
            }
            if !begins_operand(token.kind) {
                return Err(self.unexpected(&token, context));
            }
            self.backup();
            let command = self.parse_command()?;
            match &first {
                None => first = Some(command),
                Some(_) => others.push(command),
            }
        }
        let first = first.ok_or_else(|| self.error(format!("missing value for {context}")))?;
        self.check_stages(&others)?;
        let is_assign = introduced.is_assign;
        let variables = self.settle(introduced);
        Ok(Pipe::new(pos, is_assign, variables, first, others))
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

    fn introduce(&mut self, introduced: &mut Introduced, variable: &Token<'t>) {
        let entry = self.body.scope.introduce(variable.text);
        introduced.names.push((span(variable), entry));
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
    fn settle(&mut self, introduced: Introduced) -> Box<[Variable]> {
        let scope = &mut self.body.scope;
        let is_assign = introduced.is_assign;
        let settle = |(name, entry)| {
            let slot = if is_assign { scope.assign(entry) } else { scope.declare(entry) };
            Variable { name, slot }
        };
        introduced.names.into_iter().map(settle).collect()
    }

    /// Refuses plain values behind a pipe character.
    fn check_stages(&self, others: &[Command]) -> Parsed<()> {
        let is_literal = |command: &Command| command.operands.first().is_some_and(Expr::is_literal);
        match others.iter().position(is_literal) {
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
                _ => return Err(self.unexpected(&token, "operand")),
            }
            break;
        }
        if self.operands.len() == begin {
            return Err(self.error("empty command".to_owned()));
        }
        Ok(Command { operands: self.operands.drain(begin..).collect() })
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
        let (pos, mut end) = (offset(first.pos), first.pos);
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            end = token.pos + token.text.len();
        }
        // The names stand behind each other.
        let from = |start| Path(Span::new(start, end));
        Ok(Some(match term {
            Expr::Field { path, .. } => Expr::Field { pos, path: from(path.0.start()) },
            Expr::Variable { name, slot, .. } => Expr::Variable { pos, name, slot, path: from(first.pos) },
            literal if literal.is_literal() => {
                let shown = quoted(literal.shown(self.text()).as_bytes());
                return Err(self.error(format!("unexpected . after term {shown}")));
            }
            base => Expr::Chain { pos, base: Box::new(base), path: from(first.pos) },
        }))
    }

    /// A simple operand, or nothing when the next token begins none.
    fn parse_term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.next_non_space();
        let pos = offset(token.pos);
        let wrap = |parser: &Self, number: Result<Number, String>| match number {
            Ok(number) => Ok(Some(Expr::Number { pos, number: Box::new(number) })),
            Err(message) => Err(parser.error(message)),
        };
        Ok(Some(match token.kind {
            TokenKind::Identifier => match functions::lookup(token.text) {
                Some(function) => Expr::Function { pos, function },
                None => {
                    let name = quoted(token.text.as_bytes());
                    return Err(self.error(format!("function {name} not defined")));
                }
            },
            TokenKind::Keyword(Keyword::Dot) => Expr::Dot { pos },
            TokenKind::Keyword(Keyword::Nil) => Expr::Nil { pos },
            TokenKind::Variable => self.use_variable(&token)?,
            TokenKind::Field => Expr::Field { pos, path: Path(span(&token)) },
            TokenKind::Bool => Expr::Bool { pos, value: token.text == "true" },
            TokenKind::CharConstant => return wrap(self, Number::parse_char(token.text)),
            TokenKind::Complex => return wrap(self, Number::parse_complex(token.text)),
            TokenKind::Number => match small_int(token.text) {
                Some(value) => Expr::Int { pos, digits: span(&token), value },
                None => return wrap(self, Number::parse(token.text)),
            },
            TokenKind::LeftParen => {
                Expr::Pipe(Box::new(self.parse_pipeline("parenthesized pipeline", TokenKind::RightParen)?))
            }
            TokenKind::String | TokenKind::RawString => {
                let value = unquote::text(token.text).map_err(|message| self.error(message))?;
                Expr::String { pos, quoted: span(&token), value }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        }))
    }

    fn use_variable(&self, token: &Token<'_>) -> Parsed<Expr> {
        match self.body.scope.resolve(token.text) {
            Some(slot) => {
                let (pos, name) = (offset(token.pos), span(token));
                Ok(Expr::Variable { pos, name, slot, path: Path::default() })
            }
            None => Err(self.error(format!("undefined variable {}", quoted(token.text.as_bytes())))),
        }
    }
}

fn span(token: &Token<'_>) -> Span {
    Span::new(token.pos, token.pos + token.text.len())
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
