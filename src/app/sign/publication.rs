//! A publication on its way.

use super::{EVERYTHING, PublicationId};
use crate::{
    app::msg::Problem,
    domain::{
        Reference,
        image::ImageId,
        publication::{JournalEntry, Stage, TransactionHash},
    },
};

/// The word of a release that says what was seen.
pub const OBSERVATION: &str = "observation";

/// A publication or revocation on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its identity.
    pub id: PublicationId,
    /// Under which name; `None` for what is about all names.
    pub reference: Option<Reference>,
    /// What it is about instead, where it is not about names: a namespace, a contract.
    pub about: Option<String>,
    /// Of which image; `None` for one that an earlier process began, and for what an account says of itself.
    pub image: Option<ImageId>,
    /// What is said, in the word of [`Statement::word`](crate::domain::publication::Statement::word).
    pub word: &'static str,
    /// The transaction that it takes the place of with nothing.
    pub cancels: Option<TransactionHash>,
    /// How far it has come.
    pub stage: Stage,
    /// Why nothing more is known.
    pub problem: Option<Problem>,
    /// The journal's entry, for one that an earlier process began.
    pub entry: Option<JournalEntry>,
    /// It is being looked at.
    pub looking: bool,
    /// Its sending ended before it was settled: the journal has its entry, and it is taken up from there.
    pub unfollowed: bool,
}

impl Publication {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        let about = || self.about.as_deref().unwrap_or(EVERYTHING);
        self.reference.as_ref().map_or_else(about, Reference::familiar)
    }

    /// What happens, in a word that goes before its subject.
    #[must_use]
    pub fn doing(&self) -> &'static str {
        match self.word {
            "release" | "releases" => "publishing",
            OBSERVATION => "attesting",
            "revocation" => "revoking",
            "retirement" => "retiring",
            "delegation" => "delegating",
            "succession-offer" => "offering",
            "succession" => "taking over",
            "namespace-claim" => "claiming",
            "namespace-unclaim" => "taking back",
            "deployment" => "deploying",
            _ => "writing",
        }
    }

    /// What has happened, in words that go behind its subject.
    #[must_use]
    pub fn done(&self) -> &'static str {
        match self.word {
            "release" | "releases" => "is published",
            OBSERVATION => "is attested as it is served",
            "revocation" => "is revoked",
            "retirement" => "is retired",
            "delegation" => "has its delegates as wanted",
            "succession-offer" => "is offered as wanted",
            "succession" => "is taken over",
            "namespace-claim" => "is claimed",
            "namespace-unclaim" => "is claimed no longer",
            "deployment" => "is deployed",
            _ => "is written",
        }
    }

    /// True while something still happens.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.stage.is_settled() && !self.stage.is_failure()
    }

    /// True while it is in the journal and may still come to its end: what no node has is sent again.
    #[must_use]
    pub const fn may_go_on(&self) -> bool {
        self.stage.hash().is_some() && !self.stage.is_settled()
    }

    /// The transaction, while no block has it and one may.
    #[must_use]
    pub fn waiting(&self) -> Option<TransactionHash> {
        if self.may_go_on() && self.stage.inclusion().is_none() { self.stage.hash() } else { None }
    }

    /// True while ending the program would lose it: it is not in the journal yet.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        self.is_open() && self.stage.hash().is_none()
    }
}
