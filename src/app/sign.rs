//! The dialog that publishes or revokes, and the publications that outlive it.
//!
//! ```text
//! Measuring ─▶ Reason (revocations) ─▶ Estimating ─▶ Ready ─▶ Working ─▶ closed, or Ready again after an error
//!     └▶ NoAccount, when there is none     └── another account, or retry ──┘
//! ```

use tui_input::Input;

use crate::{
    app::{
        msg::{Problem, SecretShape},
        rows::RowKey,
    },
    domain::{
        Address, Reference, Wei,
        image::ImageId,
        image::KindedDigest,
        network::NetworkView,
        publication::{Cost, JournalEntry, Stage, Statement},
        verdict::Conclusion,
    },
};

/// Names a publication of this session; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicationId(pub u64);

/// What the user is shown before anything is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What will be said.
    pub statement: Statement,
    /// Who says and pays.
    pub from: Address,
    /// What the account holds.
    pub balance: Wei,
    /// What it costs.
    pub cost: Cost,
    /// Where it is written.
    pub network: NetworkView,
    /// The version that a release becomes; the head's for a revocation.
    pub version: u32,
    /// `Some(Verified)` when the digests are current already, `Some(Revoked)` when all are withdrawn already.
    pub standing: Option<Conclusion>,
}

impl Quote {
    /// True when the account can pay the most it can cost.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.balance >= self.cost.at_most()
    }

    /// True when it would repeat what stands already.
    #[must_use]
    pub fn is_repetition(&self) -> bool {
        self.standing.is_some()
    }
}

/// What the dialog is for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// A release.
    Publish,
    /// A revocation, with the reason that anybody will read.
    Revoke {
        /// The reason as typed so far.
        reason: Input,
    },
}

/// How far the dialog has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nobody to sign.
    NoAccount,
    /// Nothing is signed that was not measured.
    Measuring,
    /// The reason is typed.
    Reason,
    /// The node is asked for the cost.
    Estimating,
    /// The cost is shown; the passphrase is typed.
    Ready,
    /// It is signed, sent and followed.
    Working(PublicationId),
    /// It cannot be done; the problem says why. Enter tries again.
    Stuck,
}

/// The dialog.
#[derive(Debug, Clone)]
pub struct Sign {
    /// Publish or revoke.
    pub purpose: Purpose,
    /// Which row.
    pub key: RowKey,
    /// Under which name.
    pub reference: Reference,
    /// Every digest that is stated, the configuration's first, once measured.
    pub digests: Vec<KindedDigest>,
    /// Who signs.
    pub account: Option<Address>,
    /// How far it is.
    pub step: Step,
    /// The newest question about the cost.
    pub ticket: u64,
    /// Its answer.
    pub quote: Option<Quote>,
    /// What the passphrase field holds, as far as the model may know.
    pub secret: SecretShape,
    /// What went wrong.
    pub problem: Option<Problem>,
}

impl Sign {
    /// True for a revocation.
    #[must_use]
    pub const fn is_revocation(&self) -> bool {
        matches!(self.purpose, Purpose::Revoke { .. })
    }

    /// True when the digest is the current release already.
    #[must_use]
    pub fn is_repetition(&self) -> bool {
        self.step == Step::Stuck && self.quote.as_ref().is_some_and(Quote::is_repetition)
    }

    /// The publication that the dialog shows.
    #[must_use]
    pub const fn publication(&self) -> Option<PublicationId> {
        match self.step {
            Step::Working(id) => Some(id),
            _ => None,
        }
    }
}

/// A publication or revocation on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its identity.
    pub id: PublicationId,
    /// Under which name.
    pub reference: Reference,
    /// Of which image; `None` for one that an earlier process began.
    pub image: Option<ImageId>,
    /// True for a revocation.
    pub revocation: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Why nothing more is known.
    pub problem: Option<Problem>,
    /// The journal's entry, for one that an earlier process began.
    pub entry: Option<JournalEntry>,
    /// It is being looked at.
    pub looking: bool,
}

impl Publication {
    /// True while something still happens.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.problem.is_none() && !self.stage.is_settled() && !self.stage.is_failure()
    }

    /// True while ending the program would lose it: it is not in the journal yet.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        self.is_open() && self.stage.hash().is_none()
    }
}
