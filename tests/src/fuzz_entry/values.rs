//! Values: `--set` and its like, values files, and how they are laid over those of a chart and its subcharts.

use pilothouse_chart::{Chart, File, Limits, Lookups, RenderOptions, SetMode, load_values, render, set_all};
use serde_json::{Map, Value};

/// What stands between the parts of an input.
const MARK: &str = "\n===\n";

/// The chart: values with all that dependencies can do to them.
const CHART: &str = "apiVersion: v2\nname: m\nversion: 0.1.0\ndependencies:\n- {name: s, version: 0.1.0, condition: \
                     s.enabled, tags: [t], import-values: [data, {child: a, parent: b}]}\n- {name: s, version: 0.1.0, \
                     alias: other}\n";

const TEMPLATE: &str = "{{ toJson .Values }}";

/// The input is the chart's values, the user's values and lines of assignments, each with a letter in front that says
/// which flag it belongs to. Rendering must repeat itself.
pub fn values(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, MARK);
    let (chart, user, assignments) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let mut values = match load_values(user.as_bytes()) {
        Ok(Value::Object(values)) => values,
        Ok(other) => unreachable_kind(&other),
        Err(error) => {
            assert!(!error.is_empty(), "an error says why");
            Map::new()
        }
    };
    for line in assignments.lines() {
        let Some(flag) = line.chars().next() else { continue };
        let mode = match flag {
            's' => SetMode::Text,
            'j' => SetMode::Json,
            'l' => SetMode::Literal,
            _ => SetMode::Typed,
        };
        if let Err(error) = set_all(&mut values, &line[flag.len_utf8()..], mode) {
            assert!(!error.to_string().is_empty(), "an error says why");
        }
    }
    assert_eq!(rendered(chart, &values), rendered(chart, &values), "two runs differ");
}

fn unreachable_kind(value: &Value) -> Map<String, Value> {
    assert!(value.is_null(), "values are a map");
    Map::new()
}

fn rendered(chart: &str, values: &Map<String, Value>) -> Result<String, String> {
    let file = |name: &str, text: &str| File {
        name: name.to_owned(),
        data: text.as_bytes().to_vec().into(),
        modtime: None,
    };
    let files = vec![
        file("Chart.yaml", CHART),
        file("values.yaml", chart),
        file("templates/NOTES.txt", TEMPLATE),
        file("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 0.1.0\n"),
        file("charts/s/values.yaml", chart),
        file("charts/s/templates/NOTES.txt", TEMPLATE),
    ];
    let chart = Chart::from_files(files, &Limits::default()).map_err(|error| error.to_string())?;
    let options = RenderOptions { sub_notes: true, ..RenderOptions::default() };
    let outcome = render(&chart, values, &options, &Lookups::Detached, &mut Vec::new())
        .map_err(|error| error.to_string())?;
    Ok(format!("{outcome:?}"))
}
