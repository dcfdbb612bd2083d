//! `--show-only`.

use pilothouse_chart::{Separation, path_matches, split_manifests};

use super::TemplateError;

/// The line with the path of the template.
const SOURCE: &str = "# Source: ";

/// The objects of the named templates, in the order of the names.
pub(super) fn selected(text: &str, names: &[String]) -> Result<String, TemplateError> {
    let documents = split_manifests(text, Separation::Exact);
    let mut shown = String::new();
    for name in names {
        let is_of_template =
            |document: &&&str| template_of(document).is_some_and(|path| path_matches(name, path));
        let before = shown.len();
        for document in documents.iter().filter(is_of_template) {
            for part in ["---\n", document, "\n"] {
                shown.push_str(part);
            }
        }
        if shown.len() == before {
            return Err(TemplateError::ShowOnly(name.clone()));
        }
    }
    Ok(shown)
}

/// The path of the template without the name of the chart.
fn template_of(document: &str) -> Option<&str> {
    document.match_indices(SOURCE).find_map(|(at, _)| {
        let (chart, path) = document[at + SOURCE.len()..].split_once('/')?;
        let path = path.split('\n').next().unwrap_or_default();
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\n# Source: c/templates/a.yaml\na: 1\n---\n# Source: c/templates/b.yaml\nb: 1\n---\n# \
                        Source: c/charts/s/templates/a.yaml\ns: 1\n";

    fn shown(names: &[&str]) -> Result<String, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        selected(TEXT, &names).map_err(|error| error.to_string())
    }

    #[test]
    fn templates_are_selected_by_pattern() {
        let (a, b) =
            ("---\n# Source: c/templates/a.yaml\na: 1\n\n", "---\n# Source: c/templates/b.yaml\nb: 1\n\n");
        assert_eq!(shown(&["templates/b.yaml", "templates/a.yaml"]).unwrap(), format!("{b}{a}"));
        assert_eq!(shown(&["templates/*.yaml"]).unwrap(), format!("{a}{b}"));
        assert!(shown(&["charts/s/templates/a.yaml"]).unwrap().contains("s: 1"));
        assert_eq!(shown(&["a.yaml"]).unwrap_err(), "could not find template a.yaml in chart");
    }
}
