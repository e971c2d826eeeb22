//! Who the node is, and how far its chain has come.

use serde_json::{Value, json};

use super::{
    Chain, ChainError,
    transport::{Call, Reply},
    wire::{Header, MAX_CHAIN_ID, Number, quantity},
};
use crate::domain::{
    network::{Block, ChainHead},
    text::clean_to,
};

const BLOCK: &str = "eth_getBlockByNumber";
const CHAIN_ID: &str = "eth_chainId";

/// A header by tag or number.
pub(super) fn header_call(block: &Value) -> Call {
    (BLOCK, json!([block, false]))
}

/// The chain id, to be asked with whatever decides something.
pub(super) fn chain_id_call() -> Call {
    (CHAIN_ID, json!([]))
}

impl Chain {
    /// The node's chain id.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        let Number(id) = self.transport().call(CHAIN_ID, json!([])).await?;
        self.bounded_chain_id(id)
    }

    /// The network's chain id, after the node has named the same one.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] if it names another; whatever keeps it from being asked.
    pub async fn check_chain_id(&self) -> Result<u64, ChainError> {
        let found = self.chain_id().await?;
        self.expect_chain_id(found)
    }

    /// The node's name and version, made safe to show.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn client_version(&self) -> Result<String, ChainError> {
        let version: String = self.transport().call("web3_clientVersion", json!([])).await?;
        Ok(clean_to(&version, 200))
    }

    /// How far the chain has come. Nodes that know no `safe` or `finalized` block answer null, an error or nonsense;
    /// each means that they do not say.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] if the node is another chain's by now; whatever keeps it from being asked.
    pub async fn head(&self) -> Result<ChainHead, ChainError> {
        let calls = vec![
            header_call(&json!("latest")),
            header_call(&json!("safe")),
            header_call(&json!("finalized")),
            chain_id_call(),
        ];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        let (latest, safe, finalized) = (replies.next(), replies.next(), replies.next());
        self.expect_chain_id_in(replies.next())?;
        let latest = self.header(latest)?.block();
        let tagged = |reply| {
            let number = self.header(reply).ok()?.block().number;
            (number <= latest.number).then_some(number)
        };
        Ok(ChainHead { latest, safe: tagged(safe), finalized: tagged(finalized) })
    }

    /// Whether `block` is still the chain's block of its number.
    pub(super) async fn is_canonical(&self, block: &Block) -> Result<bool, ChainError> {
        let (method, params) = header_call(&quantity(block.number));
        let found: Option<Header> = self.transport().call(method, params).await?;
        Ok(found.is_some_and(|header| header.block().hash == block.hash))
    }

    /// A header that must be there.
    pub(super) fn header(&self, reply: Option<Reply>) -> Result<Header, ChainError> {
        let header: Option<Header> = self.transport().read_reply(BLOCK, reply)?;
        header.ok_or_else(|| self.transport().malformed(BLOCK, "it does not know the block"))
    }

    /// The chain id of a batch: what a batch answers is worth nothing if it is another chain's.
    pub(super) fn expect_chain_id_in(&self, reply: Option<Reply>) -> Result<u64, ChainError> {
        let Number(id) = self.transport().read_reply(CHAIN_ID, reply)?;
        self.expect_chain_id(self.bounded_chain_id(id)?)
    }

    fn bounded_chain_id(&self, id: u64) -> Result<u64, ChainError> {
        if id == 0 || id > MAX_CHAIN_ID {
            return Err(self.transport().malformed(CHAIN_ID, "it is no chain id (EIP-2294)"));
        }
        Ok(id)
    }

    fn expect_chain_id(&self, found: u64) -> Result<u64, ChainError> {
        let expected = *self.inner.chain_id.get_or_init(|| found);
        if expected == found {
            return Ok(found);
        }
        Err(ChainError::WrongChain {
            endpoint: self.endpoint().to_owned(),
            network: self.network().to_owned(),
            expected,
            found,
        })
    }
}
