//! Marked images, one after the other.

use std::collections::VecDeque;

use super::{Sign, Validity};
use crate::{
    app::rows::RowKey,
    domain::{Address, Wei, wish::Making},
};

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
    /// What was chosen for the release before.
    pub chosen: Option<Chosen>,
}

/// What the user chose in the dialog of a release, beside the image. That the same is said once more is chosen of one image,
/// and not of those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    account: Option<Address>,
    behalf: Option<Address>,
    annotations: String,
    making: Making,
    good_for: Validity,
    cap: Option<Wei>,
}

impl Chosen {
    /// In this dialog.
    #[must_use]
    pub fn of(sign: &Sign) -> Self {
        Self {
            account: sign.account,
            behalf: sign.behalf,
            annotations: sign.annotations.clone(),
            making: if sign.making == Making::Again { Making::New } else { sign.making },
            good_for: sign.good_for,
            cap: sign.cap,
        }
    }

    /// The dialog, with the same chosen.
    #[must_use]
    pub fn within(self, sign: Sign) -> Sign {
        let Self { account, behalf, annotations, making, good_for, cap } = self;
        Sign { account, behalf, annotations, making, good_for, cap, ..sign }
    }
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
