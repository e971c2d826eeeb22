//! Passphrases that were wrong.

use crate::domain::Timestamp;

/// Wrong passphrases in a row: each makes the next try wait, and after five the dialog closes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    wrong: u32,
    until: Timestamp,
}

impl Tries {
    /// Wrong passphrases before a dialog closes.
    pub const MOST: u32 = 5;
    /// Longest wait, in seconds.
    const LONGEST: u64 = 32;

    /// Another wrong one. True when the dialog is to be closed.
    pub fn failed(&mut self, now: Timestamp) -> bool {
        let pause = 1_u64.checked_shl(self.wrong).map_or(Self::LONGEST, |pause| pause.min(Self::LONGEST));
        self.until = Timestamp(now.0.saturating_add(pause));
        self.wrong += 1;
        self.wrong.is_multiple_of(Self::MOST)
    }

    /// A right one.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Seconds until the next try counts.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Option<u64> {
        // A clock that was set back must not lock its user out.
        Some(self.until.since(now)).filter(|seconds| (1..=Self::LONGEST).contains(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_passphrase_makes_the_next_wait_longer() {
        let (mut tries, mut now, mut waits) = (Tries::default(), Timestamp(1000), Vec::new());
        for round in 1..=7 {
            assert_eq!(tries.failed(now), round == 5, "round {round}");
            waits.push(tries.wait(now));
            now.0 += waits[waits.len() - 1].unwrap_or_default();
            assert_eq!(tries.wait(now), None);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32].map(Some));
        assert_eq!(tries.wait(Timestamp(5)), None, "a clock that was set back");
        tries.succeeded();
        assert!(!tries.failed(now) && tries.wait(now) == Some(1));
    }
}
