//! Templates: the parser, and the executor within a small budget.

use pilothouse_template::{
    Budget, Changed, Detached, Environment, Limits, MissingKey, Moment, SeededEntropy, TemplateSet, Value,
    helm_error,
};
use serde_json::json;

/// Name of the only file of the set.
const FILE: &str = "chart/templates/fuzz.yaml";

/// A few milliseconds of work, and half of the stack of a test's thread.
const LIMITS: Limits = Limits { steps: 100_000, bytes: 1 << 20, depth: 500, stack: 1 << 20 };

/// Parses the bytes as a template and runs it over a small chart's data. The result must be the same in a second run.
pub fn template_parser(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for missing_key in [MissingKey::Zero, MissingKey::Error] {
        let mut set = TemplateSet::new(missing_key);
        if let Err(error) = set.parse(FILE, &text) {
            assert!(!helm_error::parse_message(&error).is_empty(), "an error says why");
            return;
        }
        assert_eq!(execute(&set), execute(&set), "two runs differ");
    }
}

fn execute(set: &TemplateSet) -> Result<String, String> {
    let mut entropy = SeededEntropy::new(1);
    let mut changed = Changed::default();
    let mut environment = Environment {
        changed: &mut changed,
        host: &mut Detached,
        entropy: &mut entropy,
        now: Moment { seconds: 1_700_000_000, nanoseconds: 0 },
        budget: Budget::new(LIMITS),
    };
    // Templates can change what they are given, so each run gets its own.
    let output = set.execute(FILE, &data(), &mut environment);
    output.map_err(|error| helm_error::exec_message(FILE, &error))
}

/// What a chart's templates see, with one value of every kind.
fn data() -> Value {
    Value::from_json(&json!({
        "Values": {
            "a": "text", "b": true, "c": 3, "d": 1.5, "e": null, "f": [1, "two", {"three": 3}],
            "g": {"h": {"i": "deep"}}, "image": {"repository": "nginx", "tag": "1.27"},
            "replicaCount": 2, "empty": "", "list": ["c", "a", "b", "a"], "yaml": "k: [1, 2]\n",
            "template": "{{ .Values.a }}",
        },
        "Release": {"Name": "demo", "Namespace": "demo-ns", "IsInstall": true, "Revision": 1, "Service": "Helm"},
        "Chart": {"Name": "m", "Version": "0.1.0", "AppVersion": "1.2.3"},
        "Template": {"Name": FILE, "BasePath": "chart/templates"},
    }))
}
