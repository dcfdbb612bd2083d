//! Performing actions: requests with their faults, watches, events, log lines.

use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{Action, Failure, Identity, ReleaseKey, Reply, Request, RequestId};

use super::remote::local;
use super::{Exchange, Machine, Pending, What, World};
use crate::faults::{Boundary, Fault};

impl<M: Machine> World<M> {
    /// Gives the machine an input and performs what it wants.
    pub(super) fn give(&mut self, input: OperatorInput) {
        let now = self.clock.now();
        let Some(machine) = self.machine.as_mut() else { return };
        self.record.inputs += 1;
        machine.handle(now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(action) = self.machine.as_mut().and_then(Machine::poll_action) {
            self.perform(action);
        }
    }

    fn perform(&mut self, OperatorAction { key, action }: OperatorAction) {
        match action {
            Action::Request { id, identity, request } => self.send(key, id, identity, request),
            Action::Watch { id, identity, target } => {
                let latency = self.watch_latency(&target.kind);
                let handle = self.watches.begin(key, id, identity, target, &self.server);
                let at = self.after(latency);
                let at = self.watches.order(handle, at);
                self.schedule(at, What::Watch(handle, u64::MAX));
            }
            Action::Unwatch { id } => self.watches.end(&key, id),
            Action::Emit(event) => self.record.emit(self.clock.now().monotonic, event),
            Action::Log(entry) => self.record.logs.push((self.clock.now().monotonic, key, entry)),
        }
    }

    fn send(&mut self, key: ReleaseKey, id: RequestId, identity: Identity, request: Request) {
        let number = self.requests;
        self.requests += 1;
        let fault = self.faults.draw(number, &request, &mut self.rng);
        if let Some(fault) = &fault {
            self.record.hit(fault.class());
        }
        let journal = self.options.journal.then_some(self.record.exchanges.len());
        if journal.is_some() {
            self.record.exchanges.push(Exchange {
                number,
                incarnation: self.incarnation,
                term: self.machine.as_ref().map_or(0, |machine| machine.term(&key, id)),
                at: self.clock.now().monotonic,
                key: key.clone(),
                id,
                identity: identity.clone(),
                request: request.clone(),
                fault: fault.clone(),
                reply: None,
                late: None,
            });
        }
        if self.crashes_at(number, Boundary::Before) {
            return;
        }
        let at = self.after(self.options.request);
        let pending = Pending { number, key, id, identity, request, fault, journal };
        self.schedule(at, What::Request(Box::new(pending)));
    }

    /// A request reaches the server. It takes effect even if its machine has crashed since: it was on the wire.
    pub(super) fn arrive(&mut self, incarnation: u64, pending: Pending) {
        let Pending { number, key, id, identity, request, fault, journal } = pending;
        let reply = match fault.as_ref().and_then(Fault::instead) {
            Some(reply) => as_answered(&request, reply),
            None => self.answer(&identity, &request),
        };
        self.record.requests += 1;
        if let Some(exchange) = journal.and_then(|index| self.record.exchanges.get_mut(index)) {
            exchange.reply = Some(reply.clone());
            let is_late = incarnation != self.incarnation && self.machine.is_some();
            exchange.late = is_late.then(|| self.clock.now().monotonic);
        }
        self.spread();
        if incarnation != self.incarnation || self.crashes_at(number, Boundary::AfterEffect) {
            return;
        }
        let masked = fault.as_ref().map_or_else(|| reply.clone(), |fault| fault.masked(reply.clone()));
        let at = self.after(self.options.reply);
        let input = || Box::new(OperatorInput::Reply { key: key.clone(), id, reply: masked.clone() });
        match fault {
            Some(Fault::Silence) => {}
            Some(Fault::Late(nanos)) => self.schedule(at.after_nanos(nanos), What::Reply(number, input())),
            Some(Fault::Duplicate(nanos)) => {
                self.schedule(at, What::Reply(number, input()));
                self.schedule(at.after_nanos(nanos), What::Input(input()));
            }
            _ => self.schedule(at, What::Reply(number, input())),
        }
    }

    fn answer(&mut self, identity: &Identity, request: &Request) -> Reply {
        match request {
            Request::Fetch { url } => self.artifacts.fetch(url),
            request => match local(identity) {
                Ok(identity) => self.server.request(self.clock.now().wall, &identity, request),
                Err(failure) => Reply::Failed(failure),
            },
        }
    }

    /// A reply reaches the machine.
    pub(super) fn acknowledge(&mut self, number: u64, input: OperatorInput) {
        if self.faults.crashes.contains(&(number, Boundary::AfterReply)) {
            let now = self.clock.now();
            if let Some(machine) = self.machine.as_mut() {
                self.record.inputs += 1;
                machine.handle(now, input);
            }
            self.crashes_at(number, Boundary::AfterReply);
            return;
        }
        self.give(input);
    }

    /// Tells controllers and watchers what has changed on the server.
    pub(super) fn spread(&mut self) {
        let changes = self.server.take_changes();
        if changes.is_empty() {
            return;
        }
        let now = self.clock.now();
        let revision = self.server.revision();
        self.revisions.push((now.monotonic, revision));
        let mut resources = Vec::new();
        for place in changes {
            self.controllers.changed(now, &self.server, &place);
            if !resources.contains(&place.resource) {
                resources.push(place.resource);
            }
        }
        if self.server.has_garbage() {
            self.controllers.garbage(now);
        }
        let mut handles = Vec::new();
        if self.watches.has_unattached() {
            handles.extend(self.watches.attach(&self.server));
        }
        for resource in resources {
            handles.extend(self.watches.of_resource(&resource));
        }
        for handle in handles {
            let latency = self.latency_of(handle);
            let at = self.after(latency);
            let at = self.watches.order(handle, at);
            self.schedule(at, What::Watch(handle, revision));
        }
    }
}

/// The artifact server is no API server: it refuses with a status line.
fn as_answered(request: &Request, reply: Reply) -> Reply {
    match (request, reply) {
        (Request::Fetch { .. }, Reply::Failed(Failure::Api(error))) => {
            let line = format!("{} {}", error.code, error.reason);
            Reply::Failed(Failure::Http { code: error.code, line })
        }
        (_, reply) => reply,
    }
}
