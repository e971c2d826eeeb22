//! Signers outside this program: geth's clef, and through it hardware wallets. They keep the key, show what is to be signed in
//! their own way, and ask their user (`go-ethereum/cmd/clef`, its external API).
//!
//! What comes back is believed of nobody: it must be the very transaction that was shown here, signed by the account that was
//! named.

use std::{fmt, sync::Arc, time::Duration};

use ethers_core::utils::keccak256;
use serde_json::{Value, json};
use url::Url;

use super::{
    ChainError, Signed, SigningKey, Unsigned, signer_of, statement_signer, statement_typed_data,
    transport::{Failure, Transport},
    typed_data,
    wire::{Bytes, data, quantity},
};
use crate::domain::{
    Address,
    namespace::PublisherStatement,
    publication::{SigningRequest, TransactionHash},
};

/// How long the signer's user may think.
const PATIENCE: Duration = Duration::from_mins(5);
const LIST: &str = "account_list";
pub(super) const SIGN_TRANSACTION: &str = "account_signTransaction";
pub(super) const SIGN_TYPED: &str = "account_signTypedData";
/// Accounts of one signer that are looked at.
const MOST: usize = 1000;

/// A way to a signer outside this program.
#[derive(Clone)]
pub struct ExternalSigner {
    transport: Arc<Transport>,
}

impl ExternalSigner {
    /// The signer at `url`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] if the URL is of no kind that can be asked.
    pub fn new(url: &Url) -> Result<Self, ChainError> {
        Ok(Self { transport: Arc::new(Transport::with_time_out(url, PATIENCE)?) })
    }

    /// The accounts that its user lets this program know.
    ///
    /// # Errors
    /// [`ChainError::SignerSilent`], [`ChainError::SignerRefused`].
    pub async fn accounts(&self) -> Result<Vec<Address>, ChainError> {
        let told: Vec<String> = self.ask(LIST, json!([])).await?;
        if told.len() > MOST {
            return Err(self.refused(&format!("it names {} accounts, more than {MOST}", told.len())));
        }
        let read = |text: &String| text.parse().map_err(|_| self.refused("it names an account that is no address"));
        told.iter().map(read).collect()
    }

    /// Has `transaction` signed.
    ///
    /// # Errors
    /// [`ChainError::SignerSilent`]; [`ChainError::SignerRefused`], also where it signed anything else.
    pub async fn sign(&self, transaction: &Unsigned) -> Result<Signed, ChainError> {
        let answer: Answer = self.ask(SIGN_TRANSACTION, json!([arguments(transaction)])).await?;
        let raw = answer.raw.0;
        let signed = Unsigned::of_signed(&raw)
            .ok_or_else(|| self.refused("what it gave back is no signed transaction of a kind that was asked for"))?;
        if let Some(difference) = difference(&signed, transaction) {
            return Err(self.refused(&format!("it signed another {difference} than was shown, and nothing was sent")));
        }
        Ok(Signed { hash: TransactionHash(keccak256(&raw)), raw })
    }

    /// Has a request signed, as the registry takes it.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub async fn sign_request(&self, request: &SigningRequest) -> Result<Vec<u8>, ChainError> {
        let account = request.publisher.to_string();
        let Bytes(signature) = self.ask(SIGN_TYPED, json!([account, typed_data(request)?])).await?;
        if signer_of(request, &signature)? != Some(request.publisher) {
            return Err(self.refused("its signature is not the account's, or of something else"));
        }
        Ok(signature)
    }

    /// Has a statement about a namespace signed.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub async fn sign_statement(&self, statement: &PublisherStatement) -> Result<Vec<u8>, ChainError> {
        let account = statement.publisher.to_string();
        let Bytes(signature) = self.ask(SIGN_TYPED, json!([account, statement_typed_data(statement)?])).await?;
        if statement_signer(statement, &signature)? != Some(statement.publisher) {
            return Err(self.refused("its signature is not the account's, or of something else"));
        }
        Ok(signature)
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, ChainError> {
        self.transport.call(method, params).await.map_err(|failure| match failure {
            Failure::Said(error) => self.refused(&error.message),
            Failure::Silent(error) => {
                ChainError::SignerSilent { signer: self.transport.endpoint().to_owned(), cause: error.cause() }
            }
        })
    }

    fn refused(&self, cause: &str) -> ChainError {
        ChainError::SignerRefused { signer: self.transport.endpoint().to_owned(), cause: cause.to_owned() }
    }
}

impl fmt::Debug for ExternalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExternalSigner({})", self.transport.endpoint())
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    raw: Bytes,
}

