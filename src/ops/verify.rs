//! Verdicts for many images in one call, and news of the chain.

use tokio::sync::mpsc;

use crate::{
    domain::{
        Reference, Timestamp,
        image::Evidence,
        network::NetworkView,
        trust::TrustPolicy,
        verdict::{Conclusion, Verdict},
    },
    ops::{Context, Failure},
};

/// One image under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The name.
    pub reference: Reference,
    /// What is known of its content.
    pub evidence: Evidence,
}

/// Verdicts, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The network that was read, or why it was not: then every verdict is *undecided* (or *mismatch* where the content
    /// contradicts itself).
    pub network: Result<NetworkView, Failure>,
    /// One for each subject, in their order.
    pub verdicts: Vec<Verdict>,
    /// When.
    pub checked_at: Timestamp,
    /// For an undecided subject: the last verdict that was reached, and when.
    pub last: Vec<Option<(Conclusion, Timestamp)>>,
    /// The event log could not be read: blocks and reasons are missing. One sentence.
    pub log_problem: Option<String>,
}

/// Judges all subjects at one block.
pub async fn judge_images(context: &Context, subjects: &[Subject], policy: &TrustPolicy) -> Judgement {
    let _ = (context, subjects, policy);
    Judgement {
        network: Err(Failure::cancelled()),
        verdicts: Vec::new(),
        checked_at: Timestamp::default(),
        last: Vec::new(),
        log_problem: None,
    }
}

/// News of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainChange {
    /// A new block (or the first that was seen).
    Block(NetworkView),
    /// The node is gone; it is asked again by itself.
    Lost(Failure),
}

/// Follows the chain until the receiver is dropped: a block is told within a second of its arrival.
#[must_use]
pub fn follow_chain(context: &Context) -> mpsc::Receiver<ChainChange> {
    let _ = context;
    mpsc::channel(16).1
}
