//! Ethereum: the only room that knows what a node is.
//!
//! ```text
//! Chain ──▶ reading:  head · contract · records · history        what a verdict rests on, at one block
//!       └─▶ writing:  fees ─▶ transaction ─▶ broadcast ─▶ fate    what a publication passes through
//!             both over transport (JSON-RPC), in the words of wire (strict) and bindings (generated)
//! ```
//!
//! A node is a stranger. Its answers are bounded and checked, its words are made safe to show, and what it says of
//! the chain is read at one block, which is asked for again afterwards: a reorganisation in between is noticed.

mod abi;
mod bindings;
mod broadcast;
mod contract;
mod error;
#[cfg(test)]
mod fake;
mod fate;
mod fees;
mod head;
mod history;
mod key;
mod logs;
mod node;
mod records;
mod refusal;
mod transaction;
mod transport;
mod wire;

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use url::Url;

pub use contract::ContractState;
pub use error::ChainError;
pub use key::SigningKey;
pub use records::{Answers, Question};
pub use transaction::{Action, Signed, Unsigned};
use transport::Transport;
pub use transport::shown as shown_url;

use crate::domain::Address;

/// Where a chain is found, and what it must be.
#[derive(Clone)]
pub struct ChainConfig {
    /// The network's name, for sentences.
    pub network: String,
    /// The node. Its credentials and path are never shown.
    pub rpc: Url,
    /// The network's chain id. `None` takes the node's word the first time, and holds it to it.
    pub chain_id: Option<u64>,
    /// The registry's address. `None`: where the deterministic deployment proxy puts it.
    pub contract: Option<Address>,
    /// True for the embedded node: shared with nobody.
    pub local: bool,
}

impl fmt::Debug for ChainConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainConfig")
            .field("network", &self.network)
            .field("rpc", &transport::shown(&self.rpc))
            .field("chain_id", &self.chain_id)
            .field("contract", &self.contract)
            .field("local", &self.local)
            .finish()
    }
}

/// One network, through one node. Cheap to clone: clones share the connection and what was found out.
#[derive(Debug, Clone)]
pub struct Chain {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ChainConfig,
    transport: Transport,
    /// The chain id that every answer must belong to: the configured one, or the first that the node named.
    chain_id: OnceLock<u64>,
    /// Whether the contract's code was compared with the committed one, and equals it.
    contract_is_ours: AtomicBool,
}

impl Chain {
    /// A network through its node. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] if the URL is of no kind that can be asked.
    pub fn new(config: ChainConfig) -> Result<Self, ChainError> {
        let transport = Transport::new(&config.rpc)?;
        Ok(Self::over(transport, config))
    }

    fn over(transport: Transport, config: ChainConfig) -> Self {
        let chain_id = config.chain_id.map_or_else(OnceLock::new, OnceLock::from);
        Self { inner: Arc::new(Inner { config, transport, chain_id, contract_is_ours: AtomicBool::new(false) }) }
    }

    /// Where the registry stands or will stand: the configured address, else the one that follows from its code.
    #[must_use]
    pub fn contract(&self) -> Address {
        self.inner.config.contract.unwrap_or(*abi::DETERMINISTIC_ADDRESS)
    }

    /// The network's name.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.inner.config.network
    }

    /// True for the embedded node: shared with nobody.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.inner.config.local
    }

    /// Scheme, host and port of the node: all of its URL that may be shown.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.inner.transport.endpoint()
    }

    /// Where it was told to look.
    #[must_use]
    pub fn config(&self) -> &ChainConfig {
        &self.inner.config
    }

    /// The chain id that every answer belongs to: the configured one, or the first that the node named.
    #[must_use]
    pub fn known_chain_id(&self) -> Option<u64> {
        self.inner.chain_id.get().copied()
    }

    fn transport(&self) -> &Transport {
        &self.inner.transport
    }
}

#[cfg(test)]
mod tests;
