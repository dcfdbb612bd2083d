//! Latencies of the simulated controllers.

use crate::clock::{MILLISECOND, SECOND};

/// Latencies in nanoseconds of virtual time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerOptions {
    /// From a change to the first look at it.
    pub observe: u64,
    /// From the creation of a Pod to its readiness.
    pub ready: u64,
    /// How long the Pod of a Job, or a test Pod, runs.
    pub run: u64,
    /// From the deletion of a Pod to its end.
    pub terminate: u64,
    /// From a removal to the look of the garbage collector.
    pub garbage: u64,
    /// Between two looks at something that waits for others to go.
    pub poll: u64,
    /// From the creation of a CustomResourceDefinition to its establishment.
    pub establish: u64,
    /// Whether claims are bound.
    pub bind_claims: bool,
    /// Whether Services of type LoadBalancer get an address.
    pub balance: bool,
    /// Whether Pods that are not restarted end well by themselves after `run`, as commands do. Without it only those of
    /// Jobs do, as with kwok's fast stages, and others need a label.
    pub end_pods: bool,
}

impl Default for ControllerOptions {
    fn default() -> Self {
        Self {
            observe: 20 * MILLISECOND,
            ready: SECOND,
            run: SECOND,
            terminate: 200 * MILLISECOND,
            garbage: 50 * MILLISECOND,
            poll: 200 * MILLISECOND,
            establish: 100 * MILLISECOND,
            bind_claims: true,
            balance: true,
            end_pods: false,
        }
    }
}
