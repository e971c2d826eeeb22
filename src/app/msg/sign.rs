//! News of publishing and revoking.

use super::Problem;
use crate::{
    app::activity::Sent,
    app::sign::{Carried, ClaimPlan, Document, Given, PublicationId, Quote, Sighting},
    domain::publication::{JournalEntry, Stage},
};

/// What became of a transaction of an earlier process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumedEntry {
    /// The journal's entry.
    pub entry: JournalEntry,
    /// Its stage now.
    pub stage: Stage,
}

/// News of publishing and revoking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignMsg {
    /// The answer to [`Effect::Ask`](crate::app::Effect::Ask), what is carried to whoever signs, and to
    /// [`Effect::SignRequest`](crate::app::Effect::SignRequest), what is carried back.
    Asked {
        /// Which question; an older one's answer is dropped.
        ticket: u64,
        /// What to carry.
        result: Result<Box<Carried>, Problem>,
    },
    /// The answer to [`Effect::ReadGiven`](crate::app::Effect::ReadGiven).
    Given {
        /// Which question.
        ticket: u64,
        /// What it is.
        result: Result<Box<Given>, Problem>,
    },
    /// The answer to [`Effect::Observe`](crate::app::Effect::Observe).
    Sighted {
        /// Which question; an older one's answer is dropped.
        ticket: u64,
        /// What was seen.
        result: Result<Box<Sighting>, Problem>,
    },
    /// The answer to [`Effect::PlanClaim`](crate::app::Effect::PlanClaim).
    Planned {
        /// Which question.
        ticket: u64,
        /// What is left to be done.
        result: Result<Box<ClaimPlan>, Problem>,
    },
    /// The answer to [`Effect::PutStatement`](crate::app::Effect::PutStatement).
    Put {
        /// Which question.
        ticket: u64,
        /// What was done, in a sentence.
        result: Result<String, Problem>,
    },
    /// The answer to [`Effect::ReadPolicy`](crate::app::Effect::ReadPolicy), and to
    /// [`Effect::Compose`](crate::app::Effect::Compose).
    Document {
        /// Which question.
        ticket: u64,
        /// Its release.
        result: Result<Box<Document>, Problem>,
    },
    /// The answer to [`Effect::Quote`](crate::app::Effect::Quote), and to [`Effect::Relay`](crate::app::Effect::Relay).
    Quoted {
        /// Which question; an older one's answer is dropped.
        ticket: u64,
        /// What it costs.
        result: Result<Box<Quote>, Problem>,
    },
    /// A publication came one step further.
    Stage {
        /// Which.
        publication: PublicationId,
        /// How far.
        stage: Stage,
    },
    /// A publication ended, or was looked at once.
    Settled {
        /// Which.
        publication: PublicationId,
        /// How.
        result: Result<Stage, Problem>,
    },
    /// The answer to [`Effect::ReadJournal`](crate::app::Effect::ReadJournal).
    Journal(Result<Vec<Sent>, Problem>),
    /// What earlier processes left open.
    Resumed(Result<Vec<ResumedEntry>, Problem>),
}
