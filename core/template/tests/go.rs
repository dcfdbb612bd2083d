//! Snippets with what Go 1.26's text/template and sprig v3.3 make of them.
//!
//! `tests/data/go-snippets.json` was written by a Go program that ran each template over the same data; an
//! output beginning with `ERR ` is the text of an error.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, and a report of differences")]

use pilothouse_template::{
    Budget, Changed, Detached, Environment, MissingKey, Moment, SeededEntropy, TemplateSet, Value,
};

#[test]
fn snippets_render_as_in_go() {
    let snippets: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("data/go-snippets.json")).unwrap();
    let mut differ = 0;
    for snippet in &snippets {
        let (template, expected) =
            (snippet["template"].as_str().unwrap(), snippet["output"].as_str().unwrap());
        let actual = render(template).unwrap_or_else(|error| format!("ERR {error}"));
        if actual != expected {
            differ += 1;
            println!("--- {template}\n  Go   {expected:?}\n  here {actual:?}");
        }
    }
    assert_eq!(differ, 0, "of {} snippets", snippets.len());
}

fn render(template: &str) -> Result<String, String> {
    let data = serde_json::json!({"Values": {
        "f": 1.5, "i": 3.0, "s": "str", "l": [1.0, "a", null, {"k": "v"}], "m": {"b": 1.0, "a": {"x": null}},
        "e": "", "n": null
    }});
    let mut set = TemplateSet::new(MissingKey::Zero);
    set.parse("t", template).map_err(|error| error.to_string())?;
    let (mut host, mut entropy, mut changed) = (Detached, SeededEntropy::new(1), Changed::default());
    let now = Moment { seconds: 1_790_000_000, nanoseconds: 0 };
    let mut environment = Environment {
        host: &mut host,
        entropy: &mut entropy,
        now,
        changed: &mut changed,
        budget: Budget::default(),
    };
    set.execute("t", &Value::from_json(&data), &mut environment).map_err(|error| error.to_string())
}
