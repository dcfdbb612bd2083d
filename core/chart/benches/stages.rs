//! What is done with a chart around its templates: `cargo bench -p pilothouse-chart`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::collections::BTreeMap;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use pilothouse_chart::{
    Chart, File, Limits, Lookups, RenderOptions, Separation, coalesce_values, render, sort_manifests,
};
use serde_json::Map;

const HELPERS: &str = include_str!("../../template/benches/helpers.tpl");
const DEPLOYMENT: &str = include_str!("../../template/benches/deployment.yaml");

/// A chart with so many templates.
const TEMPLATES: usize = 40;

fn chart() -> Chart {
    let file = |name: &str, text: &str| File {
        name: name.to_owned(),
        data: text.as_bytes().to_vec().into(),
        modtime: None,
    };
    let mut values =
        "replicas: 2\nname: server\nimage: {repository: ghcr.io/x/y}\nprobes: {enabled: true, path: \
                      /healthz}\nports: [{number: 80}]\nresources: {limits: {cpu: 100m}}\nenv:\n"
            .to_owned();
    (0..12).for_each(|index| values.push_str(&format!("  variable_{index}: some value {index}\n")));
    let mut files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
        file("values.yaml", &values),
        file("templates/_helpers.tpl", HELPERS),
    ];
    files.extend((0..TEMPLATES).map(|index| file(&format!("templates/{index}.yaml"), DEPLOYMENT)));
    Chart::from_files(files, &Limits::default()).unwrap()
}

/// A file as definitions have it: deep, with long descriptions.
fn definition() -> String {
    let mut text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: \
                    a.example.com\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        \
                    properties:\n"
        .to_owned();
    for index in 0..1000 {
        text.push_str(&format!(
            "          field{index}:\n            description: |-\n              What the field is for.\n\n              \
             More about it.\n            type: string\n            pattern: '^[a-z]+$'\n"
        ));
    }
    text
}

fn stages(criterion: &mut Criterion) {
    let (chart, values, options) = (chart(), Map::new(), RenderOptions::default());
    let files = BTreeMap::from([("c/templates/a.yaml".to_owned(), definition())]);
    let mut group = criterion.benchmark_group("chart");
    group.bench_function("values", |bencher| {
        bencher.iter(|| coalesce_values(&chart, &values, &mut Vec::new()).unwrap())
    });
    group.bench_function("render", |bencher| {
        bencher.iter(|| render(&chart, &values, &options, &Lookups::Detached, &mut Vec::new()).unwrap());
    });
    group.throughput(Throughput::Bytes(files.values().map(|text| text.len() as u64).sum()));
    group.bench_function("split", |bencher| {
        let sort = |files| sort_manifests(files, Separation::Exact).unwrap();
        bencher.iter_batched(|| files.clone(), sort, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
