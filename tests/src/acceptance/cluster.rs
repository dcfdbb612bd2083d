//! The simulated cluster of a scenario: the world with the operator in it, and the requests that the script makes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use pilothouse_chart::File;
use pilothouse_encoding::yaml;
use pilothouse_io_sim::clock::SECOND;
use pilothouse_io_sim::source_controller::Package;
use pilothouse_io_sim::world::{World, WorldOptions};
use pilothouse_operator::{Config, Operator};
use pilothouse_protocol::{
    FieldValidation, Object, ObjectRef, Patch, Preconditions, Propagation, Reply, Request, WatchTarget,
};
use serde_json::Value;

use super::driven::{Driven, Operators, Trace};
use super::{StepError, scenario::ScenarioError};

/// The address of the chart server. It is masked in results.
pub const BASE_URL: &str = "http://127.0.0.1:8899";

/// Kinds that a script names without their version: `apiVersion`, and the name of the resource in the store.
const KINDS: [(&str, &str, &str); 21] = [
    ("HelmRelease", "helm.toolkit.fluxcd.io/v2", "helmreleases.helm.toolkit.fluxcd.io"),
    ("HelmChart", "source.toolkit.fluxcd.io/v1", "helmcharts.source.toolkit.fluxcd.io"),
    ("HelmRepository", "source.toolkit.fluxcd.io/v1", "helmrepositories.source.toolkit.fluxcd.io"),
    ("OCIRepository", "source.toolkit.fluxcd.io/v1", "ocirepositories.source.toolkit.fluxcd.io"),
    ("ExternalArtifact", "source.toolkit.fluxcd.io/v1", "externalartifacts.source.toolkit.fluxcd.io"),
    ("GitRepository", "source.toolkit.fluxcd.io/v1", "gitrepositories.source.toolkit.fluxcd.io"),
    ("ConfigMap", "v1", "configmaps"),
    ("Secret", "v1", "secrets"),
    ("ServiceAccount", "v1", "serviceaccounts"),
    ("Service", "v1", "services"),
    ("Pod", "v1", "pods"),
    ("Namespace", "v1", "namespaces"),
    ("Event", "v1", "events"),
    ("Deployment", "apps/v1", "deployments.apps"),
    ("ReplicaSet", "apps/v1", "replicasets.apps"),
    ("Job", "batch/v1", "jobs.batch"),
    ("Role", "rbac.authorization.k8s.io/v1", "roles.rbac.authorization.k8s.io"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings.rbac.authorization.k8s.io"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1", "clusterroles.rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", "clusterrolebindings.rbac.authorization.k8s.io"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1", "customresourcedefinitions.apiextensions.k8s.io"),
];

/// Files that every scenario needs: definitions and chart archives.
#[derive(Debug, Clone, Default)]
pub struct Fixtures {
    definitions: Vec<Object>,
    charts: BTreeMap<String, Arc<[u8]>>,
}

/// What a cluster is started with.
#[derive(Clone, Default)]
pub struct Setup {
    /// The world.
    pub world: WorldOptions,
    /// What the flags of the operator say.
    pub config: Config,
    /// Receives every input and action of the operator.
    pub trace: Option<Trace>,
    /// The order in which a starting operator sees what exists; `None` for the order of the server.
    pub shuffle: Option<u64>,
    /// Makes the operators; `None` for plain ones.
    pub operators: Option<Operators>,
}

/// The simulated cluster of a scenario.
pub struct Cluster {
    /// The world.
    pub world: World<Driven>,
    fixtures: Arc<Fixtures>,
}

impl Fixtures {
    /// Reads `crds/*.yaml` and `charts/*.tgz`.
    ///
    /// # Errors
    /// When a file cannot be read or parsed.
    pub fn read(shared: &Path) -> Result<Self, ScenarioError> {
        let mut fixtures = Self::default();
        for (path, bytes) in files(&shared.join("crds"), "yaml")? {
            let text = String::from_utf8_lossy(&bytes);
            let value =
                yaml::parse(&text).map_err(|error| ScenarioError::Yaml { path: path.into(), error })?;
            fixtures.definitions.push(Arc::new(value));
        }
        for (path, bytes) in files(&shared.join("charts"), "tgz")? {
            let name = Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned());
            fixtures.charts.insert(name.unwrap_or_default(), bytes.into());
        }
        Ok(fixtures)
    }

    /// Adds the charts of `tests/charts`, each a folder.
    ///
    /// # Panics
    /// When one cannot be read.
    #[expect(clippy::unwrap_used, reason = "only tests use it")]
    pub fn add_own_charts(&mut self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts");
        for chart in fs::read_dir(folder).unwrap() {
            let chart = chart.unwrap().path();
            let mut files = Vec::new();
            for part in [chart.clone(), chart.join("templates")] {
                for entry in fs::read_dir(part).unwrap().map(|entry| entry.unwrap().path()) {
                    if entry.is_file() {
                        let name = entry.strip_prefix(&chart).unwrap().to_string_lossy().into_owned();
                        files.push(File { name, data: fs::read(&entry).unwrap().into(), modtime: None });
                    }
                }
            }
            files.sort_by(|a, b| a.name.cmp(&b.name));
            let package = Package::from_files(chart.to_string_lossy(), files).unwrap();
            self.charts.insert(format!("{}-{}.tgz", package.name, package.version), package.archive);
        }
    }

    /// A chart archive by its file name.
    #[must_use]
    pub fn chart(&self, name: &str) -> Option<Arc<[u8]>> {
        self.charts.get(name).cloned()
    }
}

