//! Cases, made of decisions.

mod charts;
mod dates;
mod documents;
mod expression;
mod files;
mod formats;
mod functions;
mod literals;
mod manifests;
mod packed;
mod program;
mod schema;
mod schema_formats;
mod scope;
mod templates;
mod unstable;
mod values;
mod yaml;

use std::collections::BTreeMap;

use crate::case::Case;
use crate::choices::Choices;

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Expressions of all kinds.
    Expressions,
    /// One function, as strange as its arguments may be.
    Functions,
    /// `printf` and `%v`.
    Printf,
    /// Numbers at the borders of their types.
    Numbers,
    /// Versions and constraints.
    Versions,
    /// Regular expressions.
    Patterns,
    /// Dates and durations.
    Dates,
    /// Dictionaries and lists that change while others refer to them.
    Mutations,
    /// Whole templates with control flow and definitions.
    Programs,
    /// Templates that cannot be parsed.
    Broken,
    /// Documents of YAML, read and written.
    Yaml,
    /// JSON and TOML, read and written.
    Encodings,
    /// Flags that set values.
    Set,
    /// Values of subcharts, globals, conditions, tags, imports.
    Coalesce,
    /// Objects, hooks, their order.
    Manifests,
    /// Files and what is ignored.
    Files,
    /// `Chart.yaml`.
    Metadata,
    /// Schemas of values.
    Schema,
}

/// All topics with their weights.
pub const TOPICS: [(Topic, &str, usize); 18] = [
    (Topic::Expressions, "expressions", 14),
    (Topic::Functions, "functions", 14),
    (Topic::Printf, "printf", 6),
    (Topic::Numbers, "numbers", 5),
    (Topic::Versions, "versions", 5),
    (Topic::Patterns, "patterns", 5),
    (Topic::Dates, "dates", 4),
    (Topic::Mutations, "mutations", 4),
    (Topic::Programs, "programs", 12),
    (Topic::Broken, "broken", 6),
    (Topic::Yaml, "yaml", 9),
    (Topic::Encodings, "encodings", 4),
    (Topic::Set, "set", 4),
    (Topic::Coalesce, "coalesce", 4),
    (Topic::Manifests, "manifests", 4),
    (Topic::Files, "files", 3),
    (Topic::Metadata, "metadata", 2),
    (Topic::Schema, "schema", 3),
];

/// A topic, drawn by the weights.
pub fn topic(choices: &mut Choices) -> Topic {
    TOPICS[choices.weighted(TOPICS.iter().map(|(_, _, weight)| *weight))].0
}

/// A case about the topic.
pub fn case(topic: Topic, choices: &mut Choices) -> Case {
    let mut case = plain(topic, choices);
    if choices.percent(3) {
        with_carriage_returns(choices, &mut case);
    }
    case
}

/// Ends the lines of a file as Windows does.
fn with_carriage_returns(choices: &mut Choices, case: &mut Case) {
    let mut texts: Vec<&mut String> = case.files.values_mut().chain(case.cwd_files.values_mut()).collect();
    let index = choices.below(texts.len());
    if let Some(text) = texts.get_mut(index) {
        **text = text.replace('\n', "\r\n");
    }
}

fn plain(topic: Topic, choices: &mut Choices) -> Case {
    match topic {
        Topic::Expressions => templates::expressions(choices),
        Topic::Functions => templates::functions(choices),
        Topic::Printf | Topic::Numbers | Topic::Versions | Topic::Patterns | Topic::Dates => {
            templates::special(choices, topic)
        }
        Topic::Mutations => templates::mutations(choices),
        Topic::Programs => templates::programs(choices),
        Topic::Broken => templates::broken(choices),
        Topic::Yaml => values::yaml_documents(choices),
        Topic::Encodings => values::encodings(choices),
        Topic::Set => values::set_flags(choices),
        Topic::Coalesce => charts::coalesce(choices),
        Topic::Metadata => charts::metadata(choices),
        Topic::Manifests => manifests::manifests(choices),
        Topic::Files => files::files(choices),
        Topic::Schema => schema::schema(choices),
    }
}

/// Whether Helm has a function of that name, as far as cases call it.
pub fn is_function(name: &str) -> bool {
    functions::all().iter().any(|function| function.name == name)
}

/// A chart with these files and a plain `Chart.yaml`.
fn chart<const COUNT: usize>(files: [(&str, String); COUNT]) -> Case {
    let mut all = BTreeMap::from([(
        "Chart.yaml".to_owned(),
        "apiVersion: v2\nname: m\nversion: 0.1.0\nappVersion: \"1.2.3\"\n".to_owned(),
    )]);
    all.extend(files.map(|(name, text)| (name.to_owned(), text)));
    Case { release: "demo".to_owned(), namespace: "demo-ns".to_owned(), files: all, ..Case::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_depend_on_the_decisions_alone() {
        for (topic, name, _) in TOPICS {
            for seed in 0..40 {
                let mut choices = Choices::random(seed);
                let first = case(topic, &mut choices);
                assert_eq!(
                    first,
                    case(topic, &mut Choices::given(choices.taken().to_vec())),
                    "{name} {seed}"
                );
            }
        }
    }
}
