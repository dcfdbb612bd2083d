//! JSON schemas of charts, and values against them.

use pilothouse_chart::{Chart, File, Limits, Lookups, RenderOptions, load_values, render};
use serde_json::{Map, Value};

/// What stands between the schema and the values.
const MARK: &str = "\n===\n";

/// Longest input: schemas may ask for work that grows much faster than they do.
const MAX_BYTES: usize = 4096;

/// The input is a schema and values. Checking must end, repeat itself, and say why it refuses.
pub fn schema(bytes: &[u8]) {
    if bytes.len() > MAX_BYTES {
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let (schema, values) = text.split_once(MARK).unwrap_or((&text, ""));
    let Ok(Value::Object(values)) = load_values(values.as_bytes()) else { return };
    let first = checked(schema, &values);
    assert_eq!(first, checked(schema, &values), "two runs differ");
    if let Err(error) = first {
        assert!(error.lines().count() > 1, "an error says why: {error}");
    }
}

fn checked(schema: &str, values: &Map<String, Value>) -> Result<(), String> {
    let file = |name: &str, text: &str| File {
        name: name.to_owned(),
        data: text.as_bytes().to_vec().into(),
        modtime: None,
    };
    let files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: m\nversion: 0.1.0\n"),
        file("values.schema.json", schema),
    ];
    let Ok(chart) = Chart::from_files(files, &Limits::default()) else { return Ok(()) };
    render(&chart, values, &RenderOptions::default(), &Lookups::Detached, &mut Vec::new())
        .map(drop)
        .map_err(|error| error.to_string())
}
