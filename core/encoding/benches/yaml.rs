//! Reading and writing YAML: `cargo bench -p pilothouse-encoding`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pilothouse_encoding::yaml;

/// A values file of about 100 kB.
fn text() -> String {
    let part = |index: usize| {
        format!(
            "component{index}:\n  # a comment\n  enabled: true\n  replicas: {index}\n  image:\n    repository: \
             ghcr.io/example/component\n    tag: \"1.{index}.0\"\n  env:\n  - name: LOG_LEVEL\n    value: 'info'\n  - \
             name: SCRIPT\n    value: |\n      set -e\n      echo hello\n  resources: {{limits: {{cpu: 100m, memory: \
             128Mi}}}}\n"
        )
    };
    (0..350).map(part).collect()
}

fn stages(criterion: &mut Criterion) {
    let text = text();
    let value = yaml::parse(&text).unwrap();
    let mut group = criterion.benchmark_group("yaml");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |bencher| bencher.iter(|| yaml::parse(&text).unwrap()));
    group.throughput(Throughput::Bytes(yaml::emit(&value).unwrap().len() as u64));
    group.bench_function("emit", |bencher| bencher.iter(|| yaml::emit(&value).unwrap()));
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
