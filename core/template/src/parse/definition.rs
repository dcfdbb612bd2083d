//! The parser's frame: files, definitions and the token look-ahead.

use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

use crate::budget::LimitError;
use crate::error::ParseError;
use crate::stack::StackGuard;

use super::ast::{Command, Expr, List, Node, Source, Tree};
use super::lexer::Lexer;
use super::place::Slice;
use super::scope::Scope;
use super::token::{Keyword, Token, TokenKind};
use super::unquote;

/// The templates of one file: the file itself and its definitions.
pub(crate) struct ParsedFile {
    pub(crate) main: Rc<Tree>,
    /// All of them by name. The file's own tree is among them unless an earlier, non-empty definition of the
    /// same name in the file stands instead.
    pub(crate) trees: BTreeMap<Rc<str>, Rc<Tree>>,
}

/// Parses a file; `stack` bounds how deep its text may nest.
pub(crate) fn parse_file(name: &str, text: &str, stack: usize) -> Result<ParsedFile, ParseError> {
    parse_source(name, text, Bytes::copy_from_slice(text.as_bytes()), stack)
}

/// The same with a text that is kept already: `bytes` are those of `text`.
pub(crate) fn parse_source(
    name: &str,
    text: &str,
    bytes: Bytes,
    stack: usize,
) -> Result<ParsedFile, ParseError> {
    if u32::try_from(text.len()).is_err() {
        let limit = LimitError::Bytes(u64::from(u32::MAX));
        let (name, message) = (name.to_owned(), limit.to_string());
        return Err(ParseError { name, line: 1, column: None, message, limit: Some(limit) });
    }
    let parser = Parser {
        lexer: Lexer::new(text),
        source: Source::with_room(name, bytes, memchr::memmem::find_iter(text.as_bytes(), b"{{").count()),
        definitions: BTreeMap::new(),
        guard: StackGuard::new(stack),
        stack,
        body: Body::new(),
        nodes: Vec::new(),
        commands: Vec::new(),
        operands: Vec::new(),
    };
    parser.parse_all(Rc::from(name)).map_err(|error| *error)
}

/// A template of the file.
#[derive(Clone, Copy)]
struct Definition {
    root: List,
    slots: usize,
}

/// The state of a template body while it is parsed.
pub(super) struct Body<'t> {
    tokens: [Token; 3],
    peeked: usize,
    pub(super) scope: Scope<'t>,
    /// Where the action begins that is parsed.
    pub(super) action_at: Option<u32>,
    pub(super) range_depth: usize,
}

impl Body<'_> {
    pub(super) fn new() -> Self {
        Body { tokens: [Token::NONE; 3], peeked: 0, scope: Scope::new(), action_at: None, range_depth: 0 }
    }
}

/// A parser over one file.
pub(super) struct Parser<'t> {
    lexer: Lexer<'t>,
    pub(super) source: Source,
    definitions: BTreeMap<Rc<str>, Definition>,
    guard: StackGuard,
    stack: usize,
    pub(super) body: Body<'t>,
    /// What is parsed of lists that are not at their end yet; finished ones lie in the source.
    pub(super) nodes: Vec<Node>,
    pub(super) commands: Vec<Command>,
    pub(super) operands: Vec<Expr>,
}

/// The result of a parse step. Errors are boxed to keep those of every step small.
pub(super) type Parsed<T> = Result<T, Box<ParseError>>;

impl<'t> Parser<'t> {
    fn parse_all(mut self, name: Rc<str>) -> Parsed<ParsedFile> {
        let root = self.parse_top_level()?;
        let main = self.define(Rc::clone(&name), root)?;
        self.source.shrink();
        let source = Rc::new(self.source);
        let tree = |name: &Rc<str>, Definition { root, slots }: Definition| {
            Rc::new(Tree { name: Rc::clone(name), source: Rc::clone(&source), root, slots })
        };
        let trees =
            self.definitions.iter().map(|(name, definition)| (Rc::clone(name), tree(name, *definition)));
        Ok(ParsedFile { trees: trees.collect(), main: tree(&name, main) })
    }

    /// The text of the file's own template, with its definitions set aside.
    fn parse_top_level(&mut self) -> Parsed<List> {
        let begin = self.nodes.len();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().is_keyword(Keyword::Define) {
                    self.parse_definition()?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.parse_text_or_action()? {
                super::control::Parsed::Node(node) => self.nodes.push(node),
                end => return Err(self.error(format!("unexpected {}", end.describe()))),
            }
        }
        Ok(self.list_since(begin))
    }

    /// The nodes of a list that began when there were so many.
    pub(super) fn list_since(&mut self, begin: usize) -> List {
        Slice::append(&mut self.source.nodes, self.nodes.drain(begin..))
    }

