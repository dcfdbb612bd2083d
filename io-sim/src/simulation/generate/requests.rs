//! Disturbances that requests meet.

use super::Draft;
use crate::scenario::{Aim, FaultWord, Statement, Verb};
use crate::simulation::FaultClass;

/// What requests a fault is aimed at, roughly as often as they are made.
const AIMS: [(Verb, Option<&str>); 12] = [
    (Verb::Status, Some("release")),
    (Verb::Create, Some("Secret")),
    (Verb::Update, Some("Secret")),
    (Verb::List, Some("Secret")),
    (Verb::Patch, None),
    (Verb::Create, None),
    (Verb::Get, None),
    (Verb::Delete, None),
    (Verb::Fetch, None),
    (Verb::Patch, Some("release")),
    (Verb::Write, None),
    (Verb::Any, None),
];

/// Requests that are made seldom.
const RARE_AIMS: [(Verb, Option<&str>); 16] = [
    (Verb::Discover, None),
    (Verb::Compare, None),
    (Verb::Compare, None),
    (Verb::Get, Some("Secret")),
    (Verb::Get, Some("release")),
    (Verb::Patch, Some("release")),
    (Verb::Create, Some("Job")),
    (Verb::Patch, Some("Job")),
    (Verb::Delete, Some("Job")),
    (Verb::Delete, Some("Secret")),
    (Verb::Create, Some("Deployment")),
    (Verb::Patch, Some("Deployment")),
    (Verb::Create, Some("CustomResourceDefinition")),
    (Verb::Update, Some("CustomResourceDefinition")),
    (Verb::Patch, Some("CustomResourceDefinition")),
    (Verb::Delete, Some("ConfigMap")),
];

impl Draft {
    /// Somebody else was there before, once or again and again.
    pub(super) fn conflict(&mut self, moment: u32) {
        let storm = self.rng.chance(300);
        let times =
            u32::try_from(if storm { self.rng.between(10, 60) } else { self.rng.between(1, 4) }).unwrap_or(1);
        let (verb, kind) =
            if self.rng.chance(600) { (Verb::Status, Some("release")) } else { (Verb::Any, None) };
        let skip = u32::try_from(self.rng.below(4)).unwrap_or(0);
        let conditional = [
            (Verb::Update, Some("Secret")),
            (Verb::Update, Some("CustomResourceDefinition")),
            (Verb::Patch, Some("release")),
            (Verb::Patch, Some("Deployment")),
        ];
        let other = self.later.index(10);
        let (verb, kind) = conditional.get(other).copied().unwrap_or((verb, kind));
        let aim = Aim::Next { verb, kind: kind.map(str::to_owned), skip, times };
        self.at(moment, Statement::Fault(FaultWord::Conflict, aim));
    }

    /// Something goes wrong with the next requests of a verb.
    pub(super) fn fault_at(&mut self, moment: u32, word: FaultWord, verb: Verb, kind: Option<&str>) {
        let skip = u32::try_from(self.rng.below(3)).unwrap_or(0);
        let times = u32::try_from(self.rng.between(1, 3)).unwrap_or(1);
        let aim = Aim::Next { verb, kind: kind.map(str::to_owned), skip, times };
        self.at(moment, Statement::Fault(word, aim));
    }

    /// Some objects are written, the next one fails.
    pub(super) fn partial(&mut self, moment: u32) {
        let words =
            [FaultWord::InternalError, FaultWord::Forbidden, FaultWord::Unreachable, FaultWord::Immutable];
        let word = words[self.pick(words.len())];
        self.nudge = true;
        let skip = u32::try_from(self.rng.between(1, 5)).unwrap_or(1);
        let times = u32::try_from(self.rng.between(1, 4)).unwrap_or(1);
        let verb = if self.later.chance(400) { Verb::Create } else { Verb::Patch };
        self.at(moment, Statement::Fault(word, Aim::Next { verb, kind: None, skip, times }));
    }

    /// One disturbance of a class that requests meet.
    pub(super) fn request_fault(&mut self, class: FaultClass, moment: u32) {
        let words: &[FaultWord] = match class {
            FaultClass::ErrorBeforeEffect => &[
                FaultWord::InternalError,
                FaultWord::Unavailable,
                FaultWord::Throttled,
                FaultWord::Unreachable,
                FaultWord::LostRequest,
            ],
            FaultClass::LostAcknowledgement => &[FaultWord::LostAcknowledgement],
            FaultClass::LateReply => {
                &[FaultWord::Late, FaultWord::VeryLate, FaultWord::Silence, FaultWord::Duplicate]
            }
            FaultClass::LeaderChanged => &[FaultWord::LeaderChanged],
            FaultClass::TooLarge => &[FaultWord::TooLarge],
            FaultClass::Forbidden => &[FaultWord::Forbidden, FaultWord::Unauthorized],
            FaultClass::Webhook => &[FaultWord::WebhookDenied, FaultWord::WebhookTimeout],
            FaultClass::Quota => &[FaultWord::Quota, FaultWord::Terminating],
            FaultClass::Immutable => &[FaultWord::Immutable],
            _ => &[FaultWord::NoMatch],
        };
        let word = words[self.pick(words.len())];
        // What the server refuses for good is answered by a new spec.
        let passes = matches!(
            class,
            FaultClass::ErrorBeforeEffect
                | FaultClass::LostAcknowledgement
                | FaultClass::LateReply
                | FaultClass::LeaderChanged
                | FaultClass::Quota
        );
        self.nudge |= !passes;
        let (mut verb, mut kind) = AIMS[self.pick(AIMS.len())];
        if self.later.chance(500) {
            (verb, kind) = RARE_AIMS[self.later.index(RARE_AIMS.len())];
        }
        self.fault_at(moment, word, verb, kind);
    }
}
