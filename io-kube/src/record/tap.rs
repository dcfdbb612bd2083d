//! Between the operator and its driver: hands everything that passes to the recorder's thread.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use pilothouse_io_sim::world::Machine;
use pilothouse_operator::{Config, DigestTape, Operator, OperatorAction, OperatorInput, Random};
use pilothouse_protocol::{Action, Deadline, Now};

use super::folder::Folder;
use super::format::{Header, Step};
use super::memory::Memory;
use super::recorder::{Life, RecordOptions, Recorder};
use crate::clock::entropy;
use crate::driver::Core;

/// The twin renders charts, too.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Numbers of requests and watches that one operator has before those of the next begin.
const IDS: u64 = 1 << 32;

/// An operator that can be replaced by another one.
pub trait Replaceable: Core {
    /// Puts a new operator in the place of the old one.
    fn replace(&mut self, operator: Operator);
}

/// Takes in what happens to an operator.
pub struct Tap {
    sender: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
    /// The number of the life whose recording is full.
    full: Arc<AtomicU64>,
    tape: DigestTape,
    memory: Memory,
    step: Option<Step>,
    config: Config,
    delays: Random,
    charts: Random,
    lives: u64,
}

enum Message {
    Begin(u64, Life),
    Step(Box<Step>),
}

impl Tap {
    /// A tap, and the operator to drive. Its entropy is `random`; what delays are drawn from will stand in the recording, and
    /// says nothing about the rest. `now` is the moment of the start.
    ///
    /// # Errors
    /// When the folder cannot be opened, or there is no entropy.
    pub fn start(mut options: RecordOptions, random: &Random, now: Now) -> io::Result<(Self, Operator)> {
        let tape = DigestTape::recording();
        options.config.tape = DigestTape::default();
        let config = Config { tape: tape.clone(), ..options.config.clone() };
        let (folder, key) = (Folder::open(&options.folder, options.size_max)?, entropy()?);
        let (sender, steps) = sync_channel(options.waiting);
        let full = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&full);
        let thread = std::thread::Builder::new().name("recorder".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || record(Recorder::new(options, folder, key), &steps, &told))?;
        let mut tap = Self {
            sender: Some(sender),
            thread: Some(thread),
            full,
            tape,
            memory: Memory::default(),
            step: None,
            config,
            delays: random.derive(b"delays"),
            charts: random.derive(b"charts"),
            lives: 0,
        };
        let operator = tap.begin_life(now)?;
        Ok((tap, operator))
    }

    /// Before an input is handled.
    pub fn input(&mut self, now: Now, input: &OperatorInput) {
        self.drained();
        self.memory.see(input);
        self.step = Some(Step { now, input: input.clone(), digests: Vec::new(), actions: Vec::new() });
    }

    /// After it was handled.
    pub fn handled(&mut self) {
        let digests = self.tape.take();
        if let Some(step) = &mut self.step {
            step.digests = digests;
        }
    }

    /// For each action that the input has led to.
    pub fn action(&mut self, action: &OperatorAction) {
        let Some(step) = &mut self.step else { return };
        let mut action = action.clone();
        if let Action::Log(entry) = &mut action.action {
            // Given to log lines on their way out, not by the operator.
            entry.fields.remove("reconcileID");
        }
        step.actions.push(action);
    }

    /// When there are no more.
    pub fn drained(&mut self) {
        if let Some(step) = self.step.take() {
            self.send(Message::Step(Box::new(step)));
        }
    }

    /// Whether another recording should begin, with an operator that takes the place of this one.
    fn wants_new_life(&self) -> bool {
        self.full.load(Ordering::Relaxed) == self.lives
            && self.sender.is_some()
            && !self.memory.is_unsettled()
    }

    fn begin_life(&mut self, now: Now) -> io::Result<Operator> {
        let number = self.lives.to_le_bytes();
        let first_id = self.lives * IDS;
        self.lives += 1;
        let delays = self.delays.derive(&number);
        let life = Life { began: now, delays: hex(&delays.entropy()), charts: hex(&entropy()?), first_id };
        self.send(Message::Begin(self.lives, life));
        let operator = Operator::with_random(self.config.clone(), delays);
        Ok(operator.with_chart_random(self.charts.derive(&number)).numbering_from(first_id))
    }

    /// The operator goes on when the recorder has ended.
    fn send(&mut self, message: Message) {
        if self.sender.as_ref().is_some_and(|sender| sender.send(message).is_err()) {
            self.sender = None;
        }
    }
}

