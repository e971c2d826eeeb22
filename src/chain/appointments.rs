//! Who may speak for a publisher, and which of its signatures comes next: single view calls, agreed on by enough endpoints.

use ethers_core::{
    abi::{AbiDecode, AbiEncode},
    types::H160,
};
use serde_json::json;

use super::{
    Chain, ChainError, Endpoint,
    bindings::{IsDelegateCall, IsDelegateReturn, NonceCall, NonceReturn},
    wire::{Bytes, data},
};
use crate::domain::Address;

const CALL: &str = "eth_call";
const CODE: &str = "eth_getCode";

impl Chain {
    /// The number that the publisher's next signature must carry: how many of them the registry has taken.
    ///
    /// # Errors
    /// As [`Chain::records`].
    pub async fn signature_number(&self, publisher: Address) -> Result<u64, ChainError> {
        let call = NonceCall { publisher: raw(publisher) };
        let NonceReturn(nonce) = self.view(call).await?;
        u64::try_from(nonce).map_err(|_| self.malformed("a nonce above 64 bits"))
    }

    /// True where `delegate` may publish and revoke for `publisher` now, under the reference of that hash (zero: under every name).
    ///
    /// # Errors
    /// As [`Chain::records`].
    pub async fn is_delegate(
        &self,
        publisher: Address,
        scope: [u8; 32],
        delegate: Address,
    ) -> Result<bool, ChainError> {
        let call = IsDelegateCall { publisher: raw(publisher), ref_hash: scope, delegate: raw(delegate) };
        let IsDelegateReturn(answer) = self.view(call).await?;
        Ok(answer)
    }

    /// True where code stands at `account`: a contract account, whose signatures only its code can check (ERC-1271).
    ///
    /// # Errors
    /// [`ChainError::Disagreement`]; whatever keeps a single node from being asked.
    pub async fn has_code(&self, account: Address) -> Result<bool, ChainError> {
        let read = async |endpoint: Endpoint| {
            let params = json!([data(account.as_bytes()), "latest"]);
            let Bytes(code) = endpoint.transport().call(CODE, params).await?;
            Ok(!code.is_empty())
        };
        Ok(self.agreed(read, |has| *has).await?.into_first().unwrap_or_default())
    }

    /// One answer of the registry at the newest block.
    async fn view<R: AbiDecode>(&self, call: impl AbiEncode) -> Result<R, ChainError> {
        let input = call.encode();
        let ask = async |endpoint: Endpoint| {
            endpoint.require_contract().await?;
            let params = json!([{"to": data(endpoint.contract().as_bytes()), "data": data(&input)}, "latest"]);
            let Bytes(output) = endpoint.transport().call(CALL, params).await?;
            Ok(output)
        };
        let output = self.agreed(ask, Clone::clone).await?.into_first().unwrap_or_default();
        R::decode(output).map_err(|_| self.malformed("the answer is not encoded as the contract does it"))
    }

    fn malformed(&self, cause: &str) -> ChainError {
        ChainError::Malformed { endpoint: self.network().to_owned(), method: CALL.to_owned(), cause: cause.to_owned() }
    }
}

const fn raw(address: Address) -> H160 {
    H160(*address.as_bytes())
}
