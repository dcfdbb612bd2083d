//! Where go-yaml v3 gives plain scalars other types than v2.

use super::compose::{Content, Node};
use super::date::is_timestamp;

/// The text of a plain scalar that v2 takes for a bool or a date and v3 does not.
pub(super) fn text(node: &Node<'_>) -> Option<String> {
    match &node.content {
        Content::Scalar { value, implicit: true } if node.tag.is_none() => {
            if is_old_bool(value) {
                return Some(value.to_string());
            }
            is_timestamp(value).then(|| rfc3339(value))
        }
        _ => None,
    }
}

fn is_old_bool(text: &str) -> bool {
    const YES: [&str; 8] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"];
    const NO: [&str; 8] = ["n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    YES.contains(&text) || NO.contains(&text)
}

/// A time as Go's JSON encoder writes what was read from one of the accepted forms.
fn rfc3339(text: &str) -> String {
    let (date, clock) = text.split_once(['T', 't', ' ']).unwrap_or((text, "0:0:0Z"));
    let clock = clock.trim_start();
    let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let fraction = fraction.get(..9).unwrap_or(fraction).trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    let zone = if zone.is_empty() || zone == "+00:00" || zone == "-00:00" { "Z" } else { zone };
    format!("{}T{}{fraction}{zone}", padded(date, '-'), padded(clock, ':'))
}

/// The parts with two digits at least.
fn padded(text: &str, separator: char) -> String {
    let parts: Vec<String> = text.split(separator).map(|part| format!("{part:0>2}")).collect();
    parts.join(&separator.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse_modern;

    #[test]
    fn old_bools_and_dates_are_texts() {
        let text = "a: yes\nb: true\nc: Off\nd: 2020-1-2\ne: 2020-01-02T03:04:05.120Z\nf: \"on\"\ng: 0777\ny: n\nh: !!bool yes\n";
        let expected = json!({
            "a": "yes", "b": true, "c": "Off", "d": "2020-01-02T00:00:00Z", "e": "2020-01-02T03:04:05.12Z",
            "f": "on", "g": 511, "y": "n", "h": true,
        });
        assert_eq!(parse_modern(text).unwrap(), expected);
    }
}
