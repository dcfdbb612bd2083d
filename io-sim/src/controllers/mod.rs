//! The controllers and the kubelet of a simulated cluster: what makes workloads ready, or fail, in virtual time.
//!
//! They are level based like the real ones: a change of an object puts it into a queue, and each visit brings its
//! status one stage further. Pods that a workload would have are counted, not created.

mod deployment;
mod housekeeping;
mod job;
mod options;
mod pod;
mod status;
#[cfg(test)]
mod tests;
mod workload;

pub use options::ControllerOptions;

use std::collections::BTreeMap;

use pilothouse_protocol::{Monotonic, Now, Object, ObjectRef};

use crate::server::Server;
use crate::server::store::Place;

/// Field manager of these writers.
pub(crate) const MANAGER: &str = "kube-controller-manager";

/// The queue of all controllers.
#[derive(Debug, Clone, Default)]
pub struct Controllers {
    options: ControllerOptions,
    queue: BTreeMap<(Monotonic, u64), Place>,
    queued: BTreeMap<Place, (Monotonic, u64)>,
    garbage_at: Option<Monotonic>,
    sequence: u64,
}

/// When an object has to be visited again, in nanoseconds from now.
pub(crate) type Again = Option<u64>;

/// One visit of one object.
pub(crate) struct Visit<'a> {
    pub(crate) server: &'a mut Server,
    pub(crate) options: &'a ControllerOptions,
    pub(crate) now: Now,
    pub(crate) object: Object,
}

impl Controllers {
    /// Controllers with the given latencies.
    #[must_use]
    pub fn new(options: ControllerOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The latencies.
    #[must_use]
    pub fn options(&self) -> &ControllerOptions {
        &self.options
    }

    /// From now on Pods take so many nanoseconds to become ready.
    pub fn set_ready(&mut self, nanos: u64) {
        self.options.ready = nanos;
    }

    /// An object was written: it is looked at after the latency of an observer.
    pub fn changed(&mut self, now: Now, server: &Server, place: &Place) {
        let stored = server.store().get(&place.resource, &place.namespace, &place.name);
        let deleting =
            stored.is_some_and(|stored| pilothouse_protocol::metadata::is_deleting(&stored.object));
        if deleting || (stored.is_some() && is_followed(&place.resource)) {
            self.enqueue(now.monotonic.after_nanos(self.options.observe), place.clone());
        }
    }

    /// Something was removed: the garbage collector looks around after its latency.
    pub fn garbage(&mut self, now: Now) {
        self.garbage_at.get_or_insert(now.monotonic.after_nanos(self.options.garbage));
    }

    /// When something has to be done.
    #[must_use]
    pub fn next_due(&self) -> Option<Monotonic> {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        [queued, self.garbage_at].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn run(&mut self, now: Now, server: &mut Server) {
        if self.garbage_at.is_some_and(|at| at <= now.monotonic) {
            self.garbage_at = None;
            server.collect_garbage(now.wall);
        }
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > now.monotonic {
                break;
            }
            let place = entry.remove();
            self.queued.remove(&place);
            if let Some(wait) = self.visit(now, server, &place) {
                self.enqueue(now.monotonic.after_nanos(wait.max(1)), place);
            }
        }
    }

    fn enqueue(&mut self, at: Monotonic, place: Place) {
        if let Some(earlier) = self.queued.get(&place) {
            if earlier.0 <= at {
                return;
            }
            self.queue.remove(earlier);
        }
        self.sequence += 1;
        self.queue.insert((at, self.sequence), place.clone());
        self.queued.insert(place, (at, self.sequence));
    }

    fn visit(&self, now: Now, server: &mut Server, place: &Place) -> Again {
        let stored = server.store().get(&place.resource, &place.namespace, &place.name)?;
        let object = std::sync::Arc::clone(&stored.object);
        let deleting = pilothouse_protocol::metadata::is_deleting(&object);
        let mut visit = Visit { server, options: &self.options, now, object };
        if deleting {
            return housekeeping::advance_deletion(&mut visit, place);
        }
        match &*place.resource {
            "deployments.apps" => deployment::visit(&mut visit),
            "statefulsets.apps" => workload::stateful_set(&mut visit),
            "daemonsets.apps" => workload::daemon_set(&mut visit),
            "replicasets.apps" => workload::replica_set(&mut visit),
            "jobs.batch" => job::visit(&mut visit),
            "pods" => pod::visit(&mut visit),
            "persistentvolumeclaims" => housekeeping::bind_claim(&mut visit),
            "services" => housekeeping::balance(&mut visit),
            "namespaces" => housekeeping::default_account(&mut visit),
            "poddisruptionbudgets.policy" => housekeeping::budget(&mut visit),
            "customresourcedefinitions.apiextensions.k8s.io" => housekeeping::establish(&mut visit),
            _ => None,
        }
    }
}

impl Visit<'_> {
    pub(crate) fn reference(&self) -> ObjectRef {
        ObjectRef::of(&self.object)
    }

    /// Writes the status when it differs.
    pub(crate) fn write_status(&mut self, status: serde_json::Value) {
        if self.object.get("status") != Some(&status) {
            let reference = self.reference();
            self.server.set_status(self.now.wall, MANAGER, &reference, status);
        }
    }
}

/// Resources with a controller. Everything else needs somebody only while it is being deleted.
fn is_followed(resource: &str) -> bool {
    matches!(
        resource,
        "deployments.apps"
            | "statefulsets.apps"
            | "daemonsets.apps"
            | "replicasets.apps"
            | "jobs.batch"
            | "pods"
            | "persistentvolumeclaims"
            | "services"
            | "namespaces"
            | "poddisruptionbudgets.policy"
            | "customresourcedefinitions.apiextensions.k8s.io"
    )
}
