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
        let left = self.total?.checked_sub(self.done)?;
        let speed = self.speed().filter(|speed| *speed > 0)?;
        Some(left.div_ceil(speed))
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

    proptest! {
        #[test]
        fn no_progress_panics_or_exceeds_one(done in any::<u64>(), total in any::<Option<u64>>(), millis in any::<u32>()) {
            let progress = Progress { done, total, elapsed: Duration::from_millis(millis.into()) };
            prop_assert!(progress.fraction().is_none_or(|share| (0.0..=1.0).contains(&share)));
            let _ = (progress.speed(), progress.seconds_left());
        }
    }
}
