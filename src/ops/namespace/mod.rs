//! Namespaces: who claims them, what they say themselves, and what both come to.

mod artifact;
mod claiming;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::timeout;

use super::{context::now, history::from_index_of};
use crate::{
    chain::Chain,
    domain::{
        Address, Namespace, Reference, Timestamp,
        namespace::{Claim, Held, Judgement, NamespaceVouch, Place, SignedBy, SignedStatement, Vouching, judge},
        network::NetworkView,
        progress::Watch,
        publication::Contract,
    },
    ops::{Context, Failure},
    registry::RegistryError,
};

pub use claiming::{Claiming, StatementPlan, Wish, plan_claim, plan_unclaim, put_statement};

/// How long one namespace is waited for where nobody asked for it by name.
const PATIENCE: Duration = Duration::from_secs(20);
/// Claims of one look at the chain.
const CLAIMS_AT_ONCE: usize = 500;

/// What a namespace's halves come to.
#[derive(Debug)]
pub struct Examined {
    /// Which, where and when it was asked.
    pub place: Place,
    /// The network.
    pub network: NetworkView,
    /// What they come to.
    pub judgement: Judgement,
    /// How many claim it, where that is known; not all of very many are looked at.
    pub claimants: Option<u64>,
    /// What could not be read and decides nothing: sentences, safe to show.
    pub problems: Vec<String>,
}

/// Looks at both halves of everybody who claims `namespace`, or is named by it.
///
/// # Errors
/// When the chain cannot be asked. A registry that cannot be is an answer: nobody is vouched for.
pub async fn examine(context: &Context, namespace: &Namespace, watch: Arc<dyn Watch>) -> Result<Examined, Failure> {
    let chain = context.chain_with_directory().await?;
    let wanted = namespace.clone();
    let claimants = from_index_of(context, (&chain, Contract::Directory), watch, move |store, index, head| {
        Ok(store.claimants(index, head, &wanted)?)
    });
    let (claimants, mut problem) = match claimants.await {
        Ok(claimants) => (Some(claimants), None),
        Err(failure)
            if failure.is_cancelled() || failure.code == "no-contract" || failure.code == "foreign-contract" =>
        {
            return Err(failure);
        }
        Err(failure) => (None, Some(format!("further claimants may be missing: {failure}"))),
    };
    let (publishers, count) = claimants.map_or((Vec::new(), None), |(told, count)| (told, Some(count)));
    let publishers: Vec<Address> = publishers.into_iter().map(|(publisher, _)| publisher).collect();
    let looked = look(context, &chain, namespace, &publishers).await?;
    let mut problems = looked.problems;
    problems.extend(problem.take());
    if let Some(count) = count.filter(|count| *count > publishers.len() as u64) {
        problems.push(format!("{count} accounts claim it; only the first {} are looked at", publishers.len()));
    }
    Ok(Examined {
        place: looked.place,
        network: looked.network,
        judgement: looked.judgement,
        claimants: count,
        problems,
    })
}

struct Looked {
    place: Place,
    network: NetworkView,
    judgement: Judgement,
    problems: Vec<String>,
}

/// Looks at the halves of those whom the namespace's statements name, and of `claimants`.
async fn look(
    context: &Context,
    chain: &Chain,
    namespace: &Namespace,
    claimants: &[Address],
) -> Result<Looked, Failure> {
    let head = chain.head().await?;
    let network = context.view(chain, head).await?;
    let place = Place {
        namespace: namespace.clone(),
        chain_id: network.chain_id,
        directory: chain.address_of(Contract::Directory),
        // A machine whose clock is late must not take what the chain knows to be over.
        now: now().max(head.latest.at),
    };
    let (held, problems) = match artifact::read(context, namespace).await {
        Ok(artifact) => {
            let mut held = Vec::with_capacity(artifact.statements.len());
            for (_, signed) in artifact.statements {
                held.push(signed_by(chain, &place, signed).await);
            }
            (Ok(held), artifact.problems)
        }
        // Nor can anybody tell whether a statement stands where none may look.
        Err(error @ RegistryError::Denied { .. }) => {
            (Err(format!("{error}; many registries say the same of what does not exist")), Vec::new())
        }
        Err(error) => (Err(error.to_string()), Vec::new()),
    };
    let mut publishers: Vec<Address> = held.iter().flatten().map(|one| one.signed.statement.publisher).collect();
    publishers.extend(claimants);
    publishers.sort_unstable();
    publishers.dedup();
    let asked: Vec<_> = publishers.iter().map(|publisher| (*publisher, namespace.clone())).collect();
    let since = chain.claims(&asked).await?;
    let claims = publishers.iter().zip(since).map(|(publisher, since)| Claim { publisher: *publisher, since });
    // The earliest first, as the contract knows them.
    let mut claims: Vec<Claim> = claims.collect();
    claims.sort_by_key(|claim| claim.since);
    let judgement = judge(&place, &Ok(claims), &held);
    Ok(Looked { place, network, judgement, problems })
}

/// Whose signature a statement bears. What is about another place is not asked about.
async fn signed_by(chain: &Chain, place: &Place, signed: SignedStatement) -> Held {
    let said = &signed.statement;
    let is_about =
        said.chain_id == place.chain_id && said.directory == place.directory && said.namespace == place.namespace;
    let by = if is_about { chain.statement_signed_by(&signed).await } else { SignedBy::Another(None) };
    Held { signed, by }
}

/// Whom the namespaces above `reference` vouch for, the closest first: at most four registry repositories and their statements are
/// read, at once. Whatever fails is an answer.
pub async fn vouched(context: &Context, reference: &Reference) -> Vouching {
    let above = Namespace::above(reference);
    if above.is_empty() {
        return Vouching::default();
    }
    let chain = match context.chain_with_directory().await {
        Ok(chain) => chain,
        Err(failure) => {
            let unknown = |namespace| NamespaceVouch { namespace, vouchers: Err(failure.to_string()) };
            return Vouching(above.into_iter().map(unknown).collect());
        }
    };
    let asked = above.into_iter().map(async |namespace| {
        let vouchers = match timeout(PATIENCE, look(context, &chain, &namespace, &[])).await {
            Ok(Ok(looked)) => looked.judgement.vouchers(),
            Ok(Err(failure)) => Err(failure.to_string()),
            Err(_) => Err(format!("registry `{}` or the node takes too long", reference.registry())),
        };
        NamespaceVouch { namespace, vouchers }
    });
    Vouching(join_all(asked).await)
}

/// Which namespaces each of `publishers` claims, and since when.
///
/// # Errors
/// When the chain cannot be asked, or it is cancelled.
pub async fn claimed_by(
    context: &Context,
    publishers: Vec<Address>,
    watch: Arc<dyn Watch>,
) -> Result<Vec<(Address, Namespace, Timestamp)>, Failure> {
    let chain = context.chain_with_directory().await?;
    let told = from_index_of(context, (&chain, Contract::Directory), watch, move |store, index, head| {
        let mut told = Vec::new();
        for publisher in publishers {
            let claimed = store.claimed_by(index, head, publisher)?;
            told.extend(claimed.into_iter().map(|(namespace, _)| (publisher, namespace)));
        }
        Ok(told)
    });
    let mut claims = Vec::new();
    for some in told.await?.chunks(CLAIMS_AT_ONCE) {
        let since = chain.claims(some).await?;
        let standing = some
            .iter()
            .zip(since)
            .filter_map(|((publisher, namespace), since)| Some((*publisher, namespace.clone(), since?)));
        claims.extend(standing);
    }
    Ok(claims)
}
