//! Progress on standard error, where that is a terminal: a line for each work that is under way.
//!
//! ```text
//! hashing redis:7  ━━━━━━━━━━━━━━━━╸            22 MB of 51 MB  22 MB/s  2 s left
//! reading the chain  block 7 of 90
//! ```
//! The lines go before anything else is said there, and come again with the next report.

use std::{
    fmt::Write as _,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;
use unicode_width::UnicodeWidthStr as _;

use super::{
    console::Console,
    human::{Look, shorten, size},
};
use crate::domain::progress::{Progress, Watch};

/// Time between two reports of work that only lasts.
const PAUSE: Duration = Duration::from_millis(100);
/// Columns for how far the work is: `999 MB of 999 MB  999 MB/s  999 s left`, and what is before it.
const WORDS: usize = 40;
/// Columns of the bar, and of what is before it.
const BAR: usize = 18;
/// Drawings in a second: an eye sees no more.
const RATE: u8 = 10;

/// The lines that stand on the terminal, which is one for all threads.
static LINES: OnceLock<MultiProgress> = OnceLock::new();

/// Clears the lines, if any stand there.
pub fn clear_line() {
    if let Some(lines) = LINES.get() {
        let _ = lines.clear();
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
    line: ProgressBar,
    token: CancellationToken,
    counts: Counts,
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
        let line = if look.live && !console.quiet {
            let target = || ProgressDrawTarget::stderr_with_hz(RATE);
            LINES.get_or_init(|| MultiProgress::with_draw_target(target())).add(ProgressBar::no_length())
        } else {
            ProgressBar::hidden()
        };
        Arc::new(Self::on(line, &look, token, label, counts))
    }

    fn on(line: ProgressBar, look: &Look, token: &CancellationToken, label: &str, counts: Counts) -> Self {
        let room = look.width.unwrap_or(usize::MAX).saturating_sub(WORDS);
        let label = shorten(&look.plain(label), room.max(WORDS / 2), look);
        let has_bar = counts == Counts::Bytes && label.width() + BAR <= room;
        let bar = if has_bar { "  {bar:16}" } else { "" };
        // A brace would begin a field of the template.
        let label = label.replace('{', "{{").replace('}', "}}");
        if let Ok(style) = ProgressStyle::with_template(&format!("{label}{bar}  {{wide_msg}}")) {
            line.set_style(style.progress_chars(if look.unicode { "━╸ " } else { "=> " }));
        }
        Self { line, token: token.clone(), counts }
    }

    fn words(&self, progress: Progress) -> String {
        match self.counts {
            Counts::Seconds => return format!("{} s", progress.elapsed.as_secs()),
            Counts::Blocks => {
                let of = progress.total.map_or_else(String::new, |total| format!(" of {total}"));
                return format!("block {}{of}", progress.done);
            }
            Counts::Bytes => {}
        }
        let mut words = match progress.total {
            Some(total) => format!("{} of {}", size(progress.done), size(total)),
            None => size(progress.done),
        };
        if let Some(speed) = progress.speed() {
            let _ = write!(words, "  {}/s", size(speed));
        }
        if let Some(left) = progress.seconds_left() {
            let _ = write!(words, "  {left} s left");
        }
        words
    }
}

impl Watch for Bar {
    fn report(&self, progress: Progress) {
        if self.line.is_hidden() || self.token.is_cancelled() {
            return;
        }
        match progress.total {
            Some(total) => self.line.set_length(total),
            None => self.line.unset_length(),
        }
        self.line.set_message(self.words(progress));
        self.line.set_position(progress.done);
    }

    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    const LOOK: Look = Look { unicode: true, colour: false, live: true, width: Some(80) };

    fn drawn(look: &Look, columns: u16, label: &str, progress: Progress) -> String {
        let terminal = InMemoryTerm::new(10, columns);
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), u8::MAX);
        let line = ProgressBar::with_draw_target(None, target);
        let bar = Bar::on(line, look, &CancellationToken::new(), label, Counts::Bytes);
        bar.report(progress);
        bar.line.tick();
        let seen = terminal.contents();
        drop(bar);
        assert_eq!(terminal.contents(), "", "nothing stays");
        seen
    }

    fn progress(total: Option<u64>) -> Progress {
        Progress { done: 22_000_000, total, elapsed: Duration::from_secs(1) }
    }

    #[test]
    fn the_line_tells_bytes_speed_and_what_is_left() {
        let seen = drawn(&LOOK, 100, "hashing redis:7", progress(Some(51_000_000)));
        assert!(seen.starts_with("hashing redis:7  ━━━"), "{seen}");
        assert!(seen.ends_with("22 MB of 51 MB  22 MB/s  2 s left"), "{seen}");
        let ascii = drawn(&Look { unicode: false, ..LOOK }, 100, "{braces}", progress(Some(51_000_000)));
        assert!(ascii.is_ascii() && ascii.starts_with("{braces}  ====="), "{ascii}");
        assert!(!ascii.contains('\u{1b}'), "{ascii}");
    }

    #[test]
    fn a_narrow_terminal_keeps_the_line_on_one_row() {
        let name = "hashing registry.example/acme/payments-api:2026";
        let seen = drawn(&Look { width: Some(60), ..LOOK }, 60, name, progress(Some(51_000_000)));
        assert_eq!(seen, "hashing re…-api:2026  22 MB of 51 MB  22 MB/s  2 s left");
        for columns in [1, 20, 40, 80] {
            let seen = drawn(&Look { width: Some(columns.into()), ..LOOK }, columns, name, progress(None));
            assert!(columns < 30 || seen.lines().count() == 1, "{seen}");
        }
    }

    #[test]
    fn a_cancelled_token_reaches_the_worker() {
        let token = CancellationToken::new();
        let bar = Bar::on(ProgressBar::hidden(), &LOOK, &token, "x", Counts::Blocks);
        assert_eq!(bar.words(Progress { done: 7, total: Some(90), elapsed: Duration::ZERO }), "block 7 of 90");
        token.cancel();
        assert!(bar.is_cancelled());
    }
}
