use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    flags: RunFlags,
}

fn parse(line: &[&str]) -> Result<RunFlags, clap::Error> {
    Line::try_parse_from(std::iter::once(&"run").chain(line)).map(|line| line.flags)
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let flags = parse(&[]).unwrap();
    assert_eq!((flags.metrics_addr.as_str(), flags.health_addr.as_str()), (":8080", ":9440"));
    assert_eq!(flags.graceful_shutdown_timeout, GoDuration::from_secs(600));
    assert_eq!(flags.min_retry_delay, GoDuration::from_millis(750));
    assert_eq!(flags.max_retry_delay, GoDuration::from_secs(900));
    assert_eq!((flags.kube_api_qps, flags.kube_api_burst), (50.0, 300));
    assert!(flags.watch_all_namespaces && flags.leader_election_release_on_cancel);
    assert!(!flags.enable_leader_election && !flags.no_cross_namespace_refs);
    assert_eq!(flags.watch_configs_label_selector, "reconcile.fluxcd.io/watch=Enabled");
    assert!(flags.override_manager.is_empty() && flags.feature_gates.is_empty());
}

#[test]
fn the_forms_of_go_flags_are_accepted() {
    let flags = parse(&[
        "--metrics-addr=127.0.0.1:9891",
        "--health-addr",
        "127.0.0.1:9892",
        "--enable-leader-election=false",
        "--no-cross-namespace-refs",
        "--watch-all-namespaces=F",
        "--concurrent=10",
        "--events-addr=",
        "--requeue-dependency=1m5s",
        "--kube-api-qps=-1",
        "--override-manager=a",
        "--override-manager=b",
    ])
    .unwrap();
    assert_eq!(flags.health_addr, "127.0.0.1:9892");
    assert!(!flags.enable_leader_election && flags.no_cross_namespace_refs && !flags.watch_all_namespaces);
    assert_eq!((flags.concurrent, flags.events_addr.as_str()), (10, ""));
    assert_eq!(flags.requeue_dependency, GoDuration::from_secs(65));
    assert!(flags.kube_api_qps < 0.0);
    assert_eq!(flags.override_manager, ["a", "b"]);
}

#[test]
fn a_later_flag_wins() {
    assert_eq!(parse(&["--concurrent=10", "--concurrent=2"]).unwrap().concurrent, 2);
    assert!(
        !parse(&["--no-cross-namespace-refs", "--no-cross-namespace-refs=false"])
            .unwrap()
            .no_cross_namespace_refs
    );
}

#[test]
fn wrong_flags_are_usage_errors() {
    for line in [
        &["--unknown=1"][..],
        &["--requeue-dependency=5"],
        &["--concurrent=many"],
        &["--watch-all-namespaces=maybe"],
        &["--interval-jitter-percentage=256"],
        &["--feature-gates=OOMWatch"],
        &["position"],
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line:?}");
    }
}

#[test]
fn gates_are_merged_and_checked() {
    let flags =
        parse(&["--feature-gates=OOMWatch=true,DetectDrift=false", "--feature-gates=ExternalArtifact=1"])
            .unwrap();
    let gates = FeatureGates::from_flags(&flags.feature_gates).unwrap();
    assert!(gates.is_enabled("OOMWatch") && gates.is_enabled("ExternalArtifact"));
    assert!(!gates.is_enabled("DetectDrift") && !gates.is_enabled("UseHelm3Defaults"));

    let empty = parse(&["--feature-gates="]).unwrap();
    assert_eq!(FeatureGates::from_flags(&empty.feature_gates), Ok(FeatureGates::default()));

    let unknown = parse(&["--feature-gates=Nope=true"]).unwrap();
    let error = FeatureGates::from_flags(&unknown.feature_gates).unwrap_err();
    assert_eq!(error.to_string(), "feature-gate 'Nope' not supported");
}

#[test]
fn listen_addresses_are_those_of_go() {
    assert_eq!(listen_address(":8080").as_deref(), Some("[::]:8080"));
    assert_eq!(listen_address("127.0.0.1:1").as_deref(), Some("127.0.0.1:1"));
    assert_eq!(listen_address("0"), None);
}
