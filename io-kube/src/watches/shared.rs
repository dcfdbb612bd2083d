//! Watches of the whole operator: HelmReleases, their sources, and the metadata of ConfigMaps and Secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{Failure, GroupVersionKind, Identity, Object, ObjectRef, ReleaseKey, metadata};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::stream::{Flow, ListWatch, Observer, Part, Seen, follow};
use crate::client::ApiClient;
use crate::logs::Log;

const HELM_API: &str = "helm.toolkit.fluxcd.io/v2";
/// The label of Helm's storage objects.
const STORAGE_LABELS: &str = "owner=helm";
const SOURCE_API: &str = "source.toolkit.fluxcd.io/v1";

/// Which objects are watched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchScope {
    /// One namespace, or all.
    pub namespace: Option<String>,
    /// `--watch-label-selector`, for HelmReleases.
    pub releases: String,
    /// `--watch-configs-label-selector`, for ConfigMaps and Secrets; `None` does not watch them.
    pub configs: Option<String>,
    /// Whether ExternalArtifacts are watched.
    pub external_artifacts: bool,
}

/// What becomes of an object that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Release,
    Source,
    Config,
    /// Helm's storage objects.
    Storage,
}

impl Role {
    /// Whether the operator starts without a first list of these.
    fn may_come_late(self) -> bool {
        matches!(self, Self::Config | Self::Storage)
    }
}

/// The watches, and where what they see goes to.
pub struct SharedWatches {
    /// The API server.
    pub client: Arc<ApiClient>,
    /// Where trouble is reported.
    pub log: Log,
    /// The operator.
    pub inputs: mpsc::Sender<OperatorInput>,
}

impl SharedWatches {
    /// Starts a task for each kind. [`OperatorInput::Synced`] follows the first complete list of HelmReleases and
    /// sources; a kind that is not installed has no objects.
    pub fn start(&self, scope: &WatchScope) {
        let kinds = kinds(scope);
        let waiting = kinds.iter().filter(|(role, ..)| !role.may_come_late()).count();
        let unsynced = Arc::new(AtomicUsize::new(waiting));
        for (role, kind, plural, labels) in kinds {
            let what = ListWatch {
                identity: Identity::Controller,
                kind: kind.clone(),
                plural: plural.to_owned(),
                namespace: scope.namespace.clone(),
                labels,
                fields: String::new(),
                part: if role.may_come_late() { Part::Metadata } else { Part::Whole },
            };
            let mut observer = SharedObserver {
                role,
                kind,
                plural,
                known: None,
                trouble: None,
                unsynced: (!role.may_come_late()).then(|| Arc::clone(&unsynced)),
                log: self.log.clone(),
                inputs: self.inputs.clone(),
            };
            let client = Arc::clone(&self.client);
            tokio::spawn(async move { follow(&client, &what, &mut observer).await });
        }
    }
}

fn kinds(scope: &WatchScope) -> Vec<(Role, GroupVersionKind, &'static str, String)> {
    let source =
        |kind: &str, plural| (Role::Source, GroupVersionKind::new(SOURCE_API, kind), plural, String::new());
    let release = GroupVersionKind::new(HELM_API, "HelmRelease");
    let mut kinds = vec![
        (Role::Release, release, "helmreleases", scope.releases.clone()),
        source("HelmChart", "helmcharts"),
        source("OCIRepository", "ocirepositories"),
    ];
    if scope.external_artifacts {
        kinds.push(source("ExternalArtifact", "externalartifacts"));
    }
    if let Some(labels) = &scope.configs {
        for (kind, plural) in [("ConfigMap", "configmaps"), ("Secret", "secrets")] {
            kinds.push((Role::Config, GroupVersionKind::new("v1", kind), plural, labels.clone()));
        }
    }
    kinds.push((Role::Storage, GroupVersionKind::new("v1", "Secret"), "secrets", STORAGE_LABELS.to_owned()));
    kinds
}

struct SharedObserver {
    role: Role,
    kind: GroupVersionKind,
    plural: &'static str,
    /// The resource version of each object; `None` before the first list.
    known: Option<BTreeMap<ObjectRef, String>>,
    /// The failure that was logged last, until there is none.
    trouble: Option<String>,
    /// How many kinds have not been listed; `None` once this one has.
    unsynced: Option<Arc<AtomicUsize>>,
    log: Log,
    inputs: mpsc::Sender<OperatorInput>,
}