/// A transaction as clef reads it (`apitypes.SendTxArgs`).
fn arguments(transaction: &Unsigned) -> Value {
    let cost = &transaction.cost;
    let mut arguments = json!({
        "from": transaction.from.to_string(),
        "gas": quantity(cost.gas_limit),
        "value": format!("{:#x}", transaction.value.0),
        "nonce": quantity(transaction.nonce),
        "input": data(&transaction.data),
        "chainId": quantity(transaction.chain_id),
    });
    if let Some(to) = transaction.to {
        arguments["to"] = json!(to.to_string());
    }
    if transaction.is_legacy() {
        arguments["gasPrice"] = json!(format!("{:#x}", cost.max_gas_price.0));
    } else {
        arguments["maxFeePerGas"] = json!(format!("{:#x}", cost.max_gas_price.0));
        arguments["maxPriorityFeePerGas"] = json!(format!("{:#x}", cost.tip.0));
    }
    arguments
}

/// In what `signed` is not `wanted`.
fn difference(signed: &Unsigned, wanted: &Unsigned) -> Option<&'static str> {
    let (is, was) = (&signed.cost, &wanted.cost);
    [
        (signed.from != wanted.from, "account"),
        (signed.chain_id != wanted.chain_id, "chain"),
        (signed.nonce != wanted.nonce, "nonce"),
        (signed.to != wanted.to || signed.data != wanted.data || signed.value != wanted.value, "call"),
        (is.gas_limit != was.gas_limit || is.max_gas_price != was.max_gas_price || is.tip != was.tip, "price"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// Whoever signs for an account.
#[derive(Debug)]
pub enum Signer {
    /// This process, with the key.
    Key(SigningKey),
    /// Another program.
    External {
        /// Which.
        signer: ExternalSigner,
        /// For which of its accounts.
        account: Address,
    },
}

impl Signer {
    /// The account.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.address(),
            Self::External { account, .. } => *account,
        }
    }

    /// Signs a transaction.
    ///
    /// # Errors
    /// As [`Unsigned::sign`] and [`ExternalSigner::sign`].
    pub async fn sign(&self, transaction: &Unsigned) -> Result<Signed, ChainError> {
        match self {
            Self::Key(key) => transaction.sign(key),
            Self::External { signer, .. } => signer.sign(transaction).await,
        }
    }

    /// Signs a request.
    ///
    /// # Errors
    /// As [`SigningKey::sign_request`] and [`ExternalSigner::sign_request`].
    pub async fn sign_request(&self, request: &SigningRequest) -> Result<Vec<u8>, ChainError> {
        match self {
            Self::Key(key) => key.sign_request(request),
            Self::External { signer, .. } => signer.sign_request(request).await,
        }
    }

    /// Signs a statement about a namespace.
    ///
    /// # Errors
    /// As [`SigningKey::sign_statement`] and [`ExternalSigner::sign_statement`].
    pub async fn sign_statement(&self, statement: &PublisherStatement) -> Result<Vec<u8>, ChainError> {
        match self {
            Self::Key(key) => key.sign_statement(statement),
            Self::External { signer, .. } => signer.sign_statement(statement).await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ethers_core::types::U256;
    use zeroize::Zeroizing;

    use super::*;
    use crate::domain::{Wei, publication::Cost};

    fn transaction(from: Address) -> Unsigned {
        let price = Wei(U256::from(2_000_000_000_u64));
        Unsigned {
            chain_id: 1337,
            from,
            nonce: 9,
            to: Some(Address::from_bytes([0x35; 20])),
            value: Wei::ZERO,
            data: vec![1, 2, 3],
            cost: Cost {
                gas: 21_000,
                gas_limit: 25_000,
                gas_price: price,
                max_gas_price: price,
                tip: Wei(U256::one()),
            },
        }
    }

    #[test]
    fn what_a_signer_changed_is_noticed() {
        let key = SigningKey::new(&Zeroizing::new([0x46; 32])).unwrap();
        let wanted = transaction(key.address());
        let signed = |changed: &Unsigned| Unsigned::of_signed(&changed.sign(&key).unwrap().raw).unwrap();
        assert_eq!(difference(&signed(&wanted), &wanted), None);
        let mut other = wanted.clone();
        other.nonce += 1;
        assert_eq!(difference(&signed(&other), &wanted), Some("nonce"));
        let mut other = wanted.clone();
        other.data.push(4);
        assert_eq!(difference(&signed(&other), &wanted), Some("call"));
        let mut other = wanted.clone();
        other.chain_id = 1;
        assert_eq!(difference(&signed(&other), &wanted), Some("chain"));
        let mut other = wanted.clone();
        other.cost.gas_limit += 1;
        assert_eq!(difference(&signed(&other), &wanted), Some("price"));
        let stranger = SigningKey::new(&Zeroizing::new([0x47; 32])).unwrap();
        let foreign = transaction(stranger.address()).sign(&stranger).unwrap();
        assert_eq!(difference(&Unsigned::of_signed(&foreign.raw).unwrap(), &wanted), Some("account"));
    }

    #[test]
    fn a_transaction_is_told_in_the_signer_s_words() {
        let told = arguments(&transaction(Address::from_bytes([1; 20])));
        assert_eq!(
            (&told["gas"], &told["nonce"], &told["chainId"]),
            (&json!("0x61a8"), &json!("0x9"), &json!("0x539"))
        );
        assert_eq!((&told["input"], told.get("gasPrice")), (&json!("0x010203"), None));
    }
}
