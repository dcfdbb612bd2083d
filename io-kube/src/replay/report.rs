//! A replay as text: one line for each input and action, the first difference, and the verdict.

use std::io::Write;
use std::path::{Path, PathBuf};

use pilothouse_operator::OperatorAction;
use pilothouse_protocol::ReleaseKey;

use super::entry::{Entries, Entry, Lane, action_text};
use super::page::{Page, PageFile};
use super::play::{Divergence, Player};
use super::read::{Recording, ReplayError};
use crate::clock::iso8601_millis;
use crate::record::{Line, Note, Step};

/// What is replayed, and what is shown of it.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// A recording, or a folder of them.
    pub path: PathBuf,
    /// Ends so many nanoseconds after the start of each recording.
    pub until: Option<u64>,
    /// Shows this release only. Everything is played all the same.
    pub release: Option<ReleaseKey>,
    /// Shows no trace.
    pub quiet: bool,
    /// Writes the timeline as a page to this file.
    pub html: Option<PathBuf>,
}

/// How a replay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All actions are those that were recorded.
    Equal,
    /// Some action is another one.
    Diverged,
}

/// Replays and tells how it went.
///
/// # Errors
/// When a file cannot be read or written.
pub fn replay(options: &ReplayOptions, out: &mut dyn Write) -> Result<Verdict, ReplayError> {
    let mut verdict = Verdict::Equal;
    let mut page = Page::default();
    for path in Recording::find(&options.path)? {
        let mut run =
            Run { options, page: &mut page, entries: Entries::default(), steps: 0, actions: 0, notes: 0 };
        verdict = run.recording(&path, out)?;
        if verdict == Verdict::Diverged {
            break;
        }
    }
    if let Some(file) = &options.html {
        let failed = |error| ReplayError::Path { path: file.display().to_string(), error };
        PageFile::create(file).and_then(|mut to| to.write(&page)).map_err(failed)?;
        writeln!(out, "the timeline is in {}", file.display())?;
    }
    Ok(verdict)
}

struct Run<'a> {
    options: &'a ReplayOptions,
    page: &'a mut Page,
    entries: Entries,
    steps: u64,
    actions: u64,
    notes: u64,
}

impl Run<'_> {
    fn recording(&mut self, path: &Path, out: &mut dyn Write) -> Result<Verdict, ReplayError> {
        let mut recording = Recording::open(path)?;
        let header = recording.header.clone();
        let (version, command, moment) =
            (&header.pilothouse, &header.command, iso8601_millis(header.began.wall));
        writeln!(out, "{}: pilothouse {command} {version}, from {moment}", recording.name)?;
        self.page.begin(&recording.name, &header);
        let mut player = Player::new(&header);
        while let Some((number, line)) = recording.next_line()? {
            match line {
                Line::Step(step) => {
                    let at = step.now.monotonic.nanos_since(header.began.monotonic);
                    if self.options.until.is_some_and(|until| at > until) {
                        break;
                    }
                    if let Some(divergence) = self.step(&mut player, &step, at, out)? {
                        self.page.diverged(at, &divergence);
                        let place = format!("{}:{number}", path.display());
                        tell_divergence(&divergence, &place, at, out)?;
                        return Ok(Verdict::Diverged);
                    }
                }
                Line::Note(note) => self.note(&note, out)?,
                Line::Text | Line::End => {}
            }
        }
        if recording.is_cut {
            writeln!(out, "the last line is cut off, as after a crash; it is left out")?;
        }
        let notes = match self.notes {
            0 => String::new(),
            notes => format!("; {notes} notes, see above"),
        };
        writeln!(out, "equal: {} inputs led to the same {} actions{notes}", self.steps, self.actions)?;
        self.page.equal(self.steps, self.actions);
        Ok(Verdict::Equal)
    }

    fn step(
        &mut self,
        player: &mut Player,
        step: &Step,
        at: u64,
        out: &mut dyn Write,
    ) -> Result<Option<Divergence>, ReplayError> {
        let played = player.play(step);
        self.steps += 1;
        self.actions += played.actions.len() as u64;
        let entries = self.entries.of(step, &played.actions, at, &|key| player.describe(key));
        for entry in entries {
            let is_asked = |release: &ReleaseKey| entry.release.as_ref() == Some(release);
            if !self.options.release.as_ref().is_none_or(is_asked) {
                continue;
            }
            if !self.options.quiet {
                tell(&entry, out)?;
            }
            if self.options.html.is_some() {
                self.page.add(entry);
            }
        }
        Ok(played.divergence)
    }

    fn note(&mut self, note: &Note, out: &mut dyn Write) -> Result<(), ReplayError> {
        self.notes += 1;
        let release = note.release.as_ref().map(|release| format!("{release}: ")).unwrap_or_default();
        writeln!(out, "note: {release}{}", note.text)?;
        self.page.note(format!("{release}{}", note.text));
        Ok(())
    }
}

/// One line: when, which release, what, and what it was doing then.
fn tell(entry: &Entry, out: &mut dyn Write) -> std::io::Result<()> {
    let sign = match entry.lane {
        Lane::Input => "<-",
        Lane::Fault => "<!",
        Lane::Action => "->",
        Lane::Condition => " =",
        Lane::Storage => " #",
    };
    let release = entry.release.as_ref().map_or("*".to_owned(), ToString::to_string);
    let kind = match entry.lane {
        Lane::Condition => "Condition",
        Lane::Storage => "Stored",
        _ => &entry.kind,
    };
    let phase = match entry.phase.as_str() {
        "" => String::new(),
        phase => format!("  [{phase}]"),
    };
    let text = entry.text.replace('\n', "\\n");
    writeln!(out, "{:>12}  {release:<24}  {sign} {kind:<12} {text}{phase}", seconds(entry.at))
}

fn tell_divergence(
    divergence: &Divergence,
    place: &str,
    at: u64,
    out: &mut dyn Write,
) -> Result<(), ReplayError> {
    let shown = |action: &Option<OperatorAction>| match action {
        Some(OperatorAction { key, action }) => {
            let (kind, text) = action_text(action);
            format!("{key} {kind} {text}")
        }
        None => "nothing more".to_owned(),
    };
    writeln!(out, "diverged at {} ({place}), action {}", seconds(at), divergence.at + 1)?;
    writeln!(out, "  expected: {}", shown(&divergence.expected))?;
    writeln!(out, "  got:      {}", shown(&divergence.got))?;
    for difference in &divergence.differences {
        writeln!(out, "    {}", difference.path)?;
        let absent = "(absent)";
        writeln!(out, "      - {}", difference.expected.as_deref().unwrap_or(absent))?;
        writeln!(out, "      + {}", difference.got.as_deref().unwrap_or(absent))?;
    }
    Ok(())
}

/// `+12.345678s`.
fn seconds(nanos: u64) -> String {
    format!("+{}.{:06}s", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000)
}
