//! Parses and runs all templates in Helm's order.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pilothouse_template::value::{Entries, Map, MapType, lossy};
use pilothouse_template::{
    Budget, Changed, Entropy, Environment, Host, LimitError, MissingKey, TemplateSet, Value, helm_error,
};

use super::data::Renderable;
use super::options::{LookupKey, Lookups, RenderOptions};

/// Bytes that all templates of a chart may print: several times what the largest public charts do.
const MAX_OUTPUT: usize = 32 << 20;

/// Why templates could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateFailure {
    /// Helm's text.
    pub message: String,
    /// The bound that was passed, if that was it.
    pub limit: Option<LimitError>,
}

/// What came of running the templates.
pub(super) struct Run {
    /// Output by path of the template, or why there is none.
    pub(super) result: Result<BTreeMap<String, String>, TemplateFailure>,
    /// Templates whose output is no UTF-8, with what a reader of YAML reads then.
    pub(super) malformed: BTreeMap<String, Vec<u8>>,
    /// Questions without an answer. With any of them the result is void.
    pub(super) missing: BTreeSet<LookupKey>,
}

/// Renders all templates.
pub(super) fn run(
    templates: &BTreeMap<String, Renderable<'_>>,
    options: &RenderOptions,
    lookups: &Lookups,
) -> Run {
    let resolve_hosts = options.resolve_hosts;
    let mut cluster = Cluster { lookups, resolve_hosts, missing: BTreeSet::new() };
    let mut entropy = Stream::new(&options.entropy);
    let mut changed = Changed::default();
    let mut environment = Environment {
        host: &mut cluster,
        entropy: &mut entropy,
        now: options.now,
        changed: &mut changed,
        budget: Budget::new(options.limits),
    };
    let mut set = TemplateSet::new(MissingKey::Zero);
    let mut malformed = BTreeMap::new();
    let result = execute(&mut set, templates, &mut environment, &mut malformed);
    if options.is_last {
        std::mem::forget(set);
    }
    changed.release();
    Run { result, malformed, missing: cluster.missing }
}

fn execute(
    set: &mut TemplateSet,
    templates: &BTreeMap<String, Renderable<'_>>,
    environment: &mut Environment<'_>,
    malformed: &mut BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, String>, TemplateFailure> {
    let order = order(templates);
    for name in &order {
        let Some(template) = templates.get(*name) else { continue };
        let size = TemplateSet::parsed_size(&template.text);
        environment.budget.charge_bytes(size).map_err(|limit| TemplateFailure {
            message: format!("parse error at ({name}:1): {limit}"),
            limit: Some(limit),
        })?;
        set.parse_shared(name, template.bytes).map_err(|error| TemplateFailure {
            message: helm_error::parse_message(&error),
            limit: error.limit,
        })?;
    }
    let (mut rendered, mut output) = (BTreeMap::new(), 0);
    for name in order {
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some(template) = templates.get(name).filter(|_| !base.starts_with('_')) else { continue };
        template.data.insert(Rc::from("Template"), about(name, &template.base_path));
        let root = Value::Map(Rc::clone(&template.data));
        let bytes = set.execute_bytes(name, &root, environment).map_err(|error| TemplateFailure {
            message: helm_error::exec_message(name, &error),
            limit: error.limit(),
        })?;
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            let text = lossy(error.as_bytes()).into_owned();
            malformed.insert(name.to_owned(), error.into_bytes());
            text
        });
        if text.contains(char::REPLACEMENT_CHARACTER) && std::str::from_utf8(template.bytes).is_err() {
            // The text of a template has lost its bytes, but the first ones tell what is wrong.
            malformed.entry(name.to_owned()).or_insert_with(|| outside_actions(template.bytes));
        }
        output += text.len();
        if output > MAX_OUTPUT {
            let limit = LimitError::Bytes(MAX_OUTPUT as u64);
            return Err(TemplateFailure {
                message: format!("template: {name}: {limit}"),
                limit: Some(limit),
            });
        }
        rendered.insert(name.to_owned(), without_no_value(text));
    }
    Ok(rendered)
}

