//! Claiming a namespace: the statement into the registry first, then the claim onto the chain.
//!
//! ```text
//! plan ─▶ (statement stands? else sign, push, read back) ─▶ (claim stands? else send)
//! ```
//! In this order, so that whoever cannot push pays for nothing. Each step finds out whether it was done before.

use super::artifact::{self, Artifact, Descriptor};
use crate::{
    chain::Chain,
    domain::{
        Address, Digest, Namespace, Timestamp,
        namespace::{PublisherStatement, SignedBy, SignedStatement},
        network::NetworkView,
        publication::{Contract, Statement},
        when::Until,
    },
    ops::{
        Context, Failure,
        context::now,
        quoting::{Quote, quote},
        unlock::Unlocked,
    },
};

/// A statement is renewed when this part of the time that is wished for is over.
const RENEWED_AFTER: u64 = 4;
/// How much longer than wished for a statement may be good, in seconds: clocks differ.
const LONGER: u64 = 86_400;

/// What is wished for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Which namespace.
    pub namespace: Namespace,
    /// By whom.
    pub publisher: Address,
    /// Until when the statement is to be good.
    pub until: Until,
    /// Leave out what else stands at the artifact's name.
    pub replace: bool,
}

/// What of a claim is left to be done.
#[derive(Debug)]
pub struct Claiming {
    /// The half in the registry.
    pub statement: StatementPlan,
    /// The transaction that claims, or takes a claim back; `None` where nothing need be sent.
    pub quote: Option<Quote>,
    /// The network.
    pub network: NetworkView,
    /// Publishers whose statements stand beside it, and stay.
    pub beside: Vec<Address>,
}

/// The half in the registry.
#[derive(Debug)]
pub enum StatementPlan {
    /// It stands there already.
    Stands {
        /// Until when it is good.
        until: Timestamp,
        /// The manifest's digest.
        digest: Option<Digest>,
    },
    /// It is to be signed and pushed.
    Push {
        /// What it says.
        statement: PublisherStatement,
        /// The layers that stay.
        kept: Kept,
    },
    /// It is not looked at.
    Left,
}

/// Layers of the artifact that stay.
#[derive(Debug)]
pub struct Kept(Vec<Descriptor>);

/// Finds out what of a claim is left to be done, and what it costs. Signs and pushes nothing.
///
/// # Errors
/// `usage` for an end that is past; `namespace-taken` where something else stands at the artifact's name, and is not to be replaced;
/// when registry or node cannot be asked.
pub async fn plan_claim(context: &Context, wish: &Wish) -> Result<Claiming, Failure> {
    let chain = context.chain_with_directory().await?;
    let head = chain.head().await?;
    let network = context.view(&chain, head).await?;
    let at = now().max(head.latest.at);
    let statement = PublisherStatement {
        chain_id: network.chain_id,
        directory: chain.address_of(Contract::Directory),
        namespace: wish.namespace.clone(),
        publisher: wish.publisher,
        issued_at: at,
        expires_at: wish.until.moment(at),
    };
    if statement.expires_at <= at {
        let message = format!("the statement would have ended at {}, which is past", statement.expires_at);
        return Err(Failure::new("usage", &message).hint("name a moment to come with --expires"));
    }
    let held = artifact::read(context, &wish.namespace).await?;
    let stands = standing(&chain, &held, &statement).await;
    let is_alone = held.statements.len() == 1 && held.problems.is_empty();
    if let Some(until) = stands.filter(|_| !wish.replace || is_alone) {
        let statement = StatementPlan::Stands { until, digest: held.digest };
        let quote = quote_claim(context, &chain, wish, false).await?;
        let beside = others(&held, wish.publisher).map(|(_, one)| one.statement.publisher).collect();
        return Ok(Claiming { statement, quote, network, beside });
    }
    if !wish.replace
        && let Some(problem) = held.problems.first()
    {
        return Err(Failure::new("namespace-taken", problem)
            .hint("--replace puts your statement in its place, if it is yours to replace"));
    }
    let is_kept = |one: &SignedStatement| !wish.replace && !is_same_place(&one.statement, &statement);
    let kept: Vec<_> = held.statements.iter().filter(|(_, one)| is_kept(one)).collect();
    let mut beside: Vec<Address> = kept.iter().map(|(_, one)| one.statement.publisher).collect();
    beside.retain(|publisher| *publisher != wish.publisher);
    let kept = Kept(kept.into_iter().map(|(layer, _)| layer.clone()).collect());
    let quote = quote_claim(context, &chain, wish, false).await?;
    Ok(Claiming { statement: StatementPlan::Push { statement, kept }, quote, network, beside })
}

/// What taking a claim back costs. The namespace's statement stays: it shows nothing without the claim.
///
/// # Errors
/// When the node cannot be asked.
pub async fn plan_unclaim(context: &Context, namespace: &Namespace, publisher: Address) -> Result<Claiming, Failure> {
    let chain = context.chain_with_directory().await?;
    let network = context.view(&chain, chain.head().await?).await?;
    let wish = Wish { namespace: namespace.clone(), publisher, until: Until::After(0), replace: false };
    let quote = quote_claim(context, &chain, &wish, true).await?;
    Ok(Claiming { statement: StatementPlan::Left, quote, network, beside: Vec::new() })
}

/// Until when the artifact's statement of the same publisher and place is good, where it is signed well and need not be renewed.
async fn standing(chain: &Chain, held: &Artifact, wanted: &PublisherStatement) -> Option<Timestamp> {
    let left = wanted.expires_at.since(wanted.issued_at);
    for one in held.signed().filter(|one| is_same_place(&one.statement, wanted)) {
        let until = one.statement.expires_at;
        let is_long = until.since(wanted.issued_at) >= left - left / RENEWED_AFTER;
        let is_short = until.since(wanted.issued_at) <= left.saturating_add(LONGER);
        if is_long && is_short && chain.statement_signed_by(one).await == SignedBy::Publisher {
            return Some(until);
        }
    }
    None
}

/// The same publisher's word about the same namespace, chain and directory.
fn is_same_place(one: &PublisherStatement, other: &PublisherStatement) -> bool {
    (one.publisher, one.chain_id, one.directory, &one.namespace)
        == (other.publisher, other.chain_id, other.directory, &other.namespace)
}

fn others(held: &Artifact, publisher: Address) -> impl Iterator<Item = &(Descriptor, SignedStatement)> {
    held.statements.iter().filter(move |(_, one)| one.statement.publisher != publisher)
}

/// What the transaction costs; `None` where the directory says the same already.
async fn quote_claim(
    context: &Context,
    chain: &Chain,
    wish: &Wish,
    taken_back: bool,
) -> Result<Option<Quote>, Failure> {
    let asked = [(wish.publisher, wish.namespace.clone())];
    let is_claimed = chain.claims(&asked).await?.first().is_some_and(Option::is_some);
    if is_claimed != taken_back {
        return Ok(None);
    }
    let statement = Statement::NamespaceClaim { namespace: wish.namespace.clone(), taken_back };
    quote(context, statement, wish.publisher).await.map(Some)
}

/// Signs the statement and pushes it; the manifest's digest. Asks the registry only after the signature.
///
/// # Errors
/// When the signer does not sign; when the registry does not answer, or does not let the account of this machine push.
pub async fn put_statement(
    context: &Context,
    statement: &PublisherStatement,
    Kept(kept): &Kept,
    key: &Unlocked,
) -> Result<Digest, Failure> {
    let signature = key.0.sign_statement(statement).await?;
    let signed = SignedStatement { statement: statement.clone(), signature };
    artifact::write(context, &signed, kept).await
}
