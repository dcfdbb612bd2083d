//! A run at the pace of real time: changes of the files are applied, and kubectl and Helm are answered, until Ctrl-C.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::project::{Project, fingerprint};
use super::run::Run;
use super::screen::Screen;
use super::{DevError, DevOptions, InputError, Outcome};
use crate::clock::Clock;
use crate::simulated::{Desk, Listener};

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(50);
/// Between two looks at the files, in ticks.
const FILES_TICKS: u32 = 20;

/// Runs until Ctrl-C and prints how it went.
///
/// # Errors
/// When the input is wrong at the start. Later on that is printed, and what was there before stays.
pub fn run_live(options: &DevOptions, screen: &mut Screen<'_>) -> Result<Outcome, DevError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let original = Project::load(&options.paths)?;
    let mut run = Run::start(options, screen)?;
    runtime.block_on(async {
        let (desk, service) = Desk::open();
        let listener = match &options.listen {
            Some(address) => Some(Listener::start(address, options.kubeconfig.as_deref(), service).await?),
            None => None,
        };
        if let Some(listener) = &listener {
            run.cluster.show_events();
            run.screen.line(&format!(
                "kubectl and helm see this cluster with: export KUBECONFIG={}",
                listener.kubeconfig().display()
            ))?;
        }
        follow(&mut run, options, &original, desk).await
    })?;
    let views = run.look()?;
    Ok(run.finish(&views)?)
}

async fn follow(
    run: &mut Run<'_, '_>,
    options: &DevOptions,
    original: &Project,
    mut desk: Desk,
) -> Result<(), DevError> {
    let clock = Clock::start();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut files = Files::new(options);
    let mut count: u32 = 0;
    loop {
        let asked = tokio::select! {
            biased;
            signal = tokio::signal::ctrl_c() => {
                signal?;
                return Ok(());
            }
            _ = ticks.tick() => None,
            asked = desk.next() => Some(asked),
        };
        run.advance(run.cluster.after(scaled(clock.now().monotonic.0, options.speed)))?;
        let is_request = asked.is_some();
        if let Some(asked) = asked {
            run.cluster.with_server(|server, now| desk.answer(server, now, asked));
        }
        run.cluster.with_server(|server, now| desk.tell(server, now));
        if is_request {
            continue;
        }
        count = count.wrapping_add(1);
        if count.is_multiple_of(FILES_TICKS) && files.have_changed(options) {
            apply(run, options, original)?;
        }
        run.draw()?;
    }
}

/// Reads the files again and brings the cluster in line.
fn apply(run: &mut Run<'_, '_>, options: &DevOptions, original: &Project) -> Result<(), DevError> {
    let applied: Result<Vec<String>, InputError> = Project::load(&options.paths)
        .and_then(|project| run.cluster.replace(project.with_builds_since(&original.library)));
    match applied {
        Ok(notes) => {
            run.screen.line("files have changed: applied")?;
            run.note(&notes)?;
        }
        Err(error) => {
            run.screen.line(&format!("files have changed: {error}; what was there before stays"))?
        }
    }
    Ok(())
}

/// The files as they were applied, and as they were seen last.
struct Files {
    applied: Stamp,
    seen: Stamp,
}

type Stamp = Vec<(std::path::PathBuf, u64, Option<std::time::SystemTime>)>;

impl Files {
    fn new(options: &DevOptions) -> Self {
        let stamp = fingerprint(&options.paths);
        Self { applied: stamp.clone(), seen: stamp }
    }

    /// Whether they differ from what was applied and have come to rest: editors write in more than one step.
    fn have_changed(&mut self, options: &DevOptions) -> bool {
        let stamp = fingerprint(&options.paths);
        let rests = stamp == self.seen;
        self.seen = stamp;
        let changed = rests && self.seen != self.applied;
        if changed {
            self.applied.clone_from(&self.seen);
        }
        changed
    }
}

/// Virtual nanoseconds after so many real ones.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a display clock"
)]
fn scaled(nanos: u64, speed: f64) -> u64 {
    (nanos as f64 * speed) as u64
}
