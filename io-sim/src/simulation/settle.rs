//! Coming to rest: without disturbances everything gets to where it should be, and stays there without a write.

use pilothouse_protocol::{ReleaseKey, Reply, Request};

use super::Finding;
use super::spec::{NAMESPACE, text};
use super::stage::{Stage, release_ref};
use crate::clock::SECOND;
use crate::faults::{Fault, kind_of, verb_of};
use crate::oracles::{came_late, process_of};
use crate::scenario::{Knob, Settings, Verb};

/// Nanoseconds after which a cluster without disturbances must be as declared. The longest back-off of the operator is a
/// quarter of an hour, and several releases may wait for each other.
const BOUND: u64 = 3600 * SECOND;
/// The longest back-off of the operator, in nanoseconds.
const BACKOFF: u64 = 900 * SECOND;
/// Nanoseconds between two looks at whether it is.
const STEP: u64 = 3 * SECOND;
/// Nanoseconds after which the operator gives a request up that was never answered, and begins its pass again.
const PATIENCE: u64 = 1800 * SECOND;
/// Nanoseconds for which it has to stay so: three of the longest intervals that scenarios use.
const LASTING: u64 = 3 * 600 * SECOND;

impl Stage<'_> {
    /// Calm, then everything has to come to rest where it should (L1, L2, L4, L5, D2).
    ///
    /// # Errors
    /// What does not.
    pub(super) fn settle(&mut self) -> Result<(), Finding> {
        self.calm();
        self.world.start();
        // Nothing is at rest while something that has happened is still on its way.
        self.pass(self.world.behind())?;
        let begin = self.world.now().monotonic;
        let mut step = STEP;
        loop {
            self.pass(step)?;
            let Some(wrong) = self.unled().or_else(|| self.wrong()).or_else(|| self.unfinished()) else {
                break;
            };
            if self.world.now().monotonic.nanos_since(begin) > BOUND {
                return Err(self.finding(&wrong));
            }
            // What is not right soon is looked at less often.
            step = (step + STEP).min(60 * SECOND);
        }
        self.recoveries.push(self.world.now().monotonic.nanos_since(begin));
        self.oracles.forgive(&self.kept());
        self.look()?;
        self.stay_quiet()
    }

    /// What is as it should be stays so, and nothing is written for that.
    fn stay_quiet(&mut self) -> Result<(), Finding> {
        self.pass(2 * SECOND)?;
        let before = self.world.record().exchanges.len();
        let (restless, watchful) = (self.restless(), self.watchful());
        self.pass(LASTING)?;
        if self.wrong().is_some() {
            // Somebody who looks at its objects in every interval may be doing so just now.
            self.pass(STEP)?;
        }
        if let Some(wrong) = self.wrong() {
            return Err(self.finding(&format!("{wrong} (after it was as it should be)")));
        }
        let exchanges = self.world.record().exchanges.get(before..).unwrap_or_default();
        let write = exchanges.iter().find(|exchange| {
            let name = &exchange.key.name;
            let looks = verb_of(&exchange.request) == Verb::Status && watchful.contains(name);
            // Who leads says so again and again.
            let leads = kind_of(&exchange.request) == Some("Lease");
            exchange.request.is_write() && !leads && !looks && !restless.contains(name)
        });
        match write {
            Some(write) => {
                let what = format!(
                    "quiet: {} writes although nothing has changed: {:?}",
                    write.key,
                    brief(&write.request)
                );
                Err(self.finding(&what))
            }
            None => Ok(()),
        }
    }

    /// Nobody leads, or not for long, of those that take turns.
    fn unled(&mut self) -> Option<String> {
        let now = self.world.now().monotonic;
        let replicas = self.world.machine_mut()?.replicas()?;
        (!replicas.is_settled(now)).then(|| "liveness: nobody leads".to_owned())
    }

    /// A release that is as it should be, with something that its process is still to do: a write that was refused is
    /// tried again, and a pass with a request that is never answered begins anew.
    fn unfinished(&self) -> Option<String> {
        let declared = self.declared.iter().filter(|(_, settings)| settings.is_some()).map(|(name, _)| name);
        declared.filter(|name| self.is_ready(name)).find_map(|name| {
            let open = if self.is_refused(name) {
                "what it writes is refused"
            } else if self.is_unanswered(name) {
                "a request of it has got no answer"
            } else {
                return None;
            };
            Some(format!("liveness: {name} is as it should be, and {open}"))
        })
    }

    fn is_refused(&self, name: &str) -> bool {
        let last = self.world.record().exchanges.iter().rev().find(|exchange| exchange.key.name == name);
        last.is_some_and(|last| {
            let is_refused = matches!(last.reply, Some(Reply::Failed(_)));
            process_of(last) == self.process() && last.request.is_write() && is_refused
        })
    }

    /// Who is at work.
    fn process(&self) -> (u64, u64) {
        let term = self.world.record().exchanges.last().map_or(0, |last| last.term);
        (self.world.incarnation(), term)
    }

    fn is_unanswered(&self, name: &str) -> bool {
        let (now, process) = (self.world.now().monotonic, self.process());
        let newest = self.world.record().exchanges.iter().rev();
        let recent = newest.take_while(|exchange| now.nanos_since(exchange.at) <= PATIENCE + BACKOFF);
        let mut latest = None;
        recent.filter(|exchange| exchange.key.name == name && process_of(exchange) == process).any(
            |exchange| {
                let latest = *latest.get_or_insert(exchange.at);
                exchange.fault == Some(Fault::Silence) && latest.nanos_since(exchange.at) < PATIENCE
            },
        )
    }

    /// HelmReleases that are deleted and kept by a hook, and their releases.
    fn kept(&self) -> Vec<ReleaseKey> {
        let kept = self.declared.keys().filter(|name| self.is_kept(name));
        kept.flat_map(|name| [name.clone(), self.naming(name).release])
            .map(|name| ReleaseKey::new(NAMESPACE, name))
            .collect()
    }

    /// Releases whose objects are looked at in every interval, which the status tells.
    fn watchful(&self) -> Vec<String> {
        let looks = |settings: &Settings| matches!(text(settings, Knob::Drift), Some("enabled" | "warn"));
        let declared = self.declared.iter();
        let found = declared.filter(|(_, settings)| settings.as_ref().is_some_and(looks));
        found.map(|(name, _)| name.clone()).collect()
    }

    /// Releases that are not expected to come to rest: those that cannot become ready are tried again, and a status that a
    /// process which is gone has written late is put right in the next pass.
    fn restless(&self) -> Vec<String> {
        let is_late = |name: &String| {
            let status = self.world.get(&release_ref(name));
            status.is_some_and(|status| came_late(&self.world.record().exchanges, &status))
        };
        let rests = |name: &String| self.is_ready(name) && !self.is_kept(name) && !is_late(name);
        self.declared.keys().filter(|name| !rests(name)).cloned().collect()
    }
}

/// What a request does.
fn brief(request: &Request) -> String {
    format!("{} {}", verb_of(request).word(), kind_of(request).unwrap_or_default())
}
