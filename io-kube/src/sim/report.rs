//! What a campaign has covered, as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use pilothouse_io_sim::simulation::{ALL_CLASSES, Coverage, FaultClass, Run};
use pilothouse_protocol::Monotonic;

use super::workers::Total;

/// The classes with their numbers, a line for each.
pub(super) fn classes() -> String {
    let line = |class: FaultClass| format!("{:>2}  {:<21} {}\n", class.number(), class.word(), class.about());
    ALL_CLASSES.into_iter().map(line).collect()
}

/// How a file went: its steps with their moments and what was found, or one line.
pub(super) fn played(path: &Path, run: &Run) -> String {
    let Some(finding) = &run.finding else {
        let seconds = run.time / 1_000_000_000;
        return format!("{}: no finding; {} actions in {seconds} simulated s\n", path.display(), run.actions);
    };
    let at = |moment: Monotonic| format!("{:>10.3} s", moment.0 as f64 / 1e9);
    let mut text = format!("{}:\n", path.display());
    for (moment, step) in &run.steps {
        let _ = writeln!(text, "  {}  {step}", at(*moment));
    }
    let _ = writeln!(text, "  {}  FOUND {}", at(finding.at), finding.what);
    text
}

/// The sums of a campaign.
pub(super) fn total(total: &Total, classes: &BTreeSet<FaultClass>) -> String {
    let Coverage { seeds, runs, actions, seconds, fired, pairs, shapes, digest, .. } = &total.coverage;
    let elapsed = total.elapsed.as_secs_f64().max(0.001);
    let per_second = |count: u64| count as f64 / elapsed;
    let mut text = format!(
        "{seeds} seeds, {runs} runs in {elapsed:.1} s: {:.1} runs/s, {:.0} actions/s, {:.0} simulated s/s\n",
        per_second(*runs),
        per_second(*actions),
        per_second(*seconds),
    );
    let never: Vec<&str> =
        classes.iter().filter(|class| !fired.contains_key(class)).map(|class| class.word()).collect();
    let _ = writeln!(
        text,
        "{} of {} classes took effect{}{}; {} request x class pairs; {} different ways",
        fired.len(),
        classes.len(),
        if never.is_empty() { "" } else { ", never " },
        never.join(", "),
        pairs.len(),
        shapes.len(),
    );
    let recovery = |per_mille| total.coverage.recovery(per_mille) / 1_000_000_000;
    let _ = writeln!(
        text,
        "recovery after the last disturbance: median {} s, 99% {} s",
        recovery(500),
        recovery(990)
    );
    let _ = writeln!(text, "digest of all actions: {digest:016x}, the same for these seeds in every build");
    let _ = match total.findings {
        0 => writeln!(text, "no finding"),
        many => writeln!(text, "{many} findings"),
    };
    text
}

/// Which requests were hit by which classes, and what occurred, as Markdown tables.
pub(super) fn tables(coverage: &Coverage) -> String {
    let mut text = String::from("\n| class | seeds |\n|---|---|\n");
    for class in ALL_CLASSES {
        let seeds = coverage.fired.get(&class).copied().unwrap_or_default();
        let _ = writeln!(text, "| {} {} | {seeds} |", class.number(), class.word());
    }
    text.push_str("\n| request under way | seeds | classes |\n|---|---|---|\n");
    for (state, seeds) in &coverage.states {
        let hit = coverage.pairs.keys().filter(|(other, _)| other == state);
        let numbers: Vec<String> = hit.map(|(_, class)| class.number().to_string()).collect();
        let _ = writeln!(text, "| {state} | {seeds} | {} |", numbers.join(" "));
    }
    text.push_str("\n| event | seeds |\n|---|---|\n");
    for (mark, seeds) in &coverage.marks {
        let _ = writeln!(text, "| {mark} | {seeds} |");
    }
    text
}
