//! What the operator does beside what its twin does, which sees tokens in place of secrets.
//!
//! Both are asked for the same, so their actions differ in what was made of secrets only. That is how it becomes known
//! what stands for it: a checksum of a password, a password that a chart has drawn, a name with a part from a Secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_protocol::{Action, Identity, ObjectRef, Request};
use serde::Serialize;
use serde_json::Value;

use super::mask::Masker;

/// Where two actions differ in more than secrets.
pub(super) type Place = String;

impl Masker {
    /// Learns from what both want.
    ///
    /// # Errors
    /// The first place where the two cannot be the same.
    pub(super) fn align(&mut self, real: &Action, twin: &Action) -> Result<(), Place> {
        match (real, twin) {
            (
                Action::Request { id, identity, request },
                Action::Request { id: twin_id, identity: twin_identity, request: twin_request },
            ) => {
                same(id, twin_id, "id")?;
                self.align_identities(identity, twin_identity)?;
                self.align_requests(request, twin_request)
            }
            (
                Action::Watch { id, identity, target },
                Action::Watch { id: twin_id, identity: twin_identity, target: twin_target },
            ) => {
                same(id, twin_id, "id")?;
                self.align_identities(identity, twin_identity)?;
                self.learn_from(&value(target), &value(twin_target), "target")
            }
            (Action::Unwatch { id }, Action::Unwatch { id: twin_id }) => same(id, twin_id, "id"),
            (Action::Emit(event), Action::Emit(twin)) => self.told(&value(event), &value(twin), "event"),
            (Action::Log(entry), Action::Log(twin)) => self.told(&value(entry), &value(twin), "log"),
            _ => Err("kind of action".to_owned()),
        }
    }

    fn align_identities(&mut self, real: &Identity, twin: &Identity) -> Result<(), Place> {
        if real == twin {
            return Ok(());
        }
        self.learn_from(&value(real), &value(twin), "identity")
    }

    fn align_requests(&mut self, real: &Request, twin: &Request) -> Result<(), Place> {
        match (real, twin) {
            (Request::Create { body }, Request::Create { body: twin })
            | (Request::Update { body }, Request::Update { body: twin }) => {
                self.learn_from(body, twin, "body")
            }
            (
                Request::Patch { object, patch, body, status, dry_run },
                Request::Patch {
                    object: twin_object,
                    patch: twin_patch,
                    body: twin,
                    status: is_status,
                    dry_run: is_dry,
                },
            ) => {
                self.align_references(object, twin_object)?;
                same(patch, twin_patch, "patch")?;
                same(&(status, dry_run), &(is_status, is_dry), "patch")?;
                // A status is told in words and digests, and both are to be the same.
                if *status { self.told(body, twin, "body") } else { self.learn_from(body, twin, "body") }
            }
            (Request::Get { object }, Request::Get { object: twin }) => self.align_references(object, twin),
            _ if real == twin => Ok(()),
            _ => self.learn_from(&value(real), &value(twin), "request"),
        }
    }

    fn align_references(&mut self, real: &ObjectRef, twin: &ObjectRef) -> Result<(), Place> {
        if real == twin {
            return Ok(());
        }
        self.learn_from(&value(real), &value(twin), "object")
    }

    /// Two values that may differ in texts; what differs stands for each other from now on.
    fn learn_from(&mut self, real: &Value, twin: &Value, place: &str) -> Result<(), Place> {
        self.compare(real, twin, place, &mut |masker, real, twin| {
            masker.learn(real, twin);
            masker.learn_inside(real, twin);
            true
        })
    }

    /// Two values that say the same when secrets are replaced in the first.
    fn told(&mut self, real: &Value, twin: &Value, place: &str) -> Result<(), Place> {
        self.compare(real, twin, place, &mut |masker, real, twin| {
            // Words are masked by each operator with what it knows to be secret.
            masker.known.replace(real).is_some_and(|text| text == twin)
                || (real.contains("***") || twin.contains("***"))
        })
    }

