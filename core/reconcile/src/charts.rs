//! Charts that were opened lately: many releases of one chart download and open it once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pilothouse_api::Artifact;
use pilothouse_chart::Chart;

/// Charts that are kept.
const CHARTS_MAX: usize = 16;
/// Bytes of their archives, together.
const BYTES_MAX: usize = 1 << 20;

/// Charts by the artifacts they came from; shared by the releases of an operator.
///
/// An artifact is known by its URL and by its digest, which was verified before the chart was opened: what lies there
/// now is the same chart, or not this artifact.
#[derive(Debug, Clone, Default)]
pub struct Charts(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    charts: BTreeMap<(String, String), Opened>,
    uses: u64,
}

#[derive(Debug)]
struct Opened {
    chart: Arc<Chart>,
    bytes: usize,
    /// Number of the last use.
    used: u64,
}

impl Charts {
    /// The chart of an artifact, if it is kept.
    #[must_use]
    pub(crate) fn get(&self, artifact: &Artifact) -> Option<Arc<Chart>> {
        let mut kept = self.lock();
        kept.uses += 1;
        let used = kept.uses;
        let opened = kept.charts.get_mut(&key(artifact))?;
        opened.used = used;
        Some(Arc::clone(&opened.chart))
    }

    /// Keeps the chart of a verified artifact; those that have not been used for longest give way.
    pub(crate) fn keep(&self, artifact: &Artifact, chart: &Arc<Chart>, bytes: usize) {
        if bytes > BYTES_MAX {
            return;
        }
        let mut kept = self.lock();
        kept.uses += 1;
        let opened = Opened { chart: Arc::clone(chart), bytes, used: kept.uses };
        kept.charts.insert(key(artifact), opened);
        while kept.charts.len() > CHARTS_MAX || kept.bytes() > BYTES_MAX {
            let oldest = kept.charts.iter().min_by_key(|(_, opened)| opened.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            kept.charts.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.charts.values().map(|opened| opened.bytes).sum()
    }
}

fn key(artifact: &Artifact) -> (String, String) {
    (artifact.url.clone(), artifact.digest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(number: usize) -> Artifact {
        Artifact { url: format!("http://source/{number}"), digest: "d".to_owned(), ..Artifact::default() }
    }

    #[test]
    fn charts_give_way_to_others() {
        let charts = Charts::default();
        let chart = Arc::new(Chart::default());
        for number in 0..CHARTS_MAX {
            charts.keep(&artifact(number), &chart, 10);
        }
        assert!(charts.get(&artifact(0)).is_some());
        charts.keep(&artifact(99), &chart, 10);
        let kept = |number| charts.get(&artifact(number)).is_some();
        assert!(kept(0) && !kept(1) && kept(2) && kept(99));
        let other_digest = Artifact { digest: "e".to_owned(), ..artifact(0) };
        assert!(charts.get(&other_digest).is_none());
        charts.keep(&artifact(3), &chart, BYTES_MAX);
        assert!(kept(3) && !kept(0) && !kept(99), "too large together");
        charts.keep(&artifact(4), &chart, BYTES_MAX + 1);
        assert!(kept(3) && !kept(4));
    }
}
