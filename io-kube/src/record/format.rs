//! The format of a recording: one JSON object a line. The first line is the header; a line that was cut off by a crash is
//! the last one. Long texts stand once, in a line of their own before the first line that holds them.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_encoding::digest::Algorithm;
use pilothouse_operator::{Config, OperatorAction, OperatorInput};
use pilothouse_protocol::{Now, ReleaseKey, Reply, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The version of the format, which a reader has to know.
pub const FORMAT: u32 = 1;
/// Texts longer than this, in bytes, stand in lines of their own.
const LONG: usize = 1024;
/// The name of a field that names such a text by its SHA-256.
const TEXT: &str = "$text";
/// The name of a field that holds an object which looks like the above and is none.
const OBJECT: &str = "$object";

/// The first line: with what the operator was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub recording: u32,
    /// The version of Pilothouse that has recorded.
    pub pilothouse: String,
    /// The subcommand that has recorded: `run` or `dev`.
    pub command: String,
    /// The moment of the start.
    pub began: Now,
    /// What the state machines were told.
    pub config: Config,
    /// Where random delays come from, in hexadecimal.
    pub delays: String,
    /// Where charts have passwords and keys from in the replay, in hexadecimal. Another one than when it was recorded.
    pub charts: String,
    /// The first number of requests and watches.
    pub first_id: u64,
    /// Further flags, for people.
    #[serde(default)]
    pub flags: BTreeMap<String, String>,
}

/// One input with everything that followed from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The clocks.
    pub now: Now,
    /// The input.
    pub input: OperatorInput,
    /// The digests that were computed, see [`pilothouse_operator::DigestTape`].
    pub digests: Vec<String>,
    /// The actions, in their order.
    pub actions: Vec<OperatorAction>,
}

/// Something about a recording that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The release, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseKey>,
    /// In words.
    pub text: String,
}

/// A line after the first one.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// An input and its actions.
    Step(Box<Step>),
    /// A remark.
    Note(Note),
    /// A long text; nothing but [`Reader`] has to know it.
    Text,
    /// The operator has ended in order.
    End,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not JSON, or not the JSON of a line.
    #[error("not a line of a recording: {0}")]
    Json(#[from] serde_json::Error),
    /// Neither a step nor anything else that is known.
    #[error("not a line of a recording: none of the known kinds")]
    Kind,
    /// A text was left out.
    #[error("the text {0} is missing")]
    Text(String),
    /// An artifact was not kept.
    #[error("the artifact {0} is missing in the folder artifacts beside the recording")]
    Artifact(String),
    /// The format is another one.
    #[error("the format of the recording is {0}, this Pilothouse reads {known}", known = FORMAT)]
    Format(u32),
}

/// Writes lines.
#[derive(Default)]
pub struct Writer {
    texts: BTreeSet<String>,
}

impl Writer {
    /// The first line.
    ///
    /// # Errors
    /// What the serialisation reports.
    pub fn header(header: &Header) -> serde_json::Result<String> {
        Ok(serde_json::to_string(header)? + "\n")
    }

    /// The lines of a step.
    ///
    /// # Errors
    /// What the serialisation reports.
    pub fn step(&mut self, step: &Step) -> serde_json::Result<String> {
        let mut lines = String::new();
        let mut line = Map::new();
        line.insert("now".to_owned(), json!([step.now.monotonic.0, step.now.wall]));
        line.insert("input".to_owned(), self.shortened(input_value(&step.input)?, &mut lines));
        if !step.digests.is_empty() {
            line.insert("digests".to_owned(), json!(step.digests));
        }
        if !step.actions.is_empty() {
            let actions = serde_json::to_value(&step.actions)?;
            line.insert("actions".to_owned(), self.shortened(actions, &mut lines));
        }
        push(&mut lines, &Value::Object(line));
        Ok(lines)
    }

    /// The line of a remark.
    ///
    /// # Errors
    /// What the serialisation reports.
    pub fn note(note: &Note) -> serde_json::Result<String> {
        Ok(serde_json::to_string(&json!({"note": note}))? + "\n")
    }

    /// The last line.
    #[must_use]
    pub fn end() -> String {
        "{\"end\":true}\n".to_owned()
    }

