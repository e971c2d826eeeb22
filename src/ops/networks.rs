//! Networks of the configuration.

use url::Url;

use super::context::blocking;
use crate::{
    chain::{Chain, ChainConfig, shown_url},
    config::{self, Network},
    domain::{Address, network},
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
    let config = context.config();
    entries(&config.networks, &config.network.name)
}

fn entries(networks: &[Network], current: &str) -> Vec<NetworkEntry> {
    let entry = |one: &Network| NetworkEntry {
        name: one.name.clone(),
        rpc: one.rpc.iter().map(shown_url).collect(),
        chain_id: if one.name == network::DEV { Some(network::DEV_CHAIN_ID) } else { one.chain_id },
        contract: one.contract,
        current: one.name == current,
    };
    networks.iter().map(entry).collect()
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
    config::check_new_name(&context.config().networks, name)?;
    let mut chain_id = None;
    for url in &rpc {
        let chain = Chain::new(ChainConfig {
            network: name.to_owned(),
            rpc: url.clone(),
            // Every endpoint must be of the first one's chain.
            chain_id,
            contract,
            local: false,
        })?;
        chain_id = Some(chain.check_chain_id().await?);
    }
    let added = Network { name: name.to_owned(), rpc, chain_id, contract };
    change(context, move |home| Ok(config::add_network(home, &added)?)).await
}

/// Makes a network the one that is used when none is named.
///
/// # Errors
/// `no-such-network`, or when the configuration cannot be written.
pub async fn use_network(context: &Context, name: &str) -> Result<Vec<NetworkEntry>, Failure> {
    let name = name.to_owned();
    change(context, move |home| Ok(config::use_network(home, &name)?)).await
}

/// Forgets a network. `dev` always stays.
///
/// # Errors
/// `no-such-network`, or when the configuration cannot be written.
pub async fn remove_network(context: &Context, name: &str) -> Result<Vec<NetworkEntry>, Failure> {
    let name = name.to_owned();
    change(context, move |home| Ok(config::remove_network(home, &name)?)).await
}

/// Changes the file, and lists what it says then.
async fn change(
    context: &Context,
    edit: impl FnOnce(&config::Home) -> Result<(), Failure> + Send + 'static,
) -> Result<Vec<NetworkEntry>, Failure> {
    let home = context.config().home.clone();
    blocking(move || {
        edit(&home)?;
        let (networks, current) = config::networks(&home)?;
        Ok(entries(&networks, &current))
    })
    .await
}
