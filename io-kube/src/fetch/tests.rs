use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Mutex;

use http::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::transport::http_client;

type Script = Vec<(u16, &'static [(&'static str, &'static str)], &'static str)>;

/// Answers with the script's entries in turn; returns the base URL and the paths that were asked for.
async fn server(script: Script) -> (String, Arc<Mutex<Vec<String>>>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(Mutex::new(VecDeque::from(script)));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
            let service = service_fn(move |request: Request<Incoming>| {
                seen.lock().unwrap().push(request.uri().to_string());
                let (status, headers, body) =
                    script.lock().unwrap().pop_front().unwrap_or((500, &[], "script ended"));
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                let response = response.body(Full::new(Bytes::from(body))).unwrap();
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (base, asked)
}

fn fetcher(retries: u32) -> Fetcher {
    let mut options = FetchOptions::new(retries, Duration::from_secs(5), HostOverrides::default());
    options.backoff = Backoff { min: Duration::from_millis(1), max: Duration::from_millis(2) };
    options.size_max = 16;
    Fetcher::new(http_client(), options)
}

#[tokio::test]
async fn bytes_are_returned() {
    let (base, _) = server(vec![(200, &[], "chart")]).await;
    assert_eq!(&*fetcher(0).fetch(&format!("{base}/a.tgz")).await.unwrap(), b"chart");
}

#[tokio::test]
async fn redirects_are_followed_up_to_a_limit() {
    let (base, asked) =
        server(vec![(302, &[("location", "/b?c=1")], ""), (301, &[("location", "d")], ""), (200, &[], "x")])
            .await;
    assert_eq!(&*fetcher(0).fetch(&format!("{base}/dir/a")).await.unwrap(), b"x");
    assert_eq!(*asked.lock().unwrap(), ["/dir/a", "/b?c=1", "/d"]);

    let (base, asked) = server(vec![(307, &[("location", "/")], ""); 20]).await;
    let failure = fetcher(3).fetch(&base).await.unwrap_err();
    assert_eq!(failure, Failure::Unreachable("stopped after 10 redirects".to_owned()));
    assert_eq!(asked.lock().unwrap().len(), 11);
}

#[tokio::test]
async fn passing_trouble_is_retried() {
    let (base, asked) =
        server(vec![(503, &[("retry-after", "0")], ""), (429, &[], ""), (500, &[], ""), (200, &[], "x")])
            .await;
    assert_eq!(&*fetcher(9).fetch(&base).await.unwrap(), b"x");
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn other_statuses_are_final() {
    for (code, line) in [(404, "404 Not Found"), (501, "501 Not Implemented"), (204, "204 No Content")] {
        let (base, asked) = server(vec![(code, &[], ""); 3]).await;
        let failure = fetcher(2).fetch(&base).await.unwrap_err();
        assert_eq!(failure, Failure::Http { code, line: line.to_owned() });
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_last_status_is_reported_when_the_retries_are_used_up() {
    let (base, asked) = server(vec![(502, &[], ""); 9]).await;
    let failure = fetcher(2).fetch(&base).await.unwrap_err();
    assert_eq!(failure, Failure::Http { code: 502, line: "502 Bad Gateway".to_owned() });
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_large_artifact_is_refused() {
    let (base, asked) = server(vec![(200, &[], "seventeen letters"); 3]).await;
    let failure = fetcher(2).fetch(&base).await.unwrap_err();
    assert_eq!(failure, Failure::Unreachable("artifact is larger than 16 bytes".to_owned()));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_connection_is_retried_and_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    drop(listener);
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Failure::Unreachable(text) = fetcher(1).fetch(&url).await.unwrap_err() else {
        panic!("another failure")
    };
    assert!(
        text.starts_with(&format!("GET {url} giving up after 2 attempt(s): ")) && text.contains("refused"),
        "{text}"
    );
}
