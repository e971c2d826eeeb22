//! Publishing and revoking: cost first, journal before broadcast, then follow until it is settled.
//!
//! The signed transaction is in the journal, synced, before any node sees it. Whatever ends this process after that, the
//! next start finds it and either sends the same bytes (which the chain accepts at most once) or reports its fate.

use std::{pin::pin, time::Duration};

use tokio::{sync::mpsc, time::timeout};

use super::{
    context::{blocking, now},
    follow,
    quoting::{Outlook, Quote, not_covered, outlook},
    unlock::Unlocked,
};
use crate::{
    chain::{Action, Chain, ChainError, Signer},
    domain::{
        Address,
        network::ChainIdentity,
        notice::Notice,
        publication::{Authority, Cost, Fate, JournalEntry, JournalStage, Stage, Statement, TransactionHash},
        verdict::Conclusion,
    },
    ops::{Context, Failure},
    store::{StoreError, files::Lock},
};

/// Other wallets' transactions in a row that may take the nonce before this one gives up.
const NONCES: u32 = 2;
/// How long other processes of this home may take to choose a nonce and sign.
const LOCK_PATIENCE: Duration = Duration::from_mins(1);
/// How long they wait for the answer to a broadcast.
const SEND_PATIENCE: Duration = Duration::from_secs(15);

/// Confirmations that are waited for unless the user says otherwise. The embedded node cannot reorganise.
#[must_use]
pub const fn default_confirmations(local: bool) -> u64 {
    if local { 1 } else { 3 }
}

/// Signs, journals, broadcasts and follows until confirmed `confirmations` times (or finalized). Zero
/// confirmations end at *Broadcast*. Every stage is sent to `stages`; a full channel loses stages, never the result.
///
/// Once the transaction is journaled, cancelling the future loses nothing: the next start follows it.
///
/// The key is unlocked already, and leaves memory as soon as it has signed, unless more is to be signed with it.
///
/// # Errors
/// A node that refuses; a transaction that was included and refused is `Ok(Stage::Reverted)`.
pub async fn submit_unlocked(
    context: &Context,
    quote: &Quote,
    (key, more): (&mut Option<Unlocked>, bool),
    confirmations: u64,
    stages: mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    if !quote.is_covered() {
        return Err(not_covered(&quote.network, quote.from, quote.balance, quote.cost.at_most()));
    }
    let held = match key {
        Some(Unlocked(signer)) if more => Held::Kept(signer),
        key => match key.take() {
            Some(Unlocked(signer)) => Held::Last(signer),
            None => return Err(Failure::new("internal", "the key was given back already")),
        },
    };
    submit_with(context, quote, held, confirmations, stages).await
}

/// Whoever signs, for as long as it is needed.
pub(super) enum Held<'k> {
    /// More is to be signed afterwards.
    Kept(&'k Signer),
    /// It leaves memory once it has signed.
    Last(Signer),
}

impl Held<'_> {
    const fn signer(&self) -> &Signer {
        match self {
            Self::Kept(signer) => signer,
            Self::Last(signer) => signer,
        }
    }
}

pub(super) async fn submit_with(
    context: &Context,
    quote: &Quote,
    key: Held<'_>,
    confirmations: u64,
    stages: mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    tell(&stages, Stage::Signing);
    let chain = context.chain().await?;
    let mut attempts = 0;
    let (entry, sent) = loop {
        let said = Said { statement: &quote.statement, authority: &quote.authority, versions: &quote.versions };
        let (entry, outcome) = sign_and_send(context, &chain, said, quote.cost, key.signer()).await?;
        match outcome {
            Ok(()) => {
                let hash = entry.hash;
                break (entry, Stage::Broadcast { hash });
            }
            Err(failure) if matches!(failure.code, "nonce-taken" | "nonce-held") && attempts < NONCES => {
                attempts += 1;
                let fate = if failure.code == "nonce-taken" { Fate::NonceTaken } else { Fate::Forgotten };
                if !is_unsaid(context, &chain, quote, (&entry, fate)).await? {
                    return Err(failure);
                }
            }
            Err(failure) if is_settled(context, entry.hash).await? => return Err(failure),
            // The journal has it, and a node may: to sign the same again could say it twice.
            Err(failure) => {
                let hash = entry.hash;
                context.note([Notice::new(&format!(
                    "transaction {hash} is signed, and no node has answered for it: {failure}; it is followed, and sent again while none has it"
                ))]);
                break (entry, Stage::Unknown { hash });
            }
        }
    };
    drop(key);
    tell(&stages, sent.clone());
    if confirmations == 0 {
        return Ok(sent);
    }
    follow::follow(context, &chain, &entry, confirmations, &stages).await
}

