//! What the expressions of a template can refer to.

use serde_json::Value;

use super::functions::Kind;

/// What is in reach.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Expressions with what they give: paths into the values, variables, the dot.
    pub(super) known: Vec<(String, Kind)>,
    /// Names of defined templates.
    pub(super) templates: Vec<String>,
    /// How many variables have been declared.
    pub(super) variables: usize,
    /// Whether `break` and `continue` are allowed.
    pub(super) in_range: bool,
}

impl Scope {
    /// The root of a chart with these values.
    pub(super) fn root(values: &Value) -> Self {
        let mut scope = Self::default();
        let fixed = [
            (".Values", Kind::Dict),
            (".Release.Name", Kind::Str),
            (".Release.Namespace", Kind::Str),
            (".Release.IsInstall", Kind::Bool),
            (".Release.Revision", Kind::Int),
            (".Release", Kind::Dict),
            (".Chart.Name", Kind::Str),
            (".Chart.Version", Kind::Str),
            (".Chart.AppVersion", Kind::Str),
            (".Chart.Keywords", Kind::Any),
            (".Chart.Annotations", Kind::Any),
            (".Chart.Maintainers", Kind::Any),
            (".Chart.IsRoot", Kind::Bool),
            (".Template.Name", Kind::Str),
            (".Template.BasePath", Kind::Str),
            (".Capabilities.KubeVersion.Minor", Kind::Str),
            (".Capabilities.KubeVersion.Version", Kind::Str),
            ("(.Capabilities.APIVersions | len)", Kind::Int),
            (".Values.AsMap", Kind::Dict),
            (".Capabilities.KubeVersion.Major", Kind::Str),
            (".Capabilities.KubeVersion.GitVersion", Kind::Str),
            (".Capabilities.HelmVersion.Version", Kind::Str),
            ("(.Capabilities.APIVersions.Has \"apps/v1\")", Kind::Bool),
            (".Subcharts", Kind::Dict),
            (".Release.Service", Kind::Str),
            (".Release.IsUpgrade", Kind::Bool),
            (".Chart", Kind::Dict),
            (".Chart.Dependencies", Kind::Any),
            (".Chart.Deprecated", Kind::Bool),
            (".Template", Kind::Dict),
            (".Files", Kind::Any),
            (".Capabilities.KubeVersion", Kind::Any),
            (".Capabilities.HelmVersion", Kind::Any),
            (".Capabilities.APIVersions", Kind::Any),
            (".Capabilities", Kind::Any),
            (".Files.nothing", Kind::Any),
            ("(.Files.GetBytes \"nothing\")", Kind::Any),
            ("(toDate \"2006-01-02\" \"2024-02-29\").MarshalText", Kind::Any),
            (".Values.YAML", Kind::Str),
            ("(.Values.Table \"map\")", Kind::Dict),
            ("(.Values.PathValue \"map.a\")", Kind::Any),
        ];
        scope.known.extend(fixed.map(|(text, kind)| (text.to_owned(), kind)));
        scope.add_paths(".Values", values);
        scope
    }

    /// Adds what lies below a value of the user.
    fn add_paths(&mut self, path: &str, value: &Value) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let plain = key.chars().all(|c| c.is_ascii_alphanumeric())
                && key.starts_with(|c: char| c.is_alphabetic());
            let path = if plain { format!("{path}.{key}") } else { format!("(index {path} {key:?})") };
            if key.is_ascii() {
                self.known.push((path.clone(), kind_of(value)));
                self.add_paths(&path, value);
            }
        }
    }

    /// The scope inside of `define`, `with` and `range`: the dot is something else, variables stay.
    pub(super) fn with_dot(&self, kind: Kind) -> Self {
        let mut inner = self.clone();
        // What began with the dot is in reach through the root.
        for (text, _) in &mut inner.known {
            if let Some(rest) = text.strip_prefix('.') {
                *text = format!("$.{rest}");
            } else if text.starts_with("(.") || text.starts_with("(index .") {
                *text = text.replacen('.', "$.", 1);
            }
        }
        inner.known.retain(|(text, _)| text != "$.");
        inner.known.push((".".to_owned(), kind));
        inner
    }
}

/// What a value of the user gives in a template. Numbers are floats.
pub(super) fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Any,
        Value::Bool(_) => Kind::Bool,
        Value::Number(_) => Kind::Float,
        Value::String(_) => Kind::Str,
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Dict,
    }
}
