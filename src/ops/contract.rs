//! The registry contract on the current network.

use tokio::sync::mpsc;

use super::{context::now, follow, publish, quoting::not_covered, unlock};
use crate::{
    chain::{Action, Chain, Signer, SigningKey},
    domain::{
        Address, Wei,
        network::NetworkView,
        publication::{Authority, Cost, Stage, Statement},
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
    look_at(&context.chain().await?).await
}

async fn look_at(chain: &Chain) -> Result<ContractView, Failure> {
    let state = chain.contract_state().await?;
    Ok(ContractView {
        address: state.address,
        deployed: state.deployed,
        code_matches: state.code_matches,
        chain_id: state.chain_id,
        block: state.block,
    })
}

/// What deploying costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployQuote {
    /// Who pays.
    pub from: Address,
    /// What the account holds.
    pub balance: Wei,
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
    let chain = context.chain().await?;
    let state = chain.contract_state().await?;
    if state.code_matches {
        return Ok(None);
    }
    if state.deployed {
        let message = format!(
            "other code than the registry's stands at {} on `{}`",
            state.address,
            context.config().network.name
        );
        return Err(
            Failure::new("foreign-contract", &message).hint("remove the network and add it with the right --contract")
        );
    }
    let deterministic = chain.has_deployment_proxy().await?;
    let cost = match chain.estimate(&Action::DeployRegistry { deterministic }, from).await {
        // The proxy refuses to deploy a second time: somebody else's block came between the two questions.
        Err(_) if chain.contract_state().await?.code_matches => return Ok(None),
        estimated => estimated?,
    };
    let balance = chain.balances(&[from]).await?.first().copied().unwrap_or_default();
    let nonce = chain.next_nonce(from).await?;
    let address = Action::DeployRegistry { deterministic }.creates(from, nonce).unwrap_or(state.address);
    let head = chain.head().await?;
    let network = context.view(&chain, head).await?;
    Ok(Some(DeployQuote { from, balance, cost, address, network, deterministic }))
}

/// Deploys the contract and waits for its block. A failure stands beside the contract where it was deployed all the same,
/// by this transaction or by somebody else's: the address follows from the code.
///
/// # Errors
/// As for a publication.
pub async fn deploy_contract(
    context: &Context,
    quote: &DeployQuote,
    passphrase: Passphrase,
) -> Result<(ContractView, Option<Failure>), Failure> {
    if quote.balance < quote.cost.at_most() {
        return Err(not_covered(&quote.network, quote.from, quote.balance, quote.cost.at_most()));
    }
    let key = unlock::unlock(context, quote.from, passphrase).await?;
    let chain = context.chain().await?;
    let outcome = deploy(context, &chain, &key, quote).await;
    let address = outcome.as_ref().map_or(quote.address, |(_, address)| *address);
    // Without the proxy the contract stands at an address that the configuration does not name yet.
    let view = look_at(&context.chain_with(address).await?).await;
    let trouble = match outcome {
        Ok((stage, _)) if stage.is_failure() || stage.inclusion().is_none() => {
            let message = format!("the deployment's transaction ended as {}", stage.word());
            Some(Failure::new("transaction-failed", &message).hint("`daochain contract show` looks again"))
        }
        Ok(_) => None,
        Err(failure) => Some(failure),
    };
    match (trouble, view) {
        (Some(failure), Ok(view)) if view.code_matches => Ok((view, Some(failure))),
        (Some(failure), _) => Err(failure),
        (None, view) => Ok((view?, None)),
    }
}

/// Sends and follows it as a publication. Its own address stands beside its end.
async fn deploy(
    context: &Context,
    chain: &Chain,
    key: &Signer,
    quote: &DeployQuote,
) -> Result<(Stage, Address), Failure> {
    let statement = Statement::Deployment { contract: quote.address, deterministic: quote.deterministic };
    let said = publish::Said { statement: &statement, authority: &Authority::Own, versions: &[] };
    let (entry, outcome) = publish::sign_and_send(context, chain, said, quote.cost, key).await?;
    outcome?;
    // One block is enough to look at what stands there; the journal follows it until it is final.
    let (stages, _) = mpsc::channel(1);
    let stage = follow::follow(context, chain, &entry, 1, &stages).await?;
    Ok((stage, if let Statement::Deployment { contract, .. } = entry.statement { contract } else { quote.address }))
}

/// Puts the contract onto the embedded network, paid by its faucet. Another process of this home may do the same at the
/// same moment: the address follows from the code, so whoever loses that race finds it deployed.
pub(super) async fn deploy_locally(context: &Context, chain: &Chain) -> Result<(), Failure> {
    let state = chain.contract_state().await?;
    if state.code_matches {
        return Ok(());
    }
    let key = Signer::Key(SigningKey::new(&context.local_node().faucet_key()?)?);
    let action = Action::DeployRegistry { deterministic: true };
    let attempt = async {
        let cost = chain.estimate(&action, key.address()).await?;
        let nonce = chain.next_nonce(key.address()).await?;
        let signed = key.sign(&chain.prepare(&action, key.address(), nonce, cost).await?).await?;
        chain.broadcast(&signed.raw).await?;
        follow::settle(context, chain, signed.hash, key.address(), nonce).await
    };
    let outcome: Result<Stage, Failure> = attempt.await;
    if chain.contract_state().await?.code_matches {
        return Ok(());
    }
    let why = match outcome {
        Err(failure) => return Err(failure),
        Ok(stage) => stage.word(),
    };
    let message = format!("the registry contract could not be deployed on the embedded node at {}: {why}", now());
    Err(Failure::new("devnet-failed", &message).hint("move the home's `devnet` folder aside to begin a new chain"))
}
