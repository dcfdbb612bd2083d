//! Digests of releases and values, and the tape that carries them from a run to its replay.
//!
//! What a digest is computed of may hold secrets, which a recording replaces; a machine that is fed with the replaced
//! texts would find other digests than the status and the history name. So a run writes the digests that it computes
//! onto a tape, and its replay reads them from there.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pilothouse_api::Snapshot;
use pilothouse_encoding::digest::{Algorithm, Digest};
use pilothouse_encoding::yaml::EmitError;
use serde_json::{Map, Value};

use crate::observation::{canonical, values_checksum};
use crate::verify::{SNAPSHOT_API_VERSION, VerifyError};
use crate::{Observation, ReleaseRecord};

/// Digests in the order in which they were computed. A default tape is blank and stays so: digests are what they are.
#[derive(Clone, Default)]
pub struct DigestTape(Option<Arc<Mutex<Reel>>>);

#[derive(Default)]
struct Reel {
    playing: bool,
    digests: VecDeque<String>,
    missed: u64,
}

impl DigestTape {
    /// A tape that keeps every digest until [`DigestTape::take`].
    #[must_use]
    pub fn recording() -> Self {
        Self(Some(Arc::default()))
    }

    /// A tape that gives the digests of [`DigestTape::feed`] in place of computed ones.
    #[must_use]
    pub fn playing() -> Self {
        Self(Some(Arc::new(Mutex::new(Reel { playing: true, ..Reel::default() }))))
    }

    /// The digests computed since the last call; those that nobody has asked for, when the tape is played.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        self.with(|reel| reel.digests.drain(..).collect()).unwrap_or_default()
    }

    /// The digests that are computed next.
    pub fn feed(&self, digests: Vec<String>) {
        self.with(|reel| reel.digests = digests.into());
    }

    /// How often a played tape was at its end when a digest was asked for.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.with(|reel| reel.missed).unwrap_or_default()
    }

    /// A digest as it counts: as computed, or as the tape has it.
    fn pass(&self, computed: String) -> String {
        let counts = |reel: &mut Reel| {
            if !reel.playing {
                reel.digests.push_back(computed.clone());
                return None;
            }
            let played = reel.digests.pop_front();
            reel.missed += u64::from(played.is_none());
            played
        };
        self.with(counts).flatten().unwrap_or(computed)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Reel) -> T) -> Option<T> {
        let reel = self.0.as_ref()?;
        Some(work(&mut reel.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for DigestTape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "DigestTape" } else { "DigestTape(blank)" })
    }
}

/// A tape is no part of what a configuration says: all are equal.
impl PartialEq for DigestTape {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for DigestTape {}

/// How digests are computed: the algorithm of new ones, and the tape.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    algorithm: Algorithm,
    tape: DigestTape,
}

impl Digests {
    /// Digests with an algorithm, by way of a tape.
    #[must_use]
    pub fn new(algorithm: Algorithm, tape: DigestTape) -> Self {
        Self { algorithm, tape }
    }

    /// The digest of values, see [`crate::config_digest`].
    ///
    /// # Errors
    /// When a value cannot be written as YAML.
    pub fn config(&self, values: &Map<String, Value>) -> Result<String, EmitError> {
        Ok(self.tape.pass(crate::config_digest(values, self.algorithm)?.to_string()))
    }

    /// The digest of a release.
    ///
    /// # Errors
    /// What the serialisation of a value reports.
    pub fn release(&self, observation: &Observation) -> Result<String, serde_json::Error> {
        Ok(self.tape.pass(observation.digest(self.algorithm)?.to_string()))
    }

    /// Whether values have a digest, see [`crate::verify_config`].
    #[must_use]
    pub fn verify_config(&self, digest: &str, values: &Map<String, Value>) -> bool {
        let Ok(digest) = digest.parse::<Digest>() else { return false };
        canonical(values).is_ok_and(|text| self.verify(&digest, text.as_bytes()))
    }

    /// Whether values have a legacy checksum, see [`values_checksum`]; `None` when they have none.
    #[must_use]
    pub fn verify_checksum(&self, checksum: &str, values: &Map<String, Value>) -> Option<bool> {
        values_checksum(values).ok().map(|computed| self.tape.pass(computed) == checksum)
    }

    /// See [`crate::verify_object`].
    ///
    /// # Errors
    /// As there.
    pub fn verify_object(&self, snapshot: &Snapshot, record: &ReleaseRecord) -> Result<(), VerifyError> {
        if snapshot.api_version != SNAPSHOT_API_VERSION {
            return Ok(());
        }
        let digest: Digest = snapshot.digest.parse().map_err(VerifyError::Digest)?;
        let observation = Observation::of(record).with(&snapshot.oci_digest, "");
        let fits = self.verify(&digest, observation.line()?.as_bytes());
        if fits { Ok(()) } else { Err(VerifyError::NotObserved) }
    }

    /// See [`crate::verify_snapshot`].
    ///
    /// # Errors
    /// As there.
    pub fn verify_snapshot(
        &self,
        snapshot: Option<&Snapshot>,
        stored: Option<&ReleaseRecord>,
    ) -> Result<(), VerifyError> {
        let snapshot = snapshot.ok_or(VerifyError::NotFound)?;
        self.verify_object(snapshot, stored.ok_or(VerifyError::Disappeared)?)
    }

    fn verify(&self, digest: &Digest, content: &[u8]) -> bool {
        self.tape.pass(digest.algorithm().compute(content).to_string()) == digest.to_string()
    }
}

impl From<Algorithm> for Digests {
    fn from(algorithm: Algorithm) -> Self {
        Self { algorithm, tape: DigestTape::default() }
    }
}

impl From<&Digests> for Digests {
    fn from(digests: &Digests) -> Self {
        digests.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(word: &str) -> Map<String, Value> {
        json!({"password": word}).as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_tape_carries_digests_to_other_values() {
        let (recorded, played) = (DigestTape::recording(), DigestTape::playing());
        let real = Digests::new(Algorithm::Sha256, recorded.clone());
        let digest = real.config(&values("real")).unwrap();
        assert!(real.verify_config(&digest, &values("real")));
        let taken = recorded.take();
        assert_eq!(taken, [digest.as_str(), digest.as_str()]);
        let replayed = Digests::new(Algorithm::Sha256, played.clone());
        played.feed(taken);
        assert_eq!(replayed.config(&values("token")).unwrap(), digest);
        assert!(replayed.verify_config(&digest, &values("token")));
        assert_eq!(played.missed(), 0);
        assert!(!replayed.verify_config(&digest, &values("token")));
        assert_eq!((played.missed(), played.take().len()), (1, 0));
    }

    #[test]
    fn without_a_tape_digests_are_what_they_are() {
        let digests = Digests::from(Algorithm::Sha256);
        let digest = digests.config(&values("a")).unwrap();
        assert!(
            digests.verify_config(&digest, &values("a")) && !digests.verify_config(&digest, &values("b"))
        );
        let checksum = values_checksum(&values("a")).unwrap();
        assert_eq!(digests.verify_checksum(&checksum, &values("a")), Some(true));
        assert_eq!(DigestTape::default().take(), Vec::<String>::new());
    }
}
