//! The registry contract on the current network.

use crate::{
    domain::{
        Address,
        network::NetworkView,
        publication::{Cost, Stage},
    },
    ops::{Context, Failure, Passphrase},
};

/// What stands at the contract's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractView {
    /// Where it should stand.
    pub address: Address,
    /// Some code stands there.
    pub deployed: bool,
    /// The code is byte for byte the one this program was built with.
    pub code_matches: bool,
    /// The node's chain id.
    pub chain_id: u64,
    /// The block it was looked at.
    pub block: u64,
}

/// Looks at the contract.
///
/// # Errors
/// When the node cannot be asked.
pub async fn show_contract(context: &Context) -> Result<ContractView, Failure> {
    let _ = context;
    Err(Failure::cancelled())
}

/// What deploying costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployQuote {
    /// Who pays.
    pub from: Address,
    /// What it costs.
    pub cost: Cost,
    /// Where the contract will stand.
    pub address: Address,
    /// Where it is deployed.
    pub network: NetworkView,
    /// False where the chain lacks the deterministic deployment proxy: the address must then be configured.
    pub deterministic: bool,
}

/// Asks what deploying costs. `None` when the contract stands there already.
///
/// # Errors
/// When the node cannot be asked; `foreign-contract` when other code stands there.
pub async fn quote_deploy(context: &Context, from: Address) -> Result<Option<DeployQuote>, Failure> {
    let _ = (context, from);
    Err(Failure::cancelled())
}

/// Deploys the contract and waits for its block.
///
/// # Errors
/// As for a publication.
pub async fn deploy_contract(
    context: &Context,
    quote: &DeployQuote,
    passphrase: Passphrase,
) -> Result<(ContractView, Stage), Failure> {
    let _ = (context, quote, passphrase);
    Err(Failure::cancelled())
}
