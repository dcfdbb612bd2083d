//! Masks for texts that differ from run to run.

use regex::Regex;
use serde_json::Value;

use super::StepError;
use super::cluster::BASE_URL;

const TIME: &str = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z| ?[+-][0-9]{2}:?[0-9]{2}( [A-Z]+)?)";
const UID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const LOOK_BEHIND: &str = "(?<=";

/// The masks of one scenario.
#[derive(Debug)]
pub(super) struct Normaliser {
    time: Regex,
    uid: Regex,
    info: Vec<(Regex, &'static str)>,
}

impl Normaliser {
    /// Masks with those of the scenario, whose matches are not compared.
    ///
    /// # Errors
    /// When a mask is not a regular expression that is understood.
    pub(super) fn new(info_masks: &[String]) -> Result<Self, StepError> {
        let info = info_masks.iter().map(|mask| info_mask(mask)).collect::<Result<_, _>>()?;
        Ok(Self { time: regex(TIME)?, uid: regex(UID)?, info })
    }

    /// A text without addresses, times and uids.
    pub(super) fn text(&self, text: &str) -> String {
        let text = text.replace(BASE_URL, "http://<charts>");
        let text = self.time.replace_all(&text, "<time>");
        self.uid.replace_all(&text, "<uid>").into_owned()
    }

    /// [`Self::text`] without what the scenario masks.
    pub(super) fn strict(&self, text: &str) -> String {
        let masked =
            |text: String, (mask, with): &(Regex, &'static str)| mask.replace_all(&text, *with).into_owned();
        self.info.iter().fold(self.text(text), masked)
    }
}

/// Masks begin with a look-behind of fixed text, which becomes a group that is kept.
fn info_mask(mask: &str) -> Result<(Regex, &'static str), StepError> {
    let Some(rest) = mask.strip_prefix(LOOK_BEHIND) else {
        return Ok((regex(&format!("(?s){mask}"))?, "<info>"));
    };
    Ok((regex(&format!("(?s)({rest}"))?, "$1<info>"))
}

fn regex(pattern: &str) -> Result<Regex, StepError> {
    Regex::new(pattern).map_err(|error| StepError(format!("mask: {error}")))
}

/// JSON as Python's `json.dumps` with sorted keys writes it: events are ordered by this text.
pub(super) fn python_json(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort();
            let members =
                keys.into_iter().map(|key| format!("{}: {}", python_text(key), python_json(&members[key])));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", ")),
        Value::String(text) => python_text(text),
        other => other.to_string(),
    }
}

fn python_text(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_masked() {
        let masks = ["(?<=with chart a@1: ).*".to_owned(), "no such key: .*".to_owned()];
        let normaliser = Normaliser::new(&masks).unwrap();
        for (text, masked) in [
            ("at 2026-01-02T03:04:05Z, 2026-01-02 03:04:05.678 +0000 UTC", "at <time>, <time>"),
            ("http://127.0.0.1:8899/a.tgz", "http://<charts>/a.tgz"),
            ("failed with chart a@1: x\ny", "failed with chart a@1: <info>"),
            ("x no such key: y", "x <info>"),
            ("uid 01234567-89ab-cdef-0123-456789abcdef.", "uid <uid>."),
        ] {
            assert_eq!(normaliser.strict(text), masked);
        }
        assert_eq!(normaliser.text("no such key: y"), "no such key: y");
    }

    #[test]
    fn the_order_of_events_is_that_of_their_text() {
        assert_eq!(
            python_json(&json!({"b": [1, null], "a": "ü\n\"😀"})),
            r#"{"a": "\u00fc\n\"\ud83d\ude00", "b": [1, null]}"#
        );
    }
}