/// What is recorded last is written before anything else goes on.
impl Drop for Tap {
    fn drop(&mut self) {
        self.drained();
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A recorder that has panicked has said so.
            let _ = thread.join();
        }
    }
}

/// An operator with a tap, if it is to be recorded.
pub struct Recorded<C> {
    core: C,
    tap: Option<Tap>,
    /// Actions of inputs that were told again.
    pending: VecDeque<OperatorAction>,
}

impl<C: Replaceable> Recorded<C> {
    /// With or without a tap.
    pub fn new(core: C, tap: Option<Tap>) -> Self {
        Self { core, tap, pending: VecDeque::new() }
    }

    /// The operator.
    pub fn core(&self) -> &C {
        &self.core
    }

    /// A recording can be replayed from its start only. So when one is full, another operator takes the place of this one
    /// at a moment when nothing is under way, as if the process had been restarted.
    fn renew(&mut self, now: Now) {
        let Some(tap) = self.tap.as_mut().filter(|tap| tap.wants_new_life()) else { return };
        if !self.core.is_idle() {
            return;
        }
        tap.drained();
        let inputs = tap.memory.inputs();
        let Ok(operator) = tap.begin_life(now) else { return };
        self.core.replace(operator);
        for input in inputs {
            self.take_in(now, input);
            while let Some(action) = self.next() {
                self.pending.push_back(action);
            }
        }
    }

    fn take_in(&mut self, now: Now, input: OperatorInput) {
        if let Some(tap) = &mut self.tap {
            tap.input(now, &input);
        }
        self.core.handle(now, input);
        if let Some(tap) = &mut self.tap {
            tap.handled();
        }
    }

    fn next(&mut self) -> Option<OperatorAction> {
        let action = self.core.poll_action();
        if let Some(tap) = &mut self.tap {
            match &action {
                Some(action) => tap.action(action),
                None => tap.drained(),
            }
        }
        action
    }
}

impl<C: Replaceable> Core for Recorded<C> {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        self.renew(now);
        self.take_in(now, input);
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        self.pending.pop_front().or_else(|| self.next())
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.core.poll_timeout()
    }

    fn is_idle(&self) -> bool {
        self.core.is_idle()
    }
}

/// A simulated world drives it as the operator's own loop does.
impl<C: Replaceable> Machine for Recorded<C> {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        Core::handle(self, now, input);
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        Core::poll_action(self)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        Core::poll_timeout(self)
    }
}

/// The operator of a recording, as it was at its start. Digests come from `tape`.
#[must_use]
pub fn replayed_operator(header: &Header, tape: DigestTape) -> Operator {
    let config = Config { tape, ..header.config.clone() };
    Operator::with_random(config, Random::from_entropy(from_hex(&header.delays)))
        .with_chart_random(Random::from_entropy(from_hex(&header.charts)))
        .numbering_from(header.first_id)
}

impl Replaceable for Operator {
    fn replace(&mut self, operator: Operator) {
        *self = operator;
    }
}

/// Until the tap is gone, or something cannot be written.
fn record(mut recorder: Recorder, messages: &Receiver<Message>, full: &AtomicU64) {
    let mut write = || {
        let mut life = 0;
        for message in messages {
            match message {
                Message::Begin(number, begun) => {
                    life = number;
                    recorder.begin(&begun)?;
                }
                Message::Step(step) => {
                    recorder.step(&step)?;
                    if recorder.is_full() {
                        full.store(life, Ordering::Relaxed);
                    }
                }
            }
        }
        recorder.end()
    };
    let written: io::Result<()> = write();
    if let Err(error) = written {
        recorder.complain(&error);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Missing digits are zeros: a header that somebody has edited gives an operator, too.
fn from_hex(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(2 * at..2 * at + 2);
        *byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or_default();
    }
    bytes
}
