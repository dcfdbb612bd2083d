//! Reading scenarios.

mod arguments;
mod line;

use super::{
    Aim, ChartVersion, CrashPoint, Edit, Expectation, FaultWord, HelmCommand, Line, Place, Scenario,
    ScenarioError, SourceState, Span, State, Statement, Step, Target, ValuesKind, Verb,
};
use crate::scenario::settings::Scope;
use line::{Problem, Words};

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// The first place where the text is none.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut lines = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let line = read_line(text).map_err(|Problem { column, message }| ScenarioError {
                line: index + 1,
                column,
                message,
            })?;
            lines.push(line);
        }
        Ok(Self { lines })
    }
}

fn read_line(text: &str) -> Result<Line, Problem> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Line::Blank);
    }
    if let Some(comment) = trimmed.strip_prefix('#') {
        return Ok(Line::Comment(comment.to_owned()));
    }
    let mut words = Words::split(text)?;
    let at = if words.skip_word("at") { Some(words.span("a time")?) } else { None };
    let during = match words.skip_word("during") {
        true => Some(words.choice("a state", State::ALL, State::word)?),
        false => None,
    };
    let what = statement(&mut words)?;
    words.end()?;
    Ok(Line::Step(Step { at, during, what }))
}

fn statement(words: &mut Words) -> Result<Statement, Problem> {
    let (column, verb) = words.bare("a statement")?;
    Ok(match verb.as_str() {
        "seed" => Statement::Seed(words.number("a seed")?),
        "shards" => Statement::Shards(words.number("how many")?),
        "replicas" => Statement::Replicas(words.number("how many")?),
        "chart" => {
            let chart = ChartVersion { name: words.text("a name")?, version: words.text("a version")? };
            Statement::Chart { chart, settings: words.settings(Scope::Chart)? }
        }
        "source" => source(words)?,
        "apply" => apply(words)?,
        "request" => {
            let name = words.text("a release")?;
            Statement::Request { name, force: words.skip_word("force"), reset: words.skip_word("reset") }
        }
        "delete" => Statement::Delete(target(words)?),
        "edit" => Statement::Edit(target(words)?, edit(words)?),
        "hold" => Statement::Hold(target(words)?),
        "unhold" => Statement::Unhold(target(words)?),
        "helm" => {
            let command = words.choice("a command", HelmCommand::ALL, HelmCommand::word)?;
            Statement::Helm(command, words.text("a release")?)
        }
        "forget-status" => {
            Statement::ForgetStatus { name: words.text("a release")?, field: words.text("a field")? }
        }
        "fault" => {
            let fault = words.choice("a fault", FaultWord::ALL, FaultWord::word)?;
            Statement::Fault(fault, aim(words)?)
        }
        "crash" => crash(words)?,
        "restart" => Statement::Restart {
            grace: words.named_span("grace")?.unwrap_or(Span::seconds(1)),
            after: words.named_span("after")?.unwrap_or(Span::seconds(1)),
        },
        "takeover" => Statement::Takeover {
            late: words.named_span("late")?.unwrap_or(Span::seconds(5)),
            after: words.named_span("after")?.unwrap_or(Span::seconds(1)),
        },
        "pause" => Statement::Pause(words.span("a duration")?),
        "clock" => {
            let forward = words.choice("forward or back", &["back", "forward"], |word| word)? == "forward";
            Statement::Clock { forward, by: words.span("a duration")? }
        }
        "tick" => Statement::Tick,
        "lag" => Statement::Lag {
            least: words.span("a duration")?,
            most: words.span("a duration")?,
            kind: words.text_if_any(),
        },
        "rewind" => Statement::Rewind { by: words.span("a duration")?, during: words.span("a duration")? },
        "relist" => Statement::Relist,
        "repeat" => Statement::Repeat,
        "gap" => Statement::Gap(words.span("a duration")?),
        "slow" => Statement::Slow(words.span("a duration")?),
        "calm" => Statement::Calm,
        "wait" => Statement::Wait(words.span("a duration")?),
        "settle" => Statement::Settle,
        "expect" => Statement::Expect(expectation(words)?),
        other => return Err(Problem { column, message: format!("{other:?} is no statement") }),
    })
}

