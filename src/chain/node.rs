//! What a node tells of itself, beside the chain.

use serde_json::{Value, json};

use super::{Chain, ChainError, wire::Number};

impl Chain {
    /// Nodes that it is connected to.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked; many do not tell.
    pub async fn peers(&self) -> Result<u64, ChainError> {
        let Number(peers) = self.transport().call("net_peerCount", json!([])).await?;
        Ok(peers)
    }

    /// True while it is behind the chain. geth answers an object of zeros for a moment after its first start, so an object
    /// alone means nothing: the blocks in it are compared.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn is_syncing(&self) -> Result<bool, ChainError> {
        let answer: Value = self.transport().call("eth_syncing", json!([])).await?;
        let block =
            |name: &str| answer.get(name).cloned().and_then(|value| serde_json::from_value::<Number>(value).ok());
        Ok(match (block("currentBlock"), block("highestBlock")) {
            (Some(Number(current)), Some(Number(highest))) => current < highest,
            _ => answer.as_bool().unwrap_or(false),
        })
    }
}
