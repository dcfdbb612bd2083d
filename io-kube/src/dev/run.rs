//! A run: time passes, and what happens is told.

use std::io;

use pilothouse_protocol::{EventType, LogLevel, Monotonic};

use super::cluster::Cluster;
use super::project::Project;
use super::screen::{Screen, duration};
use super::story::{Line, Story};
use super::view::{ReleaseView, State, views};
use super::{DevError, DevOptions, Outcome, summary};
use crate::clock::wall_nanos;
use crate::events::type_name;

/// A cluster with its releases on a screen.
pub(super) struct Run<'a, 'b> {
    pub(super) cluster: Cluster,
    pub(super) screen: &'a mut Screen<'b>,
    story: Story,
    options: DevOptions,
    events: usize,
    logs: usize,
}

/// Runs until all releases are ready or have failed, as fast as it goes, and prints how it went.
///
/// # Errors
/// When the input is wrong, before anything has run.
pub fn run_once(options: &DevOptions, screen: &mut Screen<'_>) -> Result<Outcome, DevError> {
    let mut run = Run::start(options, screen)?;
    let end = run.cluster.after(options.timeout);
    let mut views = run.look()?;
    while !views.iter().all(|view| view.state.is_settled()) {
        if run.cluster.now() >= end {
            let limit = duration(options.timeout);
            run.screen.line("")?;
            run.screen.line(&format!("Not all releases were ready within {limit} (--timeout)."))?;
            break;
        }
        run.cluster.step(end)?;
        views = run.look()?;
    }
    Ok(run.finish(&views)?)
}

impl<'a, 'b> Run<'a, 'b> {
    /// Reads the input and starts a cluster with it.
    pub(super) fn start(options: &DevOptions, screen: &'a mut Screen<'b>) -> Result<Self, DevError> {
        let project = Project::load(&options.paths)?;
        // Objects hold whole seconds: beginning at one, the same input takes the same virtual time.
        let wall = wall_nanos();
        let (cluster, notes) =
            Cluster::start(project, wall - wall.rem_euclid(1_000_000_000), &options.record)?;
        let mut run =
            Self { cluster, screen, story: Story::default(), options: options.clone(), events: 0, logs: 0 };
        run.note(&notes)?;
        Ok(run)
    }

    /// Lets virtual time pass up to a moment, with all that happens until then.
    pub(super) fn advance(&mut self, until: Monotonic) -> Result<(), DevError> {
        while self.cluster.now() < until {
            self.cluster.step(until)?;
            self.look()?;
        }
        Ok(())
    }

    /// Tells what is new.
    pub(super) fn look(&mut self) -> io::Result<Vec<ReleaseView>> {
        self.tell_record()?;
        let views = self.views();
        for line in self.story.observe(self.cluster.elapsed(), &views) {
            self.tell(&line, &views)?;
        }
        Ok(views)
    }

    /// Draws the block of all releases, when the screen has one.
    pub(super) fn draw(&mut self) -> io::Result<()> {
        let views = self.views();
        let elapsed = duration(self.cluster.elapsed());
        let width = width(&views);
        let mut lines = vec![self.screen.faint(&format!("{elapsed:>7}  press Ctrl-C to end"))];
        lines.extend(views.iter().map(|view| {
            let state = self.screen.paint(view.state, &format!("{:<9}", view.state.name()));
            format!("         {:<width$}  {state}  {}", view.key.to_string(), view.text)
        }));
        self.screen.block(&lines)
    }

    /// Lines about the input.
    pub(super) fn note(&mut self, notes: &[String]) -> io::Result<()> {
        notes.iter().try_for_each(|note| self.screen.line(&format!("note: {note}")))
    }

    /// Prints the summary.
    pub(super) fn finish(self, views: &[ReleaseView]) -> io::Result<Outcome> {
        summary::print(self.screen, views, &self.story)?;
        let is_good = |view: &ReleaseView| matches!(view.state, State::Ready | State::Suspended);
        self.screen.line("")?;
        let good = views.iter().filter(|view| is_good(view)).count();
        let elapsed = duration(self.cluster.elapsed());
        self.screen
            .line(&format!("{good} of {} releases ready after {elapsed} of virtual time", views.len()))?;
        Ok(if good == views.len() { Outcome::AllReady } else { Outcome::SomeFailed })
    }

    /// How all releases are doing.
    pub(super) fn views(&self) -> Vec<ReleaseView> {
        views(&self.cluster.releases(), &self.cluster.progress())
    }

    fn tell(&mut self, line: &Line, views: &[ReleaseView]) -> io::Result<()> {
        let elapsed = self.screen.faint(&format!("{:>7}", duration(self.cluster.elapsed())));
        let state = self.screen.paint(line.state, &format!("{:<9}", line.state.name()));
        let width = width(views);
        self.screen.line(&format!("{elapsed}  {:<width$}  {state}  {}", line.key.to_string(), line.text))
    }

    /// Events and log lines since the last call, as far as they are wanted.
    fn tell_record(&mut self) -> io::Result<()> {
        let elapsed = format!("{:>7}", duration(self.cluster.elapsed()));
        let record = self.cluster.record();
        let mut lines = Vec::new();
        if self.options.verbose {
            for (_, key, entry) in
                record.logs.iter().skip(self.logs).filter(|log| log.2.level >= LogLevel::Debug)
            {
                lines.push(format!("{elapsed}  {key}  {:?}  {}", entry.level, entry.message));
            }
        }
        if self.options.events {
            for recorded in record.events.iter().skip(self.events) {
                let event = &recorded.event;
                let (kind, reason) = (type_name(event.kind), &event.reason);
                let important = event.kind == EventType::Warning;
                let line =
                    format!("{elapsed}  {}  {kind} {reason}: {}", event.regarding, event.message.trim_end());
                lines.push(if important { self.screen.paint(State::Failed, &line) } else { line });
            }
        }
        (self.logs, self.events) = (record.logs.len(), record.events.len());
        lines.iter().try_for_each(|line| {
            let line = self.screen.faint(line);
            self.screen.line(&line)
        })
    }
}

/// The width of the column of names.
fn width(views: &[ReleaseView]) -> usize {
    views.iter().map(|view| view.key.to_string().chars().count()).max().unwrap_or_default()
}