    fn parse_definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let outer = std::mem::replace(&mut self.body, Body::new());
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        self.expect(TokenKind::RightDelim, CONTEXT)?;
        self.finish_body(name, CONTEXT)?;
        self.body = outer;
        Ok(())
    }

    /// Parses a body up to its `end` and adds it as a template.
    pub(super) fn finish_body(&mut self, name: Rc<str>, context: &str) -> Parsed<()> {
        let (list, end) = self.parse_list()?;
        if !matches!(end, super::control::Parsed::End) {
            return Err(self.error(format!("unexpected {} in {context}", end.describe())));
        }
        self.define(name, list)?;
        Ok(())
    }

    /// Parses a `block` body, which has a scope and look-ahead of its own.
    pub(super) fn parse_block_body(&mut self, name: Rc<str>, context: &str) -> Parsed<()> {
        let outer = std::mem::replace(&mut self.body, Body::new());
        let (list, end) = self.parse_list()?;
        let found = matches!(end, super::control::Parsed::End);
        if found {
            self.define(name, list)?;
        }
        self.body = outer;
        if found { Ok(()) } else { Err(self.error(format!("unexpected {} in {context}", end.describe()))) }
    }

    /// The name a `define`, `block` or `template` gives.
    pub(super) fn template_name(&self, token: Token, context: &str) -> Parsed<Rc<str>> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => {
                let bytes = unquote::string(self.text(token)).map_err(|message| self.error(message))?;
                Ok(Rc::from(&*String::from_utf8_lossy(&bytes)))
            }
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn define(&mut self, name: Rc<str>, root: List) -> Parsed<Definition> {
        let taken = self.definitions.get(&name).is_some_and(|earlier| !self.source.is_empty(earlier.root));
        let definition = Definition { root, slots: self.body.scope.slots() };
        if !taken {
            self.definitions.insert(name, definition);
        } else if !self.source.is_empty(root) {
            let name = crate::format::quote::quoted(name.as_bytes());
            return Err(self.error(format!("template: multiple definition of template {name}")));
        }
        Ok(definition)
    }

    pub(super) fn next(&mut self) -> Token {
        if self.body.peeked > 0 {
            self.body.peeked -= 1;
        } else {
            self.body.tokens[0] = self.lexer.next_token();
        }
        self.body.tokens[self.body.peeked]
    }

    pub(super) fn peek(&mut self) -> Token {
        if self.body.peeked == 0 {
            self.body.tokens[0] = self.lexer.next_token();
            self.body.peeked = 1;
        }
        self.body.tokens[self.body.peeked - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token {
        loop {
            let token = self.peek();
            if token.kind != TokenKind::Space {
                return token;
            }
            self.body.peeked -= 1;
        }
    }

    /// Gives back the token taken last.
    pub(super) fn backup(&mut self) {
        self.body.peeked += 1;
    }

    /// Gives back the token taken last and the one before it.
    pub(super) fn backup2(&mut self, before: Token) {
        self.body.tokens[1] = before;
        self.body.peeked = 2;
    }

    /// Gives back the token taken last and the two before it, the earliest first.
    pub(super) fn backup3(&mut self, earliest: Token, before: Token) {
        self.body.tokens[1] = before;
        self.body.tokens[2] = earliest;
        self.body.peeked = 3;
    }

    pub(super) fn expect(&mut self, kind: TokenKind, context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    /// An error at the line of the token read last.
    pub(super) fn error(&self, message: String) -> Box<ParseError> {
        let (name, at) = (self.source.name.clone(), self.body.tokens[0].start as usize);
        let (line, _) = self.source.position(at);
        let column = self.source.column_in_line(at, line);
        Box::new(ParseError { name, line, column, message, limit: None })
    }

    pub(super) fn unexpected(&self, token: Token, context: &str) -> Box<ParseError> {
        if token.kind != TokenKind::Error {
            let shown = token.describe(self.text(token));
            return self.error(format!("unexpected {shown} in {context}"));
        }
        let mut message = self.lexer.failure().to_owned();
        let line_of = |offset: u32| self.source.position(offset as usize).0;
        let action_line = self.body.action_at.map(line_of).filter(|line| *line != line_of(token.start));
        if let Some(line) = action_line {
            let join = if message.ends_with(" action") { "" } else { " in action" };
            message.push_str(&format!("{join} started at {}:{line}", self.source.name));
        }
        self.error(message)
    }

    /// The source text of a token.
    pub(super) fn text(&self, token: Token) -> &'t str {
        self.lexer.text(token)
    }

    /// Refuses text that nests deeper than the stack allows.
    pub(super) fn check_depth(&self) -> Parsed<()> {
        if !self.guard.is_exhausted() {
            return Ok(());
        }
        let limit = LimitError::Stack(self.stack);
        let error = *self.error("max expression depth exceeded".to_owned());
        Err(Box::new(ParseError { limit: Some(limit), ..error }))
    }
}
