//! Families of series, and how the text format 0.0.4 shows them (client_golang's `expfmt`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use pilothouse_encoding::number::format_float;

use super::definitions::{Definition, Type};

/// Families by name. A family without series is not shown.
#[derive(Debug)]
pub(super) struct Registry {
    families: BTreeMap<&'static str, Family>,
}

#[derive(Debug)]
struct Family {
    definition: Definition,
    /// The upper ends of a histogram's buckets, as they are shown.
    bounds: Vec<String>,
    /// By the labels with their values, as they are shown.
    series: BTreeMap<String, Sample>,
}

#[derive(Debug)]
enum Sample {
    Value(f64),
    Histogram { below: Vec<u64>, count: u64, sum: f64 },
}

impl Registry {
    /// Families without series.
    pub(super) fn new(definitions: &[Definition]) -> Self {
        let family = |definition: &Definition| (definition.name, Family::new(*definition));
        Self { families: definitions.iter().map(family).collect() }
    }

    /// Adds to a counter or gauge.
    pub(super) fn add(&mut self, name: &str, labels: &[&str], by: f64) {
        if let Some(Sample::Value(value)) = self.sample(name, labels) {
            *value += by;
        }
    }

    /// Sets a gauge, or a counter that is counted elsewhere.
    pub(super) fn set(&mut self, name: &str, labels: &[&str], to: f64) {
        if let Some(Sample::Value(value)) = self.sample(name, labels) {
            *value = to;
        }
    }

    /// Makes a series of zeros.
    pub(super) fn touch(&mut self, name: &str, labels: &[&str]) {
        self.sample(name, labels);
    }

    /// Adds an observation to a histogram.
    pub(super) fn observe(&mut self, name: &str, labels: &[&str], observed: f64) {
        let Some(Type::Histogram(bounds)) = self.families.get(name).map(|family| family.definition.kind)
        else {
            return;
        };
        if let Some(Sample::Histogram { below, count, sum }) = self.sample(name, labels) {
            for (below, _) in below.iter_mut().zip(bounds).filter(|(_, bound)| observed <= **bound) {
                *below += 1;
            }
            *count += 1;
            *sum += observed;
        }
    }

    /// Removes the series whose labels begin with these values.
    pub(super) fn remove(&mut self, name: &str, labels: &[&str]) {
        if let Some(family) = self.families.get_mut(name) {
            let first = shown(family.definition.labels, labels);
            let begins = |rest: &str| rest.is_empty() || rest.starts_with(',');
            family.series.retain(|series, _| !series.strip_prefix(&first).is_some_and(begins));
        }
    }

    /// The page.
    pub(super) fn render(&self) -> String {
        let mut page = String::new();
        for family in self.families.values().filter(|family| !family.series.is_empty()) {
            family.render(&mut page);
        }
        page
    }

    fn sample(&mut self, name: &str, labels: &[&str]) -> Option<&mut Sample> {
        let family = self.families.get_mut(name)?;
        debug_assert_eq!(family.definition.labels.len(), labels.len(), "labels of {name}");
        let kind = family.definition.kind;
        let series = shown(family.definition.labels, labels);
        Some(family.series.entry(series).or_insert_with(|| Sample::zero(kind)))
    }
}

impl Sample {
    fn zero(kind: Type) -> Self {
        match kind {
            Type::Counter | Type::Gauge => Self::Value(0.0),
            Type::Histogram(bounds) => Self::Histogram { below: vec![0; bounds.len()], count: 0, sum: 0.0 },
        }
    }
}

impl Family {
    fn new(definition: Definition) -> Self {
        let bounds = match definition.kind {
            Type::Histogram(bounds) => bounds.iter().map(|bound| number(*bound)).collect(),
            Type::Counter | Type::Gauge => Vec::new(),
        };
        Self { definition, bounds, series: BTreeMap::new() }
    }

    // Writing to a String cannot fail.
    fn render(&self, page: &mut String) {
        let Definition { name, help, kind, .. } = self.definition;
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram(_) => "histogram",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, sample) in &self.series {
            let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            match sample {
                Sample::Value(value) => {
                    let _ = writeln!(page, "{name}{braces} {}", number(*value));
                }
                Sample::Histogram { below, count, sum } => {
                    let before = if labels.is_empty() { "" } else { "," };
                    let bounds = self.bounds.iter().map(String::as_str).chain(["+Inf"]);
                    for (bound, below) in bounds.zip(below.iter().chain([count])) {
                        let _ = writeln!(page, "{name}_bucket{{{labels}{before}le=\"{bound}\"}} {below}");
                    }
                    let sum = number(*sum);
                    let _ = writeln!(page, "{name}_sum{braces} {sum}\n{name}_count{braces} {count}");
                }
            }
        }
    }
}

/// Labels with their values, as they are shown.
fn shown(names: &[&str], values: &[&str]) -> String {
    let room = names.iter().zip(values).map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut text = String::with_capacity(room);
    for (name, value) in names.iter().zip(values) {
        if !text.is_empty() {
            text.push(',');
        }
        for part in [*name, "=\"", &escaped(value), "\""] {
            text.push_str(part);
        }
    }
    text
}

/// As `expfmt` writes a float: Go's shortest form, with its own words for what is no number.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format_float(value, 'g', None)
}

fn escaped(value: &str) -> Cow<'_, str> {
    if !value.bytes().any(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITIONS: [Definition; 3] = [
        Definition { name: "b_total", help: "B \\ b.", kind: Type::Counter, labels: &["x", "y"] },
        Definition { name: "a_seconds", help: "A.", kind: Type::Histogram(&[0.5, 1e-8]), labels: &["x"] },
        Definition { name: "c", help: "C.", kind: Type::Gauge, labels: &[] },
    ];

    #[test]
    fn the_page_is_sorted_and_escaped() {
        let mut registry = Registry::new(&DEFINITIONS);
        registry.add("b_total", &["2", "q\"\\\n"], 1.5);
        registry.add("b_total", &["1", "q"], 1e21);
        registry.observe("a_seconds", &["v"], 0.25);
        registry.observe("a_seconds", &["v"], 3.0);
        assert_eq!(
            registry.render(),
            "# HELP a_seconds A.\n# TYPE a_seconds histogram\n\
             a_seconds_bucket{x=\"v\",le=\"0.5\"} 1\na_seconds_bucket{x=\"v\",le=\"1e-08\"} 0\n\
             a_seconds_bucket{x=\"v\",le=\"+Inf\"} 2\na_seconds_sum{x=\"v\"} 3.25\na_seconds_count{x=\"v\"} 2\n\
             # HELP b_total B \\\\ b.\n# TYPE b_total counter\n\
             b_total{x=\"1\",y=\"q\"} 1e+21\nb_total{x=\"2\",y=\"q\\\"\\\\\\n\"} 1.5\n"
        );
    }

    #[test]
    fn series_can_be_removed() {
        let mut registry = Registry::new(&DEFINITIONS);
        registry.set("c", &[], f64::INFINITY);
        for labels in [["1", "q"], ["1", "r"], ["2", "q"]] {
            registry.add("b_total", &labels, 1.0);
        }
        registry.remove("b_total", &["1"]);
        let page = registry.render();
        assert!(
            page.contains("b_total{x=\"2\"") && !page.contains("x=\"1\"") && page.ends_with("c +Inf\n"),
            "{page}"
        );
    }
}
