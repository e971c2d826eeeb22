//! Networks of the configuration.

use url::Url;

use crate::{
    domain::Address,
    ops::{Context, Failure},
};

/// One network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkEntry {
    /// Its name.
    pub name: String,
    /// Scheme, host and port of its endpoints; empty for the embedded node.
    pub rpc: Vec<String>,
    /// Its chain id, where it is known.
    pub chain_id: Option<u64>,
    /// The contract's address, where it was configured.
    pub contract: Option<Address>,
    /// Used when none is named.
    pub current: bool,
}

/// Lists the networks, `dev` first.
#[must_use]
pub fn list_networks(context: &Context) -> Vec<NetworkEntry> {
    let _ = context;
    Vec::new()
}

/// Adds a network after asking its endpoint for the chain id, which is kept and demanded from then on.
///
/// # Errors
/// `network-exists`, or when the endpoint does not answer or the configuration cannot be written.
pub async fn add_network(
    context: &Context,
    name: &str,
    rpc: Vec<Url>,
    contract: Option<Address>,
) -> Result<Vec<NetworkEntry>, Failure> {
    let _ = (context, name, rpc, contract);
    Err(Failure::cancelled())
}

/// Makes a network the one that is used when none is named.
///
/// # Errors
/// `no-such-network`, or when the configuration cannot be written.
pub fn use_network(context: &Context, name: &str) -> Result<Vec<NetworkEntry>, Failure> {
    let _ = (context, name);
    Err(Failure::cancelled())
}

/// Forgets a network. `dev` always stays.
///
/// # Errors
/// `no-such-network`, or when the configuration cannot be written.
pub fn remove_network(context: &Context, name: &str) -> Result<Vec<NetworkEntry>, Failure> {
    let _ = (context, name);
    Err(Failure::cancelled())
}
