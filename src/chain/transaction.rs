//! From an intention to signed bytes.

use std::fmt;

use ethers_core::{
    types::{
        Eip1559TransactionRequest, H160, NameOrAddress, TransactionRequest, transaction::eip2718::TypedTransaction,
    },
    utils::keccak256,
};

use super::{Chain, ChainError, abi, key::SigningKey};
use crate::domain::{
    Address, Wei,
    publication::{Cost, Statement, TransactionHash},
};

/// What a transaction is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A release or a revocation, as oneself.
    Statement(Statement),
    /// Ether for somebody.
    Transfer {
        /// For whom.
        to: Address,
        /// How much.
        amount: Wei,
    },
    /// The registry itself.
    DeployRegistry {
        /// Through the deterministic deployment proxy, so that the address needs no configuration.
        /// [`Chain::has_deployment_proxy`] tells whether the chain can.
        deterministic: bool,
    },
}

impl Action {
    /// The address that gets code, when `from` does this with `nonce`.
    #[must_use]
    pub fn creates(&self, from: Address, nonce: u64) -> Option<Address> {
        match self {
            Self::DeployRegistry { deterministic: true } => Some(*abi::DETERMINISTIC_ADDRESS),
            Self::DeployRegistry { deterministic: false } => Some(abi::plain_address(from, nonce)),
            Self::Statement(_) | Self::Transfer { .. } => None,
        }
    }

    /// Ether that leaves the account beside the fee.
    #[must_use]
    pub const fn value(&self) -> Wei {
        match self {
            Self::Transfer { amount, .. } => *amount,
            Self::Statement(_) | Self::DeployRegistry { .. } => Wei::ZERO,
        }
    }

    /// Whom it calls; `None` creates a contract. And with what.
    pub(super) fn call(&self, contract: Address) -> (Option<Address>, Vec<u8>) {
        match self {
            Self::Statement(statement) => (Some(contract), abi::calldata(statement)),
            Self::Transfer { to, .. } => (Some(*to), Vec::new()),
            Self::DeployRegistry { deterministic: true } => (Some(abi::PROXY), abi::proxy_calldata()),
            Self::DeployRegistry { deterministic: false } => (None, abi::DEPLOYMENT_CODE.clone()),
        }
    }
}

/// A transaction that waits for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The chain that it is for, always explicit: a signature without it is good on every chain.
    pub chain_id: u64,
    /// Who pays and speaks.
    pub from: Address,
    /// The account's counter.
    pub nonce: u64,
    /// Whom it calls; `None` creates a contract.
    pub to: Option<Address>,
    /// Ether that goes along.
    pub value: Wei,
    /// With what it calls.
    pub data: Vec<u8>,
    /// What it costs at most.
    pub cost: Cost,
}

/// A signed transaction: whoever has the bytes can send them.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// Its hash, known before anybody has seen it.
    pub hash: TransactionHash,
    /// Its bytes (EIP-2718).
    pub raw: Vec<u8>,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Unsigned {
    /// Signs it.
    ///
    /// # Errors
    /// [`ChainError::Key`] if `key` is another account's.
    pub fn sign(&self, key: &SigningKey) -> Result<Signed, ChainError> {
        let owner = key.address();
        if owner != self.from {
            return Err(ChainError::Key { cause: format!("it is {owner}'s, and the transaction is {}'s", self.from) });
        }
        let transaction = self.typed();
        let mut signature = key.sign(&transaction.sighash().0)?;
        if matches!(transaction, TypedTransaction::Legacy(_)) {
            // EIP-155. No overflow: chain ids are below half of 64 bits (`wire::MAX_CHAIN_ID`).
            signature.v = signature.v.saturating_add(self.chain_id.saturating_mul(2)).saturating_add(35);
        }
        let raw = transaction.rlp_signed(&signature).to_vec();
        Ok(Signed { hash: TransactionHash(keccak256(&raw)), raw })
    }

    /// Legacy where the tip is the whole price: on a chain without EIP-1559, and nowhere does that cost more.
    fn typed(&self) -> TypedTransaction {
        let to = self.to.map(|to| NameOrAddress::Address(H160(*to.as_bytes())));
        let cost = &self.cost;
        if cost.tip == cost.max_gas_price {
            TypedTransaction::Legacy(TransactionRequest {
                from: None,
                to,
                gas: Some(cost.gas_limit.into()),
                gas_price: Some(cost.max_gas_price.0),
                value: Some(self.value.0),
                data: Some(self.data.clone().into()),
                nonce: Some(self.nonce.into()),
                chain_id: Some(self.chain_id.into()),
            })
        } else {
            TypedTransaction::Eip1559(Eip1559TransactionRequest {
                from: None,
                to,
                gas: Some(cost.gas_limit.into()),
                value: Some(self.value.0),
                data: Some(self.data.clone().into()),
                nonce: Some(self.nonce.into()),
                access_list: ethers_core::types::transaction::eip2930::AccessList::default(),
                max_priority_fee_per_gas: Some(cost.tip.0),
                max_fee_per_gas: Some(cost.max_gas_price.0),
                chain_id: Some(self.chain_id.into()),
            })
        }
    }
}

