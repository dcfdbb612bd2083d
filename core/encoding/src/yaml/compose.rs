//! From parser events to a tree of nodes in one arena, so that neither building nor dropping it recurses.

use std::collections::BTreeMap;

use libyaml_safer::{Event, EventData};

use super::error::YamlError;
use super::events::{Events, Repair};
use super::limits::Limits;
use super::tag_commas::{escape_commas, work_for};

/// The most text that is read again because of what the parser refuses.
const REPAIR_BYTES: usize = 64 << 20;

/// What reading a text again costs at least, in bytes: a parser is set up however short the text is.
const READ_BYTES: usize = 4 << 10;

/// U+FEFF.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The place of a node in its document.
pub(super) type NodeId = usize;

/// One node.
pub(super) struct Node {
    /// The line it begins on, counted from 0.
    pub(super) line: u64,
    /// The full tag, if one is written.
    pub(super) tag: Option<String>,
    /// What it is.
    pub(super) content: Content,
}

/// The kinds of nodes.
pub(super) enum Content {
    /// Text; `implicit` when it is plain or tagged `!`.
    Scalar { value: String, implicit: bool },
    /// Items.
    Sequence(Vec<NodeId>),
    /// Keys and values in turn.
    Mapping(Vec<NodeId>),
    /// The node that an anchor stands at.
    Alias { anchor: String, target: NodeId },
}

/// The first document of a stream.
pub(super) struct Document {
    nodes: Vec<Node>,
    /// `None` for an empty stream.
    pub(super) root: Option<NodeId>,
}

impl Document {
    /// The node with the given place; every place handed out exists.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// Puts a text where a letter stands for it.
    fn restore(&mut self, mark: char, original: &str) {
        for node in &mut self.nodes {
            match &mut node.content {
                Content::Scalar { value: text, .. } | Content::Alias { anchor: text, .. }
                    if text.contains(mark) =>
                {
                    *text = text.replace(mark, original);
                }
                _ => {}
            }
        }
    }
}

/// Reads the first document of `text`.
pub(super) fn compose(text: &str, limits: &Limits) -> Result<Document, YamlError> {
    if text.len() > limits.input_bytes {
        return Err(YamlError::InputSize { limit: limits.input_bytes });
    }
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    // Only at the beginning is it a mark for go-yaml; the parser skips it at the beginning of any line.
    let letter = text.contains(BYTE_ORDER_MARK).then(|| unused_letter(text));
    let Some(letter) = letter else { return compose_marked(text, limits) };
    let mut document =
        compose_marked(&text.replace(BYTE_ORDER_MARK, letter.encode_utf8(&mut [0; 4])), limits)?;
    document.restore(letter, BYTE_ORDER_MARK);
    Ok(document)
}

/// Reads the first document of a text without byte order marks, with what the parser refuses put right.
fn compose_marked(text: &str, limits: &Limits) -> Result<Document, YamlError> {
    let mut comma_work = work_for(text);
    let text = escape_commas(text, limits, &mut comma_work);
    let text = text.as_ref();
    let mut work = text.len();
    let mut outcome = compose_once(text, limits);
    let mut repaired = String::new();
    let mut stand_in = None;
    while let Err((_, Some(at))) = &outcome {
        let current = if repaired.is_empty() { text } else { repaired.as_str() };
        let next = match at {
            Repair::EscapedQuote(at) => without_escaped_quotes(current, *at),
            Repair::End(at) => current[..*at].to_owned(),
            Repair::Colon(at) => {
                let mark = *stand_in.get_or_insert_with(|| unused_letter(text));
                format!("{}{mark}{}", &current[..*at], &current[at + 1..])
            }
        };
        work = work.saturating_add(next.len().max(READ_BYTES));
        if work > REPAIR_BYTES.max(text.len() * 2) {
            break;
        }
        // What lies behind the escape has not been seen before.
        repaired = escape_commas(&next, limits, &mut comma_work).into_owned();
        outcome = compose_once(&repaired, limits);
    }
    let mut document = outcome.map_err(|(error, _)| error)?;
    if let Some(mark) = stand_in {
        document.restore(mark, ":");
    }
    Ok(document)
}

