//! How far a piece of work has come, and how its worker is told to stop.

use std::time::Duration;

/// Bytes done of bytes expected, after `elapsed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that have passed.
    pub done: u64,
    /// Bytes expected. `None` where nobody can know (a pipe); an estimate otherwise, so `done` may pass it.
    pub total: Option<u64>,
    /// Since the work began.
    pub elapsed: Duration,
}

impl Progress {
    /// From 0 to 1, and never above though the estimate may have been short.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share for a bar needs no exact bytes")]
    pub fn fraction(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        Some((self.done as f64 / total as f64).min(1.0))
    }

    /// Bytes per second so far; `None` before anything could be measured.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a speed for the eye"
    )]
    pub fn speed(&self) -> Option<u64> {
        let seconds = self.elapsed.as_secs_f64();
        (seconds >= 0.1 && self.done > 0).then(|| (self.done as f64 / seconds) as u64)
    }

    /// Whole seconds left at the speed so far; `None` where the total is unknown or passed.
    #[must_use]
    pub fn seconds_left(&self) -> Option<u64> {
        self.seconds_left_at(self.speed())
    }

    /// Whole seconds left at a speed; `None` where that or the total is unknown, or the total is passed.
    #[must_use]
    pub fn seconds_left_at(&self, speed: Option<u64>) -> Option<u64> {
        let left = self.total?.checked_sub(self.done)?;
        Some(left.div_ceil(speed.filter(|speed| *speed > 0)?))
    }
}

/// A speed that follows what happens now, and does not jump: each report weighs as much as the time it took, and what is
/// [`Rate::MEMORY`] ago about a third.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rate {
    last: Option<Progress>,
    per_second: Option<f64>,
}

impl Rate {
    /// Seconds after which a speed is mostly forgotten.
    pub const MEMORY: f64 = 4.0;
    /// Reports that follow closer than this are taken together: their quotient would be noise.
    const CLOSEST: Duration = Duration::from_millis(50);

    /// Takes a report.
    #[expect(clippy::cast_precision_loss, reason = "a speed for the eye")]
    pub fn take(&mut self, progress: Progress) {
        let Some(last) = self.last else {
            self.last = Some(progress);
            self.per_second = progress.speed().map(|speed| speed as f64);
            return;
        };
        let Some(passed) = progress.elapsed.checked_sub(last.elapsed).filter(|passed| *passed >= Self::CLOSEST) else {
            return;
        };
        let seconds = passed.as_secs_f64();
        let now = progress.done.saturating_sub(last.done) as f64 / seconds;
        let weight = 1.0 - (-seconds / Self::MEMORY).exp();
        self.per_second = Some(self.per_second.map_or(now, |before| before + weight * (now - before)));
        self.last = Some(progress);
    }

    /// Bytes per second; `None` before anything could be measured.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed for the eye, never negative")]
    pub fn per_second(&self) -> Option<u64> {
        self.per_second.map(|speed| speed as u64)
    }
}

/// What long work is given: where to report, and whether to go on. Asked once per chunk.
pub trait Watch: Send + Sync {
    /// Called often; whoever listens limits the rate.
    fn report(&self, progress: Progress);
    /// True as soon as nobody wants the result any more.
    fn is_cancelled(&self) -> bool;
}

/// Nobody watches and nobody cancels.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn report(&self, _progress: Progress) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_way_is_half_way() {
        let half = Progress { done: 50, total: Some(100), elapsed: Duration::from_secs(5) };
        assert_eq!((half.fraction(), half.speed(), half.seconds_left()), (Some(0.5), Some(10), Some(5)));
    }

    #[test]
    fn an_unknown_total_promises_nothing() {
        let pipe = Progress { done: 50, total: None, elapsed: Duration::from_secs(5) };
        assert_eq!((pipe.fraction(), pipe.seconds_left()), (None, None));
    }

    fn report(done: u64, millis: u64) -> Progress {
        Progress { done, total: None, elapsed: Duration::from_millis(millis) }
    }

    #[test]
    fn a_rate_follows_and_does_not_jump() {
        let mut rate = Rate::default();
        for second in 1..=20 {
            rate.take(report(second * 1000, second * 1000));
        }
        assert_eq!(rate.per_second(), Some(1000));
        rate.take(report(20_000, 21_000));
        let after_one = rate.per_second().unwrap_or_default();
        assert!((700..1000).contains(&after_one), "one second without a byte is no stand-still: {after_one}");
        for second in 22..=60 {
            rate.take(report(20_000, second * 1000));
        }
        assert_eq!(rate.per_second(), Some(0), "a stand-still is told in the end");
    }

    proptest! {
        #[test]
        fn no_order_of_reports_makes_a_rate_absurd(reports in proptest::collection::vec((any::<u64>(), any::<u32>()), 0..20)) {
            let mut rate = Rate::default();
            for (done, millis) in reports {
                rate.take(report(done, u64::from(millis)));
                prop_assert!(rate.per_second.is_none_or(|speed| speed.is_finite() && speed >= 0.0));
            }
        }

        #[test]
        fn no_progress_panics_or_exceeds_one(done in any::<u64>(), total in any::<Option<u64>>(), millis in any::<u32>()) {
            let progress = Progress { done, total, elapsed: Duration::from_millis(millis.into()) };
            prop_assert!(progress.fraction().is_none_or(|share| (0.0..=1.0).contains(&share)));
            let _ = (progress.speed(), progress.seconds_left());
        }
    }
}
