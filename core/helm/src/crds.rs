//! The `crds/` directories of a chart (spec 05 §5).

use std::sync::Arc;

use pilothouse_apply::{
    Applied, Apply, ApplyPlan, ManifestObject, Method, ReadError, ReadLive, Wait, WaitFor, parse_manifest,
};
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_machine::{Context, SECOND, Task};
use pilothouse_protocol::{Action, GroupVersionKind, LogEntry, LogLevel, ObjectRef};
use serde_json::Value;

use crate::action::{Session, info};
use crate::preflight::CrdsOptions;
use crate::rollout::new_wait;
use crate::served::kinds_of;
use crate::{ActionConfig, CrdsPolicy, HelmError, WaitOptions};

/// The longest wait for CRDs to be established.
const TIMEOUT: u64 = 60 * SECOND;

const GROUP: &str = "apiextensions.k8s.io";
const KIND: &str = "CustomResourceDefinition";
const ORIGIN: &str = "helm.toolkit.fluxcd.io";

const MISPLACED: &str = "warning: ignoring non-CRD resources found in the chart's crds/ directory; the crds/ directory \
                         is reserved for CustomResourceDefinition objects only, please move these resources to \
                         templates/ in the chart. if the chart is public, please open an issue in the upstream \
                         repository to have this fixed";

/// Brings the CRDs of a chart onto the cluster, as the policy says.
#[derive(Debug)]
pub(crate) struct ApplyCrds {
    config: Arc<ActionConfig>,
    crds: CrdsOptions,
    targets: Vec<ManifestObject>,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    ReadingExisting(ReadLive),
    Applying(Apply),
    Waiting(Wait),
}

impl ApplyCrds {
    /// For these files, in their order.
    pub(crate) fn new(config: Arc<ActionConfig>, crds: CrdsOptions) -> Self {
        Self { config, crds, targets: Vec::new(), state: State::Start }
    }

