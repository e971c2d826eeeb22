//! What a publisher signs for others to send: EIP-712, as `contracts/ReleaseCodec.sol` and `PublisherSignatures.sol` read it.

mod vouch;

use std::collections::BTreeMap;

use ethers_core::types::{
    Signature, U256,
    transaction::eip712::{EIP712Domain, Eip712 as _, Eip712DomainType, TypedData},
};
use serde_json::{Value, json};
pub(super) use vouch::statement_hash;
pub use vouch::{statement_signer, statement_typed_data};

use super::{ChainError, SigningKey, wire::data};
use crate::domain::{
    Address,
    image::KindedDigest,
    publication::{SigningRequest, Statement},
};

/// The registry's domain (`PublisherSignatures.sol`).
const NAME: &str = "DaoChain ImageRegistry";
const VERSION: &str = "1";

/// The members of each type, in the contract's order.
const TYPES: [(&str, &[(&str, &str)]); 6] = [
    (
        "EIP712Domain",
        &[("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")],
    ),
    ("Digest", &[("value", "bytes32"), ("kind", "uint8")]),
    ("Release", &[("imageRef", "string"), ("digests", "Digest[]"), ("amends", "uint32"), ("annotations", "string")]),
    ("Publish", &[("publisher", "address"), ("releases", "Release[]"), ("nonce", "uint256"), ("deadline", "uint256")]),
    (
        "Revoke",
        &[
            ("publisher", "address"),
            ("imageRef", "string"),
            ("digests", "bytes32[]"),
            ("reason", "string"),
            ("nonce", "uint256"),
            ("deadline", "uint256"),
        ],
    ),
    (
        "PublisherStatement",
        &[("namespace", "string"), ("publisher", "address"), ("issuedAt", "uint256"), ("expiresAt", "uint256")],
    ),
];

/// The request as wallets and signers take it (`eth_signTypedData_v4`).
///
/// # Errors
/// [`ChainError::Key`] for a statement that only its publisher's own transaction can make.
pub fn typed_data(request: &SigningRequest) -> Result<Value, ChainError> {
    serde_json::to_value(typed(request)?).map_err(|error| unsigned(&error))
}

/// What is signed.
///
/// # Errors
/// As [`typed_data`].
pub fn signing_hash(request: &SigningRequest) -> Result<[u8; 32], ChainError> {
    typed(request)?.encode_eip712().map_err(|error| unsigned(&error))
}

/// Whose key made `signature`; `None` where it is no key's.
///
/// # Errors
/// As [`typed_data`].
pub fn signer_of(request: &SigningRequest, signature: &[u8]) -> Result<Option<Address>, ChainError> {
    Ok(recovered(signing_hash(request)?, signature))
}

/// Whose key made `signature` of a hash; `None` where it is no key's.
fn recovered(hash: [u8; 32], signature: &[u8]) -> Option<Address> {
    // Both spellings of a recovery number; any other would be taken for one of them.
    let known = matches!(signature, [.., 0 | 1 | 27 | 28]) && signature.len() == 65;
    let read = Signature::try_from(signature).ok().filter(|_| known);
    read.and_then(|signature| signature.recover(hash).ok()).map(|address| Address::from_bytes(address.0))
}

impl SigningKey {
    /// Signs what `request` asks for, as the registry takes it: 65 bytes, the last 27 or 28.
    ///
    /// # Errors
    /// [`ChainError::Key`] where the publisher is another account, or the statement cannot be signed.
    pub fn sign_request(&self, request: &SigningRequest) -> Result<Vec<u8>, ChainError> {
        let owner = self.address();
        if owner != request.publisher {
            let cause = format!("it is {owner}'s, and the request is for {}", request.publisher);
            return Err(ChainError::Key { cause });
        }
        let mut signature = self.sign(&signing_hash(request)?)?;
        signature.v += 27;
        Ok(signature.to_vec())
    }
}

fn unsigned(error: &dyn std::fmt::Display) -> ChainError {
    ChainError::Key { cause: format!("the statement cannot be signed: {error}") }
}

fn typed(request: &SigningRequest) -> Result<TypedData, ChainError> {
    let (primary, mut message) = match &request.statement {
        Statement::Release { .. } | Statement::Releases { .. } => {
            let releases: Vec<Value> = request.statement.parts().iter().filter_map(release).collect();
            ("Publish", members([("releases", json!(releases))]))
        }
        Statement::Revocation { reference, digests, reason } => {
            let digests: Vec<Value> = digests.iter().map(|digest| data(digest.as_bytes())).collect();
            let own = [("imageRef", json!(reference.as_str())), ("digests", json!(digests)), ("reason", json!(reason))];
            ("Revoke", members(own))
        }
        other => return Err(unsigned(&format!("a {} is its publisher's own", other.word()))),
    };
    message.append(&mut members([
        ("publisher", data(request.publisher.as_bytes())),
        // As text: JSON's numbers end at 53 bits for some who read this.
        ("nonce", json!(request.nonce.to_string())),
        ("deadline", json!(request.deadline.0.to_string())),
    ]));
    let used: &[&str] = if primary == "Publish" { &["Digest", "Release", "Publish"] } else { &["Revoke"] };
    Ok(document((NAME, request.chain_id, request.contract), used, primary, message))
}

/// A document of the domain of that name, chain and contract, with the types that are `used`.
fn document(
    (name, chain_id, contract): (&str, u64, Address),
    used: &[&str],
    primary: &str,
    message: BTreeMap<String, Value>,
) -> TypedData {
    let kinds = TYPES.iter().filter(|(name, _)| *name == "EIP712Domain" || used.contains(name));
    let kinds = kinds.map(|(name, fields)| {
        let field =
            |(name, kind): &(&str, &str)| Eip712DomainType { name: (*name).to_owned(), r#type: (*kind).to_owned() };
        ((*name).to_owned(), fields.iter().map(field).collect())
    });
    TypedData {
        domain: EIP712Domain {
            name: Some(name.to_owned()),
            version: Some(VERSION.to_owned()),
            chain_id: Some(U256::from(chain_id)),
            verifying_contract: Some(ethers_core::types::H160(*contract.as_bytes())),
            salt: None,
        },
        types: kinds.collect(),
        primary_type: primary.to_owned(),
        message,
    }
}

fn members<const N: usize>(all: [(&str, Value); N]) -> BTreeMap<String, Value> {
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn release(statement: &Statement) -> Option<Value> {
    let Statement::Release { reference, digests, amends, annotations } = statement else { return None };
    let digest = |one: &KindedDigest| json!({"value": data(one.digest.as_bytes()), "kind": one.kind.code()});
    let digests: Vec<Value> = digests.iter().map(digest).collect();
    Some(json!({"imageRef": reference.as_str(), "digests": digests, "amends": amends, "annotations": annotations}))
}
