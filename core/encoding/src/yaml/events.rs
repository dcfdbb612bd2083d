//! The parser's events, with what it does differently from go-yaml put right.

use std::io::{BufReader, Chain, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{
    Encoding, Error, ErrorKind, Event, EventData, MappingStyle, Mark, Parser, ScalarStyle, Scanner,
    SequenceStyle, Token, TokenData,
};

use super::error::YamlError;
use super::look_ahead;
use super::scalar::is_break;

/// go-yaml's block: the block a forbidden character stands in decides which of several errors is found first.
const BLOCK: usize = 512;

/// What go-yaml says about another version of YAML.
const INCOMPATIBLE: &str = "found incompatible YAML document";

/// What go-yaml reads and the parser refuses, with its place in the text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Repair {
    /// An escape `\'`.
    EscapedQuote(usize),
    /// All behind a place.
    End(usize),
    /// A colon within a plain scalar in a flow collection, before one of `,?[]{}`.
    Colon(usize),
}

/// The events of one text.
pub(super) struct Events<'a> {
    parser: Parser<BufReader<Chain<&'a [u8], &'static [u8]>>>,
    text: &'a str,
    /// The parser panics at the end of some texts without a last line break, so it always gets one.
    completed: bool,
    /// Where the parser stopped at something that go-yaml reads.
    pub(super) repair: Option<Repair>,
    /// The flow collections that are open, with where they begin.
    flow: Vec<(char, Mark)>,
}

impl<'a> Events<'a> {
    /// The events of a text without a byte order mark.
    pub(super) fn new(text: &'a str) -> Self {
        let completed = !text.ends_with(is_break);
        let end: &[u8] = if completed { b"\n" } else { b"" };
        let mut parser = Parser::new();
        // Without an encoding the parser takes any text that begins with the byte EF for a broken mark.
        parser.set_encoding(Encoding::Utf8);
        parser.set_input(BufReader::with_capacity(BLOCK, text.as_bytes().chain(end)));
        Self { parser, text, completed, repair: None, flow: Vec::new() }
    }

    /// The next event.
    pub(super) fn next(&mut self) -> Result<Event, YamlError> {
        // The parser is not used again after a panic.
        let result = catch_unwind(AssertUnwindSafe(|| self.parser.parse()));
        match result {
            Ok(Ok(mut event)) => {
                check_version(&event)?;
                self.check_escapes(&event)?;
                if let Err(refused) = self.check_question(&event) {
                    return Err(self.behind_question(&event).unwrap_or(refused));
                }
                self.restore_end(&mut event);
                Ok(event)
            }
            Ok(Err(error)) => {
                self.repair = self.find_repair(&error);
                Err(self.syntax_error(&error))
            }
            // The one panic known to be left, about `!tag,` in a flow collection, is prevented by escape_commas
            // unless a text has very many such tags.
            Err(_) => Err(YamlError::Syntax {
                line: None,
                problem: "did not find expected whitespace or line break".to_owned(),
            }),
        }
    }

