//! Before an attempt: reset of the failure counters, and the record of the attempt (spec 02 §2.9, §2.10).

use pilothouse_api::RESET_AT;

use super::desired::Desired;
use crate::Subject;

/// Zeroes the failure counters when an input has changed or a reset was asked for.
pub fn reset_failures(subject: &mut Subject, desired: &Desired) {
    // The token is always consumed first.
    let asked = subject.take_token(RESET_AT, |status| &mut status.last_handled_reset_at);
    let status = &subject.status;
    let changed = status.last_attempted_generation != subject.generation()
        || status.last_attempted_revision != desired.chart_version
        || values_changed(subject, desired);
    if asked || changed {
        subject.terminal_error.begin_anew();
        subject.status.clear_failures();
    }
}

/// Records the attempt.
pub fn record(subject: &mut Subject, desired: &Desired) {
    let generation = subject.generation();
    let status = &mut subject.status;
    status.last_attempted_generation = generation;
    status.last_attempted_revision.clone_from(&desired.chart_version);
    status.last_attempted_revision_digest.clone_from(&desired.oci_digest);
    status.last_attempted_config_digest.clone_from(&desired.config_digest);
    status.last_attempted_values_checksum.clear();
    status.last_release_revision = 0;
}

/// Whether the values are others than those of the last attempt. An attempt that recorded none says nothing.
fn values_changed(subject: &Subject, desired: &Desired) -> bool {
    let status = &subject.status;
    let (digest, checksum) = (&status.last_attempted_config_digest, &status.last_attempted_values_checksum);
    if !digest.is_empty() {
        return !subject.config.digests().verify_config(digest, &desired.values);
    }
    let verified = || subject.config.digests().verify_checksum(checksum, &desired.values);
    !checksum.is_empty() && verified() == Some(false)
}

#[cfg(test)]
mod tests;
