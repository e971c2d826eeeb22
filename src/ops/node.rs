//! The node behind the current network.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::{error::Elapsed, timeout_at};

pub use crate::domain::node::Peer;
use crate::{
    chain::{ChainError, Endpoint},
    domain::node::{RecentBlock, standings},
    ops::{Context, Failure},
};

/// How long an endpoint is waited for with what it need not tell.
const PATIENCE: Duration = Duration::from_secs(5);

/// What one endpoint says of itself.
pub type EndpointStatus = crate::domain::node::EndpointStatus<Failure>;

/// The current network's endpoints.
pub type NodeStatus = crate::domain::node::NodeStatus<EndpointStatus>;

/// Asks every endpoint of the current network, all at once.
///
/// # Errors
/// When the embedded node cannot be started, or the network has no endpoint.
pub async fn node_status(context: &Context) -> Result<NodeStatus, Failure> {
    let chain = context.any_chain().await?;
    let expected = chain.config().chain_id;
    let mut endpoints = join_all(chain.endpoints().iter().map(|endpoint| ask(endpoint, expected))).await;
    if let [only] = endpoints.as_mut_slice() {
        only.disk = super::geth::disk_use(context).await;
    }
    let standings = standings(&endpoints, chain.must_agree());
    for (endpoint, standing) in endpoints.iter_mut().zip(standings) {
        endpoint.standing = standing;
    }
    Ok(NodeStatus {
        network: chain.network().to_owned(),
        local: chain.is_local(),
        managed: super::geth::own_state(context).await,
        must_agree: chain.must_agree(),
        endpoints,
    })
}

/// Holds it to no chain but the configured one: which of several is wrong is for [`standings`] to tell.
async fn ask(endpoint: &Endpoint, expected: Option<u64>) -> EndpointStatus {
    let mut status = EndpointStatus::silent(endpoint.name());
    let began = Instant::now();
    match endpoint.chain_id().await {
        Ok(id) => {
            status.latency = Some(began.elapsed());
            status.chain_id = Some(id);
            if expected.is_some_and(|expected| expected != id) {
                status.problem = endpoint.check_chain_id().await.err().map(Failure::from);
            }
        }
        Err(error) => {
            status.problem = Some(error.into());
            return status;
        }
    }
    // What a node may leave out: a missing answer, or a late one, is no problem of the node.
    let until = tokio::time::Instant::from_std(began) + PATIENCE;
    let (head, client, peers, vitals, sync) = tokio::join!(
        endpoint.told_head(),
        timeout_at(until, endpoint.client_version()),
        timeout_at(until, endpoint.peers()),
        timeout_at(until, endpoint.vitals()),
        timeout_at(until, endpoint.sync()),
    );
    match head {
        Ok((id, head)) => {
            status.chain_id = Some(id);
            status.head = Some(head);
        }
        Err(error) => status.problem = status.problem.or(Some(error.into())),
    }
    status.client = in_time(client);
    status.peers = in_time(peers);
    status.vitals = in_time(vitals).unwrap_or_default();
    status.sync = in_time(sync);
    status
}

/// The newest blocks behind `after`, oldest first, by the first endpoint that tells.
///
/// # Errors
/// The last endpoint's, where none tells.
pub async fn recent_blocks(context: &Context, after: Option<u64>) -> Result<Vec<RecentBlock>, Failure> {
    let chain = context.any_chain().await?;
    let mut last = Failure::new("no-endpoint", "the network has no endpoint");
    for endpoint in chain.endpoints() {
        match endpoint.recent_blocks(after).await {
            Ok(blocks) => return Ok(blocks),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

fn in_time<T>(told: Result<Result<T, ChainError>, Elapsed>) -> Option<T> {
    told.ok()?.ok()
}

/// Whom each endpoint is connected to, by its name; or why it does not tell.
///
/// # Errors
/// When the embedded node cannot be started, or the network has no endpoint.
pub async fn node_peers(context: &Context) -> Result<Vec<(String, Result<Vec<Peer>, Failure>)>, Failure> {
    let chain = context.any_chain().await?;
    let ask =
        async |endpoint: &Endpoint| (endpoint.name().to_owned(), endpoint.peer_list().await.map_err(Failure::from));
    Ok(join_all(chain.endpoints().iter().map(ask)).await)
}

/// JSON-RPC's code for a method that the node does not have, or not here.
const NO_METHOD: i32 = -32601;

fn not_taken(error: ChainError) -> Failure {
    match &error {
        ChainError::Node { endpoint, code: NO_METHOD, .. } => {
            Failure::new(error.code(), &format!("node `{endpoint}` takes no peers over this connection"))
                .hint("most nodes take them over IPC alone: name its socket with --rpc ipc:PATH")
        }
        _ => error.into(),
    }
}

/// Has the first endpoint that takes it connect to the node at `enode`.
///
/// # Errors
/// The last endpoint's refusal.
pub async fn add_peer(context: &Context, enode: &str) -> Result<(), Failure> {
    let chain = context.any_chain().await?;
    let mut refusal = None;
    for endpoint in chain.endpoints() {
        match endpoint.add_peer(enode).await {
            Ok(()) => return Ok(()),
            Err(error) => refusal = Some(error),
        }
    }
    refusal.map_or(Ok(()), |error| Err(not_taken(error)))
}
