//! What a publisher signs about a namespace. No contract reads it: whoever checks a claim does.

use ethers_core::types::transaction::eip712::{Eip712 as _, TypedData};
use serde_json::{Value, json};

use super::{document, members, recovered, unsigned};
use crate::{
    chain::{ChainError, SigningKey, wire::data},
    domain::{Address, namespace::PublisherStatement},
};

/// The statement's domain; its contract is the directory.
const NAME: &str = "DaoChain";
const PRIMARY: &str = "PublisherStatement";

/// The statement as wallets and signers take it (`eth_signTypedData_v4`).
///
/// # Errors
/// [`ChainError::Key`], for none that is known.
pub fn statement_typed_data(statement: &PublisherStatement) -> Result<Value, ChainError> {
    serde_json::to_value(typed(statement)).map_err(|error| unsigned(&error))
}

/// What is signed.
///
/// # Errors
/// As [`statement_typed_data`].
pub fn statement_hash(statement: &PublisherStatement) -> Result<[u8; 32], ChainError> {
    typed(statement).encode_eip712().map_err(|error| unsigned(&error))
}

/// Whose key made `signature`; `None` where it is no key's.
///
/// # Errors
/// As [`statement_typed_data`].
pub fn statement_signer(statement: &PublisherStatement, signature: &[u8]) -> Result<Option<Address>, ChainError> {
    Ok(recovered(statement_hash(statement)?, signature))
}

impl SigningKey {
    /// Signs a statement about a namespace: 65 bytes, the last 27 or 28.
    ///
    /// # Errors
    /// [`ChainError::Key`] where the statement names another account.
    pub fn sign_statement(&self, statement: &PublisherStatement) -> Result<Vec<u8>, ChainError> {
        let owner = self.address();
        if owner != statement.publisher {
            let cause = format!("it is {owner}'s, and the statement names {}", statement.publisher);
            return Err(ChainError::Key { cause });
        }
        let mut signature = self.sign(&statement_hash(statement)?)?;
        signature.v += 27;
        Ok(signature.to_vec())
    }
}

fn typed(statement: &PublisherStatement) -> TypedData {
    let message = members([
        ("namespace", json!(statement.namespace.as_str())),
        ("publisher", data(statement.publisher.as_bytes())),
        ("issuedAt", json!(statement.issued_at.0.to_string())),
        ("expiresAt", json!(statement.expires_at.0.to_string())),
    ]);
    document((NAME, statement.chain_id, statement.directory), &[PRIMARY], PRIMARY, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ethers_core::{
        abi::{Token, encode},
        types::{H160, U256},
        utils::keccak256,
    };

    use super::*;
    use crate::domain::Timestamp;

    fn statement(publisher: Address) -> PublisherStatement {
        PublisherStatement {
            chain_id: 1337,
            directory: Address::from_bytes([9; 20]),
            namespace: "acme".parse().unwrap(),
            publisher,
            issued_at: Timestamp(1_700_000_000),
            expires_at: Timestamp(1_800_000_000),
        }
    }

    #[test]
    fn the_hash_is_the_standards() {
        // Once more by hand, as EIP-712 defines it.
        let said = statement(Address::from_bytes([1; 20]));
        let hash = |text: &str| Token::FixedBytes(keccak256(text.as_bytes()).to_vec());
        let address = |byte: u8| Token::Address(H160([byte; 20]));
        let number = |value: u64| Token::Uint(U256::from(value));
        let domain = keccak256(encode(&[
            hash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
            hash("DaoChain"),
            hash("1"),
            number(1337),
            address(9),
        ]));
        let body = keccak256(encode(&[
            hash("PublisherStatement(string namespace,address publisher,uint256 issuedAt,uint256 expiresAt)"),
            hash("docker.io/acme"),
            address(1),
            number(1_700_000_000),
            number(1_800_000_000),
        ]));
        let expected = keccak256([&[0x19, 0x01], domain.as_slice(), &body].concat());
        assert_eq!(statement_hash(&said).unwrap(), expected);
    }

    #[test]
    fn a_changed_statement_is_another_ones() {
        let key = SigningKey::generate();
        let said = statement(key.address());
        let signature = key.sign_statement(&said).unwrap();
        assert_eq!(statement_signer(&said, &signature).unwrap(), Some(key.address()));
        let changes: [fn(&mut PublisherStatement); 5] = [
            |it| it.chain_id += 1,
            |it| it.directory = Address::from_bytes([8; 20]),
            |it| it.namespace = "evil".parse().unwrap(),
            |it| it.issued_at.0 += 1,
            |it| it.expires_at.0 += 1,
        ];
        for change in changes {
            let mut changed = said.clone();
            change(&mut changed);
            assert_ne!(statement_signer(&changed, &signature).unwrap(), Some(key.address()));
        }
        assert_eq!(statement_signer(&said, &signature[..64]).unwrap(), None);
        assert!(key.sign_statement(&statement(Address::from_bytes([1; 20]))).is_err());
    }
}
