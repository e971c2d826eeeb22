//! Handing signed bytes to a node.

use ethers_core::utils::keccak256;
use serde_json::json;

use super::{
    ChainError, Endpoint,
    fees::lacks_funds,
    transport::{Failure, RpcError},
    wire::{Hash, Transaction, data},
};

const SEND: &str = "eth_sendRawTransaction";
pub(super) const BY_HASH: &str = "eth_getTransactionByHash";

impl Endpoint {
    /// Hands signed bytes to the node. Sending the same bytes again is harmless, and succeeds while the node knows them.
    ///
    /// # Errors
    /// [`ChainError::NonceTaken`], [`ChainError::Underpriced`], [`ChainError::InsufficientFunds`],
    /// [`ChainError::Rejected`], [`ChainError::WrongChain`]; after whatever keeps the node from answering, it may have taken them all the same.
    pub async fn broadcast(&self, raw: &[u8]) -> Result<(), ChainError> {
        let hash = Hash(keccak256(raw));
        match self.transport().call::<Hash>(SEND, json!([data(raw)])).await {
            Ok(found) if found == hash => Ok(()),
            Ok(_) => Err(self.transport().malformed(SEND, "it has the hash of another transaction")),
            Err(Failure::Said(error)) if is_known(&error) => Ok(()),
            // geth says so of a transaction that a block already has, too.
            Err(Failure::Said(error)) if is_nonce_taken(&error) && self.knows(hash).await? => Ok(()),
            Err(Failure::Said(error)) => {
                // The words of another chain's node would say nothing of this transaction.
                self.check_chain_id().await?;
                Err(self.rejection(error))
            }
            Err(Failure::Silent(error)) => Err(error),
        }
    }

    async fn knows(&self, hash: Hash) -> Result<bool, ChainError> {
        let found: Option<Transaction> = self.transport().call(BY_HASH, json!([data(&hash.0)])).await?;
        Ok(found.is_some_and(|transaction| transaction.hash == hash))
    }

    fn rejection(&self, error: RpcError) -> ChainError {
        if is_nonce_taken(&error) {
            return ChainError::NonceTaken;
        }
        // A pool that holds another transaction of this nonce takes no second one that pays no more.
        if error.says("replacement transaction underpriced") {
            return ChainError::NonceHeld;
        }
        if lacks_funds(&error) {
            let cause = format!("{} (network `{}`)", error.message, self.network());
            return ChainError::InsufficientFunds { cause };
        }
        let too_cheap = ["underpriced", "less than block base fee", "gas price below minimum", "fee too low"];
        if too_cheap.iter().any(|words| error.says(words)) {
            return ChainError::Underpriced { reason: error.message };
        }
        ChainError::Rejected { endpoint: self.name().to_owned(), reason: error.message }
    }
}

/// geth, anvil, and others' words for bytes that they hold already.
fn is_known(error: &RpcError) -> bool {
    // Of a kind that it does not know it says so too.
    !error.says("unknown transaction")
        && ["already known", "already imported", "known transaction", "alreadyknown", "already in mempool"]
            .iter()
            .any(|words| error.says(words))
}

/// geth and anvil, then ethrex.
fn is_nonce_taken(error: &RpcError) -> bool {
    ["nonce too low", "nonce for account too low", "nonce already used"].iter().any(|words| error.says(words))
}
