//! From an intention to signed bytes.

use std::fmt;

use ethers_core::{
    types::{
        Eip1559TransactionRequest, H160, NameOrAddress, TransactionRequest, transaction::eip2718::TypedTransaction,
    },
    utils::{keccak256, rlp::Rlp},
};

use super::{ChainError, abi, key::SigningKey};
use crate::domain::{
    Address, Wei,
    publication::{Authority, Contract, Cost, Statement, TransactionHash},
};

/// What a transaction is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// What is said, and in whose name.
    Statement(Statement, Authority),
    /// A call that was signed before.
    Call {
        /// Whom; `None` creates a contract.
        to: Option<Address>,
        /// Ether that goes along.
        value: Wei,
        /// With what.
        data: Vec<u8>,
    },
    /// Ether for somebody.
    Transfer {
        /// For whom.
        to: Address,
        /// How much.
        amount: Wei,
    },
    /// A contract of this program itself.
    Deploy {
        /// Which.
        what: Contract,
        /// Through the deterministic deployment proxy, so that the address needs no configuration.
        /// [`super::Chain::has_deployment_proxy`] tells whether the chain can.
        deterministic: bool,
    },
}

impl Action {
    /// Saying `statement` on that ground.
    #[must_use]
    pub fn of(statement: Statement, authority: Authority) -> Self {
        match (statement, authority) {
            (Statement::Deployment { what, deterministic, .. }, _) => Self::Deploy { what, deterministic },
            (statement, authority) => Self::Statement(statement, authority),
        }
    }

    /// The contract that must be there, for it is called.
    pub(super) const fn calls(&self) -> Option<Contract> {
        match self {
            Self::Statement(Statement::NamespaceClaim { .. }, _) => Some(Contract::Directory),
            Self::Statement(..) => Some(Contract::Registry),
            _ => None,
        }
    }

    /// The address that gets code, when `from` does this with `nonce`.
    #[must_use]
    pub fn creates(&self, from: Address, nonce: u64) -> Option<Address> {
        match self {
            Self::Deploy { what, deterministic: true } => Some(abi::usual_address(*what)),
            Self::Deploy { deterministic: false, .. } => Some(abi::plain_address(from, nonce)),
            _ => None,
        }
    }

    /// Ether that leaves the account beside the fee.
    #[must_use]
    pub const fn value(&self) -> Wei {
        match self {
            Self::Transfer { amount, .. } => *amount,
            Self::Call { value, .. } => *value,
            Self::Statement(..) | Self::Deploy { .. } => Wei::ZERO,
        }
    }

    /// With what it calls.
    #[must_use]
    pub fn call_data(&self) -> Vec<u8> {
        self.call(Address::from_bytes([0; 20])).1
    }

    /// Whom it calls; `None` creates a contract. And with what. `contract` is the address of the one that it [`calls`](Self::calls).
    pub(super) fn call(&self, contract: Address) -> (Option<Address>, Vec<u8>) {
        match self {
            Self::Statement(statement, authority) => (Some(contract), abi::calldata(statement, authority)),
            Self::Call { to, data, .. } => (*to, data.clone()),
            Self::Transfer { to, .. } => (Some(*to), Vec::new()),
            Self::Deploy { what, deterministic: true } => (Some(abi::PROXY), abi::proxy_calldata(*what)),
            Self::Deploy { what, deterministic: false } => (None, abi::deployment_code(*what).to_vec()),
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
    /// What the signed transaction `raw` says, to be signed once more at another price. `None` where it is no transaction of
    /// this program, which makes none with an access list.
    #[must_use]
    pub fn of_signed(raw: &[u8]) -> Option<Self> {
        let (transaction, signature) = TypedTransaction::decode_signed(&Rlp::new(raw)).ok()?;
        let from = signature.recover(transaction.sighash()).ok()?;
        let (max_gas_price, tip) = match &transaction {
            TypedTransaction::Legacy(one) => (one.gas_price?, one.gas_price?),
            TypedTransaction::Eip1559(one) if one.access_list.0.is_empty() => {
                (one.max_fee_per_gas?, one.max_priority_fee_per_gas?)
            }
            TypedTransaction::Eip1559(_) | TypedTransaction::Eip2930(_) => return None,
        };
        let gas = u64::try_from(*transaction.gas()?).ok()?;
        let to = match transaction.to() {
            Some(NameOrAddress::Address(to)) => Some(Address::from_bytes(to.0)),
            Some(NameOrAddress::Name(_)) => return None,
            None => None,
        };
        Some(Self {
            chain_id: transaction.chain_id()?.as_u64(),
            from: Address::from_bytes(from.0),
            nonce: u64::try_from(*transaction.nonce()?).ok()?,
            to,
            value: Wei(transaction.value().copied().unwrap_or_default()),
            data: transaction.data().map(|data| data.to_vec()).unwrap_or_default(),
            cost: Cost {
                gas,
                gas_limit: gas,
                gas_price: Wei(max_gas_price),
                max_gas_price: Wei(max_gas_price),
                tip: Wei(tip),
            },
        })
    }

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

    /// True on a chain without EIP-1559: the tip is the whole price.
    pub(super) fn is_legacy(&self) -> bool {
        self.cost.tip == self.cost.max_gas_price
    }

    /// Legacy where the tip is the whole price: on a chain without EIP-1559, and nowhere does that cost more.
    fn typed(&self) -> TypedTransaction {
        let to = self.to.map(|to| NameOrAddress::Address(H160(*to.as_bytes())));
        let cost = &self.cost;
        if self.is_legacy() {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ethers_core::{
        types::{
            U256,
            transaction::eip2930::{AccessList, AccessListItem, Eip2930TransactionRequest},
        },
        utils::rlp::Rlp,
    };
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
    fn a_transaction_with_an_access_list_is_none_of_this_program() {
        let (unsigned, key) = transfer(1, 1);
        let read = |transaction: &TypedTransaction| {
            let signature = key.sign(&transaction.sighash().0).unwrap();
            Unsigned::of_signed(&transaction.rlp_signed(&signature)).map(|read| read.data)
        };
        let TypedTransaction::Eip1559(mut request) = unsigned.typed() else { panic!("the tip is not the whole price") };
        assert_eq!(read(&TypedTransaction::Eip1559(request.clone())), Some(unsigned.data));
        let list = AccessList(vec![AccessListItem { address: H160([7; 20]), storage_keys: Vec::new() }]);
        request.access_list = list.clone();
        assert_eq!(read(&TypedTransaction::Eip1559(request)), None);
        let TypedTransaction::Legacy(tx) = transfer(20_000_000_000, 1).0.typed() else { panic!("it is") };
        let request = Eip2930TransactionRequest { tx, access_list: list };
        assert_eq!(read(&TypedTransaction::Eip2930(request)), None);
    }

    #[test]
    fn another_accounts_key_does_not_sign() {
        let (unsigned, _) = transfer(1, 1);
        assert_eq!(unsigned.sign(&SigningKey::generate()).unwrap_err().code(), "key-unusable");
    }
}
