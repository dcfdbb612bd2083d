//! Scenarios as text. What is printed reads back as the same scenario.

use std::fmt;

use super::{
    Aim, ChartVersion, CrashPoint, Edit, Expectation, Line, Scenario, Settings, SourceState, Statement, Step,
    Target, Value,
};

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Comment(text) => write!(f, "#{text}"),
            Self::Step(step) => write!(f, "{step}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "at {at} ")?;
        }
        if let Some(state) = self.during {
            write!(f, "during {} ", state.word())?;
        }
        write!(f, "{}", self.what)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => write!(f, "seed {seed}"),
            Self::Shards(count) => write!(f, "shards {count}"),
            Self::Replicas(count) => write!(f, "replicas {count}"),
            Self::Chart { chart, settings } => {
                write!(f, "chart {} {}{}", Word(&chart.name), Word(&chart.version), Shown(settings))
            }
            Self::Source { name, chart, state } => {
                write!(f, "source {} chart={chart}", Word(name))?;
                let whole = *state == SourceState::Whole;
                if whole { Ok(()) } else { write!(f, " state={}", state.word()) }
            }
            Self::Release { name, settings } => {
                write!(f, "apply release {}{}", Word(name), Shown(settings))
            }
            Self::Values { kind, name, settings } => {
                write!(f, "apply values {} {}{}", kind.word(), Word(name), Shown(settings))
            }
            Self::Request { name, force, reset } => {
                write!(f, "request {}", Word(name))?;
                f.write_str(if *force { " force" } else { "" })?;
                f.write_str(if *reset { " reset" } else { "" })
            }
            Self::Delete(target) => write!(f, "delete {target}"),
            Self::Edit(target, edit) => write!(f, "edit {target} {edit}"),
            Self::Hold(target) => write!(f, "hold {target}"),
            Self::Unhold(target) => write!(f, "unhold {target}"),
            Self::Helm(command, release) => write!(f, "helm {} {}", command.word(), Word(release)),
            Self::ForgetStatus { name, field } => write!(f, "forget-status {} {}", Word(name), Word(field)),
            Self::Fault(fault, aim) => write!(f, "fault {} {aim}", fault.word()),
            Self::Crash { point: CrashPoint::Now, after } => write!(f, "crash after={after}"),
            Self::Crash { point: CrashPoint::Request(number, place), after } => {
                write!(f, "crash request {number} {} after={after}", place.word())
            }
            Self::Restart { grace, after } => write!(f, "restart grace={grace} after={after}"),
            Self::Takeover { late, after } => write!(f, "takeover late={late} after={after}"),
            other => simple(other, f),
        }
    }
}

/// The statements about time, watches and what is expected.
fn simple(statement: &Statement, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match statement {
        Statement::Pause(span) => write!(f, "pause {span}"),
        Statement::Clock { forward, by } => {
            write!(f, "clock {} {by}", if *forward { "forward" } else { "back" })
        }
        Statement::Lag { least, most, kind } => {
            write!(f, "lag {least} {most}")?;
            kind.as_ref().map_or(Ok(()), |kind| write!(f, " {}", Word(kind)))
        }
        Statement::Rewind { by, during } => write!(f, "rewind {by} {during}"),
        Statement::Gap(span) => write!(f, "gap {span}"),
        Statement::Slow(span) => write!(f, "slow {span}"),
        Statement::Wait(span) => write!(f, "wait {span}"),
        Statement::Expect(expectation) => write!(f, "expect {expectation}"),
        Statement::Tick => f.write_str("tick"),
        Statement::Relist => f.write_str("relist"),
        Statement::Repeat => f.write_str("repeat"),
        Statement::Calm => f.write_str("calm"),
        Statement::Settle => f.write_str("settle"),
        _ => Ok(()),
    }
}

impl fmt::Display for ChartVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Word(&self.kind), Word(&self.name))
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replicas(count) => write!(f, "replicas={count}"),
            Self::Message(text) => write!(f, "message={}", Word(text)),
            Self::Label(text) => write!(f, "label={}", Word(text)),
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "request {number}"),
            Self::Next { verb, kind, skip, times } => {
                f.write_str(verb.word())?;
                if let Some(kind) = kind {
                    write!(f, " {}", Word(kind))?;
                }
                if *skip > 0 {
                    write!(f, " skip={skip}")?;
                }
                if *times != 1 { write!(f, " times={times}") } else { Ok(()) }
            }
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release { name, conditions } => {
                write!(f, "release {}", Word(name))?;
                conditions.iter().try_for_each(|(kind, status)| write!(f, " {kind}={}", Word(status)))
            }
            Self::Stored { name, revisions } => {
                write!(f, "stored {}", Word(name))?;
                revisions.iter().try_for_each(|(number, status)| write!(f, " {number}={}", Word(status)))
            }
            Self::Exists(target) => write!(f, "exists {target}"),
            Self::Absent(target) => write!(f, "absent {target}"),
        }
    }
}

/// Settings, each with a space before it.
struct Shown<'a>(&'a Settings);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(knob, value)| write!(f, " {}={value}", knob.word()))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Self::Span(span) => write!(f, "{span}"),
            Self::Words(words) => f.write_str(&words.join(",")),
            Self::Text(text) => write!(f, "{}", Word(text)),
        }
    }
}

/// A word; quoted when it would not be read as one.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() && self.0.chars().all(is_plain) {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// Whether a character needs no quotes around it.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._/-:".contains(c)
}

#[cfg(test)]
mod tests {
    use super::super::{Span, Verb};
    use super::*;

    #[test]
    fn texts_are_quoted_when_they_must_be() {
        for (text, shown) in [
            ("a/b-1.2", "a/b-1.2"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a\"\\\n", "\"a\\\"\\\\\\n\""),
        ] {
            assert_eq!(Word(text).to_string(), shown);
        }
    }

    #[test]
    fn what_goes_without_saying_is_not_said() {
        let aim = Aim::Next { verb: Verb::Create, kind: Some("Secret".to_owned()), skip: 0, times: 1 };
        assert_eq!(aim.to_string(), "create Secret");
        let chart = ChartVersion { name: "web".to_owned(), version: "1.0.0".to_owned() };
        let source = Statement::Source { name: "web".to_owned(), chart, state: SourceState::Whole };
        assert_eq!(source.to_string(), "source web chart=web@1.0.0");
        assert_eq!(Span::seconds(90).to_string(), "90s");
    }
}