impl Chain {
    /// The transaction for `action`, ready to be signed. The node's chain is checked first: a wrong one is found out
    /// before anything is signed.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::NoContract`], [`ChainError::ForeignContract`]; whatever keeps the node
    /// from being asked.
    pub async fn prepare(
        &self,
        action: &Action,
        from: Address,
        nonce: u64,
        cost: Cost,
    ) -> Result<Unsigned, ChainError> {
        let chain_id = self.check_chain_id().await?;
        if matches!(action, Action::Statement(_)) {
            self.require_contract().await?;
        }
        let (to, data) = action.call(self.contract());
        Ok(Unsigned { chain_id, from, nonce, to, value: action.value(), data, cost })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ethers_core::{types::U256, utils::rlp::Rlp};
    use zeroize::Zeroizing;

    use super::*;

    fn transfer(tip: u64, chain_id: u64) -> (Unsigned, SigningKey) {
        let key = SigningKey::new(&Zeroizing::new([0x46; 32])).unwrap();
        let gas_price = Wei(U256::from(20_000_000_000_u64));
        let cost = Cost { gas: 21_000, gas_limit: 21_000, gas_price, max_gas_price: gas_price, tip: Wei(tip.into()) };
        let unsigned = Unsigned {
            chain_id,
            from: key.address(),
            nonce: 9,
            to: Some(Address::from_bytes([0x35; 20])),
            value: Wei::from_ether(1),
            data: Vec::new(),
            cost,
        };
        (unsigned, key)
    }

    #[test]
    fn the_example_of_eip_155_is_signed() {
        let (unsigned, key) = transfer(20_000_000_000, 1);
        assert_eq!(
            hex::encode(unsigned.sign(&key).unwrap().raw),
            "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0\
             28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a0\
             67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
        );
    }

    #[test]
    fn a_typed_transaction_names_its_chain_and_signer() {
        for chain_id in [1, 1337, super::super::wire::MAX_CHAIN_ID] {
            for tip in [1, 20_000_000_000] {
                let (unsigned, key) = transfer(tip, chain_id);
                let signed = unsigned.sign(&key).unwrap();
                let (decoded, signature) = TypedTransaction::decode_signed(&Rlp::new(&signed.raw)).unwrap();
                assert_eq!(decoded.chain_id().unwrap().as_u64(), chain_id);
                assert_eq!(signature.recover(decoded.sighash()).unwrap().0, *key.address().as_bytes());
                assert_eq!(signed.raw[0] == 2, tip == 1);
            }
        }
    }

    #[test]
    fn another_accounts_key_does_not_sign() {
        let (unsigned, _) = transfer(1, 1);
        assert_eq!(unsigned.sign(&SigningKey::generate()).unwrap_err().code(), "key-unusable");
    }
}
