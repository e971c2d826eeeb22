//! Whether the contracts stand where they should, and are ours.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::{
    ChainError, Endpoint, abi,
    head::{chain_id_call, header_call},
    wire::{Bytes, data},
};
use crate::domain::{Address, publication::Contract};

const CODE: &str = "eth_getCode";

/// What stands at a contract's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractState {
    /// The address.
    pub address: Address,
    /// Whether any code stands there.
    pub deployed: bool,
    /// Whether that code is the contract's, byte for byte.
    pub code_matches: bool,
    /// The node's chain id.
    pub chain_id: u64,
    /// The newest block when it was asked.
    pub block: u64,
}

impl Endpoint {
    /// What stands at the contract's address.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`]; whatever keeps the node from being asked.
    pub async fn state_of(&self, what: Contract) -> Result<ContractState, ChainError> {
        let address = self.address_of(what);
        let calls =
            vec![chain_id_call(), (CODE, json!([data(address.as_bytes()), "latest"])), header_call(&json!("latest"))];
        let mut replies = self.transport().batch(calls).await?.into_iter();
        let chain_id = self.expect_chain_id_in(replies.next())?;
        let Bytes(code) = self.transport().read_reply(CODE, replies.next())?;
        let block = self.header(replies.next())?.block().number;
        let code_matches = code == abi::runtime_code(what);
        if code_matches {
            self.is_ours(what).store(true, Ordering::Relaxed);
        }
        Ok(ContractState { address, deployed: !code.is_empty(), code_matches, chain_id, block })
    }

    /// Compares the contract's code before its first use in this process. Code does not change afterwards, for neither contract can
    /// destroy itself; where the whole chain is another one all at once, calls return nothing, and [`Self::forget`] has it compared
    /// again.
    pub(super) async fn require(&self, what: Contract) -> Result<(), ChainError> {
        if self.is_ours(what).load(Ordering::Relaxed) {
            return Ok(());
        }
        let state = self.state_of(what).await?;
        let (network, address) = (self.network().to_owned(), state.address);
        match (state.deployed, state.code_matches) {
            (_, true) => Ok(()),
            (true, false) => Err(ChainError::ForeignContract { network, what, address }),
            (false, false) => Err(ChainError::NoContract { network, what, address }),
        }
    }

    /// The registry's code, as [`Self::require`].
    pub(super) async fn require_contract(&self) -> Result<(), ChainError> {
        self.require(Contract::Registry).await
    }

    /// Has the code compared again before the next use.
    pub(super) fn forget(&self, what: Contract) {
        self.is_ours(what).store(false, Ordering::Relaxed);
    }

    /// Whether the chain has the deterministic deployment proxy; without it contracts are deployed plainly, and their
    /// addresses must be configured.
    ///
    /// # Errors
    /// Whatever keeps the node from being asked.
    pub async fn has_deployment_proxy(&self) -> Result<bool, ChainError> {
        let params = json!([data(abi::PROXY.as_bytes()), "latest"]);
        let Bytes(code) = self.transport().call(CODE, params).await?;
        Ok(code == abi::PROXY_CODE)
    }
}
