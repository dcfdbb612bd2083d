//! Sequences of requests from a seed: a namespace, then a life of a few objects with all verbs.

use pilothouse_io_sim::rng::Rng;
use serde_json::{Value, json};

use crate::bodies::{change, object, pick, status};
use crate::resources::{RESOURCES, Resource};
use crate::step::Step;

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";

/// An object that a sequence works with.
struct Subject {
    resource: Resource,
    name: String,
    /// What the last write of the whole object sent.
    body: Value,
}

/// The sequence of a seed, in a namespace that nobody else uses.
#[must_use]
pub fn sequence(seed: u64, namespace: &str) -> Vec<Step> {
    let mut rng = Rng::new(seed);
    let mut steps = beginning(namespace);
    let count = rng.between(1, 2);
    let mut subjects: Vec<Subject> = (0..count).map(|index| subject(&mut rng, namespace, index)).collect();
    for subject in &mut subjects {
        steps.push(first(&mut rng, namespace, subject));
    }
    for _ in 0..rng.between(3, 8) {
        let index = usize::try_from(rng.below(subjects.len() as u64)).unwrap_or_default();
        if let Some(subject) = subjects.get_mut(index) {
            let step = next(&mut rng, namespace, subject);
            steps.push(step);
        }
    }
    for subject in subjects.iter().filter(|subject| !subject.resource.namespaced) {
        steps.push(Step::new("DELETE", &subject.path(namespace)));
    }
    steps
}

/// A namespace with the account that Pods need: no controller makes it here.
fn beginning(namespace: &str) -> Vec<Step> {
    let body = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    vec![
        Step::new("POST", "/api/v1/namespaces").body(JSON, body("Namespace", namespace)),
        Step::new("POST", &accounts).body(JSON, body("ServiceAccount", "default")),
    ]
}

impl Subject {
    fn path(&self, namespace: &str) -> String {
        format!("{}/{}", self.resource.collection(namespace), self.name)
    }
}

fn subject(rng: &mut Rng, namespace: &str, index: u64) -> Subject {
    let total = RESOURCES.iter().map(|resource| resource.weight).sum();
    let mut left = rng.below(total);
    let mut chosen = &RESOURCES[0];
    for resource in RESOURCES {
        chosen = resource;
        if left < resource.weight {
            break;
        }
        left -= resource.weight;
    }
    let name = if chosen.namespaced { format!("o{index}") } else { format!("{namespace}-o{index}") };
    let body = object(rng, chosen, namespace, &name);
    Subject { resource: *chosen, name, body }
}

fn first(rng: &mut Rng, namespace: &str, subject: &Subject) -> Step {
    if rng.chance(500) {
        return create(rng, namespace, subject);
    }
    apply(rng, namespace, subject, subject.body.clone())
}

fn create(rng: &mut Rng, namespace: &str, subject: &Subject) -> Step {
    let step = Step::new("POST", &subject.resource.collection(namespace)).body(JSON, subject.body.clone());
    options(rng, step)
}

fn apply(rng: &mut Rng, namespace: &str, subject: &Subject, mut body: Value) -> Step {
    drop_nulls(&mut body);
    let step = Step::new("PATCH", &subject.path(namespace)).body(APPLY, body);
    let step = step.param("fieldManager", pick(rng, &["one", "two"]));
    let step = if rng.chance(500) { step.param("force", "true") } else { step };
    if rng.chance(80) { step.param("dryRun", "All") } else { step }
}

/// Who writes and how strictly.
fn options(rng: &mut Rng, mut step: Step) -> Step {
    if rng.chance(400) {
        step = step.param("fieldManager", pick(rng, &["one", "two", "three"]));
    }
    if rng.chance(200) {
        step = step.param("fieldValidation", pick(rng, &["Strict", "Warn", "Ignore"]));
    }
    if rng.chance(80) {
        step = step.param("dryRun", "All");
    }
    step.agent = pick(rng, &["tests", "kubectl/v1.36.1", "helm/4.2"]);
    step
}

fn next(rng: &mut Rng, namespace: &str, subject: &mut Subject) -> Step {
    let path = subject.path(namespace);
    match rng.below(20) {
        0 => create(rng, namespace, subject),
        1 => read(rng, namespace, subject),
        2 => list(rng, namespace, subject),
        3..=5 => update(rng, &path, subject),
        6..=8 => {
            let body = change(rng, &subject.resource);
            options(rng, Step::new("PATCH", &path).body(MERGE, body))
        }
        9 | 10 => {
            let body = change(rng, &subject.resource);
            let content_type =
                if subject.resource.is_custom() && rng.chance(800) { MERGE } else { STRATEGIC };
            options(rng, Step::new("PATCH", &path).body(content_type, body))
        }
        11 => {
            let body = operations(rng);
            options(rng, Step::new("PATCH", &path).body(JSON_PATCH, body))
        }
        12..=14 => {
            let mut body = subject.body.clone();
            if rng.chance(600) {
                merge(&mut body, &change(rng, &subject.resource));
            }
            if rng.chance(200) {
                body["metadata"]["labels"] = Value::Null;
            }
            apply(rng, namespace, subject, body)
        }
        15 | 16 if subject.resource.status => set_status(rng, &path, subject),
        17 if subject.resource.scale => scale(rng, &path),
        18 => delete(rng, &path),
        19 if rng.chance(200) => delete_collection(namespace, subject),
        _ => read(rng, namespace, subject),
    }
}

