//! Label and field selectors (`k8s.io/apimachinery/pkg/labels`, `pkg/fields`).

use pilothouse_protocol::{ApiError, metadata};
use serde_json::Value;

use crate::server::errors;
use crate::server::kinds::Kind;

/// What a list or watch selects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<LabelRequirement>,
    fields: Vec<FieldRequirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LabelRequirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Above(i64),
    Below(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldRequirement {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector` of a request for a kind.
    ///
    /// # Errors
    ///
    /// 400 for a selector that cannot be read, or for a field by which the kind cannot be selected.
    pub(crate) fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Self, ApiError> {
        let labels = parse_labels(labels).map_err(|why| unreadable("labelSelector", &why))?;
        let fields = parse_fields(fields).map_err(|why| unreadable("fieldSelector", &why))?;
        if let Some(unknown) = fields.iter().find(|field| !is_selectable(kind, &field.path)) {
            let message = format!("field label not supported: {}", unknown.path);
            return Err(errors::bad_request(message));
        }
        Ok(Self { labels, fields })
    }

    /// Whether everything is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The one name that can be selected, if there is just one.
    pub(crate) fn name(&self) -> Option<&str> {
        let named = |field: &&FieldRequirement| field.equal && field.path == "metadata.name";
        self.fields.iter().find(named).map(|field| field.value.as_str())
    }

    /// Whether an object is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|wanted| wanted.test.holds(metadata::label(object, &wanted.key)))
            && self.fields.iter().all(|wanted| (field(object, &wanted.path) == wanted.value) == wanted.equal)
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Self::NotIn(values) => value.is_none_or(|value| !values.iter().any(|other| other == value)),
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Above(limit) => number().is_some_and(|number| number > *limit),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

fn unreadable(parameter: &str, why: &str) -> ApiError {
    errors::bad_request(format!("unable to parse requirement: {why} ({parameter})"))
}

fn parse_labels(text: &str) -> Result<Vec<LabelRequirement>, String> {
    split_outside_brackets(text).into_iter().map(parse_label).collect()
}

/// Commas within brackets belong to a set.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (index, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn parse_label(text: &str) -> Result<LabelRequirement, String> {
    let requirement = |key: &str, test| Ok(LabelRequirement { key: valid_key(key)?.to_owned(), test });
    if let Some(key) = text.strip_prefix('!') {
        return requirement(key.trim(), Test::Absent);
    }
    if let Some((head, set)) = text.split_once('(') {
        let values = set.strip_suffix(')').ok_or_else(|| format!("found '{set}', expected: ')'"))?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => requirement(key, Test::In(values)),
            (Some(key), Some("notin"), None) => requirement(key, Test::NotIn(values)),
            _ => Err(format!("found '{head}', expected: in, notin")),
        };
    }
    for (sign, make) in [
        ("!=", (|value| Test::NotIn(vec![value])) as fn(String) -> Test),
        ("==", |value| Test::In(vec![value])),
        ("=", |value| Test::In(vec![value])),
    ] {
        if let Some((key, value)) = text.split_once(sign) {
            return requirement(key.trim(), make(value.trim().to_owned()));
        }
    }
    for (sign, make) in [('>', Test::Above as fn(i64) -> Test), ('<', Test::Below)] {
        if let Some((key, value)) = text.split_once(sign) {
            let limit = value.trim().parse().map_err(|_| {
                format!("values[0][{key}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer")
            })?;
            return requirement(key.trim(), make(limit));
        }
    }
    requirement(text, Test::Exists)
}

fn valid_key(key: &str) -> Result<&str, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    if !key.is_empty() && key.chars().all(fits) {
        return Ok(key);
    }
    Err(format!(
        "key: Invalid value: {key:?}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    ))
}

fn parse_fields(text: &str) -> Result<Vec<FieldRequirement>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let parsed = parts.map(|part| {
        for (sign, equal) in [("!=", false), ("==", true), ("=", true)] {
            if let Some((path, value)) = part.split_once(sign) {
                return Ok(FieldRequirement { path: path.to_owned(), value: value.to_owned(), equal });
            }
        }
        Err(format!("invalid selector: '{part}'; can't understand '{part}'"))
    });
    parsed.collect()
}

/// The fields by which a kind can be selected, beside name and namespace.
fn is_selectable(kind: &Kind, path: &str) -> bool {
    let own: &[&str] = match &*kind.resource {
        "pods" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "events" | "events.events.k8s.io" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "secrets" => &["type"],
        "namespaces" => &["status.phase"],
        "nodes" => &["spec.unschedulable"],
        "jobs.batch" => &["status.successful"],
        "replicasets.apps" | "replicationcontrollers" => &["status.replicas"],
        "services" => &["spec.clusterIP", "spec.type"],
        _ => &[],
    };
    path == "metadata.name" || (path == "metadata.namespace" && kind.namespaced) || own.contains(&path)
}

/// A field as text. The source of an event is its component.
fn field(object: &Value, path: &str) -> String {
    let pointer = match path {
        "source" => "/source/component".to_owned(),
        "status.successful" => "/status/succeeded".to_owned(),
        _ => format!("/{}", path.replace('.', "/")),
    };
    match object.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None if matches!(path, "status.replicas" | "status.successful") => "0".to_owned(),
        Some(Value::Null) | None if matches!(path, "spec.unschedulable" | "spec.hostNetwork") => {
            "false".to_owned()
        }
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::server::kinds::Kinds;

    fn matches(labels: &str, fields: &str) -> Result<bool, String> {
        let kinds = Kinds::builtin("v1.36.1");
        let kind = kinds.find("v1", "Pod").expect("a kind");
        let pod = json!({"metadata": {"name": "p", "namespace": "n", "labels": {"a": "b", "n": "5"}},
            "spec": {"nodeName": "node"}, "status": {"phase": "Running"}});
        let selector = Selector::parse(kind, labels, fields).map_err(|error| error.message)?;
        Ok(selector.matches(&pod))
    }

    #[test]
    fn labels() {
        for (text, expected) in [
            ("", true),
            ("a=b", true),
            ("a==b,n=5", true),
            ("a!=b", false),
            ("c!=b", true),
            ("a in (x, b)", true),
            ("a notin (x,b)", false),
            ("a", true),
            ("!a", false),
            ("!c,a", true),
            ("n>4", true),
            ("n<4", false),
        ] {
            assert_eq!(matches(text, ""), Ok(expected), "{text}");
        }
        assert!(matches("a in (b", "").is_err());
        assert!(matches("n>x", "").is_err());
        assert!(matches("a b=c", "").is_err());
    }

    #[test]
    fn fields() {
        for (text, expected) in [
            ("metadata.name=p", true),
            ("metadata.name!=p", false),
            ("metadata.namespace=n,status.phase=Running", true),
            ("spec.nodeName=other", false),
        ] {
            assert_eq!(matches("", text), Ok(expected), "{text}");
        }
        assert_eq!(matches("", "spec.x=y"), Err("field label not supported: spec.x".to_owned()));
        assert!(matches("", "nothing").is_err());
    }
}