pub(super) fn tell(stages: &mpsc::Sender<Stage>, stage: Stage) {
    // Whoever is too slow for a stage sees the next one.
    let _ = stages.try_send(stage);
}

/// True where another wallet of the account was faster beyond doubt: the transaction that was turned away has the fate that belongs
/// to the node's words, so that it can never be included or was never taken, and nothing of what it says stands. Nodes say *nonce
/// too low* of bytes that they took, too, and whoever told of a taken nonce before any block has it may hold these.
async fn is_unsaid(
    context: &Context,
    chain: &Chain,
    quote: &Quote,
    (entry, fate): (&JournalEntry, Fate),
) -> Result<bool, Failure> {
    tokio::time::sleep(follow::pause(context) * 2).await;
    if follow::fate(context, chain, entry).await? != fate {
        return Ok(false);
    }
    if quote.statement.digests().is_empty() {
        // No record tells whether it was said.
        return Ok(false);
    }
    let (outlooks, _) = outlook(chain, quote.statement.parts().to_vec(), quote.publisher()).await?;
    let is_as_quoted = outlooks.iter().zip(&quote.versions).all(|(now, version)| now.version == *version);
    if is_as_quoted {
        advance(context, entry.hash, JournalStage::Failed, None).await?;
    }
    Ok(is_as_quoted)
}

/// True where the journal counts the transaction as given up: it says nothing, and may be signed anew.
pub(super) async fn is_settled(context: &Context, hash: TransactionHash) -> Result<bool, Failure> {
    Ok(journaled(context, hash).await?.is_none_or(|stage| !stage.is_open()))
}

/// How far the journal knows the transaction to have come by now: another process may have taken it up.
async fn journaled(context: &Context, hash: TransactionHash) -> Result<Option<JournalStage>, Failure> {
    let store = context.store().clone();
    Ok(blocking(move || Ok(store.entry(hash)?)).await?.map(|entry| entry.stage))
}

/// What a transaction is to say.
#[derive(Clone, Copy)]
pub(super) struct Said<'s> {
    pub(super) statement: &'s Statement,
    /// In whose name.
    pub(super) authority: &'s Authority,
    /// The versions that the statement's parts were quoted for.
    pub(super) versions: &'s [u32],
}

/// Refuses what would say the same twice: while a transaction of the account about the same name waits, and where a release became
/// the version that `statement` was quoted for. Called while no other process of this home signs.
async fn refuse_repetition(
    context: &Context,
    chain: &Chain,
    Said { statement, authority, versions }: Said<'_>,
    (identity, from): (ChainIdentity, Address),
) -> Result<(), Failure> {
    let store = context.store().clone();
    let (open, _) = blocking(move || Ok(store.open_entries(identity)?)).await?;
    let names: Vec<_> = statement.parts().iter().filter_map(Statement::reference).collect();
    let is_about = |entry: &JournalEntry| {
        if let Some(namespace) = statement.namespace() {
            return entry.statement.namespace() == Some(namespace);
        }
        entry.statement.parts().iter().filter_map(Statement::reference).any(|name| names.contains(&name))
    };
    let waits = |entry: &&JournalEntry| matches!(entry.stage, JournalStage::Signed | JournalStage::Broadcast);
    for entry in open.iter().filter(waits).filter(|entry| entry.from == from && is_about(entry)) {
        let (store, hash) = (context.store().clone(), entry.hash);
        if blocking(move || Ok(store.is_superseded(hash)?)).await? {
            continue;
        }
        if matches!(chain.fate(hash, from, entry.nonce).await?, Fate::Pending | Fate::Forgotten) {
            return Err(pending(entry));
        }
    }
    if versions.is_empty() || statement.digests().is_empty() {
        return Ok(());
    }
    let (outlooks, _) = outlook(chain, statement.parts().to_vec(), authority.publisher(from)).await?;
    let is_said = |(now, quoted): (&Outlook, &u32)| {
        now.standing == Some(Conclusion::Verified) && now.version == *quoted && now.statement.is_new_release()
    };
    if outlooks.iter().zip(versions).any(is_said) {
        let message = "the same was published since the cost was shown: nothing is left to be said";
        return Err(Failure::new("already-published", message)
            .hint("`--again`, or Ctrl-T on the screen, makes a new version all the same"));
    }
    Ok(())
}

/// Why nothing more is said of a name while a transaction about it waits.
#[must_use]
pub fn pending(entry: &JournalEntry) -> Failure {
    let (hash, name) = (entry.hash, entry.statement.subject());
    let message = format!("transaction {hash} about `{name}` waits for its block since {}", entry.at);
    Failure::new("publication-pending", &message)
        .hint("it is sent already: wait for it, or `daochain tx speed-up` or `cancel` it")
}

