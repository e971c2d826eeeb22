//! Many statements in few transactions: releases go together, as many as a block has room for.

use super::quoting::{Outlook, Quote, outlook};
use crate::{
    chain::{Action, Chain, ChainError},
    domain::{
        Address, Wei,
        network::NetworkView,
        publication::{Authority, Statement},
    },
    ops::{Context, Failure},
};

/// Gas of one transaction that is packed: below what any may have since Osaka (EIP-7825), and half of a block of 30 million.
const GAS: u64 = 12_000_000;
/// About what a release takes, and each of its digests: three new storage slots and an event.
const RELEASE_GAS: u64 = 40_000;
const DIGEST_GAS: u64 = 50_000;

/// What is to be done about statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One transaction, of one statement or of many releases.
    Send(Box<Quote>),
    /// The publisher's current release, or earlier revocations, say the same already.
    Stands(Outlook),
}

/// Quotes all statements, packed into as few transactions as there is room for. What stands already is left out, releases
/// only unless `again`. Signs nothing.
///
/// # Errors
/// When the node cannot be asked, or the contract refuses one of them.
pub async fn quote_all(
    context: &Context,
    statements: Vec<Statement>,
    from: Address,
    authority: &Authority,
    again: bool,
) -> Result<(Vec<Step>, NetworkView), Failure> {
    let chain = context.chain().await?;
    let (outlooks, head) = outlook(&chain, statements, authority.publisher(from)).await?;
    let balance = chain.balances(&[from]).await?.first().copied().unwrap_or_default();
    let network = context.view(&chain, head).await?;
    let packer = Packer { chain: &chain, from, authority, balance, network };
    let (mut steps, mut waiting, mut gas) = (Vec::new(), Vec::new(), 0);
    for mut one in outlooks {
        if one.stands(again) {
            steps.push(Step::Stands(one));
            continue;
        }
        if one.standing.is_some() && one.statement.is_new_release() {
            one.version = one.version.saturating_add(1);
        }
        let Statement::Release { digests, .. } = &one.statement else {
            packer.pack(std::mem::take(&mut waiting), &mut steps).await?;
            packer.pack(vec![one], &mut steps).await?;
            continue;
        };
        let more = RELEASE_GAS + DIGEST_GAS * digests.len() as u64;
        // A release of a name that waits already changes what this one's version is.
        let is_twin = waiting.iter().any(|other: &Outlook| other.statement.reference() == one.statement.reference());
        if gas + more > GAS || is_twin {
            packer.pack(std::mem::take(&mut waiting), &mut steps).await?;
            gas = 0;
        }
        gas += more;
        waiting.push(one);
    }
    packer.pack(waiting, &mut steps).await?;
    Ok((steps, packer.network))
}

struct Packer<'p> {
    chain: &'p Chain,
    from: Address,
    authority: &'p Authority,
    balance: Wei,
    network: NetworkView,
}

impl Packer<'_> {
    /// One transaction of all of them, or as many as the node has room for.
    async fn pack(&self, all: Vec<Outlook>, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let mut waiting = vec![all];
        while let Some(mut some) = waiting.pop() {
            let Some((first, rest)) = some.split_first() else { continue };
            let (version, statement) = (first.version, packed(first, rest));
            match self.chain.estimate(&Action::of(statement.clone(), self.authority.clone()), self.from).await {
                Err(error) if some.len() > 1 && wants_less(&error) => {
                    let rest = some.split_off(some.len() / 2);
                    waiting.extend([rest, some]);
                }
                cost => steps.push(Step::Send(Box::new(Quote {
                    statement,
                    from: self.from,
                    authority: self.authority.clone(),
                    balance: self.balance,
                    cost: cost?,
                    network: self.network.clone(),
                    version,
                    versions: some.iter().map(|one| one.version).collect(),
                    standing: None,
                }))),
            }
        }
        Ok(())
    }
}

/// One release alone, or all of them together.
fn packed(first: &Outlook, rest: &[Outlook]) -> Statement {
    match first.statement.reference() {
        Some(reference) if !rest.is_empty() => Statement::Releases {
            reference: reference.clone(),
            releases: std::iter::once(first).chain(rest).map(|one| one.statement.clone()).collect(),
        },
        _ => first.statement.clone(),
    }
}

/// More gas than a block or a call may take.
fn wants_less(error: &ChainError) -> bool {
    let is_worth_it = matches!(error, ChainError::Malformed { .. } | ChainError::Disagreement { .. });
    is_worth_it || error.is_too_much() || error.is_too_slow() || error.to_string().contains("gas")
}
