use std::collections::VecDeque;

use pilothouse_protocol::{LogEntry, LogLevel, Monotonic, Why};

use super::*;

/// Notes its inputs; logs one line for each timer; is busy for a number of timers after shutdown.
#[derive(Default)]
struct Script {
    inputs: Vec<(u64, &'static str)>,
    actions: VecDeque<OperatorAction>,
    deadlines: VecDeque<u64>,
    busy: bool,
}

impl Core for Script {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        let name = match input {
            OperatorInput::Timer => "timer",
            OperatorInput::Synced => "synced",
            OperatorInput::Shutdown => "shutdown",
            _ => "other",
        };
        self.inputs.push((now.monotonic.0 / 1_000_000_000, name));
        if name == "timer" {
            self.deadlines.pop_front();
            let entry =
                LogEntry { level: LogLevel::Info, message: "tick".into(), fields: Default::default() };
            let key = ReleaseKey::new("ns", "x");
            self.actions.push_back(OperatorAction { key, action: Action::Log(entry) });
        }
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        self.actions.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let at = Monotonic(self.deadlines.front()? * 1_000_000_000);
        Some(Deadline { at, why: Why::Interval })
    }

    fn is_idle(&self) -> bool {
        !self.busy && self.deadlines.is_empty()
    }
}

#[derive(Default)]
struct Counter(usize);

impl World for Counter {
    fn perform(&mut self, _: OperatorAction) {
        self.0 += 1;
    }
}

async fn run(script: &mut Script, signals: &[u64]) -> (Outcome, usize) {
    let (inputs, input_queue) = mpsc::channel(4);
    let (signal_sender, signal_queue) = mpsc::channel(4);
    let signals = signals.to_vec();
    let clock = Clock::start();
    tokio::spawn(async move {
        let _ = inputs.send(OperatorInput::Synced).await;
        for at in signals {
            tokio::time::sleep_until(clock.instant(Monotonic(at * 1_000_000_000))).await;
            let _ = signal_sender.send(Terminate).await;
        }
        std::future::pending::<()>().await;
    });
    let mut world = Counter::default();
    let outcome = drive(script, &mut world, clock, input_queue, signal_queue, Duration::from_secs(100)).await;
    (outcome, world.0)
}

#[tokio::test(start_paused = true)]
async fn timers_fire_at_their_deadlines_and_shutdown_drains() {
    let mut script = Script { deadlines: [5, 7, 30].into(), ..Script::default() };
    let ended = run(&mut script, &[10]).await;
    assert_eq!(ended, (Outcome::Finished, 3));
    assert_eq!(script.inputs, [(0, "synced"), (5, "timer"), (7, "timer"), (10, "shutdown"), (30, "timer")]);
}

#[tokio::test(start_paused = true)]
async fn the_grace_period_ends() {
    let mut script = Script { busy: true, ..Script::default() };
    let ended = run(&mut script, &[1]).await;
    assert_eq!(ended, (Outcome::GraceOver, 0));
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_at_once() {
    let mut script = Script { busy: true, ..Script::default() };
    assert_eq!(run(&mut script, &[1, 2]).await, (Outcome::Interrupted, 0));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_does_not_move_does_not_keep_inputs_out() {
    struct Stuck(usize);
    impl Core for Stuck {
        fn handle(&mut self, _: Now, input: OperatorInput) {
            self.0 += usize::from(input == OperatorInput::Synced);
        }
        fn poll_action(&mut self) -> Option<OperatorAction> {
            None
        }
        fn poll_timeout(&self) -> Option<Deadline> {
            Some(Deadline { at: Monotonic(0), why: Why::Poll })
        }
        fn is_idle(&self) -> bool {
            self.0 > 0
        }
    }
    let (inputs, input_queue) = mpsc::channel(1);
    let (signals, signal_queue) = mpsc::channel(1);
    inputs.send(OperatorInput::Synced).await.unwrap();
    signals.send(Terminate).await.unwrap();
    let (mut core, grace) = (Stuck(0), Duration::from_secs(1));
    let ended =
        drive(&mut core, &mut Counter::default(), Clock::start(), input_queue, signal_queue, grace).await;
    assert_eq!((ended, core.0), (Outcome::Finished, 1));
}
