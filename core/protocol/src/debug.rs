//! `Debug` output without the content of objects: Secrets, values and release payloads travel through these types, and
//! what is printed ends in logs (law 8 of the design).

use std::fmt;

use crate::{Input, Object, ObjectRef, Observation, Reply, Request, metadata};

/// An object by its name and version.
struct Named<'a>(&'a Object);

impl fmt::Debug for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", ObjectRef::of(self.0), metadata::text(self.0, "resourceVersion"))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get { object } => write!(f, "Get({object})"),
            Self::List { kind, namespace, labels, .. } => {
                write!(f, "List({kind}, {namespace:?}, {labels:?})")
            }
            Self::ListMetadata { kind, namespace, labels, .. } => {
                write!(f, "ListMetadata({kind}, {namespace:?}, {labels:?})")
            }
            Self::Create { body } => write!(f, "Create({:?})", Named(body)),
            Self::Update { body } => write!(f, "Update({:?})", Named(body)),
            Self::Patch { object, patch, status, dry_run, .. } => {
                let subresource = if *status { "/status" } else { "" };
                let dry_run = if *dry_run { ", dry run" } else { "" };
                write!(f, "Patch({object}{subresource}, {patch:?}{dry_run})")
            }
            Self::Delete { object, propagation, .. } => write!(f, "Delete({object}, {propagation:?})"),
            Self::Discover { fresh } => write!(f, "Discover(fresh: {fresh})"),
            Self::Fetch { url } => write!(f, "Fetch({url})"),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => write!(f, "Object({:?})", Named(object)),
            Self::List(objects) => f.debug_list().entries(objects.iter().map(Named)).finish(),
            Self::Deleted => f.write_str("Deleted"),
            Self::Discovery(discovery) => write!(f, "Discovery({})", discovery.git_version),
            Self::Artifact(bytes) => write!(f, "Artifact({} bytes)", bytes.len()),
            Self::Failed(failure) => write!(f, "Failed({failure:?})"),
        }
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(objects) => f.debug_list().entries(objects.iter().map(Named)).finish(),
            Self::Changed(object) => write!(f, "Changed({:?})", Named(object)),
            Self::Gone(object) => write!(f, "Gone({object})"),
            Self::Failed(failure) => write!(f, "Failed({failure:?})"),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => write!(f, "Object({:?})", object.as_ref().map(Named)),
            Self::Source { object, value } => write!(f, "Source({object}, {:?})", value.as_ref().map(Named)),
            Self::Wake(trigger) => write!(f, "Wake({trigger:?})"),
            Self::Reply { id, reply } => write!(f, "Reply({}, {reply:?})", id.0),
            Self::Observed { watch, observation } => write!(f, "Observed({}, {observation:?})", watch.0),
            Self::Storage(versions) => write!(f, "Storage({versions:?})"),
            Self::Timer => f.write_str("Timer"),
            Self::Shutdown => f.write_str("Shutdown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::RequestId;

    #[test]
    fn secrets_are_not_printed() {
        let secret = Arc::new(json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"namespace": "ns", "name": "s", "resourceVersion": "7"}, "data": {"k": "canary"},
        }));
        let printed = [
            format!("{:?}", Request::Create { body: Arc::clone(&secret) }),
            format!("{:?}", Input::Reply { id: RequestId(1), reply: Reply::Object(Arc::clone(&secret)) }),
            format!("{:?}", Reply::List(vec![Arc::clone(&secret)])),
            format!("{:?}", Observation::Snapshot(vec![secret])),
        ];
        for text in printed {
            assert!(text.contains("Secret/ns/s@7") && !text.contains("canary"), "{text}");
        }
    }
}
