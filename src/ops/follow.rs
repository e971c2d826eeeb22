//! Following transactions until they are settled, and taking up what an earlier process left open.

use std::time::Duration;

use tokio::{sync::mpsc, time::sleep};

use super::{
    context::{blocking, now},
    publish::{advance, default_confirmations, is_settled, send, tell},
};
use crate::{
    chain::Chain,
    domain::{
        Address, Timestamp,
        network::Finality,
        notice::Notice,
        publication::{Fate, JournalEntry, JournalStage, Stage, TransactionHash},
    },
    ops::{Context, Failure},
};

/// Pause between two looks at a transaction on a remote network.
const POLL: Duration = Duration::from_secs(1);
/// The same on the embedded node, which mines at once.
const LOCAL_POLL: Duration = Duration::from_millis(50);
/// Looks in a row that may fail, or find nothing, before the transaction's fate is called unknown or dropped: a node
/// behind a balancer may answer from a neighbour that has not heard of it yet.
const PATIENCE: u32 = 30;
/// Seconds after which no reorganisation is feared any more where nodes do not tell what is final.
const SETTLED_SECONDS: u64 = 3600;
/// Looks in a row that find another transaction with the nonce, before that is believed.
const DOUBT: u32 = 3;
/// Looks in a row that find nothing, before it is sent again.
const RESEND: u32 = 3;

/// Follows a journaled transaction until it is settled, or nobody has heard of it for too long.
pub(super) async fn follow(
    context: &Context,
    chain: &Chain,
    entry: &JournalEntry,
    confirmations: u64,
    stages: &mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    let pause = pause(context);
    let (mut last, mut misses) = (Stage::Broadcast { hash: entry.hash }, 0);
    loop {
        let stage = match fate(context, chain, entry).await {
            Ok(fate) => Stage::observed(entry.hash, fate, confirmations),
            Err(_) => Stage::Unknown { hash: entry.hash },
        };
        let is_miss = matches!(stage, Stage::Unknown { .. } | Stage::Dropped { .. });
        misses = if is_miss { misses + 1 } else { 0 };
        // A node behind a balancer may not have heard of it yet: only what stays away is sent again.
        if matches!(stage, Stage::Dropped { .. }) && misses % RESEND == 0 {
            let seen = if matches!(last, Stage::Included { .. }) { JournalStage::Included } else { entry.stage };
            let _ = send_again(context, chain, &JournalEntry { stage: seen, ..entry.clone() }).await;
        }
        if stage.is_settled() || misses >= PATIENCE {
            note(context, chain, entry, &stage).await?;
            tell(stages, stage.clone());
            return Ok(stage);
        }
        if !is_miss && stage != last {
            note(context, chain, entry, &stage).await?;
            tell(stages, stage.clone());
            last = stage;
        }
        sleep(pause).await;
    }
}

/// What became of a transaction. That another one has its nonce is believed after several looks: behind a balancer one node may
/// have the block, and the next not have heard of the transaction that is in it.
pub(super) async fn fate(context: &Context, chain: &Chain, entry: &JournalEntry) -> Result<Fate, Failure> {
    let (store, hash) = (context.store().clone(), entry.hash);
    let mut looks = if blocking(move || Ok(store.is_gone(hash)?)).await? { 1 } else { DOUBT };
    loop {
        let fate = chain.fate(hash, entry.from, entry.nonce).await?;
        looks -= 1;
        if fate != Fate::NonceTaken || looks == 0 {
            return Ok(fate);
        }
        sleep(pause(context)).await;
    }
}

/// Pause between two looks at a transaction.
pub(super) fn pause(context: &Context) -> Duration {
    if context.is_local() { LOCAL_POLL } else { POLL }
}

/// Writes to the journal what a look at the chain found. What a reorganisation could still change stays open, however often it
/// was confirmed, for as long as one is to be feared.
async fn note(context: &Context, chain: &Chain, entry: &JournalEntry, stage: &Stage) -> Result<(), Failure> {
    let kept = match stage {
        Stage::Final { finality: Finality::Final, .. } => JournalStage::Final,
        Stage::Final { inclusion, .. } if is_old(chain, entry, inclusion.block).await => JournalStage::Final,
        Stage::Included { .. } | Stage::Final { .. } => JournalStage::Included,
        Stage::Reverted { finality: Finality::Final, .. } => JournalStage::Failed,
        Stage::Reverted { inclusion, .. } if is_old(chain, entry, inclusion.block).await => JournalStage::Failed,
        Stage::Reverted { .. } => JournalStage::Reverted,
        // Another transaction has its nonce, in a block that may leave the chain; or its own did, and it is not sent again.
        Stage::Replaced { .. } if is_long_gone(context, entry).await? => JournalStage::Failed,
        Stage::Dropped { .. } if entry.stage == JournalStage::Reverted && is_long_gone(context, entry).await? => {
            JournalStage::Failed
        }
        Stage::Broadcast { .. } => JournalStage::Broadcast,
        // Not known to the node: it stays open, and may be sent again.
        _ => return Ok(()),
    };
    advance(context, entry.hash, kept, stage.inclusion().map(|inclusion| inclusion.block)).await
}

