//! How outputs are compared: byte for byte but for trailing newlines; lines that differ between runs of Helm are not.

use serde_json::Value;

/// Compares what was printed.
pub(crate) fn texts(golden: &str, text: &str, unstable: &[u64]) -> Result<(), String> {
    let (golden, text) = (golden.trim_end_matches('\n'), text.trim_end_matches('\n'));
    let (mut left, mut right) = (golden.split('\n'), text.split('\n'));
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (Some(left), Some(right)) if left == right || unstable.contains(&number) => {}
            (left, right) => {
                let shown = |line: Option<&str>| {
                    line.map_or_else(|| "the end".to_owned(), |line| format!("{line:?}"))
                };
                return Err(format!("line {number}:\n  helm  {}\n  ours  {}", shown(left), shown(right)));
            }
        }
    }
    Ok(())
}

/// Compares lines of which each may hold something random behind its key.
pub(crate) fn shapes(golden: &str, text: &str) -> Result<(), String> {
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
    let (left, right): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), text.lines().collect());
    if left.len() != right.len() {
        return Err(format!("helm has {} lines, ours are {}", left.len(), right.len()));
    }
    let pair = left.iter().zip(&right).find(|(left, right)| left != right && key(left) != key(right));
    pair.map_or(Ok(()), |(left, right)| Err(format!("\n  helm  {left:?}\n  ours  {right:?}")))
}

/// Compares what Helm wrote to stderr with the text of an error.
pub(crate) fn errors(stderr: &str, error: &str, unordered: bool) -> Result<(), String> {
    let warnings = stderr.lines().take_while(|line| !line.starts_with("Error: ")).count();
    let golden = stderr.lines().skip(warnings).collect::<Vec<_>>().join("\n");
    let golden = golden.strip_prefix("Error: ").unwrap_or(&golden);
    let golden = golden.strip_prefix("INSTALLATION FAILED: ").unwrap_or(golden);
    let golden = golden.trim_end();
    // The command appends this, not the engine.
    let golden = golden.strip_suffix("Use --debug flag to render out invalid YAML").unwrap_or(golden);
    let (mut left, mut right): (Vec<&str>, Vec<&str>) =
        (golden.trim_end().lines().collect(), error.trim_end().lines().collect());
    if unordered {
        left.sort_unstable();
        right.sort_unstable();
    }
    if left == right { Ok(()) } else { Err(format!("stderr\n  helm  {left:#?}\n  ours  {right:#?}")) }
}

/// Compares hooks without what a run adds to them.
pub(crate) fn hooks(golden: &Value, ours: &Value) -> Result<(), String> {
    let strip = |hooks: &Value| -> Vec<Value> {
        let mut hooks = hooks.as_array().cloned().unwrap_or_default();
        hooks.iter_mut().for_each(|hook| drop(hook.as_object_mut().unwrap().remove("last_run")));
        hooks
    };
    let (golden, ours) = (strip(golden), strip(ours));
    if golden == ours { Ok(()) } else { Err(format!("hooks\n  helm  {golden:?}\n  ours  {ours:?}")) }
}
