//! What a transaction will cost, and whether the account can pay.

use ethers_core::types::U256;
use serde_json::{Value, json};

use super::{
    Action, ChainError, Endpoint,
    head::{chain_id_call, header_call},
    price::{Asked, Fee, TRANSACTION_GAS_CAP},
    refusal,
    transport::{Failure, Reply, RpcError},
    wire::{FeeHistory, Number, Quantity, data},
};
use crate::domain::{Address, Wei, publication::Contract, text::clean_to};

const ESTIMATE: &str = "eth_estimateGas";
const HISTORY: &str = "eth_feeHistory";
const TIP: &str = "eth_maxPriorityFeePerGas";
const GAS_PRICE: &str = "eth_gasPrice";
const BALANCE: &str = "eth_getBalance";
const NONCE: &str = "eth_getTransactionCount";

/// 100 000 gwei for one gas: no chain has asked for it, and a publication would cost several ether. A node that names
/// more is taken at its word by nobody.
const MAX_GAS_PRICE: u64 = 100_000_000_000_000;
/// A tip above this and above twice the base fee buys nothing.
const GENEROUS_TIP: u64 = 50_000_000_000;
/// Addresses per request.
const MAX_BATCH: usize = 100;

impl Endpoint {
    /// What each account holds.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn balances(&self, accounts: &[Address]) -> Result<Vec<Wei>, ChainError> {
        let mut balances = Vec::with_capacity(accounts.len());
        for chunk in accounts.chunks(MAX_BATCH) {
            let call = |account: &Address| (BALANCE, json!([data(account.as_bytes()), "latest"]));
            for reply in self.transport().batch(chunk.iter().map(call).collect()).await? {
                let Quantity(balance) = self.transport().read_reply(BALANCE, Some(reply))?;
                balances.push(Wei(balance));
            }
        }
        Ok(balances)
    }

    /// The account's next nonce, after the transactions that the node holds for later blocks.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn next_nonce(&self, account: Address) -> Result<u64, ChainError> {
        let Number(nonce) = self.transport().call(NONCE, json!([data(account.as_bytes()), "pending"])).await?;
        Ok(nonce)
    }

    /// What the node asks of `from` for `action`. The contract is asked too: what it refuses is found out here, for free.
    ///
    /// # Errors
    /// [`ChainError::Refused`] with the contract's reason; [`ChainError::InsufficientFunds`] where the amount itself is
    /// not there; [`ChainError::NoContract`], [`ChainError::ForeignContract`], [`ChainError::WrongChain`]; whatever
    /// keeps the node from being asked.
    pub(super) async fn estimate(&self, action: &Action, from: Address) -> Result<Asked, ChainError> {
        if let Some(what) = action.calls() {
            self.require(what).await?;
        }
        let calls = vec![
            chain_id_call(),
            (ESTIMATE, json!([self.request(action, from)])),
            header_call(&json!("latest")),
            (HISTORY, json!(["0x5", "latest", [50]])),
            (TIP, json!([])),
            (GAS_PRICE, json!([])),
        ];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        self.expect_chain_id_in(replies.next())?;
        let gas = self.transport().read_reply(ESTIMATE, replies.next());
        let Number(gas) = gas.map_err(|failure| self.refusal(failure))?;
        let header = self.header(replies.next())?;
        let (history, tip, price) = (replies.next(), replies.next(), replies.next());
        let fee = match header.base_fee() {
            Some(base_fee) => self.dynamic_fee(base_fee, history, tip)?,
            None => self.legacy_fee(price)?,
        };
        let block_gas = header.gas_limit().unwrap_or(TRANSACTION_GAS_CAP);
        if gas == 0 || gas > block_gas {
            let cause = format!("{gas} gas, where a block holds {block_gas}");
            return Err(self.transport().malformed(ESTIMATE, &cause));
        }
        Ok(Asked { gas, block_gas, fee })
    }

    /// `action` as nodes read it.
    pub(super) fn request(&self, action: &Action, from: Address) -> Value {
        let (to, input) = action.call(self.address_of(action.calls().unwrap_or(Contract::Registry)));
        let mut request = json!({
            "from": data(from.as_bytes()),
            "value": format!("{:#x}", action.value().0),
            "data": data(&input),
        });
        if let Some(to) = to {
            request["to"] = data(to.as_bytes());
        }
        request
    }

    /// EIP-1559: the next block's base fee, and a tip.
    fn dynamic_fee(&self, base_fee: U256, history: Option<Reply>, tip: Option<Reply>) -> Result<Fee, ChainError> {
        let history: Option<FeeHistory> = self.told(HISTORY, history)?;
        let next = history.as_ref().and_then(|history| history.base_fee_per_gas.last()).map(|fee| fee.0);
        let base = self.bounded(HISTORY, next.unwrap_or(base_fee).max(base_fee))?;
        let tip: Option<Quantity> = self.told(TIP, tip)?;
        let tip = match tip {
            Some(tip) => tip.0,
            None => median(history.and_then(|history| history.reward).unwrap_or_default()).unwrap_or_default(),
        };
        let doubled: U256 = base.saturating_mul(U256::from(2));
        // geth takes no transaction without any tip.
        let tip = tip.min(doubled.max(U256::from(GENEROUS_TIP))).max(U256::one());
        Ok(Fee::Dynamic { base, tip })
    }

    fn legacy_fee(&self, price: Option<Reply>) -> Result<Fee, ChainError> {
        let Quantity(price) = self.transport().read_reply(GAS_PRICE, price)?;
        Ok(Fee::Legacy { price: self.bounded(GAS_PRICE, price)? })
    }

    fn bounded(&self, method: &'static str, price: U256) -> Result<U256, ChainError> {
        if price > U256::from(MAX_GAS_PRICE) {
            let cause = format!("{price} wei for one gas, more than is ever signed for");
            return Err(self.transport().malformed(method, &cause));
        }
        Ok(price)
    }

    /// A reply that a node may refuse, and may not garble.
    fn told<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        reply: Option<Reply>,
    ) -> Result<Option<T>, ChainError> {
        match self.transport().read_reply(method, reply) {
            Ok(value) => Ok(Some(value)),
            Err(Failure::Said(_)) => Ok(None),
            Err(Failure::Silent(error)) => Err(error),
        }
    }

    /// Why a call or an estimate failed.
    pub(super) fn refusal(&self, failure: Failure) -> ChainError {
        let error = match failure {
            Failure::Said(error) => error,
            Failure::Silent(error) => return error,
        };
        match reverted(&error) {
            Some(reason) => ChainError::Refused { reason },
            None if lacks_funds(&error) => {
                let cause = format!("{} (network `{}`)", error.message, self.network());
                ChainError::InsufficientFunds { cause: clean_to(&cause, 400) }
            }
            None => error.into(),
        }
    }
}

/// The contract's reason, if it was the contract that failed. The data is read and never the message, which clients
/// write as they like.
pub(super) fn reverted(error: &RpcError) -> Option<String> {
    match &error.revert {
        Some(revert) => Some(refusal::sentence(revert)),
        None if error.says("revert") => Some(refusal::sentence(&[])),
        None => None,
    }
}

/// geth and anvil say *insufficient funds*; ethrex and Nethermind speak of the balance.
pub(super) fn lacks_funds(error: &RpcError) -> bool {
    ["insufficient funds", "not have enough balance", "exceeds balance", "insufficientfunds"]
        .iter()
        .any(|words| error.says(words))
}

fn median(rewards: Vec<Vec<Quantity>>) -> Option<U256> {
    let mut tips: Vec<U256> = rewards.into_iter().filter_map(|block| block.first().map(|tip| tip.0)).collect();
    tips.sort();
    tips.get(tips.len() / 2).copied()
}
