//! Publishing and revoking: cost first, journal before broadcast, then follow until it is settled.
//!
//! The signed transaction is in the journal, synced, before any node sees it. Whatever ends this process after that, the
//! next start finds it and either sends the same bytes (which the chain accepts at most once) or reports its fate.

use std::time::Duration;

use tokio::{sync::mpsc, time::sleep};

use super::context::{blocking, now};
use crate::{
    chain::{Action, Chain, ChainError, SigningKey},
    domain::{
        Address, Reference, Wei,
        image::KindedDigest,
        network::{Finality, NetworkView},
        publication::{Cost, Fate, JournalEntry, JournalStage, Stage, Statement, TransactionHash},
        verdict::Conclusion,
    },
    ops::{Context, Failure, Passphrase},
};

/// Pause between two looks at a transaction on a remote network.
const POLL: Duration = Duration::from_secs(1);
/// The same on the embedded node, which mines at once.
const LOCAL_POLL: Duration = Duration::from_millis(50);
/// Looks in a row that may fail, or find nothing, before the transaction's fate is called unknown or dropped: a node
/// behind a balancer may answer from a neighbour that has not heard of it yet.
const PATIENCE: u32 = 30;

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
    /// What saying it would repeat: `Some(Verified)` when the digests are current already, `Some(Revoked)` when all are
    /// withdrawn already.
    pub standing: Option<Conclusion>,
}

impl Quote {
    /// True when the account can pay the most it can cost.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.balance >= self.cost.at_most()
    }
}

/// Confirmations that are waited for unless the user says otherwise. The embedded node cannot reorganise.
#[must_use]
pub const fn default_confirmations(local: bool) -> u64 {
    if local { 1 } else { 3 }
}

/// What an amendment of `publisher`'s last release under `reference` adds: its version (zero where there is none), and those
/// of `digests` that it does not hold yet. The contract takes no digest twice.
///
/// # Errors
/// When the node cannot be asked.
pub async fn amendment(
    context: &Context,
    reference: &Reference,
    publisher: Address,
    digests: &[KindedDigest],
) -> Result<(u32, Vec<KindedDigest>), Failure> {
    let question = crate::chain::Question {
        reference: reference.clone(),
        publishers: vec![publisher],
        digests: digests.iter().map(|kinded| kinded.digest).collect(),
    };
    let answers = context.chain().await?.records(&[question]).await?;
    let Some(own) = answers.records.into_iter().flatten().find(|record| record.publisher == publisher) else {
        return Ok((0, digests.to_vec()));
    };
    let version = own.head.version;
    let holds = |kinded: &&KindedDigest| {
        own.entries.iter().any(|entry| entry.digest == kinded.digest && entry.version == version)
    };
    Ok((version, digests.iter().filter(|kinded| !holds(kinded)).copied().collect()))
}

/// Asks the node what `statement` costs, and whether the contract would take it. Signs nothing.
///
/// # Errors
/// When the node cannot be asked, or the contract refuses.
pub async fn quote(context: &Context, statement: Statement, from: Address) -> Result<Quote, Failure> {
    let chain = context.chain().await?;
    let digests = match &statement {
        Statement::Release { digests, .. } => digests.iter().map(|kinded| kinded.digest).collect(),
        Statement::Revocation { digests, .. } => digests.clone(),
    };
    let question = crate::chain::Question { reference: statement.reference().clone(), publishers: vec![from], digests };
    let answers = chain.records(&[question]).await?;
    let own = answers.records.into_iter().flatten().find(|record| record.publisher == from);
    let head_version = own.as_ref().map_or(0, |record| record.head.version);
    let is_withdrawn = own.as_ref().is_some_and(|record| {
        !record.entries.is_empty() && record.entries.iter().all(|entry| entry.revoked_at.is_some())
    });
    let is_current = own.is_some_and(|record| {
        let releasable = record.head.retired_at.is_none() && record.head.publisher_retired_at.is_none();
        let held =
            |entry: &crate::domain::record::Entry| entry.version == record.head.version && entry.revoked_at.is_none();
        releasable && record.head.version > 0 && record.entries.iter().all(held)
    });
    let (version, standing) = match &statement {
        Statement::Release { .. } if is_current => (head_version, Some(Conclusion::Verified)),
        Statement::Release { amends: 0, .. } => (head_version.saturating_add(1), None),
        Statement::Release { amends, .. } => (*amends, None),
        Statement::Revocation { .. } => (head_version, is_withdrawn.then_some(Conclusion::Revoked)),
    };
    let cost = chain.estimate(&Action::Statement(statement.clone()), from).await?;
    let balance = chain.balances(&[from]).await?.first().copied().unwrap_or_default();
    let network = context.view(&chain, answers.head).await?;
    Ok(Quote { statement, from, balance, cost, network, version, standing })
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
    if !quote.is_covered() {
        return Err(not_covered(quote.from, quote.balance, &quote.cost));
    }
    tell(&stages, Stage::Unlocking);
    let key = unlock(context, quote.from, passphrase).await?;
    submit_with(context, quote, &key, confirmations, stages).await
}

