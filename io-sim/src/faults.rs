//! What can go wrong between a machine and the API server, drawn from a seed or placed by hand.

mod armed;

pub use armed::{Armed, Fired, does, kind_of, verb_of};

use std::collections::BTreeSet;

use pilothouse_protocol::{ApiError, Failure, Patch, Reply, Request};

use crate::clock::SECOND;
use crate::rng::Rng;

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 409 as if somebody else had written in between; no effect. Only for guarded writes.
    Conflict,
    /// 500; no effect.
    InternalError,
    /// 503; no effect.
    Unavailable,
    /// 429 with a time to wait; no effect.
    Throttled,
    /// 403; no effect.
    Forbidden,
    /// This refusal; no effect.
    Refused(ApiError),
    /// The request does not reach the server; no effect.
    Unreachable,
    /// The request takes effect, but the connection breaks: the reply is [`Failure::Unknown`].
    LostAcknowledgement,
    /// The connection breaks before the effect, which the machine cannot know: the reply is [`Failure::Unknown`].
    LostRequest,
    /// The request takes effect and no reply ever comes.
    Silence,
    /// The reply comes after this many nanoseconds.
    Late(u64),
    /// The reply comes again after this many nanoseconds.
    Duplicate(u64),
}

/// A fault without its parameters, to count and to switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultClass {
    /// [`Fault::Conflict`].
    Conflict,
    /// [`Fault::InternalError`].
    InternalError,
    /// [`Fault::Unavailable`].
    Unavailable,
    /// [`Fault::Throttled`].
    Throttled,
    /// [`Fault::Forbidden`].
    Forbidden,
    /// [`Fault::Refused`]: only placed by hand.
    Refused,
    /// [`Fault::Unreachable`].
    Unreachable,
    /// [`Fault::LostAcknowledgement`].
    LostAcknowledgement,
    /// [`Fault::LostRequest`].
    LostRequest,
    /// [`Fault::Silence`].
    Silence,
    /// [`Fault::Late`].
    Late,
    /// [`Fault::Duplicate`].
    Duplicate,
}

/// All classes.
pub const ALL_FAULTS: [FaultClass; 11] = [
    FaultClass::Conflict,
    FaultClass::InternalError,
    FaultClass::Unavailable,
    FaultClass::Throttled,
    FaultClass::Forbidden,
    FaultClass::Unreachable,
    FaultClass::LostAcknowledgement,
    FaultClass::LostRequest,
    FaultClass::Silence,
    FaultClass::Late,
    FaultClass::Duplicate,
];

/// Where a crash can happen, seen from one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// The request was wanted, and never sent.
    Before,
    /// The effect happened, the reply was not seen.
    AfterEffect,
    /// The reply was seen and what followed from it at once was wanted, not performed.
    AfterReply,
}

/// Which faults happen.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Classes that may be drawn.
    pub enabled: BTreeSet<FaultClass>,
    /// How many of a thousand requests are hit.
    pub per_mille: u32,
    /// Faults for requests of a kind, in this order of preference.
    pub aimed: Vec<Aimed>,
    /// Faults for requests by their number, counted from zero over the whole run.
    pub scripted: std::collections::BTreeMap<u64, Fault>,
    /// Requests, by number, at whose boundary the process crashes.
    pub crashes: BTreeSet<(u64, Boundary)>,
    /// Faults of a scenario that wait for their requests, in this order of preference.
    pub armed: Vec<Armed>,
    /// Faults of a scenario that have happened.
    pub fired: Vec<Fired>,
}

/// A fault for requests of a kind.
#[derive(Debug, Clone)]
pub struct Aimed {
    /// Which requests.
    pub at: fn(&Request) -> bool,
    /// What happens to them.
    pub fault: Fault,
    /// How often it happens.
    pub times: u32,
}

impl Faults {
    /// A random selection of classes at a random rate, so that runs with different seeds differ in kind.
    #[must_use]
    pub fn swarm(rng: &mut Rng) -> Self {
        let enabled = ALL_FAULTS.into_iter().filter(|_| rng.chance(500)).collect();
        let per_mille = u32::try_from(rng.between(5, 150)).unwrap_or(5);
        Self { enabled, per_mille, ..Self::default() }
    }

    /// The fault of the request with this number, if any.
    pub fn draw(&mut self, number: u64, request: &Request, rng: &mut Rng) -> Option<Fault> {
        if let Some(fault) = self.scripted.remove(&number) {
            return Some(fault);
        }
        if let Some(fault) = self.next_armed(number, request) {
            return Some(fault);
        }
        let aimed = self.aimed.iter_mut().find(|aimed| aimed.times > 0 && (aimed.at)(request));
        if let Some(aimed) = aimed {
            aimed.times -= 1;
            return Some(aimed.fault.clone());
        }
        if self.enabled.is_empty() || !rng.chance(self.per_mille) {
            return None;
        }
        let count = self.enabled.len() as u64;
        let index = usize::try_from(rng.below(count)).unwrap_or_default();
        let class = self.enabled.iter().nth(index).copied()?;
        if class == FaultClass::Conflict && !is_guarded(request) {
            return None;
        }
        Some(with_parameters(class, rng))
    }

