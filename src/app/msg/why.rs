//! News of the released image beside the selected one.

use super::Problem;
use crate::domain::{
    compare::{Comparison, FileChanges, Pair},
    progress::Progress,
};

/// News of the released image beside the selected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyMsg {
    /// How far the bytes have come that have to be read for an answer.
    Progress {
        /// Which question; an older one's progress is dropped.
        ticket: u64,
        /// Bytes.
        progress: Progress,
    },
    /// The answer to [`Effect::Compare`](crate::app::Effect::Compare).
    Compared {
        /// Which question; an older one's answer is dropped.
        ticket: u64,
        /// The layers of both.
        result: Result<Box<Comparison>, Problem>,
    },
    /// The answer to [`Effect::ListFiles`](crate::app::Effect::ListFiles).
    Listed {
        /// Which question.
        ticket: u64,
        /// The layers that differ, with the files that do.
        result: Result<Vec<(Pair, FileChanges)>, Problem>,
    },
}