pub(super) fn not_covered(from: Address, balance: Wei, cost: &Cost) -> Failure {
    let (has, needs) = (balance.ether(6), cost.at_most().ether(6));
    Failure::new("insufficient-funds", &format!("account {from} holds {has} ETH, and this can cost {needs} ETH"))
        .hint("fund the account, or choose another with --account")
}

pub(super) async fn unlock(context: &Context, from: Address, passphrase: Passphrase) -> Result<SigningKey, Failure> {
    context.store().check_lasting("note what is sent")?;
    let keystore = context.keystore().clone();
    // Key derivation takes half a second of one core and 256 MiB.
    blocking(move || Ok(SigningKey::new(&keystore.unlock(from, &passphrase.0)?)?)).await
}

/// [`submit`] with a key that is unlocked already.
pub(super) async fn submit_with(
    context: &Context,
    quote: &Quote,
    key: &SigningKey,
    confirmations: u64,
    stages: mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    tell(&stages, Stage::Signing);
    let chain = context.chain().await?;
    let entry = sign_and_journal(context, &chain, quote, key).await?;
    send(context, &chain, &entry).await?;
    let sent = Stage::Broadcast { hash: entry.hash };
    tell(&stages, sent.clone());
    if confirmations == 0 {
        return Ok(sent);
    }
    follow(context, &chain, &entry, confirmations, &stages).await
}

fn tell(stages: &mpsc::Sender<Stage>, stage: Stage) {
    // Whoever is too slow for a stage sees the next one.
    let _ = stages.try_send(stage);
}

async fn sign_and_journal(
    context: &Context,
    chain: &Chain,
    quote: &Quote,
    key: &SigningKey,
) -> Result<JournalEntry, Failure> {
    let chain_id = quote.network.chain_id;
    let from = quote.from;
    let store = context.store().clone();
    let taken = blocking(move || Ok(store.open_nonces(chain_id, from)?)).await?;
    let pending = chain.next_nonce(from).await?;
    // What this home signed and no node knows of yet keeps its nonce.
    let nonce = taken.into_iter().map(|nonce| nonce + 1).fold(pending, u64::max);
    let action = Action::Statement(quote.statement.clone());
    let signed = chain.prepare(&action, from, nonce, quote.cost).await?.sign(key)?;
    let entry = JournalEntry {
        hash: signed.hash,
        raw: signed.raw,
        chain_id,
        from,
        nonce,
        statement: quote.statement.clone(),
        stage: JournalStage::Signed,
        at: now(),
    };
    let (store, journaled) = (context.store().clone(), entry.clone());
    blocking(move || Ok(store.record(&journaled)?)).await?;
    Ok(entry)
}

/// Broadcasts a journaled transaction. A refusal settles it; a node that did not answer leaves it open.
async fn send(context: &Context, chain: &Chain, entry: &JournalEntry) -> Result<(), Failure> {
    match chain.broadcast(&entry.raw).await {
        Ok(()) => advance(context, entry.hash, JournalStage::Broadcast).await,
        Err(error) => {
            if is_refusal(&error) {
                advance(context, entry.hash, JournalStage::Failed).await?;
            }
            Err(error.into())
        }
    }
}

/// The node understood the transaction and will not have it; asking again changes nothing.
const fn is_refusal(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Refused { .. }
            | ChainError::Rejected { .. }
            | ChainError::Underpriced { .. }
            | ChainError::InsufficientFunds { .. }
            | ChainError::NonceTaken
    )
}

async fn advance(context: &Context, hash: TransactionHash, stage: JournalStage) -> Result<(), Failure> {
    let store = context.store().clone();
    blocking(move || Ok(store.advance(hash, stage)?)).await
}

