//! Transactions that wait: listed, sped up, cancelled.
//!
//! A transaction is replaced by another with its nonce that pays more, and the chain takes one of the two. Which one is known
//! only from a block, so both are followed.

use tokio::{sync::mpsc, time::sleep};

use super::{
    context::{blocking, now},
    follow, publish,
    quoting::not_covered,
    unlock::Unlocked,
};
use crate::{
    chain::{Action, Chain, Unsigned},
    domain::{
        Wei,
        network::NetworkView,
        publication::{Cost, JournalEntry, JournalStage, Stage, Statement, TransactionHash},
    },
    ops::{Context, Failure},
};

/// Transactions that a list shows.
const LISTED: u32 = 200;

/// A transaction of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub entry: JournalEntry,
    /// How far it has come by now; `None` where it came to its end before, or nobody could be asked.
    pub stage: Option<Stage>,
}

/// What becomes of a transaction that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// It says the same and pays more.
    SpeedUp,
    /// It says nothing.
    Cancel,
}

/// What the user is shown before a replacement is signed.
#[derive(Debug, Clone)]
pub struct ReplacementQuote {
    /// What is replaced.
    pub entry: JournalEntry,
    /// By what.
    pub kind: Replacement,
    /// What the account holds.
    pub balance: Wei,
    /// What the replacement costs.
    pub cost: Cost,
    /// Highest price of one gas that it must be signed for at least: less, and nodes keep the other one.
    pub needed: Wei,
    /// Where.
    pub network: NetworkView,
    unsigned: Unsigned,
    was: Wei,
}

impl ReplacementQuote {
    /// Highest price of one gas that the replaced transaction was signed for.
    #[must_use]
    pub const fn was(&self) -> Wei {
        self.was
    }

    /// The same for exactly `cost`, which the user was shown.
    #[must_use]
    pub const fn signed_for(mut self, cost: Cost) -> Self {
        (self.cost, self.unsigned.cost) = (cost, cost);
        self
    }
}

/// The newest transactions of this home, the newest first. Those of the current network that have not come to their end are
/// looked up.
///
/// # Errors
/// When the journal cannot be read.
pub async fn list(context: &Context) -> Result<Vec<Listed>, Failure> {
    let store = context.store().clone();
    let (entries, damaged) = blocking(move || Ok(store.recent(LISTED)?)).await?;
    context.note(damaged);
    let has_open = entries.iter().any(|entry| entry.stage.is_open());
    let chain = if has_open { context.chain().await.ok() } else { None };
    let identity = match &chain {
        Some(chain) => chain.identity().await.ok(),
        None => None,
    };
    let confirmations = publish::default_confirmations(context.is_local());
    let mut listed = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_here = entry.stage.is_open() && identity.is_some_and(|identity| entry.is_of(identity));
        let stage = if is_here { follow::watch(context, &entry, confirmations).await.ok() } else { None };
        listed.push(Listed { entry, stage });
    }
    Ok(listed)
}

/// What replacing a transaction costs, signed for `max_gas_price` at most where one is given. Signs nothing.
///
/// # Errors
/// `no-such-transaction`; `transaction-settled` where a block has it, or another one took its nonce; when the node cannot be asked.
pub async fn quote(
    context: &Context,
    hash: TransactionHash,
    kind: Replacement,
    max_gas_price: Option<Wei>,
) -> Result<ReplacementQuote, Failure> {
    let store = context.store().clone();
    let Some(entry) = blocking(move || Ok(store.entry(hash)?)).await? else {
        return Err(Failure::new("no-such-transaction", &format!("this home has sent no transaction {hash}"))
            .hint("`daochain tx list` names those that it has"));
    };
    let chain = context.chain().await?;
    let head = chain.head().await?;
    let network = context.view(&chain, head).await?;
    if entry.chain_id != network.chain_id {
        let message = format!(
            "transaction {hash} is of chain {}, and network `{}` is chain {}",
            entry.chain_id, network.name, network.chain_id
        );
        return Err(Failure::new("wrong-chain", &message).hint("name its network with --network"));
    }
    if !entry.is_of(chain.identity().await?) {
        let message = format!(
            "transaction {hash} is of another chain than `{}`, with the same number: its first block is another",
            network.name
        );
        return Err(Failure::new("wrong-chain", &message).hint("name its network with --network"));
    }
    // One look that notes nothing, and sends nothing: whoever asks for the cost of stopping it must not start it.
    let stage = Stage::observed(hash, follow::fate(context, &chain, &entry).await?, u64::MAX);
    if stage.inclusion().is_some() || matches!(stage, Stage::Replaced { .. }) {
        let message = match stage.inclusion() {
            Some(inclusion) => format!("block {} has transaction {hash} already", inclusion.block),
            None => format!("another transaction took the place of {hash} already"),
        };
        return Err(Failure::new("transaction-settled", &message).hint("nothing waits that could be replaced"));
    }
    let Some(mut unsigned) = Unsigned::of_signed(&entry.raw) else {
        let message = format!("the journal's bytes of transaction {hash} are damaged");
        return Err(
            Failure::new("store-failed", &message).hint("send another transaction of the account by another wallet")
        );
    };
    let action = match kind {
        Replacement::SpeedUp => Action::Call { to: unsigned.to, value: unsigned.value, data: unsigned.data.clone() },
        Replacement::Cancel => Action::Transfer { to: entry.from, amount: Wei::ZERO },
    };
    let dearest = dearest(context, &chain, &entry, unsigned.cost).await?;
    let mut cost = chain.estimate(&action, entry.from).await?.replacing(dearest);
    let needed = cost.needed().max(Cost::bumped(dearest.max_gas_price));
    if let Some(price) = max_gas_price {
        cost = cost.capped(price);
    }
    if kind == Replacement::SpeedUp {
        cost.gas_limit = cost.gas_limit.max(unsigned.cost.gas_limit);
    } else {
        (unsigned.to, unsigned.value, unsigned.data) = (Some(entry.from), Wei::ZERO, Vec::new());
    }
    let was = std::mem::replace(&mut unsigned.cost, cost).max_gas_price;
    let balance = chain.balances(&[entry.from]).await?.first().copied().unwrap_or_default();
    Ok(ReplacementQuote { entry, kind, balance, cost, needed, network, unsigned, was })
}

