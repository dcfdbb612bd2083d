use std::path::Path;

use pilothouse_protocol::Monotonic;
use serde_json::json;

use super::*;

fn pass(result: PassResult) -> FinishedPass {
    FinishedPass {
        key: ReleaseKey::new("ns", "x"),
        queued: Monotonic(0),
        started: Monotonic(50_000_000),
        ended: Monotonic(1_050_000_000),
        result,
        gone: false,
    }
}

#[test]
fn a_new_process_shows_its_counters_at_zero() {
    let page = Metrics::new(7_900_000_000).render();
    for line in [
        "controller_runtime_reconcile_total{controller=\"helmrelease\",result=\"requeue_after\"} 0\n",
        "controller_runtime_reconcile_errors_total{controller=\"helmrelease\"} 0\n",
        "controller_runtime_reconcile_time_seconds_count{controller=\"helmrelease\"} 0\n",
        "workqueue_adds_total{controller=\"helmrelease\",name=\"helmrelease\"} 0\n",
        "\nprocess_start_time_seconds 7.9\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(
        !page.contains("rest_client") && !page.contains("gotk_reconcile") && page.contains("\ngo_threads ")
    );
}

#[test]
fn requests_are_counted_by_code_host_and_method() {
    let metrics = Metrics::new(0);
    for code in ["200", "200", "<error>"] {
        metrics.count_request(code, "h:6443", "GET");
    }
    let page = metrics.render();
    assert!(page.contains("# TYPE rest_client_requests_total counter\n"));
    assert!(page.contains("rest_client_requests_total{code=\"200\",host=\"h:6443\",method=\"GET\"} 2\n"));
    assert!(page.contains("rest_client_requests_total{code=\"<error>\",host=\"h:6443\",method=\"GET\"} 1\n"));
}

#[test]
fn passes_are_counted_by_their_result() {
    let metrics = Metrics::new(0);
    for result in [PassResult::Success, PassResult::Error, PassResult::Terminal, PassResult::RequeueAfter] {
        metrics.record_pass(&pass(result));
    }
    metrics.record_pass(&FinishedPass { gone: true, ..pass(PassResult::Success) });
    let page = metrics.render();
    for line in [
        "controller_runtime_reconcile_total{controller=\"helmrelease\",result=\"success\"} 2\n",
        "controller_runtime_reconcile_total{controller=\"helmrelease\",result=\"error\"} 2\n",
        "controller_runtime_terminal_reconcile_errors_total{controller=\"helmrelease\"} 1\n",
        "controller_runtime_reconcile_errors_total{controller=\"helmrelease\"} 2\n",
        "workqueue_retries_total{controller=\"helmrelease\",name=\"helmrelease\"} 2\n",
        "workqueue_queue_duration_seconds_sum{controller=\"helmrelease\",name=\"helmrelease\"} 0.25\n",
        "gotk_reconcile_duration_seconds_bucket{kind=\"HelmRelease\",name=\"x\",namespace=\"ns\",le=\"0.5646216173286169\"} 0\n",
        "gotk_reconcile_duration_seconds_bucket{kind=\"HelmRelease\",name=\"x\",namespace=\"ns\",le=\"2.166090855590701\"} 4\n",
        "gotk_reconcile_duration_seconds_sum{kind=\"HelmRelease\",name=\"x\",namespace=\"ns\"} 4\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
}

#[tokio::test(start_paused = true)]
async fn unfinished_work_grows_until_the_pass_ends() {
    let metrics = Metrics::new(0);
    metrics.pass_began(&ReleaseKey::new("ns", "x"));
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    metrics.pass_began(&ReleaseKey::new("ns", "y"));
    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    let value = |name: &str| {
        let start = format!("workqueue_{name}{{controller=\"helmrelease\",name=\"helmrelease\"}} ");
        metrics.render().lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned)).unwrap()
    };
    assert_eq!(value("unfinished_work_seconds"), "8");
    assert_eq!(value("longest_running_processor_seconds"), "5");
    metrics.record_pass(&pass(PassResult::Success));
    assert_eq!(value("unfinished_work_seconds"), "3");
}

#[test]
fn an_object_is_shown_until_it_is_gone() {
    let metrics = Metrics::new(0);
    let key = ReleaseKey::new("ns", "x");
    let object =
        json!({"spec": {"suspend": true}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}});
    metrics.see_release(&key, Some(&object));
    metrics.record_pass(&pass(PassResult::Success));
    let page = metrics.render();
    let labels = "kind=\"HelmRelease\",name=\"x\",namespace=\"ns\"";
    for line in [
        format!("gotk_suspend_status{{{labels}}} 1\n"),
        format!("gotk_reconcile_condition{{{labels},status=\"False\",type=\"Ready\"}} 1\n"),
        format!("gotk_reconcile_condition{{{labels},status=\"True\",type=\"Ready\"}} 0\n"),
    ] {
        assert!(page.contains(&line), "{line}: {page}");
    }
    metrics.see_release(&key, None);
    assert!(!metrics.render().contains("namespace=\"ns\""));
}

/// Every metric that the specification names, but for those that are documented as missing, is defined.
#[test]
fn the_specification_is_covered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spec/03-status-and-events.md");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let section = text.split("## 8. Metrics").nth(1).unwrap().split("\n## ").next().unwrap();
    let defined: Vec<&str> = definitions::ALL.iter().map(|definition| definition.name).collect();
    let words = section.split(['`', ' ', ',']).filter(|word| {
        ["gotk_", "controller_runtime_", "rest_client_", "leader_election_"]
            .iter()
            .any(|start| word.starts_with(start))
    });
    for name in words.filter(|word| *word != "gotk_token_cache_events_total") {
        assert!(defined.contains(&name), "{name} is not defined");
    }
    for suffix in
        ["depth", "adds_total", "queue_duration_seconds", "work_duration_seconds", "unfinished_work_seconds"]
    {
        assert!(section.contains(suffix) && defined.contains(&format!("workqueue_{suffix}").as_str()));
    }
}
