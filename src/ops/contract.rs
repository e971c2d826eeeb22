//! The registry contract and the publisher directory on the current network.

use tokio::sync::mpsc;

use super::{context::now, follow, publish, quoting::not_covered, unlock};
use crate::{
    chain::{Action, Chain, Signer, SigningKey},
    domain::{
        Address, Wei,
        network::NetworkView,
        publication::{Authority, Contract, Cost, Stage, Statement},
    },
    ops::{Context, Failure, Passphrase},
};

/// What stands at a contract's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractView {
    /// Which contract.
    pub what: Contract,
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

/// Both contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contracts {
    /// What publishers released.
    pub registry: ContractView,
    /// Which namespaces publishers claim.
    pub directory: ContractView,
}

/// Looks at both contracts.
///
/// # Errors
/// When the node cannot be asked.
pub async fn show_contracts(context: &Context) -> Result<Contracts, Failure> {
    look_at_both(&context.chain_with_directory().await?).await
}

async fn look_at_both(chain: &Chain) -> Result<Contracts, Failure> {
    let registry = look_at(chain, Contract::Registry).await?;
    Ok(Contracts { registry, directory: look_at(chain, Contract::Directory).await? })
}

async fn look_at(chain: &Chain, what: Contract) -> Result<ContractView, Failure> {
    let state = chain.state_of(what).await?;
    Ok(ContractView {
        what,
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
    /// Which contract.
    pub what: Contract,
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

/// Asks what deploying both contracts costs: those that do not stand yet.
///
/// # Errors
/// When the node cannot be asked; `foreign-contract` when other code stands there.
pub async fn quote_deploy(context: &Context, from: Address) -> Result<Vec<DeployQuote>, Failure> {
    let chain = context.chain().await?;
    let mut quotes: Vec<DeployQuote> = Vec::new();
    for what in [Contract::Registry, Contract::Directory] {
        quotes.extend(quote_one(context, &chain, (what, quotes.len() as u64), from).await?);
    }
    Ok(quotes)
}

/// `None` where it stands there already. It is deployed after so many `others`.
async fn quote_one(
    context: &Context,
    chain: &Chain,
    (what, others): (Contract, u64),
    from: Address,
) -> Result<Option<DeployQuote>, Failure> {
    let state = chain.state_of(what).await?;
    if state.code_matches {
        return Ok(None);
    }
    if state.deployed {
        let (name, option) = match what {
            Contract::Registry => ("registry", "--contract"),
            Contract::Directory => ("publisher directory", "--directory"),
        };
        let message =
            format!("other code than the {name}'s stands at {} on `{}`", state.address, context.config().network.name);
        return Err(Failure::new("foreign-contract", &message)
            .hint(&format!("remove the network and add it with the right {option}")));
    }
    let deterministic = chain.has_deployment_proxy().await?;
    let action = Action::Deploy { what, deterministic };
    let cost = match chain.estimate(&action, from).await {
        // The proxy refuses to deploy a second time: somebody else's block came between the two questions.
        Err(_) if chain.state_of(what).await?.code_matches => return Ok(None),
        estimated => estimated?,
    };
    let balance = chain.balances(&[from]).await?.first().copied().unwrap_or_default();
    let nonce = chain.next_nonce(from).await?.saturating_add(others);
    let address = action.creates(from, nonce).unwrap_or(state.address);
    let head = chain.head().await?;
    let network = context.view(chain, head).await?;
    Ok(Some(DeployQuote { what, from, balance, cost, address, network, deterministic }))
}

/// Deploys the contracts, each in its block before the next. A failure stands beside them where all were deployed all the same, by
/// these transactions or by somebody else's: the addresses follow from the code.
///
/// # Errors
/// As for a publication.
pub async fn deploy_contracts(
    context: &Context,
    quotes: &[DeployQuote],
    passphrase: Passphrase,
) -> Result<(Contracts, Option<Failure>), Failure> {
    let Some(first) = quotes.first() else { return Ok((show_contracts(context).await?, None)) };
    let total = quotes.iter().fold(Wei::ZERO, |sum, quote| Wei(sum.0.saturating_add(quote.cost.at_most().0)));
    if first.balance < total {
        return Err(not_covered(&first.network, first.from, first.balance, total));
    }
    let key = unlock::unlock(context, first.from, passphrase).await?;
    let chain = context.chain().await?;
    let (mut deployed, mut trouble) = (Vec::new(), None);
    for quote in quotes {
        let outcome = deploy(context, &chain, &key, quote).await;
        let address = outcome.as_ref().map_or(quote.address, |(_, address)| *address);
        // Without the proxy the contract stands at an address that the configuration does not name yet.
        deployed.push((quote.what, address));
        let failure = match outcome {
            Ok((stage, _)) if stage.is_failure() || stage.inclusion().is_none() => {
                let message = format!("the deployment's transaction ended as {}", stage.word());
                Failure::new("transaction-failed", &message).hint("`daochain contract show` looks again")
            }
            Ok(_) => continue,
            Err(failure) => failure,
        };
        match look_at(&context.chain_with(&deployed).await?, quote.what).await {
            Ok(view) if view.code_matches => trouble = Some(failure),
            _ => return Err(failure),
        }
    }
    Ok((look_at_both(&context.chain_with(&deployed).await?).await?, trouble))
}

/// Sends and follows it as a publication. Its own address stands beside its end.
async fn deploy(
    context: &Context,
    chain: &Chain,
    key: &Signer,
    quote: &DeployQuote,
) -> Result<(Stage, Address), Failure> {
    let DeployQuote { what, address: contract, deterministic, .. } = *quote;
    let statement = Statement::Deployment { what, contract, deterministic };
    let said = publish::Said { statement: &statement, authority: &Authority::Own, versions: &[] };
    let (entry, outcome) = publish::sign_and_send(context, chain, said, quote.cost, key).await?;
    outcome?;
    // One block is enough to look at what stands there; the journal follows it until it is final.
    let (stages, _) = mpsc::channel(1);
    let stage = follow::follow(context, chain, &entry, 1, &stages).await?;
    Ok((stage, if let Statement::Deployment { contract, .. } = entry.statement { contract } else { quote.address }))
}

/// Puts a contract onto the embedded network, paid by its faucet. Another process of this home may do the same at the
/// same moment: the address follows from the code, so whoever loses that race finds it deployed.
pub(super) async fn deploy_locally(context: &Context, chain: &Chain, what: Contract) -> Result<(), Failure> {
    let state = chain.state_of(what).await?;
    if state.code_matches {
        return Ok(());
    }
    let key = Signer::Key(SigningKey::new(&context.local_node().faucet_key()?)?);
    let action = Action::Deploy { what, deterministic: true };
    let attempt = async {
        let cost = chain.estimate(&action, key.address()).await?;
        let nonce = chain.next_nonce(key.address()).await?;
        let signed = key.sign(&chain.prepare(&action, key.address(), nonce, cost).await?).await?;
        chain.broadcast(&signed.raw).await?;
        follow::settle(context, chain, signed.hash, key.address(), nonce).await
    };
    let outcome: Result<Stage, Failure> = attempt.await;
    if chain.state_of(what).await?.code_matches {
        return Ok(());
    }
    let why = match outcome {
        Err(failure) => return Err(failure),
        Ok(stage) => stage.word(),
    };
    let name = what.name();
    let message = format!("{name} could not be deployed on the embedded node at {}: {why}", now());
    Err(Failure::new("devnet-failed", &message).hint("move the home's `devnet` folder aside to begin a new chain"))
}