    /// What is in base64 is a secret of its own.
    fn learn_inside(&mut self, real: &str, twin: &str) {
        let decoded = |text: &str| String::from_utf8(STANDARD.decode(text).ok()?).ok();
        if real.len() <= twin.len().max(4096) {
            self.known.learn(real, twin);
        }
        if let (Some(real), Some(twin)) = (decoded(real), decoded(twin))
            && real.len() < 4096
        {
            self.learn(&real, &twin);
            self.known.learn(&real, &twin);
        }
    }

    fn compare(
        &mut self,
        real: &Value,
        twin: &Value,
        place: &str,
        differs: &mut dyn FnMut(&mut Self, &str, &str) -> bool,
    ) -> Result<(), Place> {
        match (real, twin) {
            (Value::String(real), Value::String(twin)) => {
                if real == twin {
                    self.stands_for_itself(real);
                    return Ok(());
                }
                let as_known = self.text(real).is_some_and(|known| known == *twin);
                if as_known || differs(self, real, twin) { Ok(()) } else { Err(place.to_owned()) }
            }
            (Value::Array(real), Value::Array(twin)) if real.len() == twin.len() => {
                let mut pairs = real.iter().zip(twin).enumerate();
                pairs.try_for_each(|(at, (real, twin))| {
                    self.compare(real, twin, &format!("{place}[{at}]"), differs)
                })
            }
            (Value::Object(real), Value::Object(twin)) if real.len() == twin.len() => {
                real.iter().try_for_each(|(name, real)| match twin.get(name) {
                    Some(twin) => self.compare(real, twin, &format!("{place}.{name}"), differs),
                    None => Err(format!("{place}.{name}")),
                })
            }
            (Value::Number(real), Value::Number(twin))
                if real.to_string().len() == twin.to_string().len() =>
            {
                Ok(())
            }
            _ if real == twin => Ok(()),
            _ => Err(place.to_owned()),
        }
    }
}

fn value<T: Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn same<T: PartialEq>(real: &T, twin: &T, place: &str) -> Result<(), Place> {
    if real == twin { Ok(()) } else { Err(place.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_protocol::{LogEntry, LogLevel, RequestId};
    use serde_json::json;

    use super::*;

    fn create(body: Value) -> Action {
        let request = Request::Create { body: Arc::new(body) };
        Action::Request { id: RequestId(1), identity: Identity::Controller, request }
    }

    #[test]
    fn what_was_made_of_secrets_is_learnt_from_both() {
        let mut masker = Masker::new([1; 32]);
        let body = |sum: &str, password: &str| {
            create(json!({"metadata": {"name": "a", "annotations": {"checksum/secret": sum}},
                          "data": {"password": STANDARD.encode(password)}}))
        };
        assert_eq!(masker.align(&body("aaaa1111", "Generated1"), &body("bbbb2222", "Otherwise2")), Ok(()));
        assert_eq!(masker.text("aaaa1111").as_deref(), Some("bbbb2222"));
        assert_eq!(masker.text("login Generated1 failed").as_deref(), Some("login Otherwise2 failed"));
        assert_eq!(masker.text("a"), None);
    }

    #[test]
    fn what_cannot_be_the_same_is_named() {
        let mut masker = Masker::new([1; 32]);
        let place =
            masker.align(&create(json!({"spec": {"a": [1]}})), &create(json!({"spec": {"a": [1, 2]}})));
        assert_eq!(place, Err("body.spec.a".to_owned()));
        let log = |message: &str| {
            Action::Log(LogEntry {
                level: LogLevel::Info,
                message: message.to_owned(),
                fields: Default::default(),
            })
        };
        assert_eq!(masker.align(&log("a"), &log("b")), Err("log.message".to_owned()));
        assert_eq!(masker.align(&log("is ***"), &log("is ***")), Ok(()));
    }

    #[test]
    fn a_text_that_stands_for_itself_elsewhere_is_not_replaced() {
        let mut masker = Masker::new([1; 32]);
        let body = |first: &str, second: &str| create(json!({"a": first, "b": second}));
        assert_eq!(masker.align(&body("backend", "backend"), &body("qwertyu", "backend")), Ok(()));
        assert_eq!(masker.text("backend"), None);
    }
}
