//! Running one template as far as it goes, and taking its errors apart.

use std::rc::Rc;

use pilothouse_template::value::Entries;
use pilothouse_template::{
    Budget, Changed, Environment, ExecError, Host, Leniency, SeededEntropy, TemplateSet, Value,
};

use crate::RenderOptions;
use crate::render::{Renderable, about, without_no_value};

/// How many calls of `fail` and `required` one template may go past.
const FAILURES_MAX: usize = 20;

/// What Helm puts around the texts of `fail` and `required`.
const MARKS: [&str; 2] = ["HELM_ERR_START", "HELM_ERR_END"];

/// A template to run.
pub(super) struct Run<'a> {
    pub(super) set: &'a TemplateSet,
    pub(super) name: &'a str,
    pub(super) template: &'a Renderable<'a>,
    pub(super) options: &'a RenderOptions,
}

/// Why a template stopped, or would have.
pub(super) struct Stop {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) message: String,
    pub(super) cause: Cause,
    /// Places from which the place of the error was reached, `FILE:LINE`.
    pub(super) called_from: Vec<String>,
    pub(super) is_missing_template: bool,
}

/// Kinds of stops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The template is wrong.
    Error,
    /// The template takes too much.
    Limit,
    /// The template asks for a value.
    Required,
}

impl Run<'_> {
    /// Runs the template, again and again past what it asks for. Returns its text, if it came to its end, and all stops.
    pub(super) fn execute(&self) -> (Option<String>, Vec<Stop>) {
        let mut stops = Vec::new();
        for passed in 0..=FAILURES_MAX {
            let error = match self.once(passed) {
                Ok(text) => return (Some(text), stops),
                Err(error) => error,
            };
            let stop = stop(self.name, &error);
            let goes_on = stop.cause == Cause::Required;
            stops.push(stop);
            if !goes_on {
                break;
            }
        }
        (None, stops)
    }

    /// One run that goes past the first calls of `fail` and `required` that fail.
    fn once(&self, passed: usize) -> Result<String, ExecError> {
        let mut host = Lenient { left: passed };
        let mut entropy = SeededEntropy::new(0);
        let mut environment = Environment {
            host: &mut host,
            entropy: &mut entropy,
            now: self.options.now,
            // The data is used for the next run, too.
            changed: &mut Changed::default(),
            budget: Budget::new(self.options.limits),
        };
        self.template.data.insert(Rc::from("Template"), about(self.name, &self.template.base_path));
        let root = Value::Map(Rc::clone(&self.template.data));
        let text = self.set.execute(self.name, &root, &mut environment)?;
        Ok(without_no_value(text))
    }
}

/// No cluster; lets some failures pass.
struct Lenient {
    left: usize,
}

impl Host for Lenient {
    fn lookup(&mut self, _: &str, _: &str, _: &str, _: &str) -> Result<Value, String> {
        Ok(Value::map(Entries::new()))
    }

    fn host_by_name(&mut self, _: &str) -> Result<String, String> {
        Ok(String::new())
    }

    fn failing(&mut self) -> Leniency {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Leniency::GoOn
            }
            None => Leniency::Fail,
        }
    }
}

/// Takes an error apart: its innermost place is where it happened.
fn stop(name: &str, error: &ExecError) -> Stop {
    let mut places = Vec::new();
    let mut message = String::new();
    let mut link = Some(error);
    while let Some(current) = link {
        let text = current.own_text();
        match current.is_template_error().then(|| place(text)).flatten() {
            Some((place, rest)) => {
                places.push(place);
                rest.clone_into(&mut message);
            }
            None => message.push_str(text),
        }
        link = current.cause();
    }
    let asked = message.split_once(MARKS[0]).and_then(|(_, rest)| rest.rsplit_once(MARKS[1]));
    let cause = match (error.limit(), asked) {
        (Some(_), _) => Cause::Limit,
        (None, Some(_)) => Cause::Required,
        (None, None) => Cause::Error,
    };
    let message = asked.map_or(message.as_str(), |(text, _)| text).to_owned();
    let is_missing_template = message.contains("no template ") || message.contains("not defined");
    let (file, line, column) = places.pop().unwrap_or_else(|| (name.to_owned(), None, None));
    let called_from = places.into_iter().map(|(file, line, _)| match line {
        Some(line) => format!("{file}:{line}"),
        None => file,
    });
    Stop { file, line, column, message, cause, called_from: called_from.collect(), is_missing_template }
}

type Place = (String, Option<usize>, Option<usize>);

/// `template: FILE:LINE:COLUMN: executing "NAME" at <CODE>: MESSAGE`; the column counts from 0.
fn place(text: &str) -> Option<(Place, String)> {
    let rest = text.strip_prefix("template: ")?;
    let Some((location, rest)) = rest.split_once(": executing ") else {
        let (file, message) = rest.split_once(": ")?;
        return Some(((file.to_owned(), None, None), message.to_owned()));
    };
    let (location, column) = location.rsplit_once(':')?;
    let (file, line) = location.rsplit_once(':')?;
    let column = column.parse().ok().map(|column: usize| column + 1);
    let (_, rest) = rest.split_once(" at ")?;
    Some(((file.to_owned(), line.parse().ok(), column), format!("at {rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_errors() {
        let text =
            "template: c/templates/a.yaml:3:5: executing \"x\" at <.Values.a.b>: nil pointer evaluating";
        let (place, message) = place(text).unwrap();
        assert_eq!(place, ("c/templates/a.yaml".to_owned(), Some(3), Some(6)));
        assert_eq!(message, "at <.Values.a.b>: nil pointer evaluating");
    }
}