fn source(words: &mut Words) -> Result<Statement, Problem> {
    let name = words.text("a name")?;
    let (column, chart) = words.named("chart")?.ok_or_else(|| words.missing("chart=NAME@VERSION"))?;
    let plain = chart.chars().all(|c| line::is_plain(c) || c == '@');
    let Some((chart, version)) = chart.split_once('@').filter(|_| plain) else {
        return Err(Problem { column, message: format!("{chart:?} is not NAME@VERSION") });
    };
    let chart = ChartVersion { name: chart.to_owned(), version: version.to_owned() };
    let state = match words.named("state")? {
        None => SourceState::Whole,
        Some((column, word)) => SourceState::from_word(&word).ok_or_else(|| Problem {
            column,
            message: line::not_one_of(&word, SourceState::ALL.iter().map(|state| state.word())),
        })?,
    };
    Ok(Statement::Source { name, chart, state })
}

fn apply(words: &mut Words) -> Result<Statement, Problem> {
    if words.choice("release or values", &["release", "values"], |word| word)? == "release" {
        let name = words.text("a name")?;
        return Ok(Statement::Release { name, settings: words.settings(Scope::Release)? });
    }
    let kind = words.choice("ConfigMap or Secret", ValuesKind::ALL, ValuesKind::word)?;
    let name = words.text("a name")?;
    Ok(Statement::Values { kind, name, settings: words.settings(Scope::Values)? })
}

fn target(words: &mut Words) -> Result<Target, Problem> {
    Ok(Target { kind: words.text("a kind")?, name: words.text("a name")? })
}

fn edit(words: &mut Words) -> Result<Edit, Problem> {
    if let Some((column, text)) = words.named("replicas")? {
        let count =
            text.parse().map_err(|_| Problem { column, message: format!("{text:?} is no number") })?;
        return Ok(Edit::Replicas(count));
    }
    if let Some((_, text)) = words.named("message")? {
        return Ok(Edit::Message(text));
    }
    let label = words.named("label")?.ok_or_else(|| words.missing("replicas=, message= or label="))?;
    Ok(Edit::Label(label.1))
}

fn aim(words: &mut Words) -> Result<Aim, Problem> {
    if words.skip_word("request") {
        return Ok(Aim::Number(words.number("the number of a request")?));
    }
    let verb = words.choice("what is asked for", Verb::ALL, Verb::word)?;
    let kind = words.text_if_any();
    let skip = words.named_number("skip")?.unwrap_or(0);
    let times = words.named_number("times")?.unwrap_or(1);
    Ok(Aim::Next { verb, kind, skip, times })
}

fn crash(words: &mut Words) -> Result<Statement, Problem> {
    let point = if words.skip_word("request") {
        let number = words.number("the number of a request")?;
        CrashPoint::Request(number, words.choice("where", Place::ALL, Place::word)?)
    } else {
        CrashPoint::Now
    };
    let after = words.named_span("after")?.unwrap_or(Span::milliseconds(500));
    Ok(Statement::Crash { point, after })
}

fn expectation(words: &mut Words) -> Result<Expectation, Problem> {
    let kinds = ["release", "stored", "exists", "absent"];
    Ok(match words.choice("what is expected", &kinds, |word| word)? {
        "release" => {
            let name = words.text("a release")?;
            let pairs = words.pairs()?.into_iter();
            Expectation::Release { name, conditions: pairs.map(|(_, kind, status)| (kind, status)).collect() }
        }
        "stored" => {
            let name = words.text("a release")?;
            let revision = |(column, number, status): (usize, String, String)| match number.parse() {
                Ok(number) => Ok((number, status)),
                Err(_) => Err(Problem { column, message: format!("{number:?} is no number") }),
            };
            let revisions = words.pairs()?.into_iter().map(revision).collect::<Result<_, _>>()?;
            Expectation::Stored { name, revisions }
        }
        "exists" => Expectation::Exists(target(words)?),
        _ => Expectation::Absent(target(words)?),
    })
}
