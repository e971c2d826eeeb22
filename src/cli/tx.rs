//! `daochain tx`

use serde::Serialize;
use tokio::sync::mpsc;

use super::{
    Session, args,
    human::{Cell, Role, Table},
    prompt,
    sending::{self, failed},
};
use crate::{
    domain::{
        Address, Namespace, Reference, Timestamp, Wei,
        network::{Finality, beside_gas},
        publication::{Stage, TransactionHash},
    },
    ops::{
        Failure, Passphrase,
        publish::default_confirmations,
        replace::{Listed, Replacement, ReplacementQuote, list, quote, submit},
        unlock::{needs_passphrase, unlock_for_all},
    },
};

/// `daochain.transactions/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    transactions: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    transaction: String,
    kind: &'static str,
    /// `null` for a deployment, and for a claim.
    reference: Option<Reference>,
    /// What is claimed, or not any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Namespace>,
    account: Address,
    nonce: u64,
    chain_id: u64,
    /// The last one that was seen.
    stage: &'static str,
    /// True while a block may still take it, or leave it.
    open: bool,
    block: Option<u64>,
    finality: Option<Finality>,
    signed_at: Timestamp,
}

/// `daochain.replacement/1`
#[derive(Serialize)]
struct Replaced {
    schema: &'static str,
    /// What was replaced.
    replaces: String,
    kind: &'static str,
    reference: Option<Reference>,
    account: Address,
    nonce: u64,
    /// What a block has, or the node: the replacement, or the replaced one where that was faster. `None` before it is signed.
    transaction: Option<String>,
    stage: &'static str,
    block: Option<u64>,
    at_most_wei: Wei,
    max_gas_price_wei: Wei,
    /// What it was signed for before.
    was_max_gas_price_wei: Wei,
}

pub async fn run(session: &mut Session, command: args::Tx) -> Result<u8, Failure> {
    match command {
        args::Tx::List(layout) => show_list(session, &layout).await,
        args::Tx::SpeedUp(replace) => run_replacement(session, &replace, Replacement::SpeedUp).await,
        args::Tx::Cancel(replace) => run_replacement(session, &replace, Replacement::Cancel).await,
    }
}

async fn show_list(session: &mut Session, layout: &args::Layout) -> Result<u8, Failure> {
    let transactions = list(&session.context).await?.into_iter().map(Entry::from).collect();
    let document = Document { schema: "daochain.transactions/1", transactions };
    let (transactions, format) = (&document.transactions, layout.format.as_ref());
    session.console.list(&document, transactions, format, |page| {
        let mut table = Table::new(&["TRANSACTION", "SAYS", "REFERENCE", "NONCE", "STAGE", "BLOCK", "SIGNED"])
            .right(&[3, 5])
            .gives_way(2);
        for one in transactions {
            let role = match (one.open, one.stage) {
                (true, _) => Role::Caution,
                (false, "failed" | "reverted" | "replaced") => Role::Bad,
                (false, _) => Role::Plain,
            };
            table.row(vec![
                one.transaction.clone().into(),
                one.kind.into(),
                one.namespace.as_ref().map_or_else(|| subject(one.reference.as_ref()), Namespace::as_str).into(),
                one.nonce.to_string().into(),
                Cell::new(role, one.stage),
                one.block.map_or_else(String::new, |block| block.to_string()).into(),
                one.signed_at.to_string().into(),
            ]);
        }
        page.table(&table);
    })?;
    Ok(0)
}