impl Observer for SharedObserver {
    async fn seen(&mut self, seen: Seen) -> Flow {
        let recovers = self.trouble.take().is_some();
        if recovers {
            self.log.info("watch", "watch works again", &self.fields());
        }
        let is_whole = recovers || matches!(seen, Seen::Snapshot(_));
        let mut result = match seen {
            Seen::Snapshot(objects) => self.snapshot(objects).await,
            Seen::Changed(object) => self.changed(object).await,
            Seen::Gone(object) => self.gone(ObjectRef::of(&object)).await,
        };
        if is_whole && self.role == Role::Storage && result.is_ok() {
            result = self.send(OperatorInput::StorageWatched(true)).await;
        }
        if result.is_ok() { Flow::Continue } else { Flow::Stop }
    }

    async fn failed(&mut self, failure: Failure) -> Flow {
        let text = failure.to_string();
        if self.trouble.as_ref() != Some(&text) {
            self.report(&failure);
            self.trouble = Some(text);
        }
        let result = match self.role {
            Role::Storage => self.send(OperatorInput::StorageWatched(false)).await,
            _ if failure.is_not_found() => self.listed().await,
            _ => Ok(()),
        };
        if result.is_ok() { Flow::Continue } else { Flow::Stop }
    }
}

/// The operator is gone.
struct Closed;

impl SharedObserver {
    async fn snapshot(&mut self, objects: Vec<Object>) -> Result<(), Closed> {
        let is_first = self.known.is_none();
        let mut vanished = self.known.take().unwrap_or_default();
        let mut known = BTreeMap::new();
        for object in objects {
            let reference = ObjectRef::of(&object);
            let version = metadata::text(&object, "resourceVersion").to_owned();
            let is_unchanged = vanished.remove(&reference).is_some_and(|former| former == version);
            known.insert(reference.clone(), version);
            // A config that was there before the operator is read by every release anyway.
            let is_news = self.role != Role::Config || !is_first;
            if is_news && !is_unchanged {
                self.tell(reference, Some(object)).await?;
            }
        }
        self.known = Some(known);
        for reference in vanished.into_keys() {
            self.tell(reference, None).await?;
        }
        self.listed().await
    }

    async fn changed(&mut self, object: Object) -> Result<(), Closed> {
        let reference = ObjectRef::of(&object);
        let version = metadata::text(&object, "resourceVersion").to_owned();
        self.known.get_or_insert_default().insert(reference.clone(), version);
        self.tell(reference, Some(object)).await
    }

    async fn gone(&mut self, reference: ObjectRef) -> Result<(), Closed> {
        self.known.get_or_insert_default().remove(&reference);
        self.tell(reference, None).await
    }

    async fn tell(&self, object: ObjectRef, value: Option<Object>) -> Result<(), Closed> {
        let input = match self.role {
            Role::Release => {
                let key = ReleaseKey::new(object.namespace.unwrap_or_default(), object.name);
                OperatorInput::Release { key, object: value }
            }
            Role::Source => OperatorInput::Source { object, value },
            Role::Config => OperatorInput::Config { object },
            Role::Storage => {
                let version = value.as_deref().map(metadata::resource_version);
                OperatorInput::Storage { object, version }
            }
        };
        self.send(input).await
    }

    async fn send(&self, input: OperatorInput) -> Result<(), Closed> {
        self.inputs.send(input).await.map_err(|_| Closed)
    }

    /// The first list of this kind is there. The last kind to say so ends the start of the operator.
    async fn listed(&mut self) -> Result<(), Closed> {
        match self.unsynced.take() {
            Some(unsynced) if unsynced.fetch_sub(1, Ordering::AcqRel) == 1 => {
                self.send(OperatorInput::Synced).await
            }
            _ => Ok(()),
        }
    }

    fn report(&self, failure: &Failure) {
        let crd = format!("{}.{}", self.plural, self.kind.group());
        let message = match (self.role, failure.is_not_found()) {
            (Role::Release, true) => format!(
                "the CustomResourceDefinition {crd} is not installed; install it with `pilothouse crds | kubectl apply -f -`"
            ),
            (Role::Source, true) => {
                format!(
                    "the CustomResourceDefinition {crd} is not installed; waiting for the source-controller's CRDs"
                )
            }
            _ => "failed to watch".to_owned(),
        };
        self.log.error("watch", &message, failure, &self.fields());
    }

