//! What became of a transaction.

use ethers_core::types::U256;
use serde_json::json;

use super::{
    ChainError, Endpoint,
    broadcast::BY_HASH,
    fees::reverted,
    head::{chain_id_call, header_call},
    transport::{Failure, Reply},
    wire::{Number, Receipt, Transaction, data, quantity},
};
use crate::domain::{
    Address, Wei,
    publication::{Fate, Inclusion, TransactionHash},
};

const RECEIPT: &str = "eth_getTransactionReceipt";
const NONCE: &str = "eth_getTransactionCount";
const CALL: &str = "eth_call";

impl Endpoint {
    /// What became of transaction `hash`, which used `nonce` of `from`. One look; whoever waits looks again. A receipt
    /// counts only while its block is the chain's.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`]; whatever keeps the node from being asked.
    pub async fn fate(&self, hash: TransactionHash, from: Address, nonce: u64) -> Result<Fate, ChainError> {
        let id = json!([data(&hash.0)]);
        let calls = vec![
            chain_id_call(),
            (RECEIPT, id.clone()),
            (BY_HASH, id.clone()),
            (NONCE, json!([data(from.as_bytes()), "latest"])),
        ];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        // On another chain every transaction is unknown, and the nonce may well be taken.
        self.expect_chain_id_in(replies.next())?;
        let (receipt, transaction, count) = (replies.next(), replies.next(), replies.next());
        match self.receipt(receipt, hash)? {
            Found::Receipt(receipt) => return self.judged(hash, &receipt).await,
            Found::Later => return Ok(Fate::Pending),
            Found::Nothing => {}
        }
        let transaction: Option<Transaction> = match self.transport().read_reply(BY_HASH, transaction) {
            Err(Failure::Said(error)) if error.says("indexing is in progress") => return Ok(Fate::Pending),
            other => other?,
        };
        if transaction.is_some() {
            return Ok(Fate::Pending);
        }
        let Number(count) = self.transport().read_reply(NONCE, count)?;
        if count <= nonce {
            return Ok(Fate::Forgotten);
        }
        // A batch is no snapshot: a block may have come between the receipt and the nonce, with this transaction.
        let receipt = self.transport().batch(vec![(RECEIPT, id)]).await?.pop();
        match self.receipt(receipt, hash)? {
            Found::Receipt(receipt) => self.judged(hash, &receipt).await,
            Found::Later => Ok(Fate::Pending),
            Found::Nothing => Ok(Fate::NonceTaken),
        }
    }

    fn receipt(&self, reply: Option<Reply>, hash: TransactionHash) -> Result<Found, ChainError> {
        let receipt: Option<Receipt> = match self.transport().read_reply(RECEIPT, reply) {
            // geth, for a moment after its start.
            Err(Failure::Said(error)) if error.says("indexing is in progress") => return Ok(Found::Later),
            other => other?,
        };
        match receipt {
            Some(receipt) if receipt.transaction_hash.0 != hash.0 => {
                Err(self.transport().malformed(RECEIPT, "it is the receipt of another transaction"))
            }
            Some(receipt) => Ok(Found::Receipt(receipt)),
            None => Ok(Found::Nothing),
        }
    }

    /// A receipt's fate. Its block may have left the chain since: the transaction waits again then.
    async fn judged(&self, hash: TransactionHash, receipt: &Receipt) -> Result<Fate, ChainError> {
        let head = self.head().await?;
        let block = receipt.block_number.0;
        let (method, params) = header_call(&quantity(block));
        let header: Option<super::wire::Header> = self.transport().call(method, params).await?;
        if header.is_none_or(|header| header.block().hash != receipt.block_hash.0) {
            return Ok(Fate::Pending);
        }
        let price = receipt.effective_gas_price.map_or(U256::zero(), |price| price.0);
        let gas_used = receipt.gas_used.0;
        let fee = Wei(price.saturating_mul(gas_used.into()));
        let inclusion = Inclusion { block, gas_used, fee };
        match receipt.status.0 {
            1 => Ok(Fate::Succeeded {
                inclusion,
                confirmations: head.confirmations(block),
                finality: head.finality(block),
            }),
            0 => {
                let reason = self.reason(hash, inclusion).await;
                Ok(Fate::Reverted { inclusion, finality: head.finality(block), reason })
            }
            _ => Err(self.transport().malformed(RECEIPT, "its status is neither 0 nor 1")),
        }
    }

    /// Why the transaction reverted: it is replayed on the block before its own. Other transactions of its block may
    /// have mattered, and nodes forget old states, so the reason may stay unknown.
    async fn reason(&self, hash: TransactionHash, inclusion: Inclusion) -> String {
        self.replayed(hash, inclusion)
            .await
            .unwrap_or_else(|| "it did not tell why, and asking again gives no answer".to_owned())
    }

    async fn replayed(&self, hash: TransactionHash, inclusion: Inclusion) -> Option<String> {
        let found: Option<Transaction> = self.transport().call(BY_HASH, json!([data(&hash.0)])).await.ok()?;
        let transaction = found.filter(|found| found.hash.0 == hash.0)?;
        let mut request = json!({
            "from": data(transaction.from.0.as_bytes()),
            "gas": quantity(transaction.gas.0),
            "value": format!("{:#x}", transaction.value.0),
            "data": data(&transaction.input.0),
        });
        if let Some(to) = transaction.to {
            request["to"] = data(to.0.as_bytes());
        }
        let before = quantity(inclusion.block.checked_sub(1)?);
        match self.transport().call::<super::wire::Bytes>(CALL, json!([request, before])).await {
            Err(Failure::Said(error)) if reverted(&error).is_some() => reverted(&error),
            _ if inclusion.gas_used >= transaction.gas.0 => {
                Some(format!("it ran out of gas (limit {})", transaction.gas.0))
            }
            _ => None,
        }
    }
}

enum Found {
    Receipt(Receipt),
    /// The node cannot say yet.
    Later,
    Nothing,
}