async fn run_replacement(session: &mut Session, args: &args::Replace, kind: Replacement) -> Result<u8, Failure> {
    let quote = quote(&session.context, args.transaction, kind, args.max_gas_price).await?;
    show(session, &quote);
    if args.dry_run {
        present(session, &Replaced::new(&quote, None));
        return Ok(0);
    }
    let what = match kind {
        Replacement::SpeedUp => "Sign it once more",
        Replacement::Cancel => "Sign nothing in its place",
    };
    let is_here = needs_passphrase(&session.context, quote.entry.from).await?;
    prompt::confirm(session, &format!("{what} for at most {} ETH?", quote.cost.at_most().cost())).await?;
    let passphrase = sending::passphrase_of(session, quote.entry.from, is_here).await?.0;
    let confirmations = match (args.no_wait, args.confirmations) {
        (true, _) => 0,
        (false, Some(confirmations)) => confirmations,
        (false, None) => default_confirmations(quote.network.local),
    };
    let (sender, mut receiver) = mpsc::channel(16);
    let Session { context, console, .. } = session;
    let tell = async {
        while let Some(stage) = receiver.recv().await {
            if let Stage::Broadcast { hash } = stage {
                console.note(&format!("sent as {hash}"));
            }
        }
    };
    let send = async {
        let key = unlock_for_all(context, quote.entry.from, Passphrase(passphrase)).await?;
        submit(context, &quote, &key, confirmations, sender).await
    };
    let (stage, ()) = tokio::join!(send, tell);
    let stage = stage?;
    let code = failed(&stage).map_or(0, |failure| session.console.complain(&failure));
    let was_faster = stage.hash() == Some(quote.entry.hash);
    if was_faster {
        session.console.note("the transaction itself was faster than what was to replace it");
    }
    present(session, &Replaced::new(&quote, Some(&stage)));
    // What was to be stopped is done.
    Ok(if was_faster && kind == Replacement::Cancel { 1 } else { code })
}

fn show(session: &mut Session, quote: &ReplacementQuote) {
    let (entry, console) = (&quote.entry, &mut session.console);
    console.note(&format!("{} of {} waits since {}", entry.statement.word(), entry.statement.subject(), entry.at));
    console.note(&format!("  transaction {} (nonce {})", entry.hash, entry.nonce));
    let most = quote.cost.at_most().cost();
    console.note(&format!("  cost      about {} ETH, at most {most} ETH", quote.cost.expected().cost()));
    if let Some(more) = beside_gas(quote.network.chain_id) {
        console.note(&format!("            {more}"));
    }
    let (was, price) = (quote.was().gwei(), quote.cost.max_gas_price.gwei());
    console.note(&format!("  gas price at most {price} gwei, where it was {was} gwei; --max-gas-price sets another"));
    console.note(&format!("  account   {} with {} ETH", entry.from, quote.balance.ether(6)));
    console.note(&format!("  network   {} (chain {})", quote.network.name, quote.network.chain_id));
}

/// What a transaction is about, in a few words.
pub(super) fn subject(reference: Option<&Reference>) -> &str {
    reference.map_or("the registry contract", Reference::familiar)
}

fn present(session: &mut Session, document: &Replaced) {
    session.console.present(document, |page| {
        let hash = document.transaction.as_deref().unwrap_or("not signed");
        page.line(&format!("{}: {} ({hash})", subject(document.reference.as_ref()), document.stage));
        if let Some(block) = document.block {
            page.field("block", block);
        }
    });
}

impl Replaced {
    fn new(quote: &ReplacementQuote, stage: Option<&Stage>) -> Self {
        let entry = &quote.entry;
        Self {
            schema: "daochain.replacement/1",
            replaces: entry.hash.to_string(),
            kind: match quote.kind {
                Replacement::SpeedUp => entry.statement.word(),
                Replacement::Cancel => "cancellation",
            },
            reference: entry.statement.reference().cloned(),
            account: entry.from,
            nonce: entry.nonce,
            transaction: stage.and_then(Stage::hash).map(|hash: TransactionHash| hash.to_string()),
            stage: stage.map_or("estimated", Stage::word),
            block: stage.and_then(Stage::inclusion).map(|inclusion| inclusion.block),
            at_most_wei: quote.cost.at_most(),
            max_gas_price_wei: quote.cost.max_gas_price,
            was_max_gas_price_wei: quote.was(),
        }
    }
}

impl From<Listed> for Entry {
    fn from(Listed { entry, stage }: Listed) -> Self {
        Self {
            transaction: entry.hash.to_string(),
            kind: entry.statement.word(),
            reference: entry.statement.reference().cloned(),
            namespace: entry.statement.namespace().cloned(),
            account: entry.from,
            nonce: entry.nonce,
            chain_id: entry.chain_id,
            stage: stage.as_ref().map_or(entry.stage.word(), Stage::word),
            open: stage.as_ref().map_or(entry.stage.is_open(), |stage| !stage.is_settled()),
            block: stage.as_ref().map_or(entry.block, |stage| stage.inclusion().map(|inclusion| inclusion.block)),
            finality: stage.as_ref().and_then(crate::ops::follow::finality),
            signed_at: entry.at,
        }
    }
}
