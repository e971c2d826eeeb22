//! Marked images, one after the other.

use std::collections::VecDeque;

use crate::app::rows::RowKey;

/// Marked rows whose dialogs come one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Those after the one that is shown.
    pub rows: VecDeque<RowKey>,
    /// The one that is shown.
    pub shown: Option<RowKey>,
    /// How many there were.
    pub total: usize,
    /// What is done to them.
    pub wish: Wish,
}

/// What is said of an image's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A release.
    Publish,
    /// A revocation.
    Revoke,
    /// What its registry serves.
    Observe,
}

impl Wish {
    /// What was done, or was not.
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Publish => "published",
            Self::Revoke => "revoked",
            Self::Observe => "observed",
        }
    }
}

impl Batch {
    /// Which of them is shown, from 1.
    #[must_use]
    pub fn at(&self) -> usize {
        self.total - self.rows.len().min(self.total)
    }
}
