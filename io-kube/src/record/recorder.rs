//! The recorder: the twin, and the files that its life goes to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use pilothouse_operator::{Config, DigestTape, Operator, OperatorAction};
use pilothouse_protocol::{Now, ReleaseKey, Reply};

use super::folder::Folder;
use super::format::{FORMAT, Header, Note, Step, Writer, artifact_name};
use super::mask::Masker;
use super::tap::replayed_operator;

/// What is recorded, and where.
#[derive(Clone)]
pub struct RecordOptions {
    /// The folder; made when there is none.
    pub folder: PathBuf,
    /// What the folder may hold, in bytes.
    pub size_max: u64,
    /// Steps that wait for the recorder; whoever has another one waits, too. Few where time is virtual and would run away.
    pub waiting: usize,
    /// The subcommand.
    pub command: &'static str,
    /// What the state machines are told.
    pub config: Config,
    /// Further flags, for people who read the recording.
    pub flags: BTreeMap<String, String>,
    /// Is told why a recording had to end.
    pub complain: Arc<dyn Fn(&io::Error) + Send + Sync>,
}

/// The life of one operator, from its start until another one takes its place.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// Its first moment.
    pub(super) began: Now,
    /// Where its random delays come from, in hexadecimal.
    pub(super) delays: String,
    /// Where the charts of the twin have passwords and keys from, in hexadecimal.
    pub(super) charts: String,
    /// Its first number of requests and watches.
    pub(super) first_id: u64,
}

/// Records the lives of operators, one after the other.
pub(super) struct Recorder {
    options: RecordOptions,
    folder: Folder,
    masker: Masker,
    running: Option<Running>,
}

struct Running {
    twin: Operator,
    tape: DigestTape,
    writer: Writer,
    /// Releases whose twin went another way; it is said once.
    parted: BTreeSet<ReleaseKey>,
}

impl Recorder {
    /// Records into a folder. Tokens come from `key`.
    pub(super) fn new(options: RecordOptions, folder: Folder, key: [u8; 32]) -> Self {
        Self { options, folder, masker: Masker::new(key), running: None }
    }

    /// Begins a recording.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn begin(&mut self, life: &Life) -> io::Result<()> {
        self.end()?;
        let header = Header {
            recording: FORMAT,
            pilothouse: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.options.command.to_owned(),
            began: life.began,
            config: self.options.config.clone(),
            delays: life.delays.clone(),
            charts: life.charts.clone(),
            first_id: life.first_id,
            flags: self.options.flags.clone(),
        };
        self.folder.begin(life.began.wall)?;
        self.folder.append(&Writer::header(&header)?)?;
        let tape = DigestTape::playing();
        let twin = replayed_operator(&header, tape.clone());
        self.running = Some(Running { twin, tape, writer: Writer::default(), parted: BTreeSet::new() });
        Ok(())
    }

    /// Records a step of the operator.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn step(&mut self, step: &Step) -> io::Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let input = self.masker.input(&step.input);
        running.tape.feed(step.digests.clone());
        let missed = running.tape.missed();
        running.twin.handle(step.now, input.clone());
        let mut actions = Vec::new();
        while let Some(action) = running.twin.poll_action() {
            actions.push(action);
        }
        let mut notes = running.align(&mut self.masker, &step.actions, &actions);
        if running.tape.missed() != missed || !running.tape.take().is_empty() {
            notes.extend(running.part(actions.first().or(step.actions.first()), "digests"));
        }
        if let pilothouse_operator::OperatorInput::Reply { reply: Reply::Artifact(bytes), .. } = &step.input {
            self.folder.keep(&artifact_name(bytes), bytes)?;
        }
        let recorded = Step { now: step.now, input, digests: step.digests.clone(), actions };
        let mut lines = running.writer.step(&recorded)?;
        for note in notes {
            lines.push_str(&Writer::note(&note)?);
        }
        self.folder.append(&lines)?;
        if self.folder.is_overfull() {
            let text = "the recording ends here: it is full, and there was no moment at which another one could begin";
            self.folder.append(&Writer::note(&Note { release: None, text: text.to_owned() })?)?;
            self.running = None;
        }
        Ok(())
    }

    /// Whether another recording should begin.
    pub(super) fn is_full(&self) -> bool {
        self.folder.is_full() || self.running.is_none()
    }

    /// Says why nothing more is recorded.
    pub(super) fn complain(&self, error: &io::Error) {
        (self.options.complain)(error);
    }

    /// Ends the recording in order.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.running.take().is_some() {
            self.folder.append(&Writer::end())?;
        }
        self.folder.close();
        Ok(())
    }
}

impl Running {
    /// Learns from what both want; says where they part ways.
    fn align(&mut self, masker: &mut Masker, real: &[OperatorAction], twin: &[OperatorAction]) -> Vec<Note> {
        let mut notes = Vec::new();
        for (real, twin) in real.iter().zip(twin) {
            let aligned = match real.key == twin.key {
                true => masker.align(&real.action, &twin.action),
                false => Err("release".to_owned()),
            };
            if let Err(place) = aligned {
                notes.extend(self.part(Some(real), &place));
            }
        }
        if real.len() != twin.len() {
            let first = real.len().min(twin.len());
            notes.extend(self.part(real.get(first).or(twin.get(first)), "number of actions"));
        }
        notes
    }

    fn part(&mut self, action: Option<&OperatorAction>, place: &str) -> Option<Note> {
        let key = action.map(|action| action.key.clone()).unwrap_or_default();
        let text = format!(
            "the operator itself went another way from here on ({place}): something depends on a secret in a way that its \
             token cannot follow"
        );
        self.parted.insert(key.clone()).then_some(Note { release: Some(key), text })
    }
}
