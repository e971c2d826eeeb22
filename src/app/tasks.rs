//! Measuring in the background: a few at once, the rest in a queue. What somebody waits for comes first, then the selected
//! row, then the smallest: many short waits end before one long one begins.

use std::collections::{HashMap, VecDeque};

use crate::domain::{
    Timestamp,
    image::{EXPORTS_AT_ONCE, ImageId, LocalImage, Source},
    progress::{Progress, Rate},
};

/// Names a task; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// A task that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Its identity.
    pub id: TaskId,
    /// What is measured.
    pub image: LocalImage,
    /// How it is called on the screen.
    pub label: String,
    /// How far it has come.
    pub progress: Progress,
    /// How fast it is now.
    pub rate: Rate,
    /// When it told that.
    pub reported: Timestamp,
    /// It was told to stop and has not said so yet.
    pub stopping: bool,
}

/// A task that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    id: TaskId,
    image: LocalImage,
    label: String,
    fresh: bool,
    urgent: bool,
}

/// A task that may start now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its identity.
    pub id: TaskId,
    /// What to measure.
    pub image: LocalImage,
    /// Though the cache knows it.
    pub fresh: bool,
    /// Images that are measured first, together with it, as far as they share layers.
    pub beside: Vec<LocalImage>,
}

/// Running and waiting tasks.
#[derive(Debug, Clone)]
pub struct Tasks {
    at_once: usize,
    last: u64,
    beside: Vec<LocalImage>,
    running: Vec<Running>,
    waiting: VecDeque<Waiting>,
    by_image: HashMap<ImageId, TaskId>,
    /// Tasks that ended since the queue was last empty.
    done: usize,
    /// Their bytes.
    done_bytes: u64,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            at_once: EXPORTS_AT_ONCE,
            last: 0,
            beside: Vec::new(),
            running: Vec::new(),
            waiting: VecDeque::new(),
            by_image: HashMap::new(),
            done: 0,
            done_bytes: 0,
        }
    }
}

impl Tasks {
    /// Runs up to `at_once` tasks at once, and at most [`EXPORTS_AT_ONCE`] of them through the engine.
    pub const fn allow(&mut self, at_once: usize) {
        self.at_once = at_once;
    }

    /// Has what these share with the next image of the engine that starts measured with it.
    pub fn share(&mut self, images: Vec<LocalImage>) {
        self.beside = images;
    }

    /// Those that run.
    #[must_use]
    pub fn running(&self) -> &[Running] {
        &self.running
    }

