//! What a JSON-RPC request is answered with when it fails.

use ethrex_blockchain::error::{ChainError, MempoolError};
use ethrex_rpc::{RpcErr, RpcErrorMetadata};
use ethrex_storage::error::StoreError;
use serde_json::{Value, json};

use super::DevnetError;

/// A JSON-RPC error object: `code`, `message`, and the revert data where there is any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    code: i32,
    message: String,
    data: Option<String>,
}

impl Fault {
    /// The request is no JSON.
    pub(super) fn unparsable(cause: impl std::fmt::Display) -> Self {
        Self::new(-32700, format!("parse error: {cause}"))
    }

    /// The JSON is no request.
    pub(super) fn not_a_request(why: &str) -> Self {
        Self::new(-32600, format!("invalid request: {why}"))
    }

    pub(super) fn unknown_method(method: &str) -> Self {
        Self::new(-32601, format!("the method {method} does not exist/is not available"))
    }

    pub(super) fn invalid_params(why: &str) -> Self {
        Self::new(-32602, format!("invalid params: {why}"))
    }

    /// The server's own refusal, in geth's words where geth has any: tools match on them.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::new(-32000, message)
    }

    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The `error` member of a response.
    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(data) = &self.data {
            error["data"] = json!(data);
        }
        error
    }

    /// Why a transaction did not enter the pool.
    pub(super) fn rejected(error: &MempoolError) -> Self {
        use MempoolError as E;
        let message = match error {
            E::NonceTooLow | E::InvalidNonce => "nonce too low",
            E::NotEnoughBalance | E::InsufficientCumulativeBalance { .. } => {
                "insufficient funds for gas * price + value"
            }
            E::UnderpricedReplacement => "replacement transaction underpriced",
            E::TxIntrinsicGasCostAboveLimitError => "intrinsic gas too low",
            E::TxGasLimitExceededError => "exceeds block gas limit",
            E::TxTipAboveFeeCapError => "max priority fee per gas higher than max fee per gas",
            E::TxMaxInitCodeSizeError => "max initcode size exceeded",
            E::TxSizeExceeded { .. } => "oversized data",
            E::SenderIsContract => "sender not an eoa",
            E::InvalidTxSender(_) => "invalid sender",
            E::Eip7702TxPreFork | E::L2OnlyTransactionType | E::FrameTxPreFork | E::BlobTxNoBlobsBundle => {
                "transaction type not supported"
            }
            E::InvalidChainId(expected) => {
                return Self::refused(format!("invalid sender: invalid chain id for signer: want {expected}"));
            }
            other => return Self::refused(other.to_string()),
        };
        Self::refused(message)
    }
}

impl From<RpcErr> for Fault {
    fn from(error: RpcErr) -> Self {
        if let RpcErr::MethodNotFound(method) = &error {
            return Self::unknown_method(method);
        }
        let reverted_bare = matches!(&error, RpcErr::Revert { data } if data == "0x");
        let error = RpcErrorMetadata::from(error);
        Self {
            code: error.code,
            // ethrex explains at length that it could not decode a reason that was never given.
            message: if reverted_bare || error.message.contains("tried to decode error from abi") {
                "execution reverted".to_owned()
            } else {
                error.message
            },
            data: error.data,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::new(-32603, format!("internal error: {error}"))
    }
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Self {
        Self::refused(error.to_string())
    }
}

impl From<DevnetError> for Fault {
    fn from(error: DevnetError) -> Self {
        Self::new(-32603, error.to_string())
    }
}
