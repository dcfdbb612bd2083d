//! Running tasks in their order, where those of a run of equal kind may overlap (Helm's `batchPerform`, bounded).

use std::collections::{BTreeMap, VecDeque};

use pilothouse_machine::{Context, Task};

/// Tasks running at once.
const AT_ONCE: usize = 16;

/// Runs tasks; all are run, whatever comes of the others. The outputs are in the order of the tasks.
#[derive(Debug)]
pub(crate) struct Batch<T: Task> {
    waiting: VecDeque<Job<T>>,
    running: Vec<Job<T>>,
    outputs: BTreeMap<usize, T::Output>,
}

#[derive(Debug)]
struct Job<T> {
    index: usize,
    kind: String,
    task: T,
}

impl<T: Task> Batch<T> {
    /// A batch of tasks with the kinds of their objects.
    pub(crate) fn new(tasks: impl IntoIterator<Item = (String, T)>) -> Self {
        let jobs = tasks.into_iter().enumerate().map(|(index, (kind, task))| Job { index, kind, task });
        Self { waiting: jobs.collect(), running: Vec::new(), outputs: BTreeMap::new() }
    }

    fn start(&mut self) {
        while self.running.len() < AT_ONCE {
            let Some(next) = self.waiting.front() else { return };
            if self.running.first().is_some_and(|running| running.kind != next.kind) {
                return;
            }
            self.running.extend(self.waiting.pop_front());
        }
    }
}

impl<T: Task> Task for Batch<T> {
    type Output = Vec<T::Output>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            self.start();
            let before = self.running.len();
            for mut job in std::mem::take(&mut self.running) {
                match job.task.poll(context) {
                    None => self.running.push(job),
                    Some(output) => {
                        self.outputs.insert(job.index, output);
                    }
                }
            }
            if self.running.is_empty() && self.waiting.is_empty() {
                return Some(std::mem::take(&mut self.outputs).into_values().collect());
            }
            if self.running.len() == before {
                return None;
            }
        }
    }

    fn describe(&self) -> String {
        let left = self.running.len() + self.waiting.len();
        let first = self.running.first().or(self.waiting.front());
        match first {
            Some(job) if left > 1 => format!("{} and {} more", job.task.describe(), left - 1),
            Some(job) => job.task.describe(),
            None => "done".to_owned(),
        }
    }
}