/// The text of a template without its actions, whose own texts are letters whatever they hold.
fn outside_actions(template: &[u8]) -> Vec<u8> {
    let find = |text: &[u8], mark: &[u8]| text.windows(mark.len()).position(|bytes| bytes == mark);
    let (mut outside, mut rest) = (Vec::new(), template);
    while let Some(open) = find(rest, b"{{") {
        outside.extend_from_slice(&rest[..open]);
        let action = &rest[open..];
        rest = find(action, b"}}").map_or(&[][..], |close| &action[close + 2..]);
    }
    outside.extend_from_slice(rest);
    outside
}

/// Helm's way to print nothing for what is not there.
pub(crate) fn without_no_value(mut text: String) -> String {
    const MARK: &str = "<no value>";
    if memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some() {
        return text.replace(MARK, "");
    }
    text.shrink_to_fit();
    text
}

/// Deep folders first, and from the end of the alphabet: later definitions replace earlier ones, so those of parents and of
/// the beginning of the alphabet win.
pub(crate) fn order<'t>(templates: &'t BTreeMap<String, Renderable<'_>>) -> Vec<&'t str> {
    let mut order: Vec<&str> = templates.keys().map(String::as_str).collect();
    order.sort_by_key(|name| (name.matches('/').count(), *name));
    order.reverse();
    order
}

/// The value of `.Template`.
pub(crate) fn about(name: &str, base_path: &str) -> Value {
    let fields = [("Name", name), ("BasePath", base_path)];
    let entries: Entries = fields.into_iter().map(|(key, text)| (Rc::from(key), Value::from(text))).collect();
    Value::Map(Rc::new(Map::new(MapType::Values, entries)))
}

struct Cluster<'a> {
    lookups: &'a Lookups,
    resolve_hosts: bool,
    missing: BTreeSet<LookupKey>,
}

impl Host for Cluster<'_> {
    fn lookup(
        &mut self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, String> {
        let Lookups::Answers(answers) = self.lookups else {
            return Ok(Value::map(Entries::new()));
        };
        let key = LookupKey {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        match answers.get(&key) {
            Some(Ok(object)) => Ok(Value::from_json(object)),
            Some(Err(text)) => Err(text.clone()),
            // The run goes on with nothing, to learn of further questions at once.
            None => {
                self.missing.insert(key);
                Ok(Value::map(Entries::new()))
            }
        }
    }

    fn host_by_name(&mut self, name: &str) -> Result<String, String> {
        let answers = match self.lookups {
            Lookups::Answers(answers) if self.resolve_hosts => answers,
            _ => return Ok(String::new()),
        };
        let key = LookupKey::host(name);
        match answers.get(&key) {
            Some(Ok(address)) => Ok(address.as_str().unwrap_or_default().to_owned()),
            Some(Err(text)) => Err(text.clone()),
            None => {
                self.missing.insert(key);
                Ok(String::new())
            }
        }
    }
}

/// Random bytes: the output of the hash function keyed with the seed, without end.
/// Few charts draw any, and making it ready takes time.
struct Stream<'s> {
    seed: &'s [u8; 32],
    output: Option<blake3::OutputReader>,
}

impl<'s> Stream<'s> {
    fn new(seed: &'s [u8; 32]) -> Self {
        Self { seed, output: None }
    }
}

impl Entropy for Stream<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        let begin = || blake3::Hasher::new_keyed(self.seed).update(b"templates").finalize_xof();
        self.output.get_or_insert_with(begin).fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_no_text() {
        assert_eq!(outside_actions(b"a{{ \"\xff\" }}b\xfe{{ c"), b"ab\xfe");
        assert_eq!(outside_actions(b"}}{{}}x"), b"}}x");
    }

    #[test]
    fn hosts_are_asked_for_where_that_is_allowed() {
        let answers = [(LookupKey::host("a.test"), Ok("10.0.0.7".into()))];
        let lookups = Lookups::Answers(answers.into_iter().collect());
        for (resolve_hosts, address) in [(true, "10.0.0.7"), (false, "")] {
            let mut cluster = Cluster { lookups: &lookups, resolve_hosts, missing: BTreeSet::new() };
            assert_eq!(cluster.host_by_name("a.test"), Ok(address.to_owned()));
            assert_eq!(cluster.host_by_name("b.test"), Ok(String::new()));
            assert_eq!(cluster.missing.contains(&LookupKey::host("b.test")), resolve_hosts);
        }
    }
}
