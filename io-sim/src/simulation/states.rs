//! In which state the operator is with a release: which request is under way, or what it waits for.

use pilothouse_protocol::{ObjectRef, ReleaseKey, Request};

use super::FaultClass;
use super::spec::{NAMESPACE, words};
use super::stage::Stage;
use crate::faults::kind_of;
use crate::scenario::{Knob, State, Statement};

/// How the names of Helm's storage begin.
const STORED: &str = "sh.helm.release.";
/// How the names of sources of values begin.
const VALUES: &str = "values-";

/// The state of who waits for the reply to a request; `None` for a request that is about no release.
pub(super) fn state_of(request: &Request) -> Option<State> {
    Some(match request {
        Request::Discover { .. } => State::Discover,
        Request::Fetch { .. } => State::Fetch,
        Request::List { kind, .. } | Request::ListMetadata { kind, .. } if kind == "Secret" => {
            State::ListStorage
        }
        Request::List { .. } | Request::ListMetadata { .. } => State::ReadObject,
        Request::Get { object } => read(object),
        Request::Create { body } => {
            written(&ObjectRef::of(body), State::CreateRevision, State::CreateObject)?
        }
        Request::Update { body } => written(&ObjectRef::of(body), State::UpdateRevision, State::ApplyObject)?,
        Request::Patch { status: true, .. } => State::WriteStatus,
        Request::Patch { dry_run: true, .. } => State::CompareObject,
        Request::Patch { object, .. } => written(object, State::UpdateRevision, State::ApplyObject)?,
        Request::Delete { object, .. } => match kind_of(request) {
            Some("Secret") if object.name.starts_with(STORED) => State::DeleteRevision,
            Some("Job") => State::DeleteHook,
            _ => State::DeleteObject,
        },
    })
}

fn read(object: &ObjectRef) -> State {
    match object.kind.as_str() {
        pilothouse_api::KIND => State::ReadRelease,
        "Secret" if object.name.starts_with(STORED) => State::ReadRevision,
        "Secret" | "ConfigMap" if object.name.starts_with(VALUES) => State::ReadValues,
        _ => State::ReadObject,
    }
}

fn written(object: &ObjectRef, stored: State, other: State) -> Option<State> {
    Some(match object.kind.as_str() {
        "Lease" => return None,
        pilothouse_api::KIND => State::MarkRelease,
        "Secret" if object.name.starts_with(STORED) => stored,
        "CustomResourceDefinition" => State::WriteCrd,
        "Job" => State::RunHook,
        _ => other,
    })
}

impl Stage<'_> {
    /// Whether a release that a statement is about, or one that depends on it, is in a state.
    pub(super) fn reaches(&self, statement: &Statement, state: State) -> bool {
        let concerned = self.concerned(statement);
        let dependents =
            self.declared.keys().filter(|name| concerned.iter().any(|other| self.depends_on(name, other)));
        concerned.iter().copied().chain(dependents).any(|name| self.state(name) == Some(state))
    }

    /// The states in which a class strikes with a statement: those of the releases that the statement is about. A change
    /// of a dependency strikes those that depend on it.
    pub(super) fn struck(&self, class: FaultClass, statement: &Statement) -> Vec<State> {
        let concerned = self.concerned(statement);
        let strikes = |name: &&String| match class {
            FaultClass::Dependency => concerned.iter().any(|other| self.depends_on(name, other)),
            _ => concerned.contains(name),
        };
        self.declared.keys().filter(strikes).filter_map(|name| self.state(name)).collect()
    }

    /// The releases that a statement names, or else all.
    fn concerned(&self, statement: &Statement) -> Vec<&String> {
        let named = match statement {
            Statement::Release { name, .. }
            | Statement::Source { name, .. }
            | Statement::Request { name, .. }
            | Statement::ForgetStatus { name, .. }
            | Statement::Values { name, .. }
            | Statement::Helm(_, name) => Some(name),
            Statement::Delete(target) | Statement::Edit(target, _) | Statement::Hold(target) => {
                Some(&target.name)
            }
            _ => None,
        };
        // Objects are called after their release.
        let is_named = |name: &&String| {
            named.is_none_or(|named| named.split(['-', '/']).any(|part| part == name.as_str()))
        };
        self.declared.keys().filter(is_named).collect()
    }

    fn depends_on(&self, name: &str, other: &str) -> bool {
        let settings = self.declared.get(name).and_then(Option::as_ref);
        settings.is_some_and(|settings| words(settings, Knob::DependsOn).iter().any(|word| word == other))
    }

    /// What the operator does with a release; `None` while no process is there.
    fn state(&self, name: &str) -> Option<State> {
        let key = ReleaseKey::new(NAMESPACE, name);
        let machine = self.world.machine()?;
        let newest = self.world.under_way().filter(|(_, of)| **of == key).map(|(number, _)| number).max();
        let request =
            newest.and_then(|number| self.world.record().exchanges.get(usize::try_from(number).ok()?));
        let state = request.and_then(|exchange| state_of(&exchange.request));
        Some(state.unwrap_or(if machine.is_in_pass(&key) { State::Wait } else { State::Rest }))
    }
}