    fn shortened(&mut self, value: Value, lines: &mut String) -> Value {
        match value {
            Value::String(text) if text.len() > LONG => {
                let name = Algorithm::Sha256.compute(text.as_bytes()).encoded().to_owned();
                if self.texts.insert(name.clone()) {
                    push(lines, &json!({"text": name, "is": text}));
                }
                json!({TEXT: name})
            }
            Value::Array(items) => items.into_iter().map(|item| self.shortened(item, lines)).collect(),
            Value::Object(fields) => {
                let looks_alike =
                    fields.len() == 1 && fields.keys().all(|name| name == TEXT || name == OBJECT);
                let shortened = |(name, field)| (name, self.shortened(field, lines));
                let fields = Value::Object(fields.into_iter().map(shortened).collect());
                if looks_alike { json!({OBJECT: fields}) } else { fields }
            }
            other => other,
        }
    }
}

/// The SHA-256 of an artifact in hexadecimal, its name in the folder of artifacts.
#[must_use]
pub fn artifact_name(bytes: &[u8]) -> String {
    Algorithm::Sha256.compute(bytes).encoded().to_owned()
}

/// Artifacts lie beside the recording, not in it.
fn input_value(input: &OperatorInput) -> serde_json::Result<Value> {
    if let OperatorInput::Reply { key, id, reply: Reply::Artifact(bytes) } = input {
        return Ok(json!({"Artifact": {"key": key, "id": id, "sha256": artifact_name(bytes)}}));
    }
    serde_json::to_value(input)
}

fn push(lines: &mut String, value: &Value) {
    lines.push_str(&value.to_string());
    lines.push('\n');
}

/// Reads lines.
#[derive(Default)]
pub struct Reader {
    texts: BTreeMap<String, String>,
}

/// Gives the bytes of an artifact by its name; `None` when it was not kept.
pub type Artifacts<'a> = &'a dyn Fn(&str) -> Option<std::sync::Arc<[u8]>>;

impl Reader {
    /// The first line.
    ///
    /// # Errors
    /// When it is none, or of another format.
    pub fn header(line: &str) -> Result<Header, LineError> {
        let value: Value = serde_json::from_str(line)?;
        let format = value["recording"].as_u64().ok_or(LineError::Kind)?;
        if format != u64::from(FORMAT) {
            return Err(LineError::Format(u32::try_from(format).unwrap_or(u32::MAX)));
        }
        Ok(serde_json::from_value(value)?)
    }

    /// Another line.
    ///
    /// # Errors
    /// When it is none, or names what is missing.
    pub fn line(&mut self, line: &str, artifacts: Artifacts<'_>) -> Result<Line, LineError> {
        let Value::Object(mut fields) = serde_json::from_str(line)? else { return Err(LineError::Kind) };
        if let (Some(Value::String(name)), Some(Value::String(text))) =
            (fields.remove("text"), fields.remove("is"))
        {
            self.texts.insert(name, text);
            return Ok(Line::Text);
        }
        if let Some(note) = fields.remove("note") {
            return Ok(Line::Note(serde_json::from_value(note)?));
        }
        if fields.contains_key("end") {
            return Ok(Line::End);
        }
        let (Some(now), Some(input)) = (fields.remove("now"), fields.remove("input")) else {
            return Err(LineError::Kind);
        };
        let (monotonic, wall) = serde_json::from_value(now)?;
        let input = self.whole(input)?;
        let actions = self.whole(fields.remove("actions").unwrap_or_else(|| json!([])))?;
        Ok(Line::Step(Box::new(Step {
            now: Now { monotonic, wall },
            input: read_input(input, artifacts)?,
            digests: serde_json::from_value(fields.remove("digests").unwrap_or_else(|| json!([])))?,
            actions: serde_json::from_value(actions)?,
        })))
    }

    fn whole(&self, value: Value) -> Result<Value, LineError> {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.whole(item)).collect(),
            Value::Object(mut fields) if fields.len() == 1 && fields.contains_key(TEXT) => {
                let Some(Value::String(name)) = fields.remove(TEXT) else { return Err(LineError::Kind) };
                self.texts.get(&name).cloned().map(Value::String).ok_or(LineError::Text(name))
            }
            Value::Object(mut fields) if fields.len() == 1 && fields.contains_key(OBJECT) => {
                match fields.remove(OBJECT) {
                    Some(Value::Object(fields)) => self.fields(fields),
                    _ => Err(LineError::Kind),
                }
            }
            Value::Object(fields) => self.fields(fields),
            other => Ok(other),
        }
    }

    fn fields(&self, fields: Map<String, Value>) -> Result<Value, LineError> {
        let whole = |(name, field)| Ok((name, self.whole(field)?));
        Ok(Value::Object(fields.into_iter().map(whole).collect::<Result<_, LineError>>()?))
    }
}