    /// True while anything runs or waits.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.by_image.is_empty()
    }

    /// Tasks that ended, and all tasks, since the queue was last empty.
    #[must_use]
    pub fn tally(&self) -> (usize, usize) {
        (self.done, self.done + self.running.len() + self.waiting.len())
    }

    /// How many wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes that are hashed, and in all, since the queue was last empty, and the speed of those that run. An image whose
    /// size nobody told makes the whole unknown.
    #[must_use]
    pub fn overall(&self) -> (Progress, Option<u64>) {
        let running = || self.running.iter();
        let done = running().map(|task| task.progress.done).fold(self.done_bytes, u64::saturating_add);
        // What was estimated too low is as large as it turned out to be.
        let sizes = running().map(|task| task.progress.total.map(|total| total.max(task.progress.done)));
        let waiting = self.waiting.iter().map(|task| Some(task.image.size).filter(|size| *size > 0));
        let total = sizes.chain(waiting).try_fold(self.done_bytes, |sum, size| Some(sum.saturating_add(size?)));
        let speeds: Vec<u64> = running().filter_map(|task| task.rate.per_second()).collect();
        let speed = (!speeds.is_empty()).then(|| speeds.into_iter().fold(0, u64::saturating_add));
        let elapsed = running().map(|task| task.progress.elapsed).max().unwrap_or_default();
        (Progress { done, total, elapsed }, speed)
    }

    /// The task that measures this image, running or waiting.
    #[must_use]
    pub fn of(&self, image: &ImageId) -> Option<TaskId> {
        self.by_image.get(image).copied()
    }

    /// The running task that measures this image.
    #[must_use]
    pub fn running_of(&self, image: &ImageId) -> Option<&Running> {
        self.running.iter().find(|task| task.image.id == *image)
    }

    /// Puts an image in the queue, unless it is there: at its head when somebody waits for it.
    pub fn add(&mut self, image: &LocalImage, label: &str, fresh: bool, urgent: bool) -> TaskId {
        if let Some(id) = self.of(&image.id) {
            if let Some(at) = self.waiting.iter().position(|task| urgent && task.id == id)
                && let Some(task) = self.waiting.remove(at)
            {
                self.waiting.push_front(Waiting { urgent, ..task });
            }
            return id;
        }
        self.last += 1;
        let id = TaskId(self.last);
        self.by_image.insert(image.id.clone(), id);
        let task = Waiting { id, image: image.clone(), label: label.to_owned(), fresh, urgent };
        let larger = |other: &Waiting| urgent || (!other.urgent && other.image.size > image.size);
        let at = self.waiting.iter().position(larger).unwrap_or(self.waiting.len());
        self.waiting.insert(at, task);
        id
    }

    /// Puts a waiting image behind the urgent ones and before all others.
    pub fn prefer(&mut self, image: &ImageId) {
        if let Some(from) = self.waiting.iter().position(|task| !task.urgent && task.image.id == *image)
            && let Some(task) = self.waiting.remove(from)
        {
            let at = self.waiting.iter().position(|task| !task.urgent).unwrap_or(self.waiting.len());
            self.waiting.insert(at, task);
        }
    }

    /// The next task, if one may start.
    pub fn start(&mut self, now: Timestamp) -> Option<Start> {
        if self.running.len() >= self.at_once {
            return None;
        }
        let of_engine = |image: &LocalImage| image.id.source == Source::Engine;
        let exports = self.running.iter().filter(|task| of_engine(&task.image)).count();
        let may_start = |task: &Waiting| exports < EXPORTS_AT_ONCE || !of_engine(&task.image);
        let at = self.waiting.iter().position(may_start)?;
        let Waiting { id, image, label, fresh, urgent: _ } = self.waiting.remove(at)?;
        let beside = if of_engine(&image) && !fresh { std::mem::take(&mut self.beside) } else { Vec::new() };
        let progress = Progress { total: Some(image.size).filter(|size| *size > 0), ..Progress::default() };
        let running = Running {
            id,
            image: image.clone(),
            label,
            progress,
            rate: Rate::default(),
            reported: now,
            stopping: false,
        };
        self.running.push(running);
        Some(Start { id, image, fresh, beside })
    }

    /// Notes how far a task has come.
    pub fn report(&mut self, id: TaskId, progress: Progress, now: Timestamp) {
        if let Some(task) = self.running.iter_mut().find(|task| task.id == id) {
            if progress.done != task.progress.done {
                task.reported = now;
            }
            task.progress = progress;
            task.rate.take(progress);
        }
    }

    /// Takes a waiting task away, or marks a running one as stopping: then true, and it must be told.
    pub fn cancel(&mut self, id: TaskId) -> bool {
        if let Some(at) = self.waiting.iter().position(|task| task.id == id) {
            if let Some(task) = self.waiting.remove(at) {
                self.by_image.remove(&task.image.id);
            }
            self.reset_when_idle();
            return false;
        }
        self.running
            .iter_mut()
            .find(|task| task.id == id)
            .is_some_and(|task| !std::mem::replace(&mut task.stopping, true))
    }

    /// Takes every waiting task away.
    pub fn cancel_waiting(&mut self) {
        self.beside.clear();
        for task in std::mem::take(&mut self.waiting) {
            self.by_image.remove(&task.image.id);
        }
        self.reset_when_idle();
    }

    /// Takes every waiting task away, and tells which running ones must be told to stop.
    pub fn cancel_all(&mut self) -> Vec<TaskId> {
        self.cancel_waiting();
        let running: Vec<TaskId> = self.running.iter().map(|task| task.id).collect();
        running.into_iter().filter(|id| self.cancel(*id)).collect()
    }

    /// Takes a task away that ended.
    pub fn end(&mut self, id: TaskId) -> Option<Running> {
        let at = self.running.iter().position(|task| task.id == id)?;
        let task = self.running.remove(at);
        self.by_image.remove(&task.image.id);
        self.done += 1;
        self.done_bytes = self.done_bytes.saturating_add(task.progress.done);
        self.reset_when_idle();
        Some(task)
    }

    fn reset_when_idle(&mut self) {
        if !self.is_busy() {
            self.done = 0;
            self.done_bytes = 0;
        }
    }
}
