//! From parser events to a tree of nodes in one arena, so that neither building nor dropping it recurses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::error::YamlError;
use super::events::{Event, EventKind, Mark, Properties};
use super::limits::Limits;
use super::parser::Parser;
use super::reader::Fault;
use super::tag::Tag;

/// The place of a node in its document.
pub(super) type NodeId = usize;

/// One node.
pub(super) struct Node<'a> {
    /// The line it begins on, counted from 0.
    pub(super) line: u32,
    /// What its tag says it is.
    pub(super) tag: Option<Tag>,
    /// What it is.
    pub(super) content: Content<'a>,
}

/// The kinds of nodes.
pub(super) enum Content<'a> {
    /// Text; `implicit` when it is plain or tagged `!`.
    Scalar { value: Cow<'a, str>, implicit: bool },
    /// Items.
    Sequence(Vec<NodeId>),
    /// Keys and values in turn.
    Mapping(Vec<NodeId>),
    /// The node that an anchor stands at.
    Alias { anchor: &'a str, target: NodeId },
}

/// The first document of a stream.
pub(super) struct Document<'a> {
    nodes: Vec<Node<'a>>,
    /// `None` for an empty stream.
    pub(super) root: Option<NodeId>,
}

impl<'a> Document<'a> {
    /// The node with the given place; every place handed out exists.
    pub(super) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id]
    }
}

/// Reads the first document of `text`, which is followed by what cannot be decoded, if there is a fault.
pub(super) fn compose<'a>(
    text: &'a str,
    fault: Option<Fault>,
    limits: &Limits,
) -> Result<Document<'a>, YamlError> {
    if text.len() > limits.input_bytes {
        return Err(YamlError::InputSize { limit: limits.input_bytes });
    }
    let mut parser = Parser::new(text, fault);
    let mut composer = Composer::new(limits);
    loop {
        if composer.event(parser.next()?)? {
            return Ok(Document { nodes: composer.nodes, root: composer.root });
        }
    }
}

struct Composer<'a, 'l> {
    limits: &'l Limits,
    nodes: Vec<Node<'a>>,
    root: Option<NodeId>,
    open: Vec<NodeId>,
    anchors: BTreeMap<&'a str, NodeId>,
    nesting_work: usize,
}

impl<'a, 'l> Composer<'a, 'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            nodes: Vec::new(),
            root: None,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            nesting_work: 0,
        }
    }

    /// Takes one event; returns whether the document is complete.
    fn event(&mut self, event: Event<'a>) -> Result<bool, YamlError> {
        self.nesting_work = self.nesting_work.saturating_add(self.open.len());
        if self.nesting_work > self.limits.nesting_work {
            return Err(YamlError::NestingWork { limit: self.limits.nesting_work });
        }
        match event.kind {
            EventKind::StreamStart | EventKind::DocumentStart => {}
            EventKind::StreamEnd | EventKind::DocumentEnd => return Ok(true),
            EventKind::Alias(anchor) => {
                let Some(&target) = self.anchors.get(anchor) else {
                    return Err(YamlError::UnknownAnchor(anchor.to_owned()));
                };
                let content = Content::Alias { anchor, target };
                self.add(content, Properties::default(), event.start)?;
            }
            EventKind::Scalar { properties, value, is_implicit } => {
                let content = Content::Scalar { value, implicit: is_implicit };
                self.add(content, properties, event.start)?;
            }
            EventKind::SequenceStart(properties) => {
                self.open(Content::Sequence(Vec::new()), properties, event.start)?;
            }
            EventKind::MappingStart(properties) => {
                self.open(Content::Mapping(Vec::new()), properties, event.start)?;
            }
            EventKind::CollectionEnd => {
                self.open.pop();
            }
        }
        Ok(false)
    }

    fn open(
        &mut self,
        content: Content<'a>,
        properties: Properties<'a>,
        start: Mark,
    ) -> Result<(), YamlError> {
        let limit = self.limits.depth;
        if self.open.len() >= limit {
            let line = (start.line > 0).then_some(u64::from(start.line) + 1);
            return Err(YamlError::Depth { line, limit });
        }
        let id = self.add(content, properties, start)?;
        self.open.push(id);
        Ok(())
    }

    /// Appends a node to the innermost open collection.
    fn add(
        &mut self,
        content: Content<'a>,
        properties: Properties<'a>,
        start: Mark,
    ) -> Result<NodeId, YamlError> {
        let id = self.nodes.len();
        if id >= self.limits.nodes {
            return Err(YamlError::Nodes { limit: self.limits.nodes });
        }
        self.nodes.push(Node { line: start.line, tag: properties.tag, content });
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, id);
        }
        match self.open.last().map(|parent| &mut self.nodes[*parent].content) {
            Some(Content::Sequence(children) | Content::Mapping(children)) => children.push(id),
            _ => self.root = Some(id),
        }
        Ok(id)
    }
}
