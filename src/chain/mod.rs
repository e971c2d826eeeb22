//! Ethereum: the only room that knows what a node is.
//!
//! ```text
//! Chain ──▶ reading ──▶ head · contract · records · history        what a verdict rests on, at one block
//!       ├─▶ directory ─▶ claims of namespaces, and who signed a statement
//!       └─▶ writing ──▶ fees ─▶ price ─▶ transaction ─▶ broadcast ─▶ fate   what a publication passes through
//!             │            each Endpoint over transport (JSON-RPC), in the words of wire (strict) and bindings
//!             └─▶ quorum: all endpoints are asked together, and as many as must agree have to
//! ```
//!
//! A node is a stranger. Its answers are bounded and checked, its words are made safe to show, and what it says of
//! the chain is read at one block, which is asked for again afterwards: a reorganisation in between is noticed.

mod abi;
mod appointments;
mod bindings;
mod broadcast;
mod contract;
mod directory;
mod endpoint;
mod error;
mod excess;
mod external;
#[cfg(test)]
mod fake;
mod fate;
mod fees;
mod head;
mod history;
mod key;
mod logs;
mod node;
mod price;
mod quorum;
mod reading;
mod records;
mod refusal;
mod transaction;
mod transport;
mod typed;
mod wire;
mod writing;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use url::Url;

pub use abi::usual_address;
pub use contract::ContractState;
pub use endpoint::Endpoint;
pub use error::ChainError;
pub use external::{ExternalSigner, Signer};
pub use head::{Closed, NewHeads};
pub use key::SigningKey;
pub use records::{Answers, Heard, Question};
pub use transaction::{Action, Signed, Unsigned};
use transport::Transport;
pub use transport::{ipc_url, shown as shown_url, shown_apart as shown_urls};
pub use typed::{signer_of, signing_hash, statement_signer, statement_typed_data, typed_data};

use crate::domain::{Address, publication::Contract};

/// Where a chain is found, and what it must be.
#[derive(Clone)]
pub struct ChainConfig {
    /// The network's name, for sentences.
    pub network: String,
    /// The nodes. Their credentials and paths are never shown.
    pub rpc: Vec<Url>,
    /// How many of them must say the same. `None`: the majority.
    pub agree: Option<usize>,
    /// Blocks after which one counts as final where the nodes do not tell. `None`: never.
    pub final_after: Option<u64>,
    /// The network's chain id. `None` takes the node's word the first time, and holds it to it.
    pub chain_id: Option<u64>,
    /// The registry's address. `None`: where the deterministic deployment proxy puts it.
    pub contract: Option<Address>,
    /// The publisher directory's address. `None`: where the deterministic deployment proxy puts it.
    pub directory: Option<Address>,
    /// True for the embedded node: shared with nobody.
    pub local: bool,
}

impl ChainConfig {
    /// A network of which nothing but its nodes is known.
    #[must_use]
    pub fn new(network: &str, rpc: Vec<Url>) -> Self {
        Self {
            network: network.to_owned(),
            rpc,
            agree: None,
            final_after: None,
            chain_id: None,
            contract: None,
            directory: None,
            local: false,
        }
    }
}

impl fmt::Debug for ChainConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainConfig")
            .field("network", &self.network)
            .field("rpc", &shown_urls(&self.rpc))
            .field("agree", &self.agree)
            .field("final_after", &self.final_after)
            .field("chain_id", &self.chain_id)
            .field("contract", &self.contract)
            .field("directory", &self.directory)
            .field("local", &self.local)
            .finish()
    }
}

/// One network, through its endpoints. Cheap to clone: clones share the connections and what was found out.
#[derive(Debug, Clone)]
pub struct Chain {
    endpoints: Arc<[Endpoint]>,
    shared: Arc<Shared>,
}

/// What the endpoints of one network have in common.
#[derive(Debug)]
struct Shared {
    config: ChainConfig,
    /// The chain id that every answer must belong to: the configured one, or the first that a node named.
    chain_id: OnceLock<u64>,
}

impl Chain {
    /// A network through its nodes. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] if a URL is of no kind that can be asked, if there is none, or if more are to agree than
    /// there are.
    pub fn new(config: ChainConfig) -> Result<Self, ChainError> {
        let transports = config.rpc.iter().map(Transport::new).collect::<Result<Vec<_>, _>>()?;
        let network = || format!("network `{}`", config.network);
        if transports.is_empty() {
            return Err(ChainError::Endpoint { endpoint: network(), cause: "it has no endpoint".to_owned() });
        }
        let alike = |one: &Url, other: &Url| one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/');
        let twin =
            config.rpc.iter().enumerate().find(|(at, one)| config.rpc[..*at].iter().any(|other| alike(one, other)));
        if let Some((_, twin)) = twin {
            let cause = "it is named twice, and would be counted twice".to_owned();
            return Err(ChainError::Endpoint { endpoint: transport::shown(twin), cause });
        }
        if config.agree.is_some_and(|agree| !(1..=transports.len()).contains(&agree)) {
            let cause = format!("of its {} endpoints 1 to {0} can be asked to agree", transports.len());
            return Err(ChainError::Endpoint { endpoint: network(), cause });
        }
        Ok(Self::over(transports, config))
    }

    fn over(transports: Vec<Transport>, config: ChainConfig) -> Self {
        let chain_id = config.chain_id.map_or_else(OnceLock::new, OnceLock::from);
        let shared = Arc::new(Shared { config, chain_id });
        let names = shown_urls(&shared.config.rpc);
        let endpoint =
            |(transport, name): (Transport, String)| Endpoint::new(transport.called(name), Arc::clone(&shared));
        Self { endpoints: transports.into_iter().zip(names).map(endpoint).collect(), shared }
    }

    /// Where the registry stands or will stand: the configured address, else the one that follows from its code.
    #[must_use]
    pub fn contract(&self) -> Address {
        self.shared.contract()
    }

    /// Where a contract stands or will stand.
    #[must_use]
    pub fn address_of(&self, what: Contract) -> Address {
        self.shared.address_of(what)
    }

    /// The network's name.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.shared.config.network
    }

    /// True for the embedded node: shared with nobody.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.shared.config.local
    }

    /// Where it was told to look.
    #[must_use]
    pub fn config(&self) -> &ChainConfig {
        &self.shared.config
    }

    /// The chain id that every answer belongs to: the configured one, or the first that a node named.
    #[must_use]
    pub fn known_chain_id(&self) -> Option<u64> {
        self.shared.chain_id.get().copied()
    }

    /// Its endpoints, in the order in which they were named.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// How many endpoints must say the same: as many as were demanded, else the majority.
    #[must_use]
    pub fn must_agree(&self) -> usize {
        self.shared.config.agree.unwrap_or(self.endpoints.len() / 2 + 1)
    }
}

impl Shared {
    fn contract(&self) -> Address {
        self.address_of(Contract::Registry)
    }

    fn address_of(&self, what: Contract) -> Address {
        let configured = match what {
            Contract::Registry => self.config.contract,
            Contract::Directory => self.config.directory,
        };
        configured.unwrap_or_else(|| abi::usual_address(what))
    }
}

#[cfg(test)]
mod tests;