/// True where `block` is too old to leave the chain. It is no older than what it holds; a node that does not tell its time is
/// asked at the next look.
async fn is_old(chain: &Chain, entry: &JournalEntry, block: u64) -> bool {
    if !is_long_ago(entry.at) {
        return false;
    }
    let blocks = chain.blocks(&[block]).await.unwrap_or_default();
    blocks.first().is_some_and(|block| is_long_ago(block.at))
}

async fn is_long_gone(context: &Context, entry: &JournalEntry) -> Result<bool, Failure> {
    let (store, hash) = (context.store().clone(), entry.hash);
    Ok(is_long_ago(blocking(move || Ok(store.gone_since(hash, now())?)).await?))
}

fn is_long_ago(at: Timestamp) -> bool {
    now().0.saturating_sub(at.0) > SETTLED_SECONDS
}

/// What keeps a node from being asked about any transaction at all.
const SILENCE: [&str; 3] = ["node-unreachable", "node-timeout", "wrong-chain"];

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

/// Takes up what an earlier process of this home left open: what no node has is sent, what was broadcast is looked up. What cannot
/// be, is told and holds nothing else up. Called at the start of the screen, and of every command that sends.
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
    let (store, identity) = (context.store().clone(), chain.identity().await?);
    let (open, damaged) = blocking(move || Ok(store.open_entries(identity)?)).await?;
    context.note(damaged);
    let mut resumed = Vec::with_capacity(open.len());
    for entry in open {
        let stage = match look(context, &entry, default_confirmations(local)).await {
            Ok(stage) => stage,
            Err(failure) if SILENCE.contains(&failure.code) => return Err(failure),
            Err(failure) => untaken(context, &entry, &failure).await?,
        };
        resumed.push(Resumed { entry, stage });
    }
    Ok(resumed)
}

/// Tells that a transaction could not be taken up. What was refused for ever is given up.
async fn untaken(context: &Context, entry: &JournalEntry, failure: &Failure) -> Result<Stage, Failure> {
    let (hash, name) = (entry.hash, entry.statement.subject());
    context.note([Notice::new(&format!("transaction {hash} about `{name}` cannot be taken up: {failure}"))]);
    Ok(if is_settled(context, hash).await? { Stage::Dropped { hash } } else { Stage::Unknown { hash } })
}

/// Looks once at one journaled transaction, and notes what it found. Sends nothing.
///
/// # Errors
/// When the journal or the node cannot be read.
pub async fn watch(context: &Context, entry: &JournalEntry, confirmations: u64) -> Result<Stage, Failure> {
    let chain = context.chain().await?;
    let stage = Stage::observed(entry.hash, fate(context, &chain, entry).await?, confirmations);
    note(context, &chain, entry, &stage).await?;
    Ok(stage)
}

/// The same, and sends again, byte for byte, what no node has: its broadcast was lost, or the block that had it. The chain takes
/// it once at most. Not what this home signed another transaction in the place of, and not what the contract refused.
///
/// # Errors
/// When the journal or the node cannot be read, or the node refuses what is sent again.
pub async fn look(context: &Context, entry: &JournalEntry, confirmations: u64) -> Result<Stage, Failure> {
    let stage = watch(context, entry, confirmations).await?;
    if !matches!(stage, Stage::Dropped { .. }) || !entry.stage.is_open() || entry.stage == JournalStage::Reverted {
        return Ok(stage);
    }
    let chain = context.chain().await?;
    let stage = send_again(context, &chain, entry).await?;
    note(context, &chain, entry, &stage).await?;
    Ok(stage)
}

/// Sends what no node has any more, unless this home signed another transaction in its place.
async fn send_again(context: &Context, chain: &Chain, entry: &JournalEntry) -> Result<Stage, Failure> {
    let (store, hash) = (context.store().clone(), entry.hash);
    if blocking(move || Ok(store.is_superseded(hash)?)).await? {
        return Ok(Stage::Replaced { hash });
    }
    match send(context, chain, entry).await {
        Ok(()) => {
            if entry.stage == JournalStage::Included {
                let name = entry.statement.subject();
                context.note([Notice::new(&format!(
                    "a reorganisation took the {} of {name} out of the chain; transaction {hash} was sent again",
                    entry.statement.word()
                ))]);
            }
            Ok(Stage::Broadcast { hash })
        }
        // What takes its place pays more, or is in a block.
        Err(failure) if matches!(failure.code, "nonce-taken" | "nonce-held") => Ok(Stage::Replaced { hash }),
        Err(failure) => Err(failure),
    }
}

/// Waits for a transaction that is not in the journal: one of the embedded node's faucet.
pub(super) async fn settle(
    context: &Context,
    chain: &Chain,
    hash: TransactionHash,
    from: Address,
    nonce: u64,
) -> Result<Stage, Failure> {
    let pause = pause(context);
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
