//! A simulated cluster that lives in a task of its own and keeps pace with tokio's clock, paused or not.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use pilothouse_chart::File;
use pilothouse_io_kube::client::ApiClient;
use pilothouse_io_kube::limiter::Rate;
use pilothouse_io_kube::metrics::Metrics;
use pilothouse_io_kube::simulated::Desk;
use pilothouse_io_sim::source_controller::{Library, Package, SourceController, source_definitions};
use pilothouse_io_sim::world::{Machine, World, WorldOptions};
use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{Deadline, Now, Request as ApiRequest};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};

/// How far the cluster may be behind.
const TICK: Duration = Duration::from_millis(50);

/// No operator in the world: the one that is tested comes over HTTP.
pub(crate) struct Nobody;

impl Machine for Nobody {
    fn handle(&mut self, _: Now, _: OperatorInput) {}

    fn poll_action(&mut self) -> Option<OperatorAction> {
        None
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}

/// Starts a cluster with the definitions of releases and sources and with one chart; returns a client of it. To be called
/// within a `LocalSet`.
pub(crate) fn start(package: Option<Package>) -> Arc<ApiClient> {
    let (desk, service) = Desk::open();
    tokio::task::spawn_local(host(desk, package));
    let client = kube::Client::new(service, "default");
    Arc::new(ApiClient::over(client, Rate::new(-1.0, 1), Arc::new(Metrics::new(0))))
}

async fn host(mut desk: Desk, package: Option<Package>) {
    let options = WorldOptions { journal: false, ..WorldOptions::default() };
    let mut world = World::new(options, |_| Nobody);
    let definitions =
        std::iter::once(pilothouse_api::custom_resource_definition()).chain(source_definitions());
    for body in definitions.map(Arc::new) {
        world.act("tests", &ApiRequest::Create { body });
    }
    let mut sources = SourceController::new(Library::new(package.into_iter().collect()));
    let began = Instant::now();
    let mut ticks = interval(TICK);
    loop {
        let asked = tokio::select! {
            biased;
            asked = desk.next() => Some(asked),
            _ = ticks.tick() => None,
        };
        let passed = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        world.run_for(passed.saturating_sub(world.now().monotonic.0));
        sources.tend(&mut world);
        if let Some(asked) = asked {
            world.with_server(|server, now| desk.answer(server, now, asked));
        }
        world.with_server(|server, now| desk.tell(server, now));
    }
}

/// A chart of one ConfigMap and one Deployment.
pub(crate) fn chart() -> Package {
    let file = |name: &str, text: &str| File {
        name: name.to_owned(),
        data: text.as_bytes().to_vec().into(),
        modtime: None,
    };
    let config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {message: {{ .Values.message | quote }}}\n";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, \
                      template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: web}]}}}\n";
    let files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        file("values.yaml", "message: hello\n"),
        file("templates/a.yaml", config_map),
        file("templates/b.yaml", deployment),
    ];
    Package::from_files("tests", files).unwrap()
}

/// Serves an archive at every path of a port of this machine; returns `host:port`.
pub(crate) async fn serve_archive(archive: Arc<[u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let archive = Arc::clone(&archive);
            let answer = service_fn(move |_: Request<Incoming>| {
                let body = Full::new(Bytes::copy_from_slice(&archive));
                async move { Ok::<_, Infallible>(Response::new(body)) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    address
}

/// The text at a pointer; empty when it is absent.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
