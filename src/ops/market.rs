//! Everything that is published on the current network, from the event index.
//!
//! ```text
//! refresh (asks the node, now and then) ─▶ event index ─▶ page, count (ask nobody: one for each key that is typed)
//! ```
//! What an offer's verdict is under the user's policy, whoever shows it asks for what is shown alone.

use std::sync::Arc;

use super::{
    context::blocking,
    history::{from_index, index_of},
};
use crate::{
    domain::{
        market::{Page, Query},
        progress::Watch,
        publication::Contract,
    },
    ops::{Context, Failure},
    store::EventIndex,
};

/// Brings the index up to the chain's head, and tells its block.
///
/// # Errors
/// When the node cannot be asked, or it is cancelled.
pub async fn refresh(context: &Context, watch: Arc<dyn Watch>) -> Result<u64, Failure> {
    from_index(context, watch, |_, _, head| Ok(head)).await
}

/// What `query` asks for, of what was read of the chain.
///
/// # Errors
/// When the network was never reached, or the home cannot be read.
pub async fn page(context: &Context, query: &Query) -> Result<Page, Failure> {
    let (store, index, query) = (context.store().clone(), index(context).await?, query.clone());
    blocking(move || Ok(store.market(index, &query)?)).await
}

/// How many offers `query` finds in all.
///
/// # Errors
/// As [`page`].
pub async fn count(context: &Context, query: &Query) -> Result<u64, Failure> {
    let (store, index, query) = (context.store().clone(), index(context).await?, query.clone());
    blocking(move || Ok(store.market_size(index, &query)?)).await
}

/// The network's index. Its nodes are asked once which chain they are of.
async fn index(context: &Context) -> Result<EventIndex, Failure> {
    let chain = context.chain().await?;
    let chain_id = match chain.known_chain_id() {
        Some(known) => known,
        None => chain.chain_id().await?,
    };
    Ok(index_of(context, &chain, Contract::Registry, chain_id))
}
