//! Lists: selection, pages, and the revision that a list is taken at.

use std::fmt::Write as _;
use std::sync::Arc;

use pilothouse_protocol::{ApiError, Object};
use serde_json::{Map, Value, json};

use super::accept::{Form, negotiate};
use super::names::names;
use super::objects::FORMS;
use super::route::Objects;
use super::selector::Selector;
use super::{Context, HttpResponse, Refusal, table};
use crate::server::change::TEMPLATE_GENERATION;
use crate::server::errors;
use crate::server::kinds::Kind;
use crate::server::rbac::{Attempt, authorise};
use crate::server::read::in_version;

/// One page of a list.
struct Page {
    objects: Vec<Object>,
    revision: u64,
    /// The place of the last object, when there are more.
    last: Option<(String, String)>,
    /// How many objects are left, when that is told.
    left: Option<usize>,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    /// The revision; `None` for the present one.
    revision: Option<u64>,
    namespace: String,
    name: String,
}

impl Context<'_> {
    /// A list, or a page of it.
    pub(super) fn list(&self, kind: &Arc<Kind>, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let form = negotiate(self.request.value("accept"), &FORMS)?;
        let selector = self.selected(kind, objects, "list")?;
        if form == Form::Metadata {
            return Err(not_one_object(kind, &names(self.server, kind).list_kind).into());
        }
        let page = self.page(kind, objects, &selector)?;
        let mut metadata = json!({"resourceVersion": page.revision.to_string()});
        if let Some((namespace, name)) = page.last {
            let token = Token { revision: Some(page.revision), namespace, name };
            metadata["continue"] = json!(token.encode());
        }
        if let Some(left) = page.left {
            metadata["remainingItemCount"] = json!(left);
        }
        let document = match form {
            Form::Table => {
                let view =
                    table::View::new(self.server, kind, self.now.wall, self.query.get("includeObject"));
                view.table(metadata, &page.objects, true)
            }
            Form::Metadata | Form::MetadataList => json!({
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "items": page.objects.iter().map(|object| partial(object)).collect::<Vec<_>>(),
            }),
            Form::Plain | Form::Discovery => {
                json!({
                    "kind": names(self.server, kind).list_kind, "apiVersion": kind.gvk.api_version,
                    "metadata": metadata, "items": items(kind, &page.objects),
                })
            }
        };
        Ok(HttpResponse::of_json(200, &document))
    }

    /// What a request selects, if it may.
    pub(super) fn selected(&self, kind: &Kind, objects: &Objects, verb: &str) -> Result<Selector, ApiError> {
        let selector =
            Selector::parse(kind, self.query.get("labelSelector"), self.query.get("fieldSelector"))?;
        let name = selector.name().unwrap_or_default();
        let attempt = Attempt { verb, kind, status: false, namespace: &objects.namespace, name };
        authorise(self.server.store(), &self.who.identity, &attempt)?;
        Ok(selector)
    }

    fn page(&self, kind: &Kind, objects: &Objects, selector: &Selector) -> Result<Page, Refusal> {
        let token = match self.query.get("continue") {
            "" => None,
            text => Some(Token::decode(text).ok_or_else(|| {
                errors::bad_request("continue key is not valid: it was not made by this server")
            })?),
        };
        let wanted = match &token {
            Some(token) => token.revision,
            None => self.wanted_revision()?,
        };
        let revision = wanted.unwrap_or_else(|| self.server.revision());
        let all = self.server.store().list_at(&kind.resource, revision);
        let all = all.ok_or_else(|| expired(self.server.revision(), token.as_ref(), revision))?;
        let after = token.as_ref().map(|token| (token.namespace.as_str(), token.name.as_str()));
        let chosen = all.into_iter().filter(|(place, object)| {
            after.is_none_or(|after| *place > after)
                && (objects.namespace.is_empty() || place.0 == objects.namespace)
                && selector.matches(object)
        });
        let limit = self.query.number("limit").filter(|limit| *limit > 0);
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let mut chosen = chosen.map(|(_, object)| object);
        let objects: Vec<Object> =
            chosen.by_ref().take(limit).map(|object| in_version(kind, object)).collect();
        let left = chosen.count();
        let last = objects.last().filter(|_| left > 0).map(|object| {
            let text = |field| pilothouse_protocol::metadata::text(object, field).to_owned();
            (text("namespace"), text("name"))
        });
        let left = (left > 0 && selector.is_empty()).then_some(left);
        Ok(Page { objects, revision, last, left })
    }

    /// The revision that a list without a token asks for; `None` for the present one.
    fn wanted_revision(&self) -> Result<Option<u64>, ApiError> {
        let text = self.query.get("resourceVersion");
        let exact = self.query.get("resourceVersionMatch") == "Exact";
        if text.is_empty() || text == "0" {
            if self.query.has("resourceVersionMatch") && text.is_empty() && !self.query.flag("watch") {
                return Err(forbidden_match(
                    "resourceVersionMatch is forbidden unless resourceVersion is provided",
                ));
            }
            if exact {
                return Err(forbidden_match(
                    "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
                ));
            }
            return Ok(None);
        }
        let revision: u64 = text.parse().map_err(|_| bad_version(text))?;
        if revision > self.server.revision() {
            return Err(too_large(revision, self.server.revision()));
        }
        Ok(exact.then_some(revision))
    }
}

