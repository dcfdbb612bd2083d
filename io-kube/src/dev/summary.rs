//! The end of a run: a table of all releases, the history of each, and why those that failed did.

use std::io;

use pilothouse_api::Snapshot;

use super::screen::{Screen, duration};
use super::story::Story;
use super::view::{ReleaseView, State};

const HEADINGS: [&str; 6] = ["NAME", "REVISION", "CHART", "STATUS", "ELAPSED", "TESTS"];
/// The column that is coloured.
const STATUS: usize = 3;

/// Prints it.
pub(super) fn print(screen: &mut Screen<'_>, views: &[ReleaseView], story: &Story) -> io::Result<()> {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(views.iter().map(|view| row(view, story)));
    screen.line("")?;
    for (index, line) in table(&rows).into_iter().enumerate() {
        let state = index.checked_sub(1).and_then(|index| views.get(index)).map(|view| view.state);
        let cells = line.iter().enumerate().map(|(column, cell)| match state {
            Some(state) if column == STATUS => screen.paint(state, cell),
            _ => cell.clone(),
        });
        let text = cells.collect::<Vec<_>>().join("  ");
        screen.line(text.trim_end())?;
    }
    for view in views.iter().filter(|view| !view.status.history.is_empty()) {
        screen.line("")?;
        screen.line(&format!("History of {}", view.key))?;
        let mut history = view.status.history.clone();
        history.sort();
        let entries: Vec<[String; 5]> = history.0.iter().map(entry).collect();
        for line in table(&entries) {
            screen.line(format!("  {}", line.join("  ")).trim_end())?;
        }
    }
    for view in views.iter().filter(|view| !matches!(view.state, State::Ready | State::Suspended)) {
        screen.line("")?;
        let text = if view.text.is_empty() { "no status yet" } else { &view.text };
        screen.line(&format!(
            "{} {}",
            screen.paint(view.state, &format!("{} is not ready:", view.key)),
            text
        ))?;
    }
    Ok(())
}

fn row(view: &ReleaseView, story: &Story) -> [String; 6] {
    let latest = view.status.history.latest();
    let of_latest = |text: fn(&Snapshot) -> String| latest.map_or_else(|| "-".to_owned(), text);
    [
        view.key.to_string(),
        of_latest(|latest| latest.version.to_string()),
        of_latest(Snapshot::versioned_chart),
        view.state.name().to_owned(),
        story.settled_at(&view.key).map_or_else(|| "-".to_owned(), duration),
        of_latest(tests),
    ]
}

fn entry(snapshot: &Snapshot) -> [String; 5] {
    [
        format!("v{}", snapshot.version),
        snapshot.status.clone(),
        if snapshot.action.is_empty() { "-".to_owned() } else { snapshot.action.clone() },
        snapshot.versioned_chart(),
        format!("tests: {}", tests(snapshot)),
    ]
}

/// `2 passed`, `1 of 2 failed: name`, or `-`.
fn tests(snapshot: &Snapshot) -> String {
    let Some(hooks) = snapshot.test_hooks.as_ref().filter(|hooks| !hooks.is_empty()) else {
        return "-".to_owned();
    };
    let in_phase = |phase: &str| -> Vec<&str> {
        let is_in = |hook: &Option<_>| {
            hook.as_ref().is_some_and(|hook: &pilothouse_api::TestHookStatus| hook.phase == phase)
        };
        hooks.iter().filter(|(_, hook)| is_in(hook)).map(|(name, _)| name.as_str()).collect()
    };
    let (failed, passed) = (in_phase("Failed"), in_phase("Succeeded").len());
    if failed.is_empty() {
        format!("{passed} passed")
    } else {
        format!("{} of {} failed: {}", failed.len(), hooks.len(), failed.join(", "))
    }
}

/// Cells padded to the widest of their column.
fn table<const N: usize>(rows: &[[String; N]]) -> Vec<[String; N]> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let padded =
        |row: &[String; N]| std::array::from_fn(|column| format!("{:<1$}", row[column], widths[column]));
    rows.iter().map(padded).collect()
}
