//! Comparing texts and releases as `shared/charts/README.md` says.

use serde_json::Value;

/// Texts are equal but for line breaks at their ends and lines that differ in every run of Helm (from 1).
pub(crate) fn same_text(what: &str, expected: &str, got: &str, unstable: &[u64]) -> Result<(), String> {
    let (expected, got) = (expected.trim_end_matches('\n'), got.trim_end_matches('\n'));
    if expected == got {
        return Ok(());
    }
    let (mut left, mut right) = (expected.split('\n'), got.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return Ok(()),
            (Some(left), Some(right)) if left == right || unstable.contains(&number) => {}
            (left, right) => {
                return Err(format!("{what}, line {number}:\n  expected {left:?}\n  got      {right:?}"));
            }
        }
    }
}

/// The same, whatever the order of the lines.
pub(crate) fn same_lines(what: &str, expected: &str, got: &str) -> Result<(), String> {
    let sorted = |text: &str| {
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    same_text(what, &sorted(expected), &sorted(got), &[])
}

/// The release that Helm printed, without chart and times, is the one that was printed.
pub(crate) fn same_release(expected: &Value, got: &str) -> Result<(), String> {
    let mut got: Value = serde_json::from_str(got).map_err(|error| format!("no JSON: {error}"))?;
    let release = got.as_object_mut().ok_or("no object")?;
    release.remove("chart").ok_or("no chart")?;
    let info = release.get_mut("info").and_then(Value::as_object_mut).ok_or("no info")?;
    for time in ["first_deployed", "last_deployed"] {
        info.remove(time).ok_or("no time")?;
    }
    for (path, name) in [("/manifest", "manifest"), ("/info/notes", "notes")] {
        let text = |value: &Value| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (expected, got) = (text(expected), text(&got));
        if expected != got {
            same_text(name, &expected, &got, &[])?;
            return Err(format!("{name} differs in line breaks at its end"));
        }
    }
    if *expected == got {
        return Ok(());
    }
    let differing =
        got.as_object().into_iter().flatten().find(|(key, value)| expected[key.as_str()] != **value);
    let (key, value) =
        differing.map_or((String::new(), Value::Null), |(key, value)| (key.clone(), value.clone()));
    Err(format!("{key}:\n  expected {}\n  got      {value}", expected[key.as_str()]))
}
