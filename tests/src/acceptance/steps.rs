//! The steps of a script.

use std::sync::Arc;

use pilothouse_encoding::digest::Algorithm;
use pilothouse_io_sim::clock::{SECOND, rfc3339};
use pilothouse_protocol::{Failure, ObjectRef, Propagation, ReleaseKey, Reply, Request};
use serde_json::{Value, json};

use super::play::{Player, accepted, nanos};
use super::stored_release::{decode_release, encode_release, release_secret, secret_name};
use super::{StepError, path};

/// Who writes what a step writes, unless it says otherwise.
const MANAGER: &str = "acceptance";
const SOURCES: &str = "source.toolkit.fluxcd.io/v1";
/// How long the operator may take to end, in nanoseconds.
const GRACE: u64 = 30 * SECOND;
/// From the start of the operator to the next step, in nanoseconds.
const STARTING: u64 = 2 * SECOND;

impl Player<'_> {
    /// Plays one step of a script.
    ///
    /// # Errors
    /// When it cannot be played or waits in vain, or what the watcher says.
    pub fn play_step(&mut self, step: &Value) -> Result<(), StepError> {
        self.step(step)
    }

    /// Plays one step.
    pub(super) fn step(&mut self, step: &Value) -> Result<(), StepError> {
        let members = step.as_object().ok_or_else(|| StepError("a step is a map".to_owned()))?;
        for (name, argument) in members {
            match name.as_str() {
                "apply" => return self.step_apply(argument, step),
                "source" => return self.step_source(argument),
                "artifact" => return self.step_artifact(argument),
                "wait" => return self.step_wait(argument),
                "waitEvent" => return self.step_wait_event(argument),
                "patch" => return self.step_patch(argument),
                "annotate" => return self.step_annotate(argument),
                "delete" => return self.step_delete(argument),
                "release" => return self.step_release(argument),
                "restartController" => return self.step_restart(argument),
                "sleep" => return self.pass(nanos(argument.as_f64().unwrap_or_default())),
                "collect" => {
                    let collected = self.collect(argument)?;
                    let name = text(argument, "name").unwrap_or("final").to_owned();
                    self.results.insert(name, collected);
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(StepError(format!("unknown step {step}")))
    }

    fn step_apply(&mut self, argument: &Value, step: &Value) -> Result<(), StepError> {
        let manager = text(step, "manager").unwrap_or(MANAGER);
        let objects = argument.as_array().cloned().unwrap_or_else(|| vec![argument.clone()]);
        for mut object in objects {
            let kind = text(&object, "kind").unwrap_or_default().to_owned();
            let api_version = text(&object, "apiVersion").unwrap_or_default().to_owned();
            if self.cluster.is_namespaced(&api_version, &kind)?
                && object["metadata"].get("namespace").is_none()
            {
                object["metadata"]["namespace"] = json!(self.scenario.namespace());
            }
            let reference = ObjectRef::of(&object);
            self.applied.insert((kind, reference.namespace.clone(), reference.name.clone()));
            let reply = self.cluster.apply(manager, object);
            let what = format!("apply {reference}");
            match text(step, "expectError") {
                None => accepted(&reply, &what)?,
                Some(expected) => refused(&reply, expected, &what)?,
            }
        }
        Ok(())
    }

    fn step_source(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.source_reference(argument);
        if self.cluster.get(&reference).is_none() {
            let spec = match reference.kind.as_str() {
                "OCIRepository" => {
                    json!({"url": "oci://example.com/charts/app", "interval": "1h", "ref": {"tag": "latest"}})
                }
                "ExternalArtifact" => json!({"sourceRef":
                    {"apiVersion": "example.com/v1", "kind": "Generator", "name": reference.name}}),
                _ => json!({"chart": "app", "interval": "1h",
                    "sourceRef": {"kind": "HelmRepository", "name": "charts"}}),
            };
            let body = json!({"apiVersion": SOURCES, "kind": reference.kind, "spec": spec,
                "metadata": {"name": reference.name, "namespace": reference.namespace}});
            let ObjectRef { kind, namespace, name, .. } = reference.clone();
            self.applied.insert((kind, namespace, name));
            accepted(&self.cluster.apply(MANAGER, body), &format!("source {reference}"))?;
        }
        self.step_artifact(argument)
    }

    fn step_artifact(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.source_reference(argument);
        let wanted = argument.get("generation").and_then(Value::as_i64).unwrap_or(1);
        let timeout = argument.get("timeout").and_then(Value::as_f64).unwrap_or(20.0);
        self.poll(timeout, &reference.to_string(), |cluster| {
            let object = cluster.get(&reference).ok_or("object missing")?;
            let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
            if generation >= wanted { Ok(()) } else { Err(format!("generation {generation} < {wanted}")) }
        })?;
        let Some(object) = self.cluster.get(&reference) else { return Ok(()) };
        let status = self.source_status(argument, &reference.kind, &object)?;
        let reply = self.cluster.merge(MANAGER, &reference, json!({"status": status}), true);
        accepted(&reply, &format!("artifact {reference}"))
    }

    fn source_reference(&self, argument: &Value) -> ObjectRef {
        let own = self.scenario.namespace();
        let namespace = text(argument, "namespace").unwrap_or(&own);
        let kind = text(argument, "kind").unwrap_or("HelmChart");
        ObjectRef::namespaced(SOURCES, kind, namespace, text(argument, "name").unwrap_or_default())
    }

    fn source_status(&self, argument: &Value, kind: &str, object: &Value) -> Result<Value, StepError> {
        let now = rfc3339(self.cluster.world.now().wall);
        let generation = object["metadata"].get("generation").cloned().unwrap_or_else(|| json!(1));
        let observed = argument.get("observedGeneration").cloned().unwrap_or(generation);
        let mut status = match kind {
            "ExternalArtifact" => json!({}),
            _ => json!({"observedGeneration": observed}),
        };
        if let Some(chart) = text(argument, "chart").filter(|chart| !chart.is_empty()) {
            status["artifact"] = self.artifact(argument, chart, &now)?;
        }
        let ready = text(argument, "ready").unwrap_or("True");
        let reason = text(argument, "reason").unwrap_or(if ready == "True" { "Succeeded" } else { "Failed" });
        let mut conditions = vec![json!({"type": "Ready", "status": ready, "observedGeneration": observed,
            "reason": reason, "message": text(argument, "message").unwrap_or("stored artifact"),
            "lastTransitionTime": now})];
        for condition in argument.get("conditions").and_then(Value::as_array).into_iter().flatten() {
            let mut full = json!({"observedGeneration": observed, "lastTransitionTime": now});
            for (field, value) in condition.as_object().into_iter().flatten() {
                full[field] = value.clone();
            }
            conditions.push(full);
        }
        status["conditions"] = Value::Array(conditions);
        Ok(status)
    }

    fn artifact(&self, argument: &Value, chart: &str, now: &str) -> Result<Value, StepError> {
        let bytes = self.cluster.chart(chart)?;
        let digest = Algorithm::Sha256.compute(&bytes).to_string();
        let version = version_in(chart).ok_or_else(|| StepError(format!("no version in {chart}")))?;
        let revision = text(argument, "revision").unwrap_or(version).replace("${DIGEST}", &digest);
        let url = format!("{}/{chart}", super::BASE_URL);
        Ok(json!({
            "url": text(argument, "url").unwrap_or(&url),
            "path": format!("charts/{chart}"),
            "digest": text(argument, "digest").unwrap_or(&digest),
            "revision": revision,
            "size": bytes.len(),
            "lastUpdateTime": now,
        }))
    }

    fn step_patch(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.object_of(argument)?;
        let manager = text(argument, "manager").unwrap_or(MANAGER);
        let status = text(argument, "subresource") == Some("status");
        let reply = self.cluster.merge(manager, &reference, argument["merge"].clone(), status);
        accepted(&reply, &format!("patch {reference}"))
    }

    fn step_annotate(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.object_of(argument)?;
        let body = json!({"metadata": {"annotations": argument["annotations"]}});
        accepted(&self.cluster.merge(MANAGER, &reference, body, false), "annotate")
    }

    fn step_delete(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.object_of(argument)?;
        let propagation = match text(argument, "propagation") {
            Some("Foreground") => Propagation::Foreground,
            Some("Orphan") => Propagation::Orphan,
            _ => Propagation::Background,
        };
        let reply = self.cluster.delete(&reference, propagation);
        let is_missing = matches!(&reply, Reply::Failed(failure) if failure.is_not_found());
        if !(is_missing && (argument["ignoreMissing"] == true || self.is_lenient())) {
            accepted(&reply, &format!("delete {reference}"))?;
        }
        if argument["wait"] == true {
            let timeout = argument.get("timeout").and_then(Value::as_f64).unwrap_or(40.0);
            let what = format!("deletion of {reference}");
            self.poll(timeout, &what, |cluster| {
                cluster.get(&reference).map_or(Ok(()), |_| Err("still there".into()))
            })?;
        }
        Ok(())
    }

    /// Creates or rewrites a storage Secret as a Helm client, or a killed operator, would leave it.
    fn step_release(&mut self, argument: &Value) -> Result<(), StepError> {
        let own = self.scenario.namespace();
        let namespace = text(argument, "namespace").unwrap_or(&own).to_owned();
        let name = text(argument, "name").unwrap_or_default();
        let version = argument["version"].as_i64().unwrap_or_default();
        self.watcher.stored_by_others(ReleaseKey::new(&*namespace, name));
        let secret = |version| ObjectRef::namespaced("v1", "Secret", &*namespace, secret_name(name, version));
        let current = self.cluster.get(&secret(version));
        let copied = argument.get("copyFrom").and_then(Value::as_i64);
        let mut release = match text(argument, "file") {
            Some(file) => self.scenario.json(file).map_err(|error| StepError(error.to_string()))?,
            None => {
                let stored = copied.map_or_else(|| current.clone(), |from| self.cluster.get(&secret(from)));
                let stored = stored.ok_or_else(|| StepError(format!("no release {name}")))?;
                decode_release(&stored)?
            }
        };
        release["version"] = json!(version);
        for (at, value) in argument.get("set").and_then(Value::as_object).into_iter().flatten() {
            path::set(&mut release, at, value);
        }
        let now = (self.cluster.world.now().wall / 1_000_000_000).to_string();
        let before = current.as_ref().and_then(|secret| secret.pointer("/metadata/labels").cloned());
        let mut labels = before.unwrap_or_else(|| json!({"createdAt": now}));
        let status = release["info"]["status"].clone();
        for (key, value) in [
            ("name", json!(name)),
            ("owner", json!("helm")),
            ("status", status),
            ("version", json!(version.to_string())),
            ("modifiedAt", json!(now)),
        ] {
            labels[key] = value;
        }
        let reply = if current.is_some() {
            let data = json!({"release": encode_release(&release)?});
            let body = json!({"metadata": {"labels": labels}, "data": data});
            self.cluster.merge("helm", &secret(version), body, false)
        } else {
            let body = release_secret(&secret(version), &release, &labels)?;
            self.cluster.world.act("helm", &Request::Create { body: Arc::new(body) })
        };
        accepted(&reply, "release")
    }

    fn step_restart(&mut self, argument: &Value) -> Result<(), StepError> {
        if text(argument, "signal") != Some("KILL") {
            self.cluster.world.shut_down();
            let end = self.cluster.world.now().monotonic.after_nanos(GRACE);
            let busy =
                |player: &Self| player.cluster.world.machine().is_some_and(|m| !m.operator().is_idle());
            while busy(self) && self.cluster.world.now().monotonic < end {
                self.pass(10_000_000)?;
            }
        }
        self.cluster.world.stop();
        self.pass(nanos(argument.get("downtime").and_then(Value::as_f64).unwrap_or_default()))?;
        self.cluster.world.start();
        self.pass(STARTING)
    }

    pub(super) fn object_of(&self, argument: &Value) -> Result<ObjectRef, StepError> {
        self.reference(text(argument, "object").unwrap_or_default(), text(argument, "apiVersion"))
    }
}

/// A member that is a text.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

fn refused(reply: &Reply, expected: &str, what: &str) -> Result<(), StepError> {
    match reply {
        Reply::Failed(Failure::Api(error)) if error.message.contains(expected) => Ok(()),
        Reply::Failed(failure) => Err(StepError(format!("{what}: {failure} does not contain {expected}"))),
        _ => Err(StepError(format!("{what} succeeded, expected an error"))),
    }
}

/// The version in the name of an archive, `<name>-<version>.tgz`.
fn version_in(chart: &str) -> Option<&str> {
    let stem = chart.strip_suffix(".tgz")?;
    let starts = stem.match_indices('-').map(|(at, _)| &stem[at + 1..]);
    starts.rev().find(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_name_their_version() {
        for (name, version) in [
            ("app-0.1.0.tgz", Some("0.1.0")),
            ("bad-template-0.1.0.tgz", Some("0.1.0")),
            ("a-1.2.3-rc.tgz", Some("1.2.3-rc")),
            ("app.tgz", None),
        ] {
            assert_eq!(version_in(name), version, "{name}");
        }
    }
}