/// Signs, writes down and broadcasts, and tells what came of the broadcast.
///
/// Meanwhile no other process of this home chooses a nonce of the account: before this one is written down it would choose the same,
/// and before a node has this one the next, which waits for ever if this one is refused. Other accounts wait for nobody: a signer's
/// user may think for minutes.
pub(super) async fn sign_and_send(
    context: &Context,
    chain: &Chain,
    said: Said<'_>,
    cost: Cost,
    key: &Signer,
) -> Result<(JournalEntry, Result<(), Failure>), Failure> {
    let identity = chain.identity().await?;
    let name = format!("nonces-{}-{}", identity.id, key.address());
    let nonces = context.config().home.database.with_extension(name);
    let alone = blocking(move || Ok(Lock::take(&nonces, LOCK_PATIENCE).map_err(StoreError::from)?)).await?;
    let entry = sign_and_journal(context, chain, said, cost, (identity, key)).await?;
    let outcome = {
        let mut sending = pin!(send(context, chain, &entry));
        if let Ok(outcome) = timeout(SEND_PATIENCE, &mut sending).await {
            outcome
        } else {
            drop(alone);
            sending.await
        }
    };
    Ok((entry, outcome))
}

/// Signs and writes down. Nobody is told of it yet.
async fn sign_and_journal(
    context: &Context,
    chain: &Chain,
    said: Said<'_>,
    cost: Cost,
    (identity, key): (ChainIdentity, &Signer),
) -> Result<JournalEntry, Failure> {
    let from = key.address();
    refuse_repetition(context, chain, said, (identity, from)).await?;
    let store = context.store().clone();
    let taken = blocking(move || Ok(store.open_nonces(identity, from)?)).await?;
    let pending = chain.next_nonce(from).await?;
    // What this home signed and no node knows of yet keeps its nonce; a gap below it would hold it up for ever.
    let nonce =
        (pending..=pending.saturating_add(taken.len() as u64)).find(|nonce| !taken.contains(nonce)).unwrap_or(pending);
    let Said { statement, authority, .. } = said;
    let action = Action::of(statement.clone(), authority.clone());
    let unsigned = chain.prepare(&action, from, nonce, cost).await?;
    let (chain_id, signed) = (unsigned.chain_id, key.sign(&unsigned).await?);
    let mut statement = statement.clone();
    if let (Statement::Deployment { contract, .. }, Some(created)) = (&mut statement, action.creates(from, nonce)) {
        *contract = created;
    }
    let entry = JournalEntry {
        hash: signed.hash,
        raw: signed.raw,
        chain_id,
        genesis: Some(identity.genesis),
        second: identity.second,
        from,
        nonce,
        statement,
        stage: JournalStage::Signed,
        block: None,
        at: now(),
    };
    let (store, journaled) = (context.store().clone(), entry.clone());
    blocking(move || Ok(store.record(&journaled)?)).await?;
    Ok(entry)
}

/// Broadcasts a journaled transaction. A refusal settles it; a node that did not answer leaves it open.
pub(super) async fn send(context: &Context, chain: &Chain, entry: &JournalEntry) -> Result<(), Failure> {
    match chain.broadcast(&entry.raw).await {
        Ok(()) => advance(context, entry.hash, JournalStage::Broadcast, None).await,
        Err(error) => {
            // What a node has had may be in a block, whatever another one says.
            if is_refusal(&error) && journaled(context, entry.hash).await? == Some(JournalStage::Signed) {
                advance(context, entry.hash, JournalStage::Failed, None).await?;
            }
            Err(error.into())
        }
    }
}

/// Nodes' words for a transaction that none will ever take. Of all others (too many requests, a full pool, a fault of its own)
/// it may be another story in a minute, and the node may have taken it all the same.
fn is_lasting(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    [
        "intrinsic gas",
        "initcode",
        "configured cap",
        "gas limit too high",
        "invalid sender",
        "chain id",
        "type not supported",
    ]
    .iter()
    .any(|words| reason.contains(words))
}

/// The node understood the transaction and will not have it; asking again changes nothing.
fn is_refusal(error: &ChainError) -> bool {
    matches!(error, ChainError::Refused { .. } | ChainError::Underpriced { .. } | ChainError::InsufficientFunds { .. })
        || matches!(error, ChainError::Rejected { reason, .. } if is_lasting(reason))
}

pub(super) async fn advance(
    context: &Context,
    hash: TransactionHash,
    stage: JournalStage,
    block: Option<u64>,
) -> Result<(), Failure> {
    let store = context.store().clone();
    blocking(move || Ok(store.advance(hash, stage, block)?)).await
}