    /// Whether the process crashes at this boundary. Each planned crash happens once.
    pub fn crashes_at(&mut self, number: u64, boundary: Boundary) -> bool {
        self.crashes.remove(&(number, boundary))
    }
}

impl Fault {
    /// The class.
    #[must_use]
    pub fn class(&self) -> FaultClass {
        match self {
            Self::Conflict => FaultClass::Conflict,
            Self::InternalError => FaultClass::InternalError,
            Self::Unavailable => FaultClass::Unavailable,
            Self::Throttled => FaultClass::Throttled,
            Self::Forbidden => FaultClass::Forbidden,
            Self::Refused(_) => FaultClass::Refused,
            Self::Unreachable => FaultClass::Unreachable,
            Self::LostAcknowledgement => FaultClass::LostAcknowledgement,
            Self::LostRequest => FaultClass::LostRequest,
            Self::Silence => FaultClass::Silence,
            Self::Late(_) => FaultClass::Late,
            Self::Duplicate(_) => FaultClass::Duplicate,
        }
    }

    /// The reply that replaces the request, for faults that keep it from the server.
    #[must_use]
    pub fn instead(&self) -> Option<Reply> {
        let api =
            |code, reason: &str, message: &str| Some(Failure::Api(ApiError::new(code, reason, message)));
        let failure = match self {
            Self::Conflict => api(
                409,
                "Conflict",
                "the object has been modified; please apply your changes to the latest version and try again",
            ),
            Self::InternalError => {
                api(500, "InternalError", "Internal error occurred: etcdserver: request timed out")
            }
            Self::Unavailable => {
                api(503, "ServiceUnavailable", "the server is currently unable to handle the request")
            }
            Self::Throttled => {
                let mut error = ApiError::new(
                    429,
                    "TooManyRequests",
                    "the server has received too many requests and has asked us to try again later",
                );
                error.retry_after_seconds = Some(1);
                Some(Failure::Api(error))
            }
            Self::Forbidden => api(403, "Forbidden", "forbidden by admission"),
            Self::Refused(error) => Some(Failure::Api(error.clone())),
            Self::Unreachable => {
                Some(Failure::Unreachable("dial tcp: connect: connection refused".to_owned()))
            }
            Self::LostRequest => Some(lost()),
            Self::LostAcknowledgement | Self::Silence | Self::Late(_) | Self::Duplicate(_) => None,
        };
        failure.map(Reply::Failed)
    }

    /// The reply that the machine sees in place of the server's, for faults that lose it.
    #[must_use]
    pub fn masked(&self, reply: Reply) -> Reply {
        if *self == Self::LostAcknowledgement { Reply::Failed(lost()) } else { reply }
    }
}

fn lost() -> Failure {
    Failure::Unknown("http2: client connection lost".to_owned())
}

fn with_parameters(class: FaultClass, rng: &mut Rng) -> Fault {
    match class {
        FaultClass::Conflict => Fault::Conflict,
        FaultClass::InternalError => Fault::InternalError,
        FaultClass::Unavailable => Fault::Unavailable,
        FaultClass::Throttled => Fault::Throttled,
        FaultClass::Forbidden | FaultClass::Refused => Fault::Forbidden,
        FaultClass::Unreachable => Fault::Unreachable,
        FaultClass::LostAcknowledgement => Fault::LostAcknowledgement,
        FaultClass::LostRequest => Fault::LostRequest,
        FaultClass::Silence => Fault::Silence,
        FaultClass::Late => Fault::Late(rng.between(SECOND, 120 * SECOND)),
        FaultClass::Duplicate => Fault::Duplicate(rng.between(0, 30 * SECOND)),
    }
}

fn is_guarded(request: &Request) -> bool {
    match request {
        Request::Update { body } => !pilothouse_protocol::metadata::text(body, "resourceVersion").is_empty(),
        Request::Patch { patch: Patch::Apply { force: true, .. }, .. } => false,
        Request::Patch { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        let run = |seed| {
            let mut rng = Rng::new(seed);
            let mut faults = Faults::swarm(&mut rng);
            (0..500)
                .map(|n| faults.draw(n, &Request::Discover { fresh: false }, &mut rng))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(5), run(5));
        assert!((0..20).any(|seed| run(seed).iter().any(Option::is_some)));
    }

    #[test]
    fn scripted_faults_and_crashes_happen_once() {
        let mut faults = Faults { crashes: BTreeSet::from([(3, Boundary::Before)]), ..Faults::default() };
        faults.scripted.insert(2, Fault::Silence);
        let mut rng = Rng::new(0);
        assert_eq!(faults.draw(2, &Request::Discover { fresh: false }, &mut rng), Some(Fault::Silence));
        assert_eq!(faults.draw(2, &Request::Discover { fresh: false }, &mut rng), None);
        assert!(faults.crashes_at(3, Boundary::Before) && !faults.crashes_at(3, Boundary::Before));
    }
}
