//! Where running tasks note their progress: one slot per task, of which the newest counts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    app::tasks::TaskId,
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

impl Board {
    fn note(&self, task: TaskId, progress: Progress, now: Instant) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.newest.insert(task, progress);
        let interval = if slots.calm { CALM } else { INTERVAL };
        if slots.told.is_none_or(|told| now.duration_since(told) >= interval) {
            slots.told = Some(now);
            self.news.notify_one();
        }
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