fn read_input(value: Value, artifacts: Artifacts<'_>) -> Result<OperatorInput, LineError> {
    let Some(artifact) = value.get("Artifact") else { return Ok(serde_json::from_value(value)?) };
    let key = serde_json::from_value(artifact["key"].clone())?;
    let id: RequestId = serde_json::from_value(artifact["id"].clone())?;
    let name = artifact["sha256"].as_str().unwrap_or_default();
    let is_name = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = if is_name { artifacts(name) } else { None };
    let bytes = bytes.ok_or_else(|| LineError::Artifact(name.to_owned()))?;
    Ok(OperatorInput::Reply { key, id, reply: Reply::Artifact(bytes) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_protocol::{Action, Identity, Monotonic, Request};

    use super::*;

    fn read(reader: &mut Reader, lines: &str, artifacts: Artifacts<'_>) -> Vec<Line> {
        lines.lines().map(|line| reader.line(line, artifacts).unwrap()).collect()
    }

    #[test]
    fn steps_survive_their_way_through_the_file() {
        let long = "x".repeat(LONG + 1);
        let object = json!({"kind": "A", "long": long, "odd": {TEXT: "y"}, "odder": {OBJECT: {TEXT: "z"}}});
        let key = ReleaseKey::new("ns", "a");
        let request = Request::Create { body: Arc::new(object.clone()) };
        let action = Action::Request { id: RequestId(7), identity: Identity::Controller, request };
        let step = Step {
            now: Now { monotonic: Monotonic(5), wall: -3 },
            input: OperatorInput::Release { key: key.clone(), object: Some(Arc::new(object)) },
            digests: vec!["sha256:a".to_owned()],
            actions: vec![OperatorAction { key: key.clone(), action }],
        };
        let bytes: Arc<[u8]> = Arc::from(&b"chart"[..]);
        let fetched = Step {
            input: OperatorInput::Reply { key, id: RequestId(1), reply: Reply::Artifact(Arc::clone(&bytes)) },
            digests: vec![],
            actions: vec![],
            ..step.clone()
        };
        let (mut writer, mut reader) = (Writer::default(), Reader::default());
        let lines = writer.step(&step).unwrap();
        assert_eq!(lines.matches(&long).count(), 1);
        let again = writer.step(&step).unwrap();
        assert_eq!(again.lines().count(), 1);
        let found = |name: &str| (name == artifact_name(&bytes)).then(|| Arc::clone(&bytes));
        let steps = [lines, again, writer.step(&fetched).unwrap()].concat();
        let read = read(&mut reader, &steps, &found);
        let whole = Line::Step(Box::new(step));
        assert_eq!(read, [Line::Text, whole.clone(), whole, Line::Step(Box::new(fetched.clone()))]);
        let missing = writer.step(&fetched).unwrap();
        assert!(matches!(reader.line(&missing, &|_| None), Err(LineError::Artifact(_))));
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        for (line, error) in [
            ("{\"recording\":2}", "the format of the recording is 2"),
            ("{}", "none of the known kinds"),
            ("[", "not a line of a recording: EOF"),
        ] {
            let refused = Reader::header(line).unwrap_err().to_string();
            assert!(refused.contains(error), "{refused}");
        }
        let none: Artifacts<'_> = &|_| None;
        let mut reader = Reader::default();
        assert!(matches!(
            reader.line("{\"now\":[1,2],\"input\":{\"$text\":\"a\"}}", none),
            Err(LineError::Text(_))
        ));
        assert!(matches!(reader.line("{\"other\":1}", none), Err(LineError::Kind)));
        assert_eq!(reader.line(Writer::end().trim(), none).unwrap(), Line::End);
        let note = Note { release: None, text: "t".to_owned() };
        let line = Writer::note(&note).unwrap();
        assert_eq!(reader.line(&line, none).unwrap(), Line::Note(note));
    }
}