    /// Goes as far as it can. Gives the kinds that the API is going to serve when CRDs were written, else `None`.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context,
    ) -> Option<Result<Option<Vec<GroupVersionKind>>, HelmError>> {
        let result = self.advance(context)?;
        Some(result.map_err(|error| error.context("failed to apply CustomResourceDefinitions")))
    }

    fn advance(&mut self, context: &mut Context) -> Option<Result<Option<Vec<GroupVersionKind>>, HelmError>> {
        loop {
            match &mut self.state {
                State::Start if self.crds.policy == CrdsPolicy::Skip => {
                    info(context, "skipping CustomResourceDefinition apply: policy is set to Skip", &[]);
                    return Some(Ok(None));
                }
                State::Start => match self.read_files(context) {
                    Ok(()) if self.targets.is_empty() => return Some(Ok(None)),
                    Ok(()) => {
                        let references = self.targets.iter().map(|target| target.reference.clone());
                        self.state = State::ReadingExisting(ReadLive::new(references));
                    }
                    Err(error) => return Some(Err(error)),
                },
                State::ReadingExisting(read) => {
                    let live = match read.poll(context)? {
                        Ok(live) => live,
                        Err(error) => return Some(Err(read_error(&error))),
                    };
                    let exists = |target: &ManifestObject| live.contains_key(&target.reference);
                    let Some(plan) = self.plan(exists, context) else { return Some(Ok(None)) };
                    self.state = State::Applying(Apply::new(plan));
                }
                State::Applying(apply) => {
                    let applied = match apply.poll(context)? {
                        Ok(applied) => applied,
                        Err(error) => return Some(Err(self.apply_error(&error))),
                    };
                    if !self.crds.wait.for_resources() {
                        return Some(Ok(Some(self.kinds())));
                    }
                    self.state = State::Waiting(self.wait(applied));
                }
                State::Waiting(wait) => {
                    let result = wait.poll(context)?;
                    return Some(match result {
                        Ok(()) => Ok(Some(self.kinds())),
                        Err(error) => Err(Session::wait_error(context, &error)
                            .context("failed to wait for CustomResourceDefinition(s)")),
                    });
                }
            }
        }
    }

    fn wait(&self, applied: Applied) -> Wait {
        let options = WaitOptions { timeout: TIMEOUT, ..self.crds.wait.clone() };
        new_wait(&self.config, self.targets.clone(), WaitFor::Ready { jobs: false }, &options)
            .not_before(applied.resource_versions)
    }

    fn kinds(&self) -> Vec<GroupVersionKind> {
        self.targets.iter().flat_map(|target| kinds_of(&target.body)).collect()
    }

    /// What is to be written: nothing that exists already with policy Create (spec 08 row 17).
    fn plan(&mut self, exists: impl Fn(&ManifestObject) -> bool, context: &mut Context) -> Option<ApplyPlan> {
        info(context, &format!("applying {KIND}(s) with policy {:?}", self.crds.policy), &[]);
        let method = match self.crds.server_side {
            true => Method::ServerSide { force_conflicts: true },
            false => Method::ClientSide { replace: true },
        };
        if self.crds.policy == CrdsPolicy::CreateReplace || (is_back(Twin::Hc1588) && self.crds.server_side) {
            let originals = self.targets.iter().filter(|target| exists(target)).cloned().collect();
            let plan = ApplyPlan::update(originals, self.targets.clone(), method);
            return Some(ApplyPlan { migrate_managers: false, takes_over: true, ..plan });
        }
        let (present, missing): (Vec<_>, Vec<_>) = self.targets.drain(..).partition(exists);
        for crd in present {
            info(context, &format!("{KIND} {} is already present. Skipping.", crd.reference.name), &[]);
        }
        self.targets = missing;
        (!self.targets.is_empty()).then(|| ApplyPlan::create(self.targets.clone(), method))
    }

    fn apply_error(&self, error: &pilothouse_apply::ApplyError) -> HelmError {
        let words = match (self.crds.policy, error.causes.first()) {
            (CrdsPolicy::Create, Some(cause)) => format!("failed to create {KIND} {}", cause.object.name),
            _ => format!("failed to update {KIND}(s)"),
        };
        HelmError::apply(error).context(words)
    }

    fn read_files(&mut self, context: &mut Context) -> Result<(), HelmError> {
        let files = std::mem::replace(&mut self.crds.files, Ok(Vec::new()))?;
        let discovery = context.discovery.clone().unwrap_or_default();
        let mut misplaced = Vec::new();
        for file in &files {
            let objects = parse_manifest(
                &String::from_utf8_lossy(&file.data),
                &self.config.release_namespace,
                &discovery,
            )
            .map_err(|error| {
                HelmError::Build(error.to_string())
                    .of_class(error.class())
                    .context(format!("failed to parse CustomResourceDefinitions from {}", file.name))
            })?;
            for mut object in objects {
                if object.reference.kind == KIND && object.reference.gvk().group() == GROUP {
                    self.stamp_origin(&mut object.body);
                    self.targets.push(object);
                } else {
                    misplaced.push(full_name(&object.reference));
                }
            }
        }
        if !misplaced.is_empty() {
            let fields = [("nonCRDs".to_owned(), misplaced.join(", "))].into();
            context.act(Action::Log(LogEntry {
                level: LogLevel::Info,
                message: MISPLACED.to_owned(),
                fields,
            }));
        }
        Ok(())
    }

    fn stamp_origin(&self, body: &mut Value) {
        let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        let labels = metadata.entry("labels").or_insert(Value::Null);
        let mut stamped = labels.as_object().cloned().unwrap_or_default();
        stamped.insert(format!("{ORIGIN}/name"), Value::String(self.config.origin.name.clone()));
        stamped.insert(format!("{ORIGIN}/namespace"), Value::String(self.config.origin.namespace.clone()));
        *labels = Value::Object(stamped);
    }
}

fn read_error(error: &ReadError) -> HelmError {
    HelmError::Apply(error.failure.to_string())
        .of_class(error.failure.class())
        .context(format!("failed to get {KIND} {}", error.object.name))
}

/// `group/Kind/name` or `group/Kind/namespace/name`.
fn full_name(object: &ObjectRef) -> String {
    let gvk = object.gvk();
    match &object.namespace {
        Some(namespace) => format!("{}/{}/{namespace}/{}", gvk.group(), gvk.kind, object.name),
        None => format!("{}/{}/{}", gvk.group(), gvk.kind, object.name),
    }
}
