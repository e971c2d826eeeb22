//! Publishing and revoking: cost first, journal before broadcast, then follow until it is settled.

use tokio::sync::mpsc;

use crate::{
    domain::{
        Address, Wei,
        network::NetworkView,
        publication::{Cost, JournalEntry, Stage, Statement},
        verdict::Conclusion,
    },
    ops::{Context, Failure, Passphrase},
};

/// What the user is shown before anything is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What it will say.
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
    /// What a release of the same digests would repeat: `Some(Verified)` when they are current already.
    pub standing: Option<Conclusion>,
}

impl Quote {
    /// True when the account can pay the most it can cost.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.balance >= self.cost.at_most()
    }
}

/// Asks the node what `statement` costs, and whether the contract would take it. Signs nothing.
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn quote(context: &Context, statement: Statement, from: Address) -> Result<Quote, Failure> {
    let _ = (context, statement, from);
    Err(Failure::cancelled())
}

/// Unlocks, signs, journals, broadcasts and follows until confirmed `confirmations` times (or finalized). Zero
/// confirmations end at *Broadcast*. Every stage is sent to `stages`; a full channel loses stages, never the result.
///
/// Once the transaction is journaled, cancelling the future loses nothing: the next start follows it.
///
/// # Errors
/// A wrong passphrase, a node that refuses; a transaction that was included and refused is `Ok(Stage::Reverted)`.
pub async fn submit(
    context: &Context,
    quote: &Quote,
    passphrase: Passphrase,
    confirmations: u64,
    stages: mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    let _ = (context, quote, passphrase, confirmations, stages);
    Err(Failure::cancelled())
}

/// What became of a journaled transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The entry.
    pub entry: JournalEntry,
    /// Its stage now.
    pub stage: Stage,
}

/// Takes up what an earlier process of this home left open: what was signed and not broadcast is sent, what was
/// broadcast is looked up. Called at the start of either interface.
///
/// # Errors
/// When the journal cannot be read or no node answers; nothing is lost then.
pub async fn resume(context: &Context) -> Result<Vec<Resumed>, Failure> {
    let _ = context;
    Ok(Vec::new())
}

/// Looks once at one journaled transaction, and notes what it found.
///
/// # Errors
/// When the journal or the node cannot be read.
pub async fn look(context: &Context, entry: &JournalEntry, confirmations: u64) -> Result<Stage, Failure> {
    let _ = (context, entry, confirmations);
    Err(Failure::cancelled())
}
