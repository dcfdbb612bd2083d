//! Buggy twins: bugs that helm-controller had or has, or that any operator can have, brought back one at a time, so that it
//! can be measured how fast simulation finds them. They exist with the feature `twins` only, which nothing that is shipped
//! has.

/// A bug, by the issue that reported it, if any did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Twin {
    /// A conflict on the conditions after the history was written: nothing repairs them.
    Hc1409,
    /// A release that is in sync again after a failure stays not ready.
    Hc1362,
    /// A change of the post-renderers alone goes unseen.
    Hc965,
    /// The history is not shortened when an action fails again and again.
    Hc1359,
    /// Between two tries of `RetryOnFailure` nothing says that it goes on.
    Hc1338,
    /// A test whose old object cannot be deleted counts as run.
    Hc1546,
    /// The error of an uninstall is swallowed: the finalizer goes, the objects stay.
    Hc1021,
    /// What passes by itself counts as a failed try.
    Hc1084,
    /// Drift correction writes the mask of the log into the object.
    Hc925,
    /// When the retries are used up, the status says neither that it goes on nor that it has ended.
    Hc848,
    /// The status is believed as a watch that lags shows it.
    Hc703,
    /// A status of another version, without the storage namespace, counts as a change of the target.
    Hc864,
    /// A pending release is never unlocked.
    Hc149,
    /// A status write that meets a conflict says that it has seen the newest spec: a change of the post-renderers alone
    /// goes unseen.
    Hc1412,
    /// The digest of values depends on the order of maps in lists, which is another one each time.
    Hc1265,
    /// The CRD policy `Create` overwrites what exists.
    Hc1588,
    /// The selector of a shard is ignored: two operators work on one object (flux2#4500).
    Flux4500,
    /// A leader that has stood still, or cannot reach the API server, goes on writing when its lease has run out.
    OldLeader,
}

impl Twin {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Hc1409,
        Self::Hc1362,
        Self::Hc965,
        Self::Hc1359,
        Self::Hc1338,
        Self::Hc1546,
        Self::Hc1021,
        Self::Hc1084,
        Self::Hc925,
        Self::Hc848,
        Self::Hc703,
        Self::Hc864,
        Self::Hc149,
        Self::Hc1412,
        Self::Hc1265,
        Self::Hc1588,
        Self::Flux4500,
        Self::OldLeader,
    ];
}

#[cfg(feature = "twins")]
thread_local! {
    static PRESENT: std::cell::Cell<Option<Twin>> = const { std::cell::Cell::new(None) };
}

/// Brings a bug back on this thread, or none.
#[cfg(feature = "twins")]
pub fn bring_back(twin: Option<Twin>) {
    PRESENT.set(twin);
}

/// Whether a bug is there. Without the feature `twins` it never is.
#[must_use]
#[inline]
pub fn is_back(twin: Twin) -> bool {
    #[cfg(feature = "twins")]
    let back = PRESENT.get() == Some(twin);
    #[cfg(not(feature = "twins"))]
    let back = {
        let _ = twin;
        false
    };
    back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(feature = "twins"))]
    #[test]
    fn no_bug_is_there() {
        assert!(!Twin::ALL.into_iter().any(is_back));
    }

    #[cfg(feature = "twins")]
    #[test]
    fn one_bug_at_a_time_is_there() {
        bring_back(Some(Twin::Hc1409));
        assert_eq!(Twin::ALL.into_iter().filter(|twin| is_back(*twin)).count(), 1);
        bring_back(None);
    }
}