async fn follow(
    context: &Context,
    chain: &Chain,
    entry: &JournalEntry,
    confirmations: u64,
    stages: &mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    let pause = if context.is_local() { LOCAL_POLL } else { POLL };
    let (mut last, mut misses) = (Stage::Broadcast { hash: entry.hash }, 0);
    loop {
        let stage = match chain.fate(entry.hash, entry.from, entry.nonce).await {
            Ok(fate) => Stage::observed(entry.hash, fate, confirmations),
            Err(_) => Stage::Unknown { hash: entry.hash },
        };
        let is_miss = matches!(stage, Stage::Unknown { .. } | Stage::Dropped { .. });
        misses = if is_miss { misses + 1 } else { 0 };
        if stage.is_settled() || misses >= PATIENCE {
            note(context, &stage).await?;
            tell(stages, stage.clone());
            return Ok(stage);
        }
        if !is_miss && stage != last {
            note(context, &stage).await?;
            tell(stages, stage.clone());
            last = stage;
        }
        sleep(pause).await;
    }
}

/// Writes to the journal what a look at the chain found.
async fn note(context: &Context, stage: &Stage) -> Result<(), Failure> {
    let Some(hash) = stage.hash() else { return Ok(()) };
    let kept = match stage {
        Stage::Included { .. } => JournalStage::Included,
        Stage::Final { .. } => JournalStage::Final,
        Stage::Reverted { .. } | Stage::Replaced { .. } => JournalStage::Failed,
        Stage::Broadcast { .. } => JournalStage::Broadcast,
        // Not known to the node: it stays open, and may be sent again.
        _ => return Ok(()),
    };
    advance(context, hash, kept).await
}

/// What became of a journaled transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The entry.
    pub entry: JournalEntry,
    /// Its stage now.
    pub stage: Stage,
}

/// True when the journal holds what has not come to its end, as far as it can be read.
pub async fn has_open(context: &Context) -> bool {
    let store = context.store().clone();
    blocking(move || Ok(store.has_open_entries()?)).await.unwrap_or(false)
}

/// Takes up what an earlier process of this home left open: what was signed and not broadcast is sent, what was
/// broadcast is looked up. Called at the start of the screen, and of every command that sends.
///
/// # Errors
/// When the journal cannot be read or no node answers; nothing is lost then.
pub async fn resume(context: &Context) -> Result<Vec<Resumed>, Failure> {
    let (store, local) = (context.store().clone(), context.is_local());
    if !blocking(move || Ok(store.has_open_entries()?)).await? {
        // Nothing is open: no reason to ask a node.
        return Ok(Vec::new());
    }
    let chain = context.chain().await?;
    let (store, chain_id) = (context.store().clone(), chain.chain_id().await?);
    let (open, damaged) = blocking(move || Ok(store.open_entries(chain_id)?)).await?;
    context.note(damaged);
    let mut resumed = Vec::with_capacity(open.len());
    for entry in open {
        let mut stage = look(context, &entry, default_confirmations(local)).await?;
        if let (JournalStage::Signed, Stage::Dropped { hash }) = (entry.stage, &stage) {
            let hash = *hash;
            send(context, &chain, &entry).await?;
            stage = look(context, &entry, default_confirmations(local)).await.unwrap_or(Stage::Broadcast { hash });
        }
        resumed.push(Resumed { entry, stage });
    }
    Ok(resumed)
}

/// Looks once at one journaled transaction, and notes what it found.
///
/// # Errors
/// When the journal or the node cannot be read.
pub async fn look(context: &Context, entry: &JournalEntry, confirmations: u64) -> Result<Stage, Failure> {
    let chain = context.chain().await?;
    let fate = chain.fate(entry.hash, entry.from, entry.nonce).await?;
    let stage = Stage::observed(entry.hash, fate, confirmations);
    note(context, &stage).await?;
    Ok(stage)
}

/// Waits for a transaction that is not in the journal: the faucet's, a deployment.
pub(super) async fn settle(
    context: &Context,
    chain: &Chain,
    hash: TransactionHash,
    from: Address,
    nonce: u64,
) -> Result<Stage, Failure> {
    let pause = if context.is_local() { LOCAL_POLL } else { POLL };
    let mut misses = 0;
    loop {
        match chain.fate(hash, from, nonce).await {
            Ok(Fate::Pending) => misses = 0,
            Ok(Fate::Forgotten) | Err(_) if misses < PATIENCE => misses += 1,
            Ok(fate) => return Ok(Stage::observed(hash, fate, 1)),
            Err(error) => return Err(error.into()),
        }
        sleep(pause).await;
    }
}

/// How settled a stage is, where a block has it.
#[must_use]
pub const fn finality(stage: &Stage) -> Option<Finality> {
    match stage {
        Stage::Included { finality, .. } | Stage::Final { finality, .. } => Some(*finality),
        _ => None,
    }
}
