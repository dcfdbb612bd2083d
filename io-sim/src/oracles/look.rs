//! Objects of a simulated cluster by kind.

use std::sync::Arc;

use pilothouse_protocol::{Monotonic, Object, Reply, Request, metadata};
use serde_json::Value;

use crate::faults::kind_of;
use crate::world::{Exchange, Machine, World};

/// Kinds that oracles look at, with the resource that the store has them under.
const RESOURCES: [(&str, &str); 9] = [
    ("HelmRelease", "helmreleases.helm.toolkit.fluxcd.io"),
    ("HelmChart", "helmcharts.source.toolkit.fluxcd.io"),
    ("OCIRepository", "ocirepositories.source.toolkit.fluxcd.io"),
    ("ConfigMap", "configmaps"),
    ("Secret", "secrets"),
    ("Service", "services"),
    ("Deployment", "deployments.apps"),
    ("Job", "jobs.batch"),
    ("CustomResourceDefinition", "customresourcedefinitions.apiextensions.k8s.io"),
];

/// All objects of a known kind, in one namespace or everywhere, in order of namespace and name.
pub(crate) fn list<M: Machine>(world: &World<M>, kind: &str, namespace: Option<&str>) -> Vec<Object> {
    let resource = resource(kind);
    world.server().store().list(resource, namespace).map(|stored| Arc::clone(&stored.object)).collect()
}

/// Whether an object is as a process has written it that was gone when its request arrived. Nothing takes that back: the
/// next pass of the new process puts it right.
pub(super) fn is_of_the_past(exchanges: &[Exchange], object: &Value) -> bool {
    let newest = exchanges.last().map_or((0, 0), process_of);
    newest > (0, 0) && written_by(exchanges, object).is_some_and(|exchange| process_of(exchange) < newest)
}

/// Who asked: the life of the operator, and where several take turns, the how manyth of those that have led in it.
pub(crate) fn process_of(exchange: &Exchange) -> (u64, u64) {
    (exchange.incarnation, exchange.term)
}

/// Whether an object is as a process has written it while another one was at work, which has written nothing since and may
/// know nothing of it.
pub(crate) fn came_late(exchanges: &[Exchange], object: &Value) -> bool {
    is_late_without(exchanges, object, |_| true)
}

/// Whether an object, or a revision, is as a process has written it while another one was at work, which has since written
/// nothing but the HelmRelease itself: nobody who has begun with a release of its own has come upon it.
pub(crate) fn is_leftover(exchanges: &[Exchange], object: &Value) -> bool {
    is_late_without(exchanges, object, |request| kind_of(request) != Some("release"))
}

fn is_late_without(exchanges: &[Exchange], object: &Value, counts: impl Fn(&Request) -> bool) -> bool {
    let Some((writer, late)) = written_by(exchanges, object).and_then(|by| Some((by, by.late?))) else {
        return false;
    };
    let mut since = exchanges.iter().rev().take_while(|exchange| exchange.at >= late);
    !since.any(|exchange| {
        exchange.key == writer.key && exchange.request.is_write() && counts(&exchange.request)
    })
}

/// Whether an object is as a process has written it that was gone when its request arrived, whatever was written since.
pub(super) fn arrived_late(exchanges: &[Exchange], object: &Value) -> bool {
    written_by(exchanges, object).is_some_and(|exchange| exchange.late.is_some())
}

/// Whether an object is as a request has made it that was sent up to a moment.
pub(super) fn was_sent_by(moment: Monotonic, exchanges: &[Exchange], object: &Value) -> bool {
    written_by(exchanges, object).is_some_and(|exchange| exchange.at <= moment)
}

/// The request that made an object what it is.
fn written_by<'e>(exchanges: &'e [Exchange], object: &Value) -> Option<&'e Exchange> {
    let (uid, version) = (metadata::text(object, "uid"), metadata::resource_version(object));
    exchanges.iter().rev().find(|exchange| match &exchange.reply {
        Some(Reply::Object(reply)) => {
            exchange.request.is_write()
                && metadata::resource_version(reply) == version
                && metadata::text(reply, "uid") == uid
        }
        _ => false,
    })
}

/// The values of a key in a manifest, without quotes, one for each line that has it.
pub(super) fn values_of<'m>(manifest: &'m str, key: &str) -> impl Iterator<Item = &'m str> {
    let values = manifest.lines().filter_map(move |line| line.trim().strip_prefix(key)?.strip_prefix(':'));
    values.map(|value| value.trim().trim_matches(['"', '\'']))
}

/// The resource of a known kind.
pub(super) fn resource(kind: &str) -> &'static str {
    RESOURCES.iter().find(|(name, _)| *name == kind).map_or("", |(_, resource)| resource)
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{Identity, ObjectRef, Patch, ReleaseKey, RequestId};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_late_write_of_a_process_that_is_gone_is_known_by_the_version() {
        let written = |incarnation: u64, version: &str| Exchange {
            number: incarnation,
            incarnation,
            term: 0,
            at: Monotonic(0),
            key: ReleaseKey::new("ns", "app"),
            id: RequestId(0),
            identity: Identity::Controller,
            request: Request::Patch {
                object: ObjectRef::namespaced("v1", "ConfigMap", "ns", "app"),
                patch: Patch::Merge,
                body: Arc::new(json!({})),
                status: true,
                dry_run: false,
            },
            fault: None,
            reply: Some(Reply::Object(Arc::new(
                json!({"metadata": {"uid": "u", "resourceVersion": version}}),
            ))),
            late: None,
        };
        let exchanges = [written(1, "8"), written(2, "7")];
        let object = |version: &str| json!({"metadata": {"uid": "u", "resourceVersion": version}});
        assert!(is_of_the_past(&exchanges, &object("8")));
        assert!(!is_of_the_past(&exchanges, &object("7")));
        assert!(!is_of_the_past(&exchanges, &object("9")), "somebody else");
        assert!(!is_of_the_past(&exchanges[..1], &object("8")), "nobody has taken over");
        assert!(!came_late(&exchanges, &object("8")), "nobody else was at work");
        let late = |at| [Exchange { late: Some(Monotonic(at)), ..written(1, "8") }, written(2, "7")];
        assert!(came_late(&late(1), &object("8")));
        assert!(!came_late(&late(0), &object("8")), "something was written since");
        assert!(!came_late(&late(1), &object("7")));
        let mut since = late(1);
        since[1].at = Monotonic(1);
        assert!(!is_leftover(&since, &object("8")), "an object was written since");
        let Request::Patch { object: patched, .. } = &mut since[1].request else { unreachable!() };
        patched.kind = pilothouse_api::KIND.to_owned();
        assert!(is_leftover(&since, &object("8")) && !came_late(&since, &object("8")));
        assert!(arrived_late(&late(0), &object("8")) && !arrived_late(&late(0), &object("7")));
    }
}
