//! What a campaign has covered, as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use pilothouse_io_sim::scenario::State;
use pilothouse_io_sim::simulation::{ALL_CLASSES, Coverage, FaultClass, Run, can_strike, feasible_pairs};
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
    let Coverage { seeds, runs, actions, seconds, fired, shapes, digest, .. } = &total.coverage;
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
        "{} of {} classes took effect{}{}; {}; {} different ways",
        fired.len(),
        classes.len(),
        if never.is_empty() { "" } else { ", never " },
        never.join(", "),
        reached(&total.coverage),
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

/// How many of the pairs that can be were reached.
fn reached(coverage: &Coverage) -> String {
    let feasible = feasible_pairs().count();
    let reached = feasible - coverage.not_reached().len();
    let share = reached as f64 * 100.0 / feasible as f64;
    format!("{reached} of {feasible} feasible pairs of state and class ({share:.1} %)")
}

/// In which states which classes have struck, and what occurred, as Markdown tables.
pub(super) fn tables(coverage: &Coverage) -> String {
    let mut text = String::from("\n| class | seeds |\n|---|---|\n");
    for class in ALL_CLASSES {
        let seeds = coverage.fired.get(&class).copied().unwrap_or_default();
        let _ = writeln!(text, "| {} {} | {seeds} |", class.number(), class.word());
    }
    text.push_str(&pairs(coverage));
    text.push_str("\n| event | seeds |\n|---|---|\n");
    for (mark, seeds) in &coverage.marks {
        let _ = writeln!(text, "| {mark} | {seeds} |");
    }
    text
}

/// How many seeds have reached each pair; `·` for one that cannot be.
fn pairs(coverage: &Coverage) -> String {
    let mut text = format!("\n{}\n\n| state |", reached(coverage));
    ALL_CLASSES.iter().for_each(|class| text.push_str(&format!(" {} |", class.number())));
    let _ = write!(text, "\n|---|{}", "---|".repeat(ALL_CLASSES.len()));
    for state in State::ALL {
        let cell = |class: FaultClass| match coverage.pairs.get(&(*state, class)) {
            Some(seeds) => format!(" {seeds} |"),
            None if can_strike(class, *state) => " **0** |".to_owned(),
            None => " · |".to_owned(),
        };
        let cells: String = ALL_CLASSES.into_iter().map(cell).collect();
        let _ = write!(text, "\n| {} |{cells}", state.word());
    }
    text.push('\n');
    let missing = coverage.not_reached();
    if !missing.is_empty() {
        let name = |(state, class): &(State, FaultClass)| format!("{} x {}", state.word(), class.word());
        let names: Vec<String> = missing.iter().map(name).collect();
        let _ = writeln!(text, "\nnot reached: {}", names.join(", "));
    }
    text
}
