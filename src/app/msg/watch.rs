//! News of names that are watched.

use super::Problem;
use crate::app::watching::{Looked, Watch};

/// News of [`Effect::Watch`](crate::app::Effect::Watch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchMsg {
    /// The account's key is open, and it begins.
    Begun {
        /// Which.
        ticket: u64,
        /// What is watched.
        watch: Box<Watch>,
    },
    /// Every name was looked at once.
    Looked {
        /// Which.
        ticket: u64,
        /// What came of it.
        result: Result<Looked, Problem>,
    },
    /// It ended.
    Ended {
        /// Which.
        ticket: u64,
        /// Why.
        problem: Problem,
    },
}
