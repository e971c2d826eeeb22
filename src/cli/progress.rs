//! One line on standard error while bytes are read, where standard error is a terminal.

use std::{
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use unicode_width::UnicodeWidthStr as _;

use super::{
    console::Console,
    human::{Look, size},
};
use crate::domain::progress::{Progress, Watch};

/// Time between two lines: an eye sees no more.
const PAUSE: Duration = Duration::from_millis(100);
/// Goes to the line's begin and clears it (ECMA-48 EL).
const CLEAR: &[u8] = b"\r\x1b[K";

/// A line stands on the terminal and must go before anything else is said there.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// Clears the line, if one stands there.
pub fn clear_line() {
    if DRAWN.swap(false, Ordering::AcqRel) {
        let _ = std::io::stderr().write_all(CLEAR);
    }
}

/// Waits for `work`, and tells `watch` for how long.
pub async fn lasting<T>(watch: Arc<dyn Watch>, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let mut ticks = tokio::time::interval(PAUSE);
    tokio::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return result,
            _ = ticks.tick() => watch.report(Progress { elapsed: began.elapsed(), ..Progress::default() }),
        }
    }
}

/// Draws the line, and tells the worker to stop when the token is cancelled.
pub struct Bar {
    label: String,
    look: Look,
    token: CancellationToken,
    counts: Counts,
    drawn: Mutex<Option<Instant>>,
}

/// What a progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Bytes,
    Blocks,
    Seconds,
}

impl Bar {
    /// A line that names `label`, shown only where the console's standard error is a terminal.
    pub fn start(console: &Console, token: &CancellationToken, label: &str) -> Arc<dyn Watch> {
        Self::counting(console, token, label, Counts::Bytes)
    }

    /// The same for blocks of a chain.
    pub fn of_blocks(console: &Console, token: &CancellationToken, label: &str) -> Arc<dyn Watch> {
        Self::counting(console, token, label, Counts::Blocks)
    }

    /// The same for work that tells nothing but that it lasts.
    pub fn of_seconds(console: &Console, token: &CancellationToken, label: &str) -> Arc<dyn Watch> {
        Self::counting(console, token, label, Counts::Seconds)
    }

    fn counting(console: &Console, token: &CancellationToken, label: &str, counts: Counts) -> Arc<dyn Watch> {
        let look = console.err_look;
        Arc::new(Self { label: look.plain(label), look, token: token.clone(), counts, drawn: Mutex::new(None) })
    }

    fn line(&self, progress: Progress) -> String {
        if self.counts == Counts::Seconds {
            return format!("{}  {} s", self.label, progress.elapsed.as_secs());
        }
        if self.counts == Counts::Blocks {
            let of = progress.total.map_or_else(String::new, |total| format!(" of {total}"));
            return format!("{}  block {}{of}", self.label, progress.done);
        }
        let mut line = match progress.total {
            Some(total) => format!("{}  {} of {}", self.label, size(progress.done), size(total)),
            None => format!("{}  {}", self.label, size(progress.done)),
        };
        if let Some(speed) = progress.speed() {
            let _ = write!(line, "  {}/s", size(speed));
        }
        if let Some(left) = progress.seconds_left() {
            let _ = write!(line, "  {left} s left");
        }
        line
    }
}

impl Watch for Bar {
    fn report(&self, progress: Progress) {
        let Some(width) = self.look.width.filter(|_| self.look.live) else { return };
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_some_and(|at| at.elapsed() < PAUSE) || self.token.is_cancelled() {
            return;
        }
        let line = self.line(progress);
        // A line that wraps could not be cleared again.
        if line.width() < width {
            DRAWN.store(true, Ordering::Release);
            let _ = std::io::stderr().write_all(&[CLEAR, line.as_bytes()].concat());
            *drawn = Some(Instant::now());
        }
    }

    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        clear_line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_bytes_speed_and_what_is_left() {
        let bar = Bar {
            label: "hashing redis:7".into(),
            look: Look { unicode: true, colour: false, live: false, width: None },
            token: CancellationToken::new(),
            counts: Counts::Bytes,
            drawn: Mutex::new(None),
        };
        let progress = |total| Progress { done: 22_000_000, total, elapsed: Duration::from_secs(1) };
        assert_eq!(bar.line(progress(Some(51_000_000))), "hashing redis:7  22 MB of 51 MB  22 MB/s  2 s left");
        assert_eq!(bar.line(progress(None)), "hashing redis:7  22 MB  22 MB/s");
        bar.token.cancel();
        assert!(bar.is_cancelled());
    }
}