impl Cluster {
    /// A cluster with the definitions installed and the operator running.
    #[must_use]
    pub fn start(fixtures: &Arc<Fixtures>, setup: Setup) -> Self {
        let Setup { world, config, trace, shuffle, operators } = setup;
        let world = World::new(world, move |start| {
            let (operator, witness) = match &operators {
                Some(make) => make(&config, start),
                None => (Operator::new(config.clone(), start.seed), None),
            };
            Driven::new(operator, trace.clone(), shuffle).with_witness(witness)
        });
        let mut cluster = Self { world, fixtures: Arc::clone(fixtures) };
        for body in &fixtures.definitions {
            cluster.world.act("acceptance", &Request::Create { body: Arc::clone(body) });
        }
        for (name, bytes) in &fixtures.charts {
            cluster.world.artifacts().put(format!("{BASE_URL}/{name}"), Arc::clone(bytes));
        }
        cluster.world.run_for(SECOND);
        cluster.world.start();
        cluster.world.run_for(2 * SECOND);
        cluster
    }

    /// A chart archive by its file name.
    ///
    /// # Errors
    /// When there is none.
    pub fn chart(&self, name: &str) -> Result<Arc<[u8]>, StepError> {
        self.fixtures.chart(name).ok_or_else(|| StepError(format!("chart archive {name} not found")))
    }

    /// The `apiVersion` of a kind that was named with or without it.
    ///
    /// # Errors
    /// When the kind is not known and no version is given.
    pub fn api_version(&self, kind: &str, api_version: Option<&str>) -> Result<String, StepError> {
        let known = KINDS.iter().find(|(name, ..)| *name == kind).map(|(_, known, _)| *known);
        let found = api_version.or(known).map(str::to_owned);
        found.ok_or_else(|| StepError(format!("unknown kind {kind}: give apiVersion")))
    }

    /// Whether objects of a kind live in a namespace.
    ///
    /// # Errors
    /// When the kind is not served.
    pub fn is_namespaced(&self, api_version: &str, kind: &str) -> Result<bool, StepError> {
        let discovery = self.world.server().discovery();
        let resource = discovery.resource(api_version, kind);
        resource
            .map(|resource| resource.namespaced)
            .ok_or_else(|| StepError(format!("kind {api_version}/{kind} not served")))
    }

    /// All objects of a known kind, in one namespace or everywhere, in order of namespace and name.
    #[must_use]
    pub fn list(&self, kind: &str, namespace: Option<&str>) -> Vec<Object> {
        list(&self.world, kind, namespace)
    }

    /// One object.
    #[must_use]
    pub fn get(&self, object: &ObjectRef) -> Option<Object> {
        self.world.get(object)
    }

    /// Server-side apply, forced.
    pub fn apply(&mut self, manager: &str, body: Value) -> Reply {
        let object = ObjectRef::of(&body);
        let patch = Patch::Apply { force: true, validation: FieldValidation::Warn };
        let request = Request::Patch { object, patch, body: Arc::new(body), status: false, dry_run: false };
        self.world.act(manager, &request)
    }

    /// Merge patch of an object or its status.
    pub fn merge(&mut self, manager: &str, object: &ObjectRef, body: Value, status: bool) -> Reply {
        let request = Request::Patch {
            object: object.clone(),
            patch: Patch::Merge,
            body: Arc::new(body),
            status,
            dry_run: false,
        };
        self.world.act(manager, &request)
    }

    /// Deletes an object.
    pub fn delete(&mut self, object: &ObjectRef, propagation: Propagation) -> Reply {
        let request =
            Request::Delete { object: object.clone(), propagation, preconditions: Preconditions::default() };
        self.world.act("acceptance", &request)
    }
}

/// All objects of a known kind in a world, in one namespace or everywhere, in order of namespace and name.
#[must_use]
pub fn list(world: &World<Driven>, kind: &str, namespace: Option<&str>) -> Vec<Object> {
    let Some((_, _, resource)) = KINDS.iter().find(|(name, ..)| *name == kind) else { return Vec::new() };
    world.server().store().list(resource, namespace).map(|stored| Arc::clone(&stored.object)).collect()
}

/// What the operator follows with the given selector of HelmReleases, `key=value`.
pub(super) fn followed(releases: Option<&str>, external_artifacts: bool) -> Vec<WatchTarget> {
    let mut targets = pilothouse_io_sim::world::followed();
    let selector = releases.and_then(|selector| selector.split_once('='));
    for target in &mut targets {
        if let (Some((key, value)), "HelmRelease") = (selector, target.kind.as_str()) {
            target.labels.insert(key.to_owned(), value.to_owned());
        }
    }
    targets.retain(|target| external_artifacts || target.kind != "ExternalArtifact");
    targets
}

fn files(folder: &Path, extension: &str) -> Result<Vec<(String, Vec<u8>)>, ScenarioError> {
    let failed = |path: &Path, error| ScenarioError::File { path: path.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let bytes = fs::read(&path).map_err(|error| failed(&path, error))?;
            found.push((path.to_string_lossy().into_owned(), bytes));
        }
    }
    found.sort();
    Ok(found)
}
