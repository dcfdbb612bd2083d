//! The world around a machine: it performs actions, lets time pass, and can take the machine down at any moment.

mod artifacts;
mod disturb;
mod machine;
mod options;
mod perform;
mod record;
mod remote;
mod run;
mod start_order;
#[cfg(test)]
mod tests;
mod watches;

pub use artifacts::{Artifact, Artifacts};
pub use machine::{Factory, Machine, Start};
pub use options::{Latency, WorldOptions};
pub use record::{Exchange, Record, RecordedEvent};
pub use remote::SERVER_URL;
pub use run::Progress;
pub use start_order::StartOrder;
pub use watches::followed;

use std::collections::BTreeMap;

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{
    Identity, Monotonic, Now, Object, ObjectRef, ReleaseKey, Reply, Request, RequestId,
};

use crate::clock::Clock;
use crate::controllers::Controllers;
use crate::faults::{Boundary, Fault, Faults};
use crate::rng::Rng;
use crate::server::{Server, ServerOptions};
use watches::{Handle, Watches};

/// A simulated world with one operator in it.
pub struct World<M> {
    clock: Clock,
    rng: Rng,
    server: Server,
    controllers: Controllers,
    artifacts: Artifacts,
    record: Record,
    faults: Faults,
    options: WorldOptions,
    factory: Factory<M>,
    machine: Option<M>,
    incarnation: u64,
    restart_at: Option<Monotonic>,
    watches: Watches,
    queue: BTreeMap<(Monotonic, u64), Entry>,
    sequence: u64,
    requests: u64,
    idle_timers: u32,
    /// Until when the process stands still.
    paused: Option<Monotonic>,
    /// Latencies of the watches of some kinds.
    lags: BTreeMap<String, Latency>,
    /// When the server came to which revision.
    revisions: Vec<(Monotonic, u64)>,
}

/// Something that happens at a moment.
struct Entry {
    incarnation: u64,
    what: What,
}

enum What {
    /// A request reaches the server.
    Request(Box<Pending>),
    /// An input reaches the machine.
    Input(Box<OperatorInput>),
    /// A reply reaches the machine, which may crash right after.
    Reply(u64, Box<OperatorInput>),
    /// A watch delivers what happened up to a revision.
    Watch(Handle, u64),
}

struct Pending {
    number: u64,
    key: ReleaseKey,
    id: RequestId,
    identity: Identity,
    request: Request,
    fault: Option<Fault>,
    journal: Option<usize>,
}

impl<M: Machine> World<M> {
    /// A world in which no machine has started yet: see [`World::start`].
    pub fn new(options: WorldOptions, factory: impl FnMut(Start) -> M + 'static) -> Self {
        let mut rng = Rng::new(options.seed);
        let server_options = ServerOptions { seed: rng.next_u64(), ..options.server.clone() };
        let server = Server::new(&server_options);
        Self::around(options, rng, server, Box::new(factory))
    }

    /// A world around a server that was prepared before: everything in it is as old as the server says.
    pub fn around_server(
        options: WorldOptions,
        mut server: Server,
        factory: impl FnMut(Start) -> M + 'static,
    ) -> Self {
        let mut rng = Rng::new(options.seed);
        server.reseed(rng.next_u64());
        Self::around(options, rng, server, Box::new(factory))
    }

    fn around(options: WorldOptions, rng: Rng, server: Server, factory: Factory<M>) -> Self {
        let mut world = Self {
            clock: Clock::starting_at(options.wall),
            server,
            controllers: Controllers::new(options.controllers.clone()),
            artifacts: Artifacts::default(),
            record: Record::default(),
            faults: options.faults.clone(),
            factory,
            machine: None,
            incarnation: 0,
            restart_at: None,
            watches: Watches::default(),
            queue: BTreeMap::new(),
            sequence: 0,
            requests: 0,
            idle_timers: 0,
            paused: None,
            lags: BTreeMap::new(),
            revisions: Vec::new(),
            rng,
            options,
        };
        world.spread();
        world
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// The API server, to look at.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The machine, unless it is down.
    #[must_use]
    pub fn machine(&self) -> Option<&M> {
        self.machine.as_ref()
    }

    /// The machine, unless it is down, to do something to it.
    pub fn machine_mut(&mut self) -> Option<&mut M> {
        self.machine.as_mut()
    }

    /// How many processes there were before the present one.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// What has happened.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What has happened, when the world is not needed any more.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.record
    }

    /// The requests whose reply has not reached the machine, by number, with the releases that they are for.
    pub fn under_way(&self) -> impl Iterator<Item = (u64, &ReleaseKey)> {
        self.queue.values().filter(|entry| entry.incarnation == self.incarnation).filter_map(|entry| {
            match &entry.what {
                What::Request(pending) => Some((pending.number, &pending.key)),
                What::Reply(number, input) => match &**input {
                    OperatorInput::Reply { key, .. } => Some((*number, key)),
                    _ => None,
                },
                What::Input(_) | What::Watch(..) => None,
            }
        })
    }

    /// The artifact server.
    pub fn artifacts(&mut self) -> &mut Artifacts {
        &mut self.artifacts
    }

    /// What goes wrong from now on.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Latencies from now on.
    pub fn options(&mut self) -> &mut WorldOptions {
        &mut self.options
    }

    /// The controllers, to change their latencies.
    pub fn controllers_mut(&mut self) -> &mut Controllers {
        &mut self.controllers
    }

    /// Steps the wall clock, forward or back, by nanoseconds.
    pub fn step_wall(&mut self, nanos: i64) {
        self.clock.step_wall(nanos);
    }

    /// An object on the server, past all authorisation.
    #[must_use]
    pub fn get(&self, object: &ObjectRef) -> Option<Object> {
        self.server.peek(object)
    }

    /// Lets somebody use the server directly; then controllers and watchers are told what has changed.
    pub fn with_server<R>(&mut self, act: impl FnOnce(&mut Server, Now) -> R) -> R {
        let result = act(&mut self.server, self.clock.now());
        self.spread();
        result
    }

    /// A request of somebody else, under their field manager; it takes effect at once.
    pub fn act(&mut self, manager: &str, request: &Request) -> Reply {
        let reply = self.server.request_as(self.clock.now().wall, &Identity::Controller, manager, request);
        self.spread();
        reply
    }

    /// Whether the process crashes at a boundary, by plan.
    fn crashes_at(&mut self, number: u64, boundary: Boundary) -> bool {
        let crashes = self.faults.crashes_at(number, boundary);
        if crashes {
            self.crash();
        }
        crashes
    }

    fn schedule(&mut self, at: Monotonic, what: What) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), Entry { incarnation: self.incarnation, what });
    }

    fn after(&mut self, latency: Latency) -> Monotonic {
        let nanos = self.rng.between(latency.least, latency.most);
        self.clock.now().monotonic.after_nanos(nanos)
    }
}