    fn fields(&self) -> [(&'static str, Value); 2] {
        [("apiVersion", json!(self.kind.api_version)), ("kind", json!(self.kind.kind))]
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{ApiError, LogLevel};

    use super::*;
    use crate::logs::Encoding;

    fn object(name: &str, version: &str) -> Object {
        Arc::new(json!({"apiVersion": "v1", "kind": "X",
            "metadata": {"namespace": "ns", "name": name, "resourceVersion": version}}))
    }

    fn observer(role: Role, unsynced: &Arc<AtomicUsize>) -> (SharedObserver, mpsc::Receiver<OperatorInput>) {
        let (inputs, received) = mpsc::channel(16);
        let observer = SharedObserver {
            role,
            kind: GroupVersionKind::new("v1", "X"),
            plural: "xs",
            known: None,
            trouble: None,
            unsynced: Some(Arc::clone(unsynced)),
            log: Log::to(Encoding::Json, LogLevel::Error, |_| {}),
            inputs,
        };
        (observer, received)
    }

    fn told(received: &mut mpsc::Receiver<OperatorInput>) -> Vec<String> {
        std::iter::from_fn(|| received.try_recv().ok())
            .map(|input| match input {
                OperatorInput::Source { object, value } => {
                    format!("{}{}", if value.is_some() { '+' } else { '-' }, object.name)
                }
                OperatorInput::Config { object } => format!("~{}", object.name),
                OperatorInput::Synced => "synced".to_owned(),
                OperatorInput::Storage { object, version } => format!("{}:{version:?}", object.name),
                OperatorInput::StorageWatched(watched) => format!("watched:{watched}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[tokio::test]
    async fn a_later_list_tells_only_differences() {
        let (mut observer, mut received) = observer(Role::Source, &Arc::new(AtomicUsize::new(1)));
        observer.seen(Seen::Snapshot(vec![object("a", "1"), object("b", "2")])).await;
        assert_eq!(told(&mut received), ["+a", "+b", "synced"]);
        observer.seen(Seen::Changed(object("c", "3"))).await;
        observer.seen(Seen::Snapshot(vec![object("b", "2"), object("c", "4")])).await;
        assert_eq!(told(&mut received), ["+c", "+c", "-a"]);
        observer.seen(Seen::Gone(object("b", "5"))).await;
        assert_eq!(told(&mut received), ["-b"]);
    }

    #[tokio::test]
    async fn configs_of_the_first_list_wake_nobody() {
        let (mut observer, mut received) = observer(Role::Config, &Arc::new(AtomicUsize::new(2)));
        observer.seen(Seen::Snapshot(vec![object("a", "1")])).await;
        observer.seen(Seen::Snapshot(vec![object("a", "2"), object("b", "2")])).await;
        assert_eq!(told(&mut received), ["~a", "~b"]);
    }

    #[tokio::test]
    async fn storage_is_watched_while_the_watch_works() {
        let (mut observer, mut received) = observer(Role::Storage, &Arc::new(AtomicUsize::new(9)));
        observer.seen(Seen::Snapshot(vec![object("a", "1")])).await;
        assert_eq!(told(&mut received), ["a:Some(1)", "watched:true"]);
        observer.seen(Seen::Gone(object("a", "2"))).await;
        assert_eq!(told(&mut received), ["a:None"]);
        observer.failed(Failure::Unreachable("refused".into())).await;
        assert_eq!(told(&mut received), ["watched:false"]);
        observer.seen(Seen::Changed(object("b", "3"))).await;
        assert_eq!(told(&mut received), ["b:Some(3)", "watched:true"]);
    }

    #[tokio::test]
    async fn a_kind_that_is_not_installed_does_not_hold_up_the_start() {
        let unsynced = Arc::new(AtomicUsize::new(2));
        let (mut missing, mut of_missing) = observer(Role::Source, &unsynced);
        let (mut present, mut of_present) = observer(Role::Source, &unsynced);
        missing.failed(Failure::Unreachable("refused".into())).await;
        missing.failed(Failure::Api(ApiError::new(404, "NotFound", "none"))).await;
        missing.failed(Failure::Api(ApiError::new(404, "NotFound", "none"))).await;
        assert!(told(&mut of_missing).is_empty());
        present.seen(Seen::Snapshot(Vec::new())).await;
        assert_eq!(told(&mut of_present), ["synced"]);
    }
}
