//! Requests as clients send them, and what they have to get back.

#![allow(clippy::expect_used, clippy::panic, reason = "the whole file is a test")]

use pilothouse_io_sim::clock::{DEFAULT_START, SECOND};
use pilothouse_io_sim::http::{BODY_MAX, Frontend, HttpBody, HttpRequest, HttpResponse, WatchStream};
use pilothouse_io_sim::server::{Server, ServerOptions};
use pilothouse_protocol::{Monotonic, Now};
use serde_json::{Value, json};

struct Site {
    server: Server,
    frontend: Frontend,
    now: Now,
}

impl Site {
    fn new() -> Self {
        let now = Now { monotonic: Monotonic(0), wall: DEFAULT_START };
        Self { server: Server::new(&ServerOptions::default()), frontend: Frontend::default(), now }
    }

    fn send(&mut self, request: &HttpRequest) -> HttpResponse {
        self.frontend.answer(&mut self.server, self.now, request)
    }

    fn get(&mut self, target: &str) -> (u16, Value) {
        let response = self.send(&HttpRequest::new("GET", target));
        (response.status, response.json())
    }

    fn with(&mut self, method: &str, target: &str, content_type: &str, body: &Value) -> (u16, Value) {
        let request = HttpRequest::new(method, target).header("user-agent", "kubectl/v1");
        let response = self.send(&request.with_body(content_type, body.to_string()));
        (response.status, response.json())
    }

    fn create(&mut self, name: &str, labels: &Value) {
        let body = json!({"metadata": {"name": name, "labels": labels}, "data": {"a": "b"}});
        let (status, answer) = self.with("POST", MAPS, "application/json", &body);
        assert_eq!(status, 201, "{answer}");
    }

    fn pass(&mut self, seconds: u64) {
        self.now.monotonic = self.now.monotonic.after_nanos(seconds * SECOND);
    }

    fn watch(&mut self, target: &str) -> WatchStream {
        match self.send(&HttpRequest::new("GET", target)).body {
            HttpBody::Watch(stream) => *stream,
            HttpBody::Whole(bytes) => panic!("{}", String::from_utf8_lossy(&bytes)),
        }
    }

    fn events(&self, stream: &mut WatchStream) -> Vec<String> {
        let lines = String::from_utf8(stream.poll(&self.server, self.now)).expect("text");
        let event = |line: &str| {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let name = event.pointer("/object/metadata/name").or_else(|| event.pointer("/object/code"));
            format!("{} {}", event["type"].as_str().expect("a type"), name.unwrap_or(&Value::Null))
        };
        lines.lines().map(event).collect()
    }
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("a list");
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
}

#[test]
fn an_object_lives_through_all_verbs() {
    let mut site = Site::new();
    site.create("x", &json!({}));
    let path = format!("{MAPS}/x");
    let (status, object) = site.get(&path);
    assert_eq!((status, &object["kind"], &object["data"]["a"]), (200, &json!("ConfigMap"), &json!("b")));
    assert_eq!(object["metadata"]["managedFields"][0]["manager"], "kubectl");
    let (status, patched) = site.with("PATCH", &path, MERGE, &json!({"data": {"a": null, "c": "d"}}));
    assert_eq!((status, &patched["data"]), (200, &json!({"c": "d"})));
    let mut body = patched.clone();
    body["data"] = json!({"e": "f"});
    assert_eq!(site.with("PUT", &format!("{path}?dryRun=All"), "application/json", &body).0, 200);
    assert_eq!(site.get(&path).1["data"], json!({"c": "d"}));
    assert_eq!(site.with("PUT", &path, "application/json", &body).0, 200);
    let (status, conflict) = site.with("PUT", &path, "application/json", &body);
    assert_eq!((status, &conflict["reason"]), (409, &json!("Conflict")));
    assert_eq!(conflict["details"], json!({"name": "x", "kind": "configmaps"}));
    let (status, deleted) =
        site.with("DELETE", &path, "application/json", &json!({"propagationPolicy": "Background"}));
    assert_eq!(
        (status, &deleted["status"], &deleted["details"]["name"]),
        (200, &json!("Success"), &json!("x"))
    );
    let (status, gone) = site.get(&path);
    assert_eq!((status, &gone["message"]), (404, &json!("configmaps \"x\" not found")));
}

#[test]
fn apply_makes_and_changes_and_names_conflicts() {
    let mut site = Site::new();
    let path = format!("{MAPS}/x");
    let body = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": value}});
    assert_eq!(site.with("PATCH", &path, APPLY, &body("1")).0, 422, "without a manager");
    let one = format!("{path}?fieldManager=one");
    assert_eq!(site.with("PATCH", &one, APPLY, &body("1")).0, 201);
    assert_eq!(site.with("PATCH", &one, APPLY, &body("2")).0, 200);
    let (status, refused) = site.with("PATCH", &format!("{path}?fieldManager=two"), APPLY, &body("3"));
    assert_eq!((status, &refused["details"]["causes"][0]["field"]), (409, &json!(".data.a")));
    let two = format!("{path}?fieldManager=two&force=true");
    assert_eq!(site.with("PATCH", &two, APPLY, &body("3")).1["data"]["a"], "3");
}

