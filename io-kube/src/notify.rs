//! The notification endpoint, `--events-addr` (spec 03 §7).

use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use pilothouse_protocol::{Event, EventType, FIELD_MANAGER};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::client::chain;
use crate::clock::rfc3339_seconds;
use crate::logs::Log;
use crate::transport::{Backoff, HttpClient, asked_wait, is_server_trouble};

const TRY_TIMEOUT: Duration = Duration::from_secs(5);
const RETRIES_MAX: u32 = 4;
const BACKOFF: Backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(30) };

/// Posts events to an endpoint.
pub struct Notifier {
    client: HttpClient,
    url: String,
    instance: String,
    backoff: Backoff,
    log: Log,
}

impl Notifier {
    /// Posts to `url` in the name of `instance`, the name of the host.
    #[must_use]
    pub fn new(client: HttpClient, url: String, instance: String, log: Log) -> Self {
        Self { client, url, instance, backoff: BACKOFF, log }
    }

    /// Posts the events of a queue, one after the other, until it is closed.
    pub async fn run(self, mut queue: mpsc::Receiver<(Event, i64)>) {
        while let Some((event, wall)) = queue.recv().await {
            if let Err(error) = self.post(&body(&event, wall, &self.instance)).await {
                let namespace = event.regarding.namespace.clone().unwrap_or_default();
                let fields = [
                    ("name", json!(event.regarding.name)),
                    ("namespace", json!(namespace)),
                    ("reconciler kind", json!(event.regarding.kind)),
                ];
                self.log.error("", "unable to record event", &error, &fields);
            }
        }
    }

    /// Any answer but a server's trouble counts as delivered: 429 says that the event is a duplicate, and other
    /// refusals would be repeated.
    async fn post(&self, body: &Value) -> Result<(), String> {
        let mut attempt = 0;
        loop {
            let (error, asked) = match self.attempt(body).await {
                Ok((status, _)) if !is_server_trouble(status) => return Ok(()),
                Ok((status, asked)) => (format!("unexpected answer: {status}"), asked),
                Err(error) => (error, None),
            };
            if attempt >= RETRIES_MAX {
                return Err(format!("POST {} giving up after {} attempt(s): {error}", self.url, attempt + 1));
            }
            tokio::time::sleep(self.backoff.wait(attempt, asked)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, body: &Value) -> Result<(StatusCode, Option<Duration>), String> {
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(TRY_TIMEOUT, self.client.request(request)).await;
        let response =
            answer.map_err(|_| "no answer within 5s".to_owned())?.map_err(|error| chain(&error))?;
        Ok((response.status(), asked_wait(response.status(), response.headers())))
    }
}

fn body(event: &Event, wall: i64, instance: &str) -> Value {
    let regarding = &event.regarding;
    let mut body = json!({
        "involvedObject": {
            "kind": regarding.kind, "namespace": regarding.namespace, "name": regarding.name, "uid": event.uid,
            "apiVersion": regarding.api_version, "resourceVersion": event.resource_version,
        },
        "severity": match event.kind { EventType::Normal => "info", EventType::Warning => "error" },
        "timestamp": rfc3339_seconds(wall),
        "message": event.message,
        "reason": event.reason,
        "reportingController": FIELD_MANAGER,
        "reportingInstance": instance,
    });
    if !event.annotations.is_empty() {
        body["metadata"] = json!(event.annotations);
    }
    body
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{LogLevel, ObjectRef};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::logs::Encoding;
    use crate::transport::http_client;

    fn event() -> Event {
        Event {
            regarding: ObjectRef::namespaced("helm.toolkit.fluxcd.io/v2", "HelmRelease", "ns", "x"),
            uid: "u".into(),
            resource_version: "7".into(),
            kind: EventType::Warning,
            trace: false,
            reason: "R".into(),
            message: "m".into(),
            annotations: [("helm.toolkit.fluxcd.io/revision".to_owned(), "1.0.0".to_owned())].into(),
        }
    }

    #[test]
    fn the_body_is_that_of_the_notification_controller() {
        let expected = json!({
            "involvedObject": {"kind": "HelmRelease", "namespace": "ns", "name": "x", "uid": "u",
                "apiVersion": "helm.toolkit.fluxcd.io/v2", "resourceVersion": "7"},
            "severity": "error", "timestamp": "1970-01-01T00:00:01Z", "message": "m", "reason": "R",
            "metadata": {"helm.toolkit.fluxcd.io/revision": "1.0.0"},
            "reportingController": "helm-controller", "reportingInstance": "pod",
        });
        assert_eq!(body(&event(), 1_900_000_000, "pod"), expected);
        let bare = Event { annotations: std::collections::BTreeMap::new(), ..event() };
        assert!(body(&bare, 0, "pod").get("metadata").is_none());
    }

    #[tokio::test]
    async fn server_trouble_is_retried_and_duplicates_are_not() {
        for (script, is_ok) in
            [(vec![500, 503, 200], true), (vec![429], true), (vec![404], true), (vec![500; 5], false)]
        {
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let expected = script.len();
            let served = tokio::spawn(async move {
                for code in &script {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut head = [0; 2048];
                    let _ = stream.read(&mut head).await;
                    let answer =
                        format!("HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                script.len()
            });
            let log = Log::to(Encoding::Json, LogLevel::Error, |_| {});
            let mut notifier = Notifier::new(http_client(), url, "pod".into(), log);
            notifier.backoff = Backoff { min: Duration::from_millis(1), max: Duration::from_millis(1) };
            assert_eq!(notifier.post(&json!({})).await.is_ok(), is_ok);
            assert_eq!(served.await.unwrap(), expected);
        }
    }
}