/// A letter of the private area that the text does not have.
fn unused_letter(text: &str) -> char {
    ('\u{e000}'..'\u{f8ff}').find(|letter| !text.contains(*letter)).unwrap_or('\u{f8ff}')
}

/// The document, or the error and what can be done about it.
fn compose_once(text: &str, limits: &Limits) -> Result<Document, (YamlError, Option<Repair>)> {
    let mut events = Events::new(text);
    let mut composer = Composer::new(limits);
    loop {
        let event = events.next().map_err(|error| (error, events.repair))?;
        if composer.event(event).map_err(|error| (error, None))? {
            return Ok(Document { nodes: composer.nodes, root: composer.root });
        }
    }
}

/// The text with `\'` replaced by `'` from `at` to the end of the double-quoted scalar around it.
fn without_escaped_quotes(text: &str, at: usize) -> String {
    let (head, tail) = text.split_at(at);
    let mut repaired = String::with_capacity(text.len());
    repaired.push_str(head);
    let mut characters = tail.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            repaired.push(character);
            if character == '"' {
                break;
            }
            continue;
        }
        match characters.next() {
            Some('\'') => repaired.push('\''),
            Some(escaped) => repaired.extend([character, escaped]),
            None => repaired.push(character),
        }
    }
    repaired.push_str(characters.as_str());
    repaired
}

struct Composer<'a> {
    limits: &'a Limits,
    nodes: Vec<Node>,
    root: Option<NodeId>,
    open: Vec<NodeId>,
    anchors: BTreeMap<String, NodeId>,
    nesting_work: usize,
}

impl<'a> Composer<'a> {
    fn new(limits: &'a Limits) -> Self {
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
    fn event(&mut self, event: Event) -> Result<bool, YamlError> {
        let line = event.start_mark.line;
        self.nesting_work = self.nesting_work.saturating_add(self.open.len());
        if self.nesting_work > self.limits.nesting_work {
            return Err(YamlError::NestingWork { limit: self.limits.nesting_work });
        }
        match event.data {
            EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
            EventData::StreamEnd | EventData::DocumentEnd { .. } => return Ok(true),
            EventData::Alias { anchor } => {
                let Some(&target) = self.anchors.get(&anchor) else {
                    return Err(YamlError::UnknownAnchor(anchor));
                };
                self.add(Node { line, tag: None, content: Content::Alias { anchor, target } }, None)?;
            }
            EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                let content = Content::Scalar { value, implicit: plain_implicit };
                self.add(Node { line, tag: written(tag), content }, anchor)?;
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                self.open(Node { line, tag: written(tag), content: Content::Sequence(Vec::new()) }, anchor)?;
            }
            EventData::MappingStart { anchor, tag, .. } => {
                self.open(Node { line, tag: written(tag), content: Content::Mapping(Vec::new()) }, anchor)?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                self.open.pop();
            }
        }
        Ok(false)
    }

    fn open(&mut self, node: Node, anchor: Option<String>) -> Result<(), YamlError> {
        let limit = self.limits.depth;
        if self.open.len() >= limit {
            let line = (node.line > 0).then_some(node.line + 1);
            return Err(YamlError::Depth { line, limit });
        }
        let id = self.add(node, anchor)?;
        self.open.push(id);
        Ok(())
    }

    /// Appends a node to the innermost open collection.
    fn add(&mut self, node: Node, anchor: Option<String>) -> Result<NodeId, YamlError> {
        let id = self.nodes.len();
        if id >= self.limits.nodes {
            return Err(YamlError::Nodes { limit: self.limits.nodes });
        }
        self.nodes.push(node);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        match self.open.last().map(|parent| &mut self.nodes[*parent].content) {
            Some(Content::Sequence(children) | Content::Mapping(children)) => children.push(id),
            _ => self.root = Some(id),
        }
        Ok(id)
    }
}

/// Parsers hand out an empty tag for none.
fn written(tag: Option<String>) -> Option<String> {
    tag.filter(|tag| !tag.is_empty())
}