#[test]
fn unknown_fields_are_refused_or_warned_of() {
    let mut site = Site::new();
    let body = json!({"metadata": {"name": "x"}, "dada": {}});
    let (status, refused) =
        site.with("POST", &format!("{MAPS}?fieldValidation=Strict"), "application/json", &body);
    let words = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dada\"";
    assert_eq!((status, &refused["message"]), (400, &json!(words)));
    let request = HttpRequest::new("POST", MAPS).with_body("application/json", body.to_string());
    let response = site.send(&request);
    let warning = ("warning", "299 - \"unknown field \\\"dada\\\"\"".to_owned());
    assert!(response.status == 201 && response.headers.contains(&warning), "{:?}", response.headers);
}

#[test]
fn lists_are_selected_and_paged_at_one_revision() {
    let mut site = Site::new();
    for name in ["a", "b", "c", "d", "e"] {
        site.create(name, &json!({"odd": if "ace".contains(name) { "yes" } else { "no" }}));
    }
    assert_eq!(names(&site.get(&format!("{MAPS}?labelSelector=odd%3Dyes")).1), ["a", "c", "e"]);
    assert_eq!(names(&site.get(&format!("{MAPS}?fieldSelector=metadata.name%3Db")).1), ["b"]);
    let first = site.get(&format!("{MAPS}?limit=2")).1;
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a", "b"], &json!(3)));
    let token = first["metadata"]["continue"].as_str().expect("a token").to_owned();
    site.with("DELETE", &format!("{MAPS}/c"), "application/json", &json!({}));
    site.create("cc", &json!({}));
    let second = site.get(&format!("{MAPS}?limit=2&continue={token}")).1;
    assert_eq!(names(&second), ["c", "d"], "as it was");
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    assert_eq!(names(&site.get("/api/v1/configmaps?limit=9").1), ["a", "b", "cc", "d", "e"]);
}

#[test]
fn tokens_expire_and_say_how_to_go_on() {
    let mut site = Site::new();
    for name in ["a", "b", "c"] {
        site.create(name, &json!({}));
    }
    let token = site.get(&format!("{MAPS}?limit=1")).1["metadata"]["continue"].clone();
    for _ in 0..3 {
        site.pass(301);
        site.create(&format!("x{}", site.now.monotonic.0), &json!({}));
    }
    let (status, expired) =
        site.get(&format!("{MAPS}?limit=1&continue={}", token.as_str().expect("a token")));
    assert_eq!((status, &expired["reason"]), (410, &json!("Expired")));
    let token = expired["metadata"]["continue"].as_str().expect("a token").to_owned();
    assert_eq!(names(&site.get(&format!("{MAPS}?limit=1&continue={token}")).1), ["b"]);
    let mut stream = site.watch(&format!("{MAPS}?watch=1&resourceVersion=1"));
    assert_eq!(site.events(&mut stream), ["ERROR 410"]);
    assert!(stream.is_over());
    assert_eq!(site.get(&format!("{MAPS}?resourceVersion=1&resourceVersionMatch=Exact")).0, 410);
    assert_eq!(site.get(&format!("{MAPS}?resourceVersion=999999")).0, 504);
    assert_eq!(site.get(&format!("{MAPS}?resourceVersion=x")).0, 400);
}