/// The most that this home signed for, for the nonce of `entry`: what takes its place may have been replaced before, and must pay more
/// than the last of them.
async fn dearest(context: &Context, chain: &Chain, entry: &JournalEntry, cost: Cost) -> Result<Cost, Failure> {
    let (store, identity) = (context.store().clone(), chain.identity().await?);
    let (open, _) = blocking(move || Ok(store.open_entries(identity)?)).await?;
    let rivals = open.iter().filter(|one| one.from == entry.from && one.nonce == entry.nonce);
    let costs = rivals.filter_map(|one| Unsigned::of_signed(&one.raw)).map(|unsigned| unsigned.cost);
    Ok(costs.fold(cost, |most, one| Cost {
        max_gas_price: most.max_gas_price.max(one.max_gas_price),
        tip: most.tip.max(one.tip),
        ..most
    }))
}

/// Signs with the opened `key`, journals and sends the replacement, and follows both until a block has one of them. With no
/// confirmations it ends when the node has it.
///
/// # Errors
/// A node that refuses. That the replaced transaction was faster is `Ok` with its stage.
pub async fn submit(
    context: &Context,
    quote: &ReplacementQuote,
    Unlocked(key): &Unlocked,
    confirmations: u64,
    stages: mpsc::Sender<Stage>,
) -> Result<Stage, Failure> {
    if quote.balance < quote.cost.at_most() {
        return Err(not_covered(&quote.network, quote.entry.from, quote.balance, quote.cost.at_most()));
    }
    let chain = context.chain().await?;
    chain.check_chain_id().await?;
    if !quote.entry.is_of(chain.identity().await?) {
        return Err(Failure::new("wrong-chain", "the node's chain has begun anew since the cost was shown"));
    }
    let signed = key.sign(&quote.unsigned).await?;
    let statement = match quote.kind {
        Replacement::SpeedUp => quote.entry.statement.clone(),
        Replacement::Cancel => {
            Statement::Cancellation { reference: quote.entry.statement.reference().cloned(), of: quote.entry.hash }
        }
    };
    let entry = JournalEntry {
        hash: signed.hash,
        raw: signed.raw,
        statement,
        stage: JournalStage::Signed,
        block: None,
        at: now(),
        ..quote.entry.clone()
    };
    let (store, journaled) = (context.store().clone(), entry.clone());
    blocking(move || Ok(store.record(&journaled)?)).await?;
    if let Err(failure) = publish::send(context, &chain, &entry).await {
        if failure.code == "nonce-held" {
            // It paid too little more, and nobody has it.
            publish::advance(context, entry.hash, JournalStage::Failed, None).await?;
        }
        // The replaced one may have been faster, which is no failure of this one.
        let first = follow::watch(context, &quote.entry, confirmations.max(1)).await?;
        return if first.inclusion().is_some() { Ok(first) } else { Err(failure) };
    }
    let sent = Stage::Broadcast { hash: entry.hash };
    publish::tell(&stages, sent.clone());
    if confirmations == 0 {
        return Ok(sent);
    }
    loop {
        match follow::follow(context, &chain, &entry, confirmations, &stages).await? {
            // The replaced one was faster, or a third.
            Stage::Replaced { .. } => {
                let first = follow::watch(context, &quote.entry, confirmations).await?;
                if first.is_settled() {
                    return Ok(first);
                }
                sleep(follow::pause(context)).await;
            }
            stage => {
                // It will never be included: the journal is told at once.
                let _ = follow::watch(context, &quote.entry, confirmations).await;
                return Ok(stage);
            }
        }
    }
}
