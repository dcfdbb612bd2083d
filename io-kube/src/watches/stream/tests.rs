use std::sync::Mutex;

use pilothouse_protocol::ObjectRef;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::limiter::Rate;
use crate::metrics::Metrics;

/// Answers each connection's one request with the next entry; returns a client and the paths that were asked for.
async fn server(script: Vec<(u16, String)>) -> (ApiClient, Arc<Mutex<Vec<String>>>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&asked);
    tokio::spawn(async move {
        for (code, body) in script {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            paths.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
            let answer = format!(
                "HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let client = ApiClient::new(
        kube::Config::new(url.parse().unwrap()),
        Rate::new(-1.0, 1),
        Arc::new(Metrics::new(0)),
    );
    (client.unwrap(), asked)
}

/// Remembers what it sees and stops after a number of calls.
struct Memory {
    seen: Vec<String>,
    calls: usize,
}

impl Memory {
    fn note(&mut self, text: String) -> Flow {
        self.seen.push(text);
        if self.seen.len() >= self.calls { Flow::Stop } else { Flow::Continue }
    }
}

impl Observer for Memory {
    async fn seen(&mut self, seen: Seen) -> Flow {
        let name = |object: &Object| {
            assert!(object["metadata"].get("managedFields").is_none());
            assert_eq!((&object["apiVersion"], &object["kind"]), (&json!("v1"), &json!("Pod")));
            metadata::text(object, "name").to_owned()
        };
        self.note(match seen {
            Seen::Snapshot(objects) => {
                format!("[{}]", objects.iter().map(name).collect::<Vec<_>>().join(","))
            }
            Seen::Changed(object) => format!("+{}", name(&object)),
            Seen::Gone(object) => format!("-{}", ObjectRef::of(&object)),
        })
    }

    async fn failed(&mut self, failure: Failure) -> Flow {
        self.note(format!("!{}", failure.api().map_or(0, |error| error.code)))
    }
}

fn pods() -> ListWatch {
    ListWatch {
        identity: Identity::Controller,
        plural: "pods".to_owned(),
        namespace: Some("ns".to_owned()),
        kind: GroupVersionKind::new("v1", "Pod"),
        labels: "a=b".to_owned(),
        fields: String::new(),
        part: Part::Whole,
    }
}

fn pod(name: &str, version: &str) -> Value {
    json!({"metadata": {"namespace": "ns", "name": name, "resourceVersion": version, "managedFields": [{}]}})
}

fn list(version: &str, items: &[Value]) -> (u16, String) {
    (200, json!({"kind": "PodList", "metadata": {"resourceVersion": version}, "items": items}).to_string())
}

fn watch(events: &[(&str, Value)]) -> (u16, String) {
    (
        200,
        events
            .iter()
            .map(|(kind, object)| format!("{}\n", json!({"type": kind, "object": object})))
            .collect(),
    )
}

fn status(code: u16) -> Value {
    json!({"kind": "Status", "code": code, "reason": "X", "message": "m"})
}

/// The value of `resourceVersion` in each path; `list` where there is none.
fn versions(asked: &Mutex<Vec<String>>) -> Vec<String> {
    let version = |path: &String| match path.split_once("&resourceVersion=") {
        Some((_, rest)) => rest.split('&').next().unwrap_or_default().to_owned(),
        None => "list".to_owned(),
    };
    asked.lock().unwrap().iter().map(version).collect()
}

#[tokio::test]
async fn a_watch_goes_on_from_the_last_event_or_bookmark() {
    let (client, asked) = server(vec![
        list("5", &[pod("a", "3")]),
        watch(&[("ADDED", pod("b", "6")), ("BOOKMARK", pod("", "9"))]),
        watch(&[("MODIFIED", pod("a", "10")), ("DELETED", pod("b", "11"))]),
    ])
    .await;
    let mut memory = Memory { seen: Vec::new(), calls: 4 };
    follow(&client, &pods(), &mut memory).await;
    assert_eq!(memory.seen, ["[a]", "+b", "+a", "-Pod/ns/b"]);
    assert_eq!(versions(&asked), ["list", "5", "9"]);
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0], "/api/v1/namespaces/ns/pods?labelSelector=a%3Db&limit=250");
    assert!(
        asked[1].contains("&watch=true&allowWatchBookmarks=true&") && asked[1].contains("&timeoutSeconds=")
    );
}

#[tokio::test]
async fn an_expired_watch_lists_again() {
    let (client, asked) = server(vec![
        list("5", &[]),
        watch(&[("ERROR", status(410))]),
        list("8", &[pod("c", "7")]),
        (410, status(410).to_string()),
        list("9", &[]),
    ])
    .await;
    let mut memory = Memory { seen: Vec::new(), calls: 3 };
    follow(&client, &pods(), &mut memory).await;
    assert_eq!(memory.seen, ["[]", "[c]", "[]"]);
    assert_eq!(versions(&asked), ["list", "5", "list", "8", "list"]);
}

#[tokio::test]
async fn failures_are_told_and_tried_again() {
    let (client, _) =
        server(vec![(503, String::new()), list("5", &[]), (403, status(403).to_string())]).await;
    let mut memory = Memory { seen: Vec::new(), calls: 3 };
    follow(&client, &pods(), &mut memory).await;
    assert_eq!(memory.seen, ["!503", "[]", "!403"]);
}
