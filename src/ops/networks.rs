//! Networks of the configuration.

use url::Url;

use super::context::blocking;
use crate::{
    chain::{Chain, ChainConfig, shown_urls},
    config::{self, Network},
    domain::{
        Address,
        network::{self, KnownChain},
    },
    ops::{Context, Failure},
};

/// One network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkEntry {
    /// Its name.
    pub name: String,
    /// Scheme, host and port of its endpoints, numbered where two have the same; empty for the embedded node.
    pub rpc: Vec<String>,
    /// How many of them must say the same; the majority unless the configuration says otherwise.
    pub agree: usize,
    /// Its chain id, where it is known.
    pub chain_id: Option<u64>,
    /// The contract's address, where it was configured.
    pub contract: Option<Address>,
    /// The publisher directory's address, where it was configured.
    pub directory: Option<Address>,
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
        rpc: shown_urls(&one.rpc),
        agree: one.must_agree(),
        chain_id: if one.name == network::DEV { Some(network::DEV_CHAIN_ID) } else { one.chain_id },
        contract: one.contract,
        directory: one.directory,
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
    agree: Option<usize>,
    (contract, directory): (Option<Address>, Option<Address>),
) -> Result<Vec<NetworkEntry>, Failure> {
    config::check_new_name(&context.config().networks, name)?;
    // What could not be asked later is not added. How many may agree, the configuration's own rule tells.
    Chain::new(ChainConfig::new(name, rpc.clone()))?;
    // A network that is called like a public chain is that one.
    let mut chain_id = KnownChain::by_name(name).map(|known| known.chain_id);
    for url in &rpc {
        let chain = Chain::new(ChainConfig {
            // Every endpoint must be of the first one's chain.
            chain_id,
            contract,
            ..ChainConfig::new(name, vec![url.clone()])
        })?;
        chain_id = Some(chain.check_chain_id().await?);
    }
    let added = Network { agree, chain_id, contract, directory, ..Network::new(name, rpc) };
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

/// The same for a program that goes on with it: what stands above the file must not.
///
/// # Errors
/// `usage` where a flag or the environment names the network; those of [`use_network`].
pub async fn use_network_here(context: &Context, name: &str) -> Result<Vec<NetworkEntry>, Failure> {
    let home = context.config().home.clone();
    let (_, saved) = blocking(move || Ok(config::networks(&home)?)).await?;
    if context.config().network.name != saved {
        let message = format!("a flag or the environment names the network `{}`", context.config().network.name);
        return Err(Failure::new("usage", &message).hint("start the program without it to choose here"));
    }
    use_network(context, name).await
}

/// An endpoint from its URL.
///
/// # Errors
/// `usage` where it is none.
pub fn endpoint(text: &str) -> Result<Url, Failure> {
    config::endpoint(text).map_err(|cause| Failure::new("usage", &cause))
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
