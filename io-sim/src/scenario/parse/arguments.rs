//! Taking the arguments of a statement from its line, one after the other.

use super::line::{Problem, Word, Words, is_plain, not_one_of};
use crate::scenario::settings::Scope;
use crate::scenario::{Knob, Settings, Span, Value, ValueKind};

impl Words {
    /// Takes the next word if it is this one.
    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        let found = self.left.front().is_some_and(|next| next.name.is_none() && next.text == word);
        if found {
            self.left.pop_front();
        }
        found
    }

    /// The next word, with its column.
    pub(super) fn bare(&mut self, what: &str) -> Result<(usize, String), Problem> {
        match self.left.pop_front() {
            Some(Word { column, name: None, text, .. }) => Ok((column, text)),
            Some(Word { column, name: Some(name), .. }) => {
                Err(Problem { column, message: format!("{what} is expected here, not {name}=") })
            }
            None => Err(self.missing(what)),
        }
    }

    /// The next word.
    pub(super) fn text(&mut self, what: &str) -> Result<String, Problem> {
        self.bare(what).map(|(_, text)| text)
    }

    /// The next word, if it is no pair.
    pub(super) fn text_if_any(&mut self) -> Option<String> {
        let found = self.left.front().is_some_and(|next| next.name.is_none());
        if found { self.left.pop_front().map(|word| word.text) } else { None }
    }

    /// A word of a list.
    pub(super) fn choice<T: Copy>(
        &mut self,
        what: &str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Result<T, Problem> {
        let (column, text) = self.bare(what)?;
        let found = all.iter().copied().find(|known| word(*known) == text);
        found.ok_or_else(|| {
            let message = not_one_of(&text, all.iter().map(|known| word(*known)));
            Problem { column, message }
        })
    }

    /// A whole number.
    pub(super) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, Problem> {
        let (column, text) = self.bare(what)?;
        canonical(&text).ok_or_else(|| Problem { column, message: format!("{text:?} is not {what}") })
    }

    /// A duration.
    pub(super) fn span(&mut self, what: &str) -> Result<Span, Problem> {
        let (column, text) = self.bare(what)?;
        Span::read(&text).ok_or_else(|| not_a_span(column, &text))
    }

    /// The value of `name=`, with its column, if that is what comes next.
    pub(super) fn named(&mut self, name: &str) -> Result<Option<(usize, String)>, Problem> {
        let found = self.left.front().is_some_and(|next| next.name.as_deref() == Some(name));
        let word = if found { self.left.pop_front() } else { None };
        match word {
            Some(Word { value_column, text, quoted: false, .. }) if text.is_empty() => {
                Err(Problem { column: value_column, message: format!("a value is missing behind {name}=") })
            }
            word => Ok(word.map(|word| (word.value_column, word.text))),
        }
    }

    /// The duration of `name=`.
    pub(super) fn named_span(&mut self, name: &str) -> Result<Option<Span>, Problem> {
        let Some((column, text)) = self.named(name)? else { return Ok(None) };
        Span::read(&text).map(Some).ok_or_else(|| not_a_span(column, &text))
    }

    /// The number of `name=`.
    pub(super) fn named_number(&mut self, name: &str) -> Result<Option<u32>, Problem> {
        let Some((column, text)) = self.named(name)? else { return Ok(None) };
        let number = canonical(&text);
        number.map(Some).ok_or_else(|| Problem { column, message: format!("{text:?} is no number") })
    }

    /// All pairs that are left: the column, the name and the value of each.
    pub(super) fn pairs(&mut self) -> Result<Vec<(usize, String, String)>, Problem> {
        let mut pairs = Vec::new();
        while let Some(Word { column, name, text, .. }) = self.left.pop_front() {
            let name =
                name.ok_or_else(|| Problem { column, message: format!("{text:?} is no name=value") })?;
            pairs.push((column, name, text));
        }
        Ok(pairs)
    }

    /// All that is left, as settings.
    pub(super) fn settings(&mut self, scope: Scope) -> Result<Settings, Problem> {
        let mut settings = Settings::new();
        while let Some(word) = self.left.pop_front() {
            let Word { column, name, value_column, text, .. } = word;
            let name =
                name.ok_or_else(|| Problem { column, message: format!("{text:?} is no name=value") })?;
            let known = Knob::ALL.iter().copied().filter(|knob| knob.belongs_to(scope));
            let Some(knob) = known.clone().find(|knob| knob.word() == name) else {
                let message = not_one_of(&name, known.map(Knob::word));
                return Err(Problem { column, message });
            };
            if settings.iter().any(|(set, _)| *set == knob) {
                return Err(Problem { column, message: format!("{name} is set already") });
            }
            let value = value(knob, &text)
                .map_err(|message| Problem { column: value_column, message: format!("{name}: {message}") })?;
            settings.push((knob, value));
        }
        Ok(settings)
    }

    /// An error when something is left.
    pub(super) fn end(&self) -> Result<(), Problem> {
        self.left.front().map_or(Ok(()), |word| {
            Err(Problem { column: word.column, message: "nothing is expected here any more".to_owned() })
        })
    }

    /// The error for something that is not there.
    pub(super) fn missing(&self, what: &str) -> Problem {
        let column = self.left.front().map_or(self.end, |word| word.column);
        Problem { column, message: format!("{what} is missing") }
    }
}

fn value(knob: Knob, text: &str) -> Result<Value, String> {
    let choices = knob.choices();
    let check = |word: &str| {
        let known = choices.is_empty() || choices.contains(&word);
        if known { Ok(()) } else { Err(not_one_of(word, choices.iter().copied())) }
    };
    match knob.kind() {
        ValueKind::Number => {
            canonical(text).map(Value::Number).ok_or_else(|| format!("{text:?} is no number"))
        }
        ValueKind::Flag => match text {
            "yes" => Ok(Value::Flag(true)),
            "no" => Ok(Value::Flag(false)),
            _ => Err(not_one_of(text, ["yes", "no"].into_iter())),
        },
        ValueKind::Span => Span::read(text).map(Value::Span).ok_or_else(|| not_a_span(0, text).message),
        ValueKind::Words => {
            let words: Vec<String> = text.split(',').map(str::to_owned).collect();
            if words.iter().any(|word| word.is_empty() || !word.chars().all(is_plain)) {
                return Err("words with commas between them are expected".to_owned());
            }
            words.iter().try_for_each(|word| check(word))?;
            Ok(Value::Words(words))
        }
        ValueKind::Text => check(text).map(|()| Value::Text(text.to_owned())),
    }
}

/// A number, if the text is how it would be printed.
fn canonical<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0');
    let plain = digits.starts_with(|c: char| c.is_ascii_digit()) && !padded && text != "-0";
    if plain { text.parse().ok() } else { None }
}

fn not_a_span(column: usize, text: &str) -> Problem {
    Problem { column, message: format!("{text:?} is no duration: 500ms, 12s, 5m, 2h") }
}
