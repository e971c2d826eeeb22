//! What a publisher signs about a namespace, and the document that the namespace keeps of it.

use serde::{Deserialize, Serialize};

use super::Namespace;
use crate::domain::{Address, Timestamp, text::clean_to};

/// Bytes of one statement's document: a contract account's signature may be long.
pub const STATEMENT_LIMIT: usize = 8192;
const SIGNATURE_LIMIT: usize = 2048;
const SCHEMA: &str = "daochain.publisher-statement/1";

/// What is signed: EIP-712, type `PublisherStatement(string namespace,address publisher,uint256 issuedAt,uint256 expiresAt)`, domain
/// `DaoChain` version `1`, chain and directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherStatement {
    /// The chain on which the claim stands.
    pub chain_id: u64,
    /// The publisher directory there.
    pub directory: Address,
    /// Where it counts.
    pub namespace: Namespace,
    /// Who publishes for the namespace, and signs this.
    pub publisher: Address,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A statement with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement {
    /// What it says.
    pub statement: PublisherStatement,
    /// The signature: 65 bytes of a key's, or what a contract account takes for one (ERC-1271).
    pub signature: Vec<u8>,
}

/// The document is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no publisher's statement of this version: {0}")]
pub struct StatementError(String);

/// `daochain.publisher-statement/1`
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    namespace: Namespace,
    publisher: Address,
    chain_id: u64,
    directory: Address,
    issued_at: Timestamp,
    expires_at: Timestamp,
    signature: String,
}

impl SignedStatement {
    /// `daochain.publisher-statement/1`, on one line.
    ///
    /// # Errors
    /// [`StatementError`] for a signature that no reader would take.
    pub fn to_json(&self) -> Result<String, StatementError> {
        let PublisherStatement { chain_id, directory, namespace, publisher, issued_at, expires_at } =
            self.statement.clone();
        if self.signature.is_empty() || self.signature.len() > SIGNATURE_LIMIT {
            return Err(StatementError(format!("a signature of {} bytes", self.signature.len())));
        }
        let signature = format!("0x{}", hex::encode(&self.signature));
        let schema = SCHEMA.to_owned();
        let document = Document { schema, namespace, publisher, chain_id, directory, issued_at, expires_at, signature };
        serde_json::to_string(&document).map_err(|error| StatementError(error.to_string()))
    }

    /// Reads a stranger's document. What it says is not believed yet.
    ///
    /// # Errors
    /// [`StatementError`] for anything else than the whole document and nothing beside it.
    pub fn from_json(bytes: &[u8]) -> Result<Self, StatementError> {
        let failed = |cause: &str| StatementError(clean_to(cause, 200));
        if bytes.len() > STATEMENT_LIMIT {
            return Err(failed(&format!("it has more than {STATEMENT_LIMIT} bytes")));
        }
        let document: Document = serde_json::from_slice(bytes).map_err(|error| failed(&error.to_string()))?;
        if document.schema != SCHEMA {
            return Err(failed(&format!("its schema is `{}`, and not `{SCHEMA}`", document.schema)));
        }
        let signature = document.signature.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        let signature = signature
            .filter(|bytes| (1..=SIGNATURE_LIMIT).contains(&bytes.len()))
            .ok_or_else(|| failed(&format!("its signature is not `0x` and 1 to {SIGNATURE_LIMIT} bytes of hex")))?;
        let Document { namespace, publisher, chain_id, directory, issued_at, expires_at, .. } = document;
        let statement = PublisherStatement { chain_id, directory, namespace, publisher, issued_at, expires_at };
        Ok(Self { statement, signature })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn signed() -> SignedStatement {
        SignedStatement {
            statement: PublisherStatement {
                chain_id: 1337,
                directory: Address::from_bytes([7; 20]),
                namespace: "acme".parse().unwrap(),
                publisher: Address::from_bytes([1; 20]),
                issued_at: Timestamp(1_700_000_000),
                expires_at: Timestamp(1_731_536_000),
            },
            signature: vec![5; 65],
        }
    }

    #[test]
    fn a_statement_survives_being_written() {
        let text = signed().to_json().unwrap();
        assert!(text.contains("\"schema\":\"daochain.publisher-statement/1\"") && text.contains("docker.io/acme"));
        assert_eq!(SignedStatement::from_json(text.as_bytes()).unwrap(), signed());
        let wallet = SignedStatement { signature: vec![1; SIGNATURE_LIMIT], ..signed() };
        assert_eq!(SignedStatement::from_json(wallet.to_json().unwrap().as_bytes()).unwrap(), wallet);
        assert!(SignedStatement { signature: vec![1; SIGNATURE_LIMIT + 1], ..signed() }.to_json().is_err());
    }

    #[test]
    fn anything_else_is_refused() {
        let good: Value = serde_json::from_str(&signed().to_json().unwrap()).unwrap();
        let refused = |change: fn(&mut Value)| {
            let mut changed = good.clone();
            change(&mut changed);
            SignedStatement::from_json(changed.to_string().as_bytes()).is_err()
        };
        assert!(refused(|it| it["schema"] = json!("daochain.publisher-statement/2")));
        assert!(refused(|it| it["more"] = json!(1)));
        assert!(refused(|it| it["namespace"] = json!("acme")), "not the normalised name");
        assert!(refused(|it| it["publisher"] = json!("acme.eth")));
        assert!(refused(|it| it["chain_id"] = json!(-1)));
        assert!(refused(|it| it["expires_at"] = json!(5)));
        assert!(refused(|it| it["signature"] = json!("0x")));
        assert!(refused(|it| it["signature"] = json!("05")));
        assert!(refused(|it| {
            it.as_object_mut().unwrap().remove("directory");
        }));
        let padded = format!("{}{}", good, " ".repeat(STATEMENT_LIMIT));
        assert!(SignedStatement::from_json(padded.as_bytes()).is_err());
        assert!(SignedStatement::from_json(format!("{good}{good}").as_bytes()).is_err());
        let twice = good.to_string().replacen('{', "{\"chain_id\":1,", 1);
        assert!(SignedStatement::from_json(twice.as_bytes()).is_err(), "a member that stands twice");
    }

    proptest! {
        #[test]
        fn no_document_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = SignedStatement::from_json(&bytes);
        }
    }
}
