//! Parsing and executing a template of the usual kind: `cargo bench -p pilothouse-template`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pilothouse_template::{
    Budget, Changed, Detached, Environment, Limits, MissingKey, Moment, SeededEntropy, TemplateSet, Value,
};
use serde_json::{Value as Json, json};

const HELPERS: &str = include_str!("helpers.tpl");
const DEPLOYMENT: &str = include_str!("deployment.yaml");
/// The template has so many deployments: about 7 kB.
const DEPLOYMENTS: usize = 5;

fn set() -> TemplateSet {
    let mut set = TemplateSet::new(MissingKey::Zero);
    set.parse("helpers", HELPERS).unwrap();
    set.parse("t", &DEPLOYMENT.repeat(DEPLOYMENTS)).unwrap();
    set
}

fn data() -> Value {
    let env: serde_json::Map<String, Json> =
        (0..12).map(|index| (format!("variable_{index}"), format!("some value {index}").into())).collect();
    Value::from_json(&json!({
        "Release": {"Name": "demo", "Service": "Helm"},
        "Values": {
            "replicas": 2.0, "name": "server", "image": {"repository": "ghcr.io/x/y", "tag": "1.2.3"},
            "probes": {"enabled": true, "path": "/healthz"}, "env": env,
            "ports": [{"number": 80.0}, {"number": 443.0, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "100m", "memory": "128Mi"}, "requests": {"cpu": "10m"}},
        },
    }))
}

fn execute(set: &TemplateSet, data: &Value) -> String {
    let (mut host, mut entropy, mut changed) = (Detached, SeededEntropy::new(1), Changed::default());
    let budget = Budget::new(Limits { steps: u64::MAX, bytes: u64::MAX, ..Limits::default() });
    let mut environment = Environment {
        host: &mut host,
        entropy: &mut entropy,
        now: Moment::default(),
        changed: &mut changed,
        budget,
    };
    set.execute("t", data, &mut environment).unwrap()
}

fn stages(criterion: &mut Criterion) {
    let text = DEPLOYMENT.repeat(DEPLOYMENTS);
    let (set, data) = (set(), data());
    let mut group = criterion.benchmark_group("template");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| TemplateSet::new(MissingKey::Zero).parse("t", &text).unwrap());
    });
    group.throughput(Throughput::Bytes(execute(&set, &data).len() as u64));
    group.bench_function("execute", |bencher| bencher.iter(|| execute(&set, &data)));
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
