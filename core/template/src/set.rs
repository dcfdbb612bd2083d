//! Sets of templates that share one namespace of definitions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use pilothouse_encoding::utf8;

use crate::environment::Environment;
use crate::error::{ExecError, ParseError};
use crate::exec;
use crate::parse::ast::Tree;
use crate::parse::{ParsedFile, find_left, find_right, parse_file, parse_source};
use crate::value::Value;

/// The name Helm gives the root of a set; `tpl` texts run under it.
pub(crate) const ROOT_NAME: &str = "gotpl";

/// Stack the parser may use, in bytes.
const PARSER_STACK: usize = 1 << 20;

/// What reading an absent map key gives (Go's `missingkey` option).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value at all, printed as `<no value>`.
    Default,
    /// The zero value of the element type. Helm's choice; an `interface {}` still prints as `<no value>`,
    /// which the caller removes.
    #[default]
    Zero,
    /// The template fails. Helm's choice in strict mode.
    Error,
}

/// Templates parsed from many files, able to call each other.
#[derive(Clone, Default)]
pub struct TemplateSet {
    namespace: Rc<Namespace>,
    missing_key: MissingKey,
}

impl TemplateSet {
    /// An empty set.
    pub fn new(missing_key: MissingKey) -> Self {
        TemplateSet { missing_key, ..TemplateSet::default() }
    }

    /// Parses a file and adds it and its definitions. A later definition replaces an earlier one of the same
    /// name, unless the later one is empty.
    ///
    /// # Errors
    /// [`ParseError`] with Go's text; nothing is added then.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        let file = parse_file(name, text, PARSER_STACK)?;
        Rc::make_mut(&mut self.namespace).add(file);
        Ok(())
    }

    /// [`TemplateSet::parse`] for a text that others hold, too: it is not copied, unless it is not UTF-8.
    ///
    /// # Errors
    /// Those of [`TemplateSet::parse`].
    pub fn parse_shared(&mut self, name: &str, text: &Bytes) -> Result<(), ParseError> {
        let file = match utf8::lossy(text) {
            Cow::Borrowed(valid) => parse_source(name, valid, text.clone(), PARSER_STACK)?,
            Cow::Owned(replaced) => parse_file(name, &replaced, PARSER_STACK)?,
        };
        Rc::make_mut(&mut self.namespace).add(file);
        Ok(())
    }

    /// About how many bytes the parsed form of a text takes, and the text itself.
    #[must_use]
    pub fn parsed_size(text: &str) -> usize {
        parsed_size(text)
    }

    /// Whether a template of that name is defined.
    pub fn contains(&self, name: &str) -> bool {
        self.namespace.find(name).is_some()
    }

    /// Runs the template `name` over `data` and returns what it prints; bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`ExecError`] with Go's text, or with [`ExecError::limit`] when the budget is used up.
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        environment: &mut Environment<'_>,
    ) -> Result<String, ExecError> {
        let output = self.execute_bytes(name, data, environment)?;
        Ok(String::from_utf8(output).unwrap_or_else(|error| utf8::lossy(error.as_bytes()).into_owned()))
    }

    /// [`TemplateSet::execute`] for those who must know of what is no UTF-8.
    ///
    /// # Errors
    /// The same.
    pub fn execute_bytes(
        &self,
        name: &str,
        data: &Value,
        environment: &mut Environment<'_>,
    ) -> Result<Vec<u8>, ExecError> {
        exec::execute(&self.namespace, self.missing_key, name, data, environment)
    }
}

/// About how many bytes the parsed form of a text takes: that of actions is much larger than they are.
pub(crate) fn parsed_size(text: &str) -> usize {
    const ACTION: usize = 500;
    const BYTE: usize = 60;
    let mut size = text.len();
    let mut left = find_left(text).map(|at| &text[at + 2..]);
    while let Some(rest) = left {
        let next = find_left(rest);
        let action = next.map_or(rest, |at| &rest[..at]);
        size += ACTION + BYTE * find_right(action).unwrap_or(action.len());
        left = next.map(|at| &rest[at + 2..]);
    }
    size
}

/// Definitions by name, laid over those of a parent.
#[derive(Clone, Default)]
pub(crate) struct Namespace {
    parent: Option<Rc<Namespace>>,
    trees: BTreeMap<Rc<str>, Rc<Tree>>,
}

impl Namespace {
    /// A namespace that sees `parent` and adds the templates of `file`.
    pub(crate) fn overlay(parent: &Rc<Namespace>, file: ParsedFile) -> Rc<Namespace> {
        let mut namespace = Namespace { parent: Some(Rc::clone(parent)), trees: BTreeMap::new() };
        namespace.add(file);
        Rc::new(namespace)
    }

    /// The template of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Rc<Tree>> {
        let mut level = Some(self);
        while let Some(namespace) = level {
            if let Some(tree) = namespace.trees.get(name) {
                return Some(tree);
            }
            level = namespace.parent.as_deref();
        }
        None
    }

    fn add(&mut self, file: ParsedFile) {
        for (name, tree) in file.trees {
            if tree.is_empty() && self.find(&name).is_some() {
                continue;
            }
            self.trees.insert(name, tree);
        }
    }
}