fn read(rng: &mut Rng, namespace: &str, subject: &Subject) -> Step {
    let mut step = Step::new("GET", &subject.path(namespace));
    step.accept = pick(rng, &["application/json", "application/json", TABLE, METADATA]);
    step
}

fn list(rng: &mut Rng, namespace: &str, subject: &Subject) -> Step {
    // Collections of the whole cluster are not this sequence's own.
    if !subject.resource.namespaced {
        let name = format!("metadata.name%3D{}", subject.name);
        return Step::new("GET", &subject.resource.collection(namespace)).param("fieldSelector", &name);
    }
    let mut step = Step::new("GET", &subject.resource.collection(namespace));
    step.accept = pick(rng, &["application/json", "application/json", TABLE, METADATA]);
    match rng.below(5) {
        0 => step
            .param("labelSelector", pick(rng, &["app%3Dweb", "app%20in%20(web,db)", "!tier", "tier!%3Da"])),
        1 => step.param("fieldSelector", "metadata.name%3Do0"),
        2 => step.param("limit", "1"),
        3 => step.param("limit", "1").param("continue", "$CONTINUE"),
        _ => step,
    }
}

fn update(rng: &mut Rng, path: &str, subject: &mut Subject) -> Step {
    if rng.chance(700) {
        merge(&mut subject.body, &change(rng, &subject.resource));
    }
    let mut body = subject.body.clone();
    drop_nulls(&mut body);
    match rng.below(5) {
        0 => {}
        1 => body["metadata"]["resourceVersion"] = json!("1"),
        _ => body["metadata"]["resourceVersion"] = json!("$RV"),
    }
    options(rng, Step::new("PUT", path).body(JSON, body))
}

fn set_status(rng: &mut Rng, path: &str, subject: &Subject) -> Step {
    let path = format!("{path}/status");
    let wanted = status(rng, &subject.resource);
    match rng.below(3) {
        0 => {
            let mut body = subject.body.clone();
            drop_nulls(&mut body);
            body["status"] = wanted;
            body["metadata"]["resourceVersion"] = json!("$RV");
            options(rng, Step::new("PUT", &path).body(JSON, body))
        }
        _ => options(rng, Step::new("PATCH", &path).body(MERGE, json!({"status": wanted}))),
    }
}

fn scale(rng: &mut Rng, path: &str) -> Step {
    let path = format!("{path}/scale");
    if rng.chance(300) {
        return Step::new("GET", &path);
    }
    let replicas = rng.below(5);
    Step::new("PATCH", &path).body(MERGE, json!({"spec": {"replicas": replicas}}))
}

fn delete(rng: &mut Rng, path: &str) -> Step {
    let step = Step::new("DELETE", path);
    let policy = pick(rng, &["Background", "Foreground", "Orphan"]);
    let options = match rng.below(5) {
        0 => return step,
        1 => return step.param("propagationPolicy", policy),
        2 => json!({"preconditions": {"uid": "$UID"}}),
        3 => json!({"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}}),
        _ => json!({"propagationPolicy": policy}),
    };
    let step = step.body(JSON, options);
    if rng.chance(100) { step.param("dryRun", "All") } else { step }
}

fn delete_collection(namespace: &str, subject: &Subject) -> Step {
    let step = Step::new("DELETE", &subject.resource.collection(namespace));
    if subject.resource.namespaced {
        return step.param("labelSelector", "app%3Dweb");
    }
    step.param("fieldSelector", &format!("metadata.name%3D{}", subject.name))
}

fn operations(rng: &mut Rng) -> Value {
    let operation = match rng.below(5) {
        0 => json!({"op": "add", "path": "/metadata/labels", "value": {"patched": "yes"}}),
        1 => json!({"op": "remove", "path": "/metadata/labels/app"}),
        2 => json!({"op": "replace", "path": "/metadata/annotations/note", "value": "replaced"}),
        3 => json!({"op": "test", "path": "/metadata/labels/app", "value": "web"}),
        _ => json!({"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}),
    };
    json!([operation])
}

/// A merge patch applied to a body that is sent whole.
fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(fields.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

/// What is null in a patch is absent in an object.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, member| !member.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence() {
        assert_eq!(sequence(7, "n"), sequence(7, "n"));
        assert_ne!(sequence(7, "n"), sequence(8, "n"));
    }

    #[test]
    fn all_resources_and_methods_come_up() {
        let steps: Vec<Step> = (0..400).flat_map(|seed| sequence(seed, "n")).collect();
        for resource in RESOURCES {
            let path = resource.collection("n");
            assert!(steps.iter().any(|step| step.path.starts_with(&path)), "{}", resource.kind);
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(steps.iter().any(|step| step.method == method), "{method}");
        }
        for content_type in [MERGE, STRATEGIC, JSON_PATCH, APPLY] {
            assert!(steps.iter().any(|step| step.content_type == content_type), "{content_type}");
        }
    }
}