    /// In a flow collection a question mark ends a plain scalar for go-yaml, and nothing fits behind it.
    fn check_question(&mut self, event: &Event) -> Result<(), YamlError> {
        match &event.data {
            EventData::SequenceStart { style: SequenceStyle::Flow, .. } => {
                self.flow.push(('[', event.start_mark))
            }
            EventData::MappingStart { style: MappingStyle::Flow, .. } => {
                self.flow.push(('{', event.start_mark))
            }
            EventData::SequenceEnd | EventData::MappingEnd if !self.flow.is_empty() => drop(self.flow.pop()),
            EventData::Scalar { value, style: ScalarStyle::Plain, .. } => {
                let Some((open, start)) = self.flow.last() else { return Ok(()) };
                if value.chars().skip(1).any(|letter| letter == '?') {
                    let close = if *open == '[' { ']' } else { '}' };
                    let line = [event.start_mark.line, start.line].into_iter().find(|line| *line > 0);
                    return Err(YamlError::Syntax {
                        line,
                        problem: format!("did not find expected ',' or '{close}'"),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What is wrong behind the question mark that ends a plain scalar, as far as go-yaml reads ahead before it parses.
    fn behind_question(&self, scalar: &Event) -> Option<YamlError> {
        let start = usize::try_from(scalar.start_mark.index).ok()?;
        let (first, rest) = self.text.get(start..)?.split_at_checked(1)?;
        let question = start + first.len() + rest.find('?')?;
        // A comma ends the scalar for the scanner, too.
        let text = format!("{},{}\n", &self.text[..question], &self.text[question + 1..]);
        let mut scanner = Scanner::new();
        scanner.set_encoding(Encoding::Utf8);
        scanner.set_input(BufReader::with_capacity(BLOCK, text.as_bytes()));
        let mut scan = || loop {
            match Scanner::scan(&mut scanner) {
                Ok(token) if token.start_mark.index >= question as u64 => return None,
                Ok(Token { data: TokenData::StreamEnd, .. }) => return None,
                Ok(_) => {}
                Err(error) => return Some(error),
            }
        };
        let error = catch_unwind(AssertUnwindSafe(&mut scan)).ok()??;
        Some(self.syntax_error(&error))
    }

    /// go-yaml does not know the escape of a slash.
    fn check_escapes(&self, event: &Event) -> Result<(), YamlError> {
        let EventData::Scalar { style: ScalarStyle::DoubleQuoted, .. } = &event.data else {
            return Ok(());
        };
        let place = |mark: Mark| usize::try_from(mark.index).unwrap_or(usize::MAX);
        let written = self.text.get(place(event.start_mark)..place(event.end_mark)).unwrap_or_default();
        let mut escaped = false;
        for (at, letter) in written.char_indices() {
            if escaped && letter == '/' {
                let breaks = written[..at].matches('\n').count() as u64;
                let line = Some(event.start_mark.line + breaks).filter(|line| *line > 0);
                let line = line.map(|line| line + 1).or(Some(event.start_mark.line).filter(|line| *line > 0));
                return Err(YamlError::Syntax { line, problem: "found unknown escape character".to_owned() });
            }
            escaped = letter == '\\' && !escaped;
        }
        Ok(())
    }

    /// Takes the line break that was added off a block scalar that runs to the end of the text.
    fn restore_end(&self, event: &mut Event) {
        let EventData::Scalar { value, style: ScalarStyle::Literal | ScalarStyle::Folded, .. } =
            &mut event.data
        else {
            return;
        };
        if !self.completed || !self.is_behind_end(event.end_mark) || !value.ends_with('\n') {
            return;
        }
        let last_line = self.text.rsplit('\n').next().unwrap_or_default();
        let blank = last_line.bytes().all(|b| b == b' ');
        // A blank last line counts only where all trailing lines are kept.
        if !blank || value.ends_with("\n\n") || value == "\n" {
            value.pop();
        }
    }

    /// The parser's error with the line number go-yaml prints: marks count from 0 and only scanner errors are
    /// corrected for that; a mark on the first line is taken for none.
    fn syntax_error(&self, error: &Error) -> YamlError {
        if let Some(line) = self.other_version(error) {
            let line = Some(line).filter(|line| *line > 0);
            return YamlError::Syntax { line, problem: INCOMPATIBLE.to_owned() };
        }
        let scanner = error.kind() == ErrorKind::Scanner;
        let line_of = |mark: Option<Mark>| mark.map(|mark| mark.line).filter(|line| *line > 0);
        // Only inside quotes does the line break that was added count: elsewhere go-yaml adds one itself.
        let inside_quotes = self.completed && error.problem() == "found unexpected end of stream";
        let line = line_of(error.problem_mark())
            .and_then(|line| line.checked_sub(u64::from(inside_quotes)))
            .filter(|line| *line > 0)
            .map(|line| line + u64::from(scanner))
            .or_else(|| line_of(error.context_mark()));
        YamlError::Syntax { line, problem: error.problem().to_owned() }
    }

    /// The line of a directive of another version in front of an error: go-yaml refuses it first.
    fn other_version(&self, error: &Error) -> Option<u64> {
        let end = usize::try_from(error.problem_mark()?.line).ok()?;
        let is_next = error.problem() == "did not find expected <document start>";
        let lines = self.text.lines().take(end + 1).enumerate();
        let is_other = |line: &str| {
            let mut words = line.strip_prefix("%YAML").unwrap_or_default().split_whitespace();
            let version = words.next();
            // What else stands behind it is refused first.
            version.is_some_and(|version| version != "1.1" && is_version(version))
                && words.next().is_none_or(|word| word.starts_with('#'))
        };
        let is_before = |line: &str| is_next || look_ahead::begins_document(line);
        lines
            .take_while(|(_, line)| is_before(line))
            .find(|(_, line)| is_other(line))
            .map(|(at, _)| at as u64)
    }

    fn find_repair(&self, error: &Error) -> Option<Repair> {
        let at = usize::try_from(error.problem_mark()?.index).ok()?;
        // The end of the stream may lie behind the text.
        let rest = self.text.get(at..).unwrap_or_default();
        match error.problem() {
            "found unknown escape character" => rest.starts_with("\\'").then_some(Repair::EscapedQuote(at)),
            "found unexpected ':'" => rest.starts_with(':').then_some(Repair::Colon(at)),
            // Nothing is cut off at the end itself, and the same text would be read again.
            _ => look_ahead::end(self.text, error).filter(|end| *end < self.text.len()).map(Repair::End),
        }
    }

    fn is_behind_end(&self, mark: Mark) -> bool {
        usize::try_from(mark.index).unwrap_or(usize::MAX) > self.text.len()
    }
}

/// Whether a directive states a version: two numbers.
fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// go-yaml reads YAML 1.1 only.
fn check_version(event: &Event) -> Result<(), YamlError> {
    match &event.data {
        EventData::DocumentStart { version_directive: Some(version), .. }
            if (version.major, version.minor) != (1, 1) =>
        {
            let line = Some(event.start_mark.line).filter(|line| *line > 0);
            Err(YamlError::Syntax { line, problem: INCOMPATIBLE.to_owned() })
        }
        _ => Ok(()),
    }
}