/// The objects of a list. Those of built-in kinds do not repeat their kind.
pub(super) fn items(kind: &Kind, objects: &[Object]) -> Vec<Value> {
    let item = |object: &Object| {
        let mut item = Value::clone(object);
        if let (true, Value::Object(fields)) = (kind.is_builtin(), &mut item) {
            fields.remove("apiVersion");
            fields.remove("kind");
        }
        item
    };
    objects.iter().map(item).collect()
}

/// The metadata of an object, as an object of its own.
pub(super) fn partial(object: &Value) -> Value {
    let mut partial = Map::new();
    partial.insert("kind".to_owned(), json!("PartialObjectMetadata"));
    partial.insert("apiVersion".to_owned(), json!("meta.k8s.io/v1"));
    let mut metadata = object.get("metadata").cloned().unwrap_or_else(|| json!({}));
    if object["kind"] == "DaemonSet" {
        drop_counted(&mut metadata);
    }
    partial.insert("metadata".to_owned(), metadata);
    Value::Object(partial)
}

/// The server keeps the count of a template's changes as a field of its own, which only whole objects show.
fn drop_counted(metadata: &mut Value) {
    let Some(fields) = metadata.as_object_mut() else { return };
    let Some(Value::Object(annotations)) = fields.get_mut("annotations") else { return };
    annotations.remove(TEMPLATE_GENERATION);
    if annotations.is_empty() {
        fields.remove("annotations");
    }
}

/// 400 for a version that is no number.
pub(super) fn bad_version(text: &str) -> ApiError {
    let why = format!(
        "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
    );
    errors::bad_request(why)
}

/// 504 for a version that has not come yet.
pub(super) fn too_large(wanted: u64, current: u64) -> ApiError {
    let message = format!("Too large resource version: {wanted}, current: {current}");
    ApiError { retry_after_seconds: Some(1), ..ApiError::new(504, "Timeout", message) }
}

fn forbidden_match(why: &str) -> ApiError {
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: {why}");
    ApiError::new(422, "Invalid", message)
}

fn expired(current: u64, token: Option<&Token>, wanted: u64) -> Refusal {
    let Some(token) = token else {
        let message = format!("The resourceVersion for the provided list is too old: {wanted} ({current})");
        return ApiError::new(410, "Expired", message).into();
    };
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a \
                   new list without the continue parameter, or use the continue token in this response to retrieve \
                   the remainder of the results. Continuing with the provided token results in an inconsistent list \
                   - objects that were created, modified, or deleted between the time the first chunk was returned \
                   and now may show up in the list.";
    let resume = Token { revision: None, ..token.clone() }.encode();
    Refusal { error: ApiError::new(410, "Expired", message), subject: None, resume: Some(resume) }
}

/// A list was asked for in the form of one object. Custom kinds have no Go type of their own.
fn not_one_object(kind: &Kind, list_kind: &str) -> ApiError {
    let package = match kind.gvk.group().split('.').next().unwrap_or_default() {
        "" => "core",
        group => group,
    };
    let go_type = if kind.is_builtin() {
        format!("{package}.{list_kind}")
    } else {
        "unstructured.UnstructuredList".to_owned()
    };
    let message =
        format!("you requested PartialObjectMetadata, but the requested object is a list (*{go_type})");
    ApiError::new(406, "NotAcceptable", message)
}

impl Token {
    fn encode(&self) -> String {
        let mut text = self.revision.map_or_else(|| "now".to_owned(), |revision| revision.to_string());
        for part in [&self.namespace, &self.name] {
            text.push('-');
            part.bytes().for_each(|byte| {
                // Writing into a text cannot fail.
                let _ = write!(text, "{byte:02x}");
            });
        }
        text
    }

    fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let revision = match parts.next()? {
            "now" => None,
            number => Some(number.parse().ok()?),
        };
        let (namespace, name) = (unhex(parts.next()?)?, unhex(parts.next()?)?);
        parts.next().is_none().then_some(Self { revision, namespace, name })
    }
}

fn unhex(text: &str) -> Option<String> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let starts = (0..text.len()).step_by(2);
    let bytes = starts.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_round_trip() {
        for revision in [Some(7), None] {
            let token = Token { revision, namespace: "a-b".to_owned(), name: "c".to_owned() };
            assert_eq!(Token::decode(&token.encode()), Some(token));
        }
        for text in ["", "x", "7-zz-00", "7-0-00", "7-00", "7-00-00-00"] {
            assert_eq!(Token::decode(text), None, "{text}");
        }
    }
}
