//! Plays one recorded scenario with a crash at one request and prints what the operator did:
//! `crash_one <scenario> [<request> before|effect|reply]`, or with random faults until the script ends:
//! `crash_one <scenario> faults <seed> <per mille> <class>...`.

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a command line tool prints")]

use std::sync::Arc;

use pilothouse_io_sim::faults::{ALL_FAULTS, Boundary, FaultClass, Faults};
use pilothouse_io_sim::world::WorldOptions;
use pilothouse_protocol::{Reply, Request};
use pilothouse_tests::acceptance::{Fixtures, Player, Scenario, Setup, Tolerance, list, shared};
use pilothouse_tests::oracles::{Oracles, end_state};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().ok_or("name a scenario")?;
    let shared = shared().ok_or("no recorded scenarios beside this checkout")?;
    let scenario = Scenario::read(shared.join("scenarios").join(name))?;
    let fixtures = Arc::new(Fixtures::read(&shared)?);
    let random = arguments.get(1).is_some_and(|word| word == "faults");
    let crash = match (arguments.get(1), arguments.get(2).map(String::as_str)) {
        (Some(_), _) if random => None,
        (Some(number), Some("before")) => Some((number.parse()?, Boundary::Before)),
        (Some(number), Some("effect")) => Some((number.parse()?, Boundary::AfterEffect)),
        (Some(number), _) => Some((number.parse()?, Boundary::AfterReply)),
        (None, _) => None,
    };
    let mut faults = Faults { crashes: crash.into_iter().collect(), ..Faults::default() };
    let mut world = WorldOptions::default();
    if random {
        world.seed = arguments.get(2).ok_or("give a seed")?.parse()?;
        faults.per_mille = arguments.get(3).ok_or("give a rate")?.parse()?;
        let named = |class: &FaultClass| arguments.iter().any(|word| *word == format!("{class:?}"));
        faults.enabled = ALL_FAULTS.into_iter().filter(named).collect();
    }
    world.faults = faults;
    let setup = Setup { world, ..Setup::default() };
    let mut oracles = Oracles::default();
    let mut player = Player::new(&scenario, &fixtures, setup, Tolerance::Lenient, &mut oracles)?;
    let outcome = player.run();
    *player.cluster.world.faults() = Faults::default();
    let settled = player.settle(30.0, 600.0);
    println!("outcome: {outcome:?}, settled: {settled:?}");
    let world = &player.cluster.world;
    for exchange in world.record().exchanges.iter().take(400) {
        let seconds = exchange.at.0 / 1_000_000;
        let reply = match &exchange.reply {
            Some(Reply::Failed(failure)) => failure.to_string(),
            Some(_) => "ok".to_owned(),
            None => "never".to_owned(),
        };
        println!(
            "{} #{} {seconds}ms {} -> {reply}",
            exchange.incarnation,
            exchange.number,
            brief(&exchange.request)
        );
    }
    for recorded in &world.record().events {
        println!("event x{} {}: {}", recorded.count, recorded.event.reason, recorded.event.message);
    }
    for release in list(world, "HelmRelease", None) {
        println!("{}", serde_json::to_string_pretty(&release["status"])?);
    }
    for (name, value) in end_state(world).storage {
        println!("{name}: {}", value["status"]);
    }
    Ok(())
}

fn brief(request: &Request) -> String {
    match request {
        Request::Get { object } => format!("get {object}"),
        Request::List { kind, namespace, .. } => {
            format!("list {kind} {}", namespace.as_deref().unwrap_or("*"))
        }
        Request::ListMetadata { kind, namespace, .. } => {
            format!("list metadata of {kind} {}", namespace.as_deref().unwrap_or("*"))
        }
        Request::Create { body } => format!("create {} {}", body["kind"], body["metadata"]["name"]),
        Request::Update { body } => {
            format!(
                "update {} {} {}",
                body["kind"], body["metadata"]["name"], body["metadata"]["labels"]["status"]
            )
        }
        Request::Patch { object, status, dry_run, body, .. } => {
            let conditions = if *status { body["status"]["conditions"].to_string() } else { String::new() };
            format!("patch {object} status={status} dry_run={dry_run} {conditions}")
        }
        Request::Delete { object, .. } => format!("delete {object}"),
        Request::Discover { .. } => "discover".to_owned(),
        Request::Fetch { url } => format!("fetch {url}"),
    }
}