#[test]
fn watches_tell_what_comes_changes_and_goes() {
    let mut site = Site::new();
    site.create("a", &json!({"l": "1"}));
    let version = site.get(MAPS).1["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
    let mut all = site.watch(&format!("{MAPS}?watch=true"));
    let mut later = site.watch(&format!("{MAPS}?watch=true&resourceVersion={version}&labelSelector=l%3D1"));
    assert_eq!(site.events(&mut all), ["ADDED \"a\""]);
    assert_eq!(site.events(&mut later), Vec::<String>::new());
    site.create("b", &json!({"l": "1"}));
    site.with("PATCH", &format!("{MAPS}/a"), MERGE, &json!({"metadata": {"labels": {"l": "2"}}}));
    site.with("DELETE", &format!("{MAPS}/b"), "application/json", &json!({}));
    assert_eq!(site.events(&mut all), ["ADDED \"b\"", "MODIFIED \"a\"", "DELETED \"b\""]);
    assert_eq!(site.events(&mut later), ["ADDED \"b\"", "DELETED \"a\"", "DELETED \"b\""]);
    site.create("c", &json!({}));
    assert_eq!(site.events(&mut later), Vec::<String>::new());
}

#[test]
fn watches_have_bookmarks_and_an_end() {
    let mut site = Site::new();
    site.create("a", &json!({}));
    let mut stream = site.watch(&format!(
        "{MAPS}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=90"
    ));
    let first = String::from_utf8(stream.poll(&site.server, site.now)).expect("text");
    assert!(first.contains("\"k8s.io/initial-events-end\":\"true\""), "{first}");
    assert_eq!(stream.deadline(), Monotonic(60 * SECOND));
    site.pass(60);
    assert_eq!(site.events(&mut stream), ["BOOKMARK null"]);
    assert!(!stream.is_over());
    site.pass(30);
    assert_eq!(site.events(&mut stream), ["BOOKMARK null"]);
    assert!(stream.is_over());
    assert_eq!(site.get(&format!("{MAPS}?watch=1&sendInitialEvents=true")).0, 422);
}

#[test]
fn tables_have_the_columns_of_their_kind() {
    let mut site = Site::new();
    site.create("a", &json!({}));
    site.now.wall += 200 * 1_000_000_000;
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let request = HttpRequest::new("GET", MAPS).header("accept", table);
    let answer = site.send(&request).json();
    assert_eq!((&answer["kind"], &answer["columnDefinitions"][1]["name"]), (&json!("Table"), &json!("Data")));
    assert_eq!(answer["rows"][0]["cells"], json!(["a", 1, "3m20s"]));
    assert_eq!(answer["rows"][0]["object"]["kind"], "PartialObjectMetadata");
}

#[test]
fn the_scale_of_a_workload_can_be_changed() {
    let mut site = Site::new();
    let path = "/apis/apps/v1/namespaces/default/deployments";
    let body = json!({"metadata": {"name": "w"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}});
    assert_eq!(site.with("POST", path, "application/json", &body).0, 201);
    let scale = format!("{path}/w/scale");
    let (status, found) = site.get(&scale);
    assert_eq!(
        (status, &found["spec"]["replicas"], &found["status"]["selector"]),
        (200, &json!(1), &json!("a=b"))
    );
    let changed = site.with("PATCH", &scale, MERGE, &json!({"spec": {"replicas": 3}})).1;
    assert_eq!((&changed["kind"], &changed["spec"]["replicas"]), (&json!("Scale"), &json!(3)));
    assert_eq!(site.get(&format!("{path}/w")).1["spec"]["replicas"], 3);
    assert_eq!(site.with("PATCH", &scale, MERGE, &json!({"spec": {"replicas": -1}})).0, 422);
}

#[test]
fn what_cannot_be_had_is_refused_clearly() {
    let mut site = Site::new();
    let body = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}]}});
    site.with("POST", "/api/v1/namespaces/default/pods", "application/json", &body);
    let (status, logs) = site.get("/api/v1/namespaces/default/pods/p/log?container=c");
    let words = "no container runs in the simulated cluster: log is not available";
    assert_eq!((status, &logs["message"]), (501, &json!(words)));
    for (method, path, code) in [
        ("GET", "/apis/nonsense/v1", 404),
        ("GET", "/apis/apps/v1/nonsense", 404),
        ("GET", "/apis/apps/v1/deployments/x", 404),
        ("PUT", MAPS, 405),
        ("POST", "/version", 405),
        ("GET", "/api/v1/namespaces/default/pods?fieldSelector=spec.odd%3D1", 400),
    ] {
        assert_eq!(site.send(&HttpRequest::new(method, path)).status, code, "{method} {path}");
    }
    let protobuf = HttpRequest::new("GET", MAPS).header("accept", "application/vnd.kubernetes.protobuf");
    assert_eq!(site.send(&protobuf).status, 406);
    let large = HttpRequest::new("POST", MAPS).with_body("application/json", vec![b' '; BODY_MAX + 1]);
    assert_eq!(site.send(&large).status, 413);
}

#[test]
fn who_is_impersonated_needs_permission() {
    let mut site = Site::new();
    let user = "system:serviceaccount:default:nobody";
    let asked = HttpRequest::new("GET", MAPS).header("impersonate-user", user);
    let response = site.send(&asked);
    assert_eq!((response.status, &response.json()["reason"]), (403, &json!("Forbidden")));
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "list", "resource": "configmaps", "namespace": "default"}}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let request = HttpRequest::new("POST", path).with_body("application/json", review.to_string());
    assert_eq!(site.send(&request).json()["status"]["allowed"], true);
    let response = site.send(&request.header("impersonate-user", user));
    assert_eq!(response.json()["status"]["allowed"], false);
}

#[test]
fn collections_are_deleted_by_selection() {
    let mut site = Site::new();
    site.create("a", &json!({"l": "1"}));
    site.create("b", &json!({"l": "2"}));
    let (status, list) =
        site.with("DELETE", &format!("{MAPS}?labelSelector=l%3D1"), "application/json", &json!({}));
    assert_eq!((status, names(&list)), (200, vec!["a"]));
    assert_eq!(names(&site.get(MAPS).1), ["b"]);
}
