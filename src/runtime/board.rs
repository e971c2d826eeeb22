//! Where running tasks note their progress: one slot per task, of which the newest counts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{Msg, tasks::TaskId},
    domain::progress::{Progress, Watch},
};

/// Ten times a second looks smooth; more would only cost bytes over SSH.
const INTERVAL: Duration = Duration::from_millis(100);
/// For who asks for less motion.
const CALM: Duration = Duration::from_secs(1);

/// The newest progress of every running task.
#[derive(Debug, Default)]
pub struct Board {
    slots: Mutex<Slots>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Slots {
    newest: BTreeMap<TaskId, Progress>,
    told: Option<Instant>,
    calm: bool,
}

impl Slots {
    const fn interval(&self) -> Duration {
        if self.calm { CALM } else { INTERVAL }
    }
}

impl Board {
    fn note(&self, task: TaskId, progress: Progress, now: Instant) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.newest.insert(task, progress);
        let interval = slots.interval();
        if slots.told.is_none_or(|told| now.duration_since(told) >= interval) {
            slots.told = Some(now);
            self.news.notify_one();
        }
    }

    /// The pause between two reports that are shown.
    pub(super) fn interval(&self) -> Duration {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).interval()
    }

    /// Tells progress once a second from now on.
    pub fn calm_down(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).calm = true;
    }

    /// Waits for news and takes them. Cancelling it loses nothing.
    pub async fn news(&self) -> Vec<(TaskId, Progress)> {
        self.news.notified().await;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut slots.newest).into_iter().collect()
    }
}

/// What one task reports to, and asks whether to go on.
#[derive(Debug)]
pub(super) struct TaskWatch {
    task: TaskId,
    token: CancellationToken,
    board: Arc<Board>,
}

impl TaskWatch {
    pub(super) const fn new(task: TaskId, token: CancellationToken, board: Arc<Board>) -> Self {
        Self { task, token, board }
    }
}

impl Watch for TaskWatch {
    fn report(&self, progress: Progress) {
        self.board.note(self.task, progress, Instant::now());
    }

    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

/// Progress that somebody waits for, as messages at the board's pace. It ends with its token.
pub(super) struct Awaited<M> {
    token: CancellationToken,
    pause: Duration,
    sender: mpsc::Sender<Msg>,
    msg: M,
    told: Mutex<Option<Instant>>,
}

impl<M: Fn(Progress) -> Msg> Awaited<M> {
    pub(super) fn new(token: CancellationToken, board: &Board, sender: mpsc::Sender<Msg>, msg: M) -> Self {
        Self { token, pause: board.interval(), sender, msg, told: Mutex::default() }
    }

    fn note(&self, progress: Progress, now: Instant) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| now.duration_since(told) >= self.pause) {
            *told = Some(now);
            // A full channel loses progress, never the outcome.
            let _ = self.sender.try_send((self.msg)(progress));
        }
    }
}

impl<M: Fn(Progress) -> Msg + Send + Sync> Watch for Awaited<M> {
    fn report(&self, progress: Progress) {
        self.note(progress, Instant::now());
    }

    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

/// Work that is not shown, and ends with its token.
pub(super) struct Unshown(pub(super) CancellationToken);

impl Watch for Unshown {
    fn report(&self, _progress: Progress) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_at_the_same_pace() {
        let board = Board::default();
        let (sender, mut receiver) = mpsc::channel(8);
        let token = CancellationToken::new();
        let msg = |progress: Progress| Msg::Notice(progress.done.to_string());
        let watch = Awaited::new(token.clone(), &board, sender, msg);
        let start = Instant::now();
        for done in 0..3 {
            watch.note(Progress { done, ..Progress::default() }, start);
        }
        watch.note(Progress { done: 7, ..Progress::default() }, start + INTERVAL);
        let told: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        assert_eq!(told, [msg(Progress::default()), msg(Progress { done: 7, ..Progress::default() })]);
        token.cancel();
        assert!(watch.is_cancelled());
    }

    #[tokio::test]
    async fn the_newest_counts_and_the_rate_is_bounded() {
        let board = Board::default();
        let start = Instant::now();
        let progress = |done| Progress { done, ..Progress::default() };
        for done in 0..1000 {
            board.note(TaskId(1), progress(done), start);
        }
        assert_eq!(board.news().await, [(TaskId(1), progress(999))]);
        board.note(TaskId(1), progress(1000), start + INTERVAL / 2);
        let nothing = tokio::time::timeout(Duration::ZERO, board.news()).await;
        assert!(nothing.is_err(), "told again before the interval was over");
        board.note(TaskId(2), progress(1), start + INTERVAL);
        assert_eq!(board.news().await, [(TaskId(1), progress(1000)), (TaskId(2), progress(1))]);
        board.calm_down();
        board.note(TaskId(2), progress(2), start + 9 * INTERVAL);
        assert!(tokio::time::timeout(Duration::ZERO, board.news()).await.is_err(), "less motion was asked for");
        board.note(TaskId(2), progress(3), start + INTERVAL + CALM);
        assert_eq!(board.news().await, [(TaskId(2), progress(3))]);
    }
}
