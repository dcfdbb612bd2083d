//! A hostile chart, and what has to come of it.

use pilothouse_chart::{
    Chart, ChartError, File, Limits, Lookups, Outcome, RenderError, RenderOptions, load_values, render,
};
use serde_json::{Map, Value};

/// A case.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Builds the inputs, then gives the work that is measured.
    pub(crate) prepare: Box<dyn Fn() -> Work + Send + Sync>,
    pub(crate) expected: Expected,
}

/// The work that is measured.
pub(crate) type Work = Box<dyn FnOnce() -> Ending>;

/// What has to come of a case.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// A bound was passed, told with the place: a template with its line, or a file.
    Limit(&'static str),
    /// Refused with a text that has this in it.
    Refused(&'static str),
    /// It is harmless after all.
    Done,
}

/// What came of a case.
pub(crate) struct Ending {
    /// Whether the error's type says that a bound was passed.
    pub(crate) is_limit: bool,
    /// The error; nothing when all went well.
    pub(crate) error: Option<String>,
}

impl Ending {
    pub(crate) fn done() -> Self {
        Ending { is_limit: false, error: None }
    }

    fn failed(is_limit: bool, error: &dyn std::error::Error) -> Self {
        Ending { is_limit, error: Some(error.to_string()) }
    }
}

impl From<ChartError> for Ending {
    fn from(error: ChartError) -> Self {
        let mut inner = &error;
        while let ChartError::Subchart { cause, .. } = inner {
            inner = cause;
        }
        Ending::failed(matches!(inner, ChartError::TooLarge(_)), &error)
    }
}

impl From<RenderError> for Ending {
    fn from(error: RenderError) -> Self {
        let is_limit = match &error {
            RenderError::Template(failure) => failure.limit.is_some(),
            _ => false,
        };
        Ending::failed(is_limit, &error)
    }
}

/// A case that loads an archive and renders what it holds.
pub(crate) fn archive(
    name: &str,
    expected: Expected,
    build: impl Fn() -> Vec<u8> + Send + Sync + 'static,
) -> Case {
    let prepare = move || -> Work {
        let archive = build();
        Box::new(move || match Chart::load_archive(&archive, &Limits::default()) {
            Ok(chart) => rendered(&chart, &Map::new()),
            Err(error) => error.into(),
        })
    };
    Case { name: name.to_owned(), prepare: Box::new(prepare), expected }
}

/// A case that loads and renders a chart of these files, beside a plain `Chart.yaml`.
pub(crate) fn files(
    name: &str,
    expected: Expected,
    build: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
) -> Case {
    let prepare = move || -> Work {
        let files = chart_files(build());
        Box::new(move || match Chart::from_files(files, &Limits::default()) {
            Ok(chart) => rendered(&chart, &Map::new()),
            Err(error) => error.into(),
        })
    };
    Case { name: name.to_owned(), prepare: Box::new(prepare), expected }
}

/// A case with one template, which fails on its second line.
pub(crate) fn template(name: &str, build: impl Fn() -> String + Send + Sync + 'static) -> Case {
    files(name, Expected::Limit("m/templates/a.yaml:2"), move || {
        vec![("templates/a.yaml".to_owned(), format!("# the first line\n{}", build()))]
    })
}

/// [`template`] with a fixed text.
pub(crate) fn text(name: &str, text: &'static str) -> Case {
    template(name, move || text.to_owned())
}

/// A case that reads values of the user and renders a chart that prints them.
pub(crate) fn values(
    name: &str,
    expected: Expected,
    build: impl Fn() -> String + Send + Sync + 'static,
) -> Case {
    let prepare = move || -> Work {
        let text = build();
        let template = "# the first line\n{{ toYaml .Values }}".to_owned();
        let files = chart_files(vec![("templates/a.yaml".to_owned(), template)]);
        Box::new(move || {
            let values = match load_values(text.as_bytes()) {
                Ok(Value::Object(values)) => values,
                Ok(_) => Map::new(),
                Err(error) => {
                    let is_limit = error.contains("exceeded max") || error.contains("excessive aliasing");
                    return Ending { is_limit, error: Some(error) };
                }
            };
            match Chart::from_files(files, &Limits::default()) {
                Ok(chart) => rendered(&chart, &values),
                Err(error) => error.into(),
            }
        })
    };
    Case { name: name.to_owned(), prepare: Box::new(prepare), expected }
}

fn chart_files(files: Vec<(String, String)>) -> Vec<File> {
    let plain = ("Chart.yaml".to_owned(), "apiVersion: v2\nname: m\nversion: 0.1.0\n".to_owned());
    let is_given = files.iter().any(|(name, _)| name == "Chart.yaml");
    let all = (!is_given).then_some(plain).into_iter().chain(files);
    all.map(|(name, text)| File { name, data: text.into_bytes().into(), modtime: None }).collect()
}

fn rendered(chart: &Chart, values: &Map<String, Value>) -> Ending {
    let options = RenderOptions { release_name: "demo".to_owned(), ..RenderOptions::default() };
    match render(chart, values, &options, &Lookups::Detached, &mut Vec::new()) {
        Ok(Outcome::Rendered(_) | Outcome::NeedsLookup(_)) => Ending::done(),
        Err(error) => error.into(),
    }
}
