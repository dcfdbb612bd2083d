//! Faults of scenarios: which requests they are for, and what their words mean.

use pilothouse_protocol::{ApiError, Request};

use super::{Fault, Faults, is_guarded};
use crate::clock::SECOND;
use crate::scenario::{FaultWord, Verb};

/// A fault of a scenario that waits for its requests.
#[derive(Debug, Clone)]
pub struct Armed {
    /// Its word.
    pub word: FaultWord,
    /// What the requests do.
    pub verb: Verb,
    /// The kind of their object; `None` for all.
    pub kind: Option<String>,
    /// How many are let through before.
    pub skip: u32,
    /// How many are hit.
    pub times: u32,
    /// The one request that is hit, by number; it goes before everything else.
    pub number: Option<u64>,
    /// Whether some were let through.
    pub passed: bool,
}

/// A fault of a scenario that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// Its word.
    pub word: FaultWord,
    /// Whether others were let through before it.
    pub after_others: bool,
    /// The number of the request.
    pub number: u64,
}

impl Faults {
    /// The fault of a scenario for the request with this number, if one waits for it.
    pub(super) fn next_armed(&mut self, number: u64, request: &Request) -> Option<Fault> {
        for armed in &mut self.armed {
            let hit = match armed.number {
                Some(wanted) => wanted == number && fits(armed.word, request),
                None => armed.times > 0 && armed.matches(request),
            };
            if !hit {
                continue;
            }
            if armed.skip > 0 {
                armed.skip -= 1;
                armed.passed = true;
                continue;
            }
            armed.times = armed.times.saturating_sub(1);
            let fired = Fired { word: armed.word, after_others: armed.passed, number };
            self.fired.push(fired);
            return Some(by_word(armed.word));
        }
        None
    }
}

impl Armed {
    fn matches(&self, request: &Request) -> bool {
        fits(self.word, request)
            && does(self.verb, request)
            && self.kind.as_deref().is_none_or(|kind| kind_of(request) == Some(kind))
    }
}

/// Whether a fault can happen to a request at all.
fn fits(word: FaultWord, request: &Request) -> bool {
    match word {
        FaultWord::Conflict => is_guarded(request),
        FaultWord::TooLarge => request.is_write() && !matches!(request, Request::Delete { .. }),
        FaultWord::WebhookDenied | FaultWord::WebhookTimeout => request.is_write() || is_comparison(request),
        FaultWord::Immutable => changes_spec(request),
        // What is new is counted, and has no place in a namespace that ends.
        FaultWord::Quota | FaultWord::Terminating => {
            let is_new = matches!(request, Request::Create { .. }) || changes_spec(request);
            let is_namespaced = kind_of(request) != Some("CustomResourceDefinition");
            is_new && is_namespaced && !matches!(request, Request::Update { .. }) && !is_comparison(request)
        }
        FaultWord::LeaderChanged => !matches!(request, Request::Fetch { .. } | Request::Discover { .. }),
        FaultWord::Forbidden | FaultWord::Unauthorized => !matches!(request, Request::Fetch { .. }),
        // The kinds of the API server itself are always served.
        FaultWord::NoMatch => {
            !matches!(kind_of(request), None | Some("Secret" | "ConfigMap" | "CustomResourceDefinition"))
        }
        _ => true,
    }
}

/// Whether a request changes what exists, other than a HelmRelease, or would do so.
fn changes_spec(request: &Request) -> bool {
    let is_change = matches!(request, Request::Update { .. } | Request::Patch { status: false, .. });
    is_change && kind_of(request) != Some("release")
}

fn is_comparison(request: &Request) -> bool {
    matches!(request, Request::Patch { dry_run: true, .. })
}

/// Whether a request is what a verb of scenarios means.
#[must_use]
pub fn does(verb: Verb, request: &Request) -> bool {
    match verb {
        Verb::Any => true,
        Verb::Write => request.is_write(),
        Verb::Compare => is_comparison(request),
        verb => verb == verb_of(request),
    }
}

/// What a request does, as scenarios say it.
#[must_use]
pub fn verb_of(request: &Request) -> Verb {
    match request {
        Request::Get { .. } => Verb::Get,
        Request::List { .. } | Request::ListMetadata { .. } => Verb::List,
        Request::Create { .. } => Verb::Create,
        Request::Update { .. } => Verb::Update,
        Request::Patch { status: true, .. } => Verb::Status,
        Request::Patch { .. } => Verb::Patch,
        Request::Delete { .. } => Verb::Delete,
        Request::Discover { .. } => Verb::Discover,
        Request::Fetch { .. } => Verb::Fetch,
    }
}

/// The kind that a request is about, as scenarios say it.
#[must_use]
pub fn kind_of(request: &Request) -> Option<&str> {
    let kind = match request {
        Request::Get { object } | Request::Patch { object, .. } | Request::Delete { object, .. } => {
            object.kind.as_str()
        }
        Request::List { kind, .. } | Request::ListMetadata { kind, .. } => kind,
        Request::Create { body } | Request::Update { body } => body.get("kind")?.as_str()?,
        Request::Discover { .. } | Request::Fetch { .. } => return None,
    };
    Some(if kind == pilothouse_api::KIND { "release" } else { kind })
}

/// The fault that a word of scenarios means.
fn by_word(word: FaultWord) -> Fault {
    let refused = |code, reason: &str, message: &str| Fault::Refused(ApiError::new(code, reason, message));
    match word {
        FaultWord::Conflict => Fault::Conflict,
        FaultWord::InternalError => Fault::InternalError,
        FaultWord::Unavailable => Fault::Unavailable,
        FaultWord::Throttled => Fault::Throttled,
        FaultWord::Unreachable => Fault::Unreachable,
        FaultWord::LostAcknowledgement => Fault::LostAcknowledgement,
        FaultWord::LostRequest => Fault::LostRequest,
        FaultWord::Silence => Fault::Silence,
        FaultWord::Late => Fault::Late(40 * SECOND),
        FaultWord::VeryLate => Fault::Late(100 * SECOND),
        FaultWord::Duplicate => Fault::Duplicate(3 * SECOND),
        FaultWord::LeaderChanged => refused(500, "InternalError", "etcdserver: leader changed"),
        FaultWord::TooLarge => refused(413, "RequestEntityTooLarge", "etcdserver: request is too large"),
        FaultWord::Forbidden => refused(
            403,
            "Forbidden",
            "User \"system:serviceaccount:flux-system:operator\" cannot do this in the namespace \"default\"",
        ),
        FaultWord::Unauthorized => refused(401, "Unauthorized", "Unauthorized"),
        FaultWord::WebhookDenied => refused(
            403,
            "Forbidden",
            "admission webhook \"policy.example.com\" denied the request: not today",
        ),
        FaultWord::WebhookTimeout => refused(
            500,
            "InternalError",
            "Internal error occurred: failed calling webhook \"policy.example.com\": context deadline exceeded",
        ),
        FaultWord::Quota => refused(
            403,
            "Forbidden",
            "objects \"x\" is forbidden: exceeded quota: objects, requested: count=1, used: count=9, limited: count=9",
        ),
        FaultWord::Immutable => {
            refused(422, "Invalid", "Deployment \"x\" is invalid: spec.selector: field is immutable")
        }
        FaultWord::NoMatch => refused(404, "NotFound", "the server could not find the requested resource"),
        FaultWord::Terminating => refused(
            403,
            "Forbidden",
            "objects \"x\" is forbidden: unable to create new content in namespace default because it is being \
             terminated",
        ),
    }
}
