//! The chart: downloaded, verified, opened (spec 02 §5).

use std::sync::Arc;

use pilothouse_api::{Artifact, SourceKind};
use pilothouse_chart::{Chart, mutate_version};
use pilothouse_encoding::digest::Digest;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_machine::Context;
use pilothouse_protocol::{ErrorClass, EventType, Failure, LogLevel, Reply, Request, RequestId, Why};

use crate::{Ending, Subject};

/// Loads the chart of an artifact.
#[derive(Debug)]
pub struct LoadChart {
    kind: SourceKind,
    artifact: Artifact,
    fetching: Option<RequestId>,
}

/// A chart as it is to be released.
#[derive(Debug, Clone)]
pub struct LoadedChart {
    /// The chart, its version mutated where that applies.
    pub chart: Arc<Chart>,
    /// Digest of the OCI artifact; empty for a HelmChart.
    pub oci_digest: String,
}

impl LoadChart {
    /// For the artifact of a source.
    #[must_use]
    pub fn new(kind: SourceKind, artifact: Artifact) -> Self {
        Self { kind, artifact, fetching: None }
    }

    /// Goes as far as it can. The error says how the pass ends.
    pub fn poll(
        &mut self,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Option<Result<LoadedChart, Ending>> {
        let Some(id) = self.fetching else {
            if let Some(chart) = subject.charts.get(&self.artifact) {
                return Some(self.opened(chart, subject, context));
            }
            let url = self.artifact.url.clone();
            self.fetching = Some(context.request_as_controller(Request::Fetch { url }));
            return None;
        };
        let reply = context.take(id)?;
        Some(self.open(reply, subject, context))
    }

    fn open(
        &self,
        reply: Reply,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Result<LoadedChart, Ending> {
        let chart = match reply {
            Reply::Artifact(bytes) => self.verified(&bytes).and_then(|()| {
                let chart = Chart::load_archive(&bytes, &pilothouse_chart::Limits::default());
                let chart = chart.map(Arc::new).map_err(|error| {
                    subject.terminal_error.note(ErrorClass::Terminal, &error);
                    error.to_string()
                })?;
                subject.charts.keep(&self.artifact, &chart, bytes.len());
                Ok(chart)
            }),
            Reply::Failed(Failure::Http { code: 404, .. }) => return Err(retry_later(subject, context)),
            Reply::Failed(Failure::Http { line, .. }) => {
                Err(format!("failed to download chart from '{}' (status: {line})", self.artifact.url))
            }
            Reply::Failed(failure) => {
                Err(format!("failed to download chart from '{}': {failure}", self.artifact.url))
            }
            Reply::Object(_) | Reply::List(_) | Reply::Deleted | Reply::Discovery(_) => {
                Err("unexpected reply to the download of the chart".to_owned())
            }
        };
        let chart = match chart {
            Ok(chart) => chart,
            Err(error) => {
                subject.not_ready(context, "ArtifactFailed", &format!("Could not load chart: {error}"));
                subject.event(context, EventType::Warning, "ArtifactFailed", &error);
                return Err(Ending::Error(error));
            }
        };
        self.opened(chart, subject, context)
    }

    fn opened(
        &self,
        chart: Arc<Chart>,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Result<LoadedChart, Ending> {
        subject.gate_passed(context, &["ArtifactFailed"]);
        self.mutated(chart, subject, context)
    }

    /// The digest is verified before the archive is opened.
    fn verified(&self, bytes: &[u8]) -> Result<(), String> {
        let named = &self.artifact.digest;
        let digest: Digest =
            named.parse().map_err(|error| format!("failed to parse digest '{named}': {error}"))?;
        if !digest.verify(bytes) {
            return Err(format!("integrity failure: computed digest doesn't match '{named}'"));
        }
        Ok(())
    }

    /// The version with the digest of an OCI artifact as build metadata (spec 02 §5.2).
    fn mutated(
        &self,
        mut chart: Arc<Chart>,
        subject: &mut Subject,
        context: &Context,
    ) -> Result<LoadedChart, Ending> {
        let revision = &self.artifact.revision;
        let applies = match self.kind {
            SourceKind::HelmChart => false,
            SourceKind::OCIRepository => true,
            SourceKind::ExternalArtifact => revision.contains(':'),
        };
        if !applies {
            return Ok(LoadedChart { chart, oci_digest: String::new() });
        }
        match mutate_version(&chart.metadata.version, revision) {
            Ok((version, oci_digest)) => {
                if !subject.config.gates.disable_chart_digest_tracking {
                    Arc::make_mut(&mut chart).metadata.version = version;
                }
                Ok(LoadedChart { chart, oci_digest })
            }
            Err(error) => {
                let error = error.to_string();
                subject.terminal_error.note(ErrorClass::Terminal, &error);
                subject.not_ready(context, "ChartMutateError", &error);
                Err(Ending::Error(error))
            }
        }
    }
}

/// The source has an artifact that its server no longer has: source-controller will say so soon.
fn retry_later(subject: &mut Subject, context: &mut Context) -> Ending {
    let nanos = subject.config.requeue_dependency;
    let delay = GoDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX));
    let message = format!("Source not ready: artifact not found. Retrying in {delay}");
    subject.not_ready(context, "ArtifactFailed", &message);
    context.log(LogLevel::Info, message);
    Ending::After { nanos, why: Why::Source, observed: false }
}
