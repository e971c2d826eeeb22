//! The node behind the current network.

use std::time::{Duration, Instant};

use crate::{
    chain::{Chain, ChainConfig},
    domain::network::{self, ChainHead},
    ops::{Context, Failure},
};

/// What one endpoint says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointStatus {
    /// Scheme, host and port: never a path or credentials.
    pub url: String,
    /// What it calls itself, made safe to show.
    pub client: Option<String>,
    /// Its chain id.
    pub chain_id: Option<u64>,
    /// How far it has come.
    pub head: Option<ChainHead>,
    /// Connected peers, where it tells.
    pub peers: Option<u64>,
    /// True while it catches up, where it tells.
    pub syncing: Option<bool>,
    /// Time of one call.
    pub latency: Option<Duration>,
    /// Why it did not answer.
    pub problem: Option<Failure>,
}

/// The current network's endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// The network's name.
    pub network: String,
    /// True for the embedded node.
    pub local: bool,
    /// Every endpoint.
    pub endpoints: Vec<EndpointStatus>,
}

/// Asks every endpoint of the current network.
///
/// # Errors
/// When the embedded node cannot be started.
pub async fn node_status(context: &Context) -> Result<NodeStatus, Failure> {
    let current = &context.config().network;
    let mut endpoints = Vec::new();
    if context.is_local() {
        endpoints.push(ask(&context.chain().await?, Some(network::DEV_CHAIN_ID)).await);
    }
    for rpc in &current.rpc {
        let chain = Chain::new(ChainConfig {
            network: current.name.clone(),
            rpc: rpc.clone(),
            chain_id: current.chain_id,
            contract: current.contract,
            local: false,
        })?;
        endpoints.push(ask(&chain, current.chain_id).await);
    }
    Ok(NodeStatus { network: current.name.clone(), local: context.is_local(), endpoints })
}

async fn ask(chain: &Chain, expected: Option<u64>) -> EndpointStatus {
    let mut status = EndpointStatus {
        url: chain.endpoint().to_owned(),
        client: None,
        chain_id: None,
        head: None,
        peers: None,
        syncing: None,
        latency: None,
        problem: None,
    };
    let began = Instant::now();
    match chain.chain_id().await {
        Ok(id) => {
            status.latency = Some(began.elapsed());
            status.chain_id = Some(id);
            if expected.is_some_and(|expected| expected != id) {
                status.problem = chain.check_chain_id().await.err().map(Failure::from);
            }
        }
        Err(error) => {
            status.problem = Some(error.into());
            return status;
        }
    }
    match chain.head().await {
        Ok(head) => status.head = Some(head),
        Err(error) => status.problem = Some(error.into()),
    }
    // What a node may leave out: a missing answer is no problem of the node.
    status.client = chain.client_version().await.ok();
    status.peers = chain.peers().await.ok();
    status.syncing = chain.is_syncing().await.ok();
    status
}
