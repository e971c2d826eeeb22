//! The publisher directory: who claims which namespace, and whether a statement is signed by whom it names.

use ethers_core::{
    abi::{AbiDecode as _, AbiEncode as _, Token, encode},
    types::H160,
    utils::id,
};
use serde_json::json;

use super::{
    Chain, ChainError, Endpoint,
    bindings::directory::{ClaimedAtCall, ClaimedAtReturn, PublisherDirectoryEvents},
    fees::reverted,
    statement_signer,
    transport::Failure,
    typed::statement_hash,
    wire::{Bytes, data, quantity},
};
use crate::domain::{
    Address, Namespace, Timestamp,
    namespace::{ClaimEvent, SignedBy, SignedStatement},
    network::Block,
    publication::Contract,
};

const CALL: &str = "eth_call";
/// Calls per request.
const MAX_BATCH: usize = 100;

impl Chain {
    /// Since when each publisher claims each namespace, all read at one block; `None` where it does not.
    ///
    /// # Errors
    /// [`ChainError::NoContract`], [`ChainError::ForeignContract`], [`ChainError::WrongChain`], [`ChainError::Disagreement`];
    /// [`ChainError::Unsettled`] where a reorganisation came between; whatever keeps a single node from being asked.
    pub async fn claims(&self, asked: &[(Address, Namespace)]) -> Result<Vec<Option<Timestamp>>, ChainError> {
        let block = self.head().await?.latest;
        let read = async |endpoint: Endpoint| endpoint.claims_at(&block, asked).await;
        Ok(self.agreed(read, Clone::clone).await?.into_first().unwrap_or_default())
    }

    /// Every claim and its end in the blocks from `from` to `to`, in the chain's order; and the endpoints that tell otherwise.
    ///
    /// # Errors
    /// As [`Self::events_between`].
    pub async fn claims_between(&self, from: u64, to: u64) -> Result<(Vec<ClaimEvent>, Vec<String>), ChainError> {
        let read = async |endpoint: Endpoint| endpoint.claims_between(from, to).await;
        let mut agreed = self.agreed(read, Clone::clone).await?;
        let otherwise = std::mem::take(&mut agreed.otherwise);
        Ok((agreed.into_first().unwrap_or_default(), otherwise))
    }

    /// Who signed a statement: the key of whom it names, or what that contract account takes for its signature (ERC-1271).
    pub async fn statement_signed_by(&self, signed: &SignedStatement) -> SignedBy {
        let publisher = signed.statement.publisher;
        let asked = async {
            let signer = statement_signer(&signed.statement, &signed.signature)?;
            if signer == Some(publisher) {
                return Ok(SignedBy::Publisher);
            }
            let hash = statement_hash(&signed.statement)?;
            let is_taken = self.has_code(publisher).await? && self.accepts(publisher, hash, &signed.signature).await?;
            Ok::<_, ChainError>(if is_taken { SignedBy::Publisher } else { SignedBy::Another(signer) })
        };
        asked.await.unwrap_or_else(|error| SignedBy::Unknown { cause: error.to_string() })
    }

    /// Whether a contract account takes that signature for its own (ERC-1271). One that fails does not.
    async fn accepts(&self, account: Address, hash: [u8; 32], signature: &[u8]) -> Result<bool, ChainError> {
        let name = "isValidSignature(bytes32,bytes)";
        let arguments = encode(&[Token::FixedBytes(hash.to_vec()), Token::Bytes(signature.to_vec())]);
        let input = [id(name).as_slice(), &arguments].concat();
        let mut yes = [0; 32];
        yes[..4].copy_from_slice(&id(name));
        let ask = async |endpoint: Endpoint| {
            let params = json!([{"to": data(account.as_bytes()), "data": data(&input)}, "latest"]);
            match endpoint.transport().call::<Bytes>(CALL, params).await {
                Ok(Bytes(output)) => Ok(output.get(..32) == Some(yes.as_slice())),
                Err(Failure::Said(error)) if reverted(&error).is_some() => Ok(false),
                Err(failure) => Err(failure.into()),
            }
        };
        Ok(self.agreed(ask, |taken| *taken).await?.into_first().unwrap_or_default())
    }
}

impl Endpoint {
    async fn claims_at(
        &self,
        block: &Block,
        asked: &[(Address, Namespace)],
    ) -> Result<Vec<Option<Timestamp>>, ChainError> {
        self.require(Contract::Directory).await?;
        let directory = self.address_of(Contract::Directory);
        let mut claims = Vec::with_capacity(asked.len());
        for chunk in asked.chunks(MAX_BATCH) {
            let call = |(publisher, namespace): &(Address, Namespace)| {
                let input =
                    ClaimedAtCall { publisher: H160(*publisher.as_bytes()), namespace_hash: namespace.hash() }.encode();
                (CALL, json!([{"to": data(directory.as_bytes()), "data": data(&input)}, quantity(block.number)]))
            };
            let mut replies = self.transport().batch(chunk.iter().map(call).collect()).await?.into_iter();
            for _ in chunk {
                let Bytes(output) = self.transport().read_reply(CALL, replies.next())?;
                if output.is_empty() {
                    self.forget(Contract::Directory);
                    self.require(Contract::Directory).await?;
                }
                let ClaimedAtReturn(since) = ClaimedAtReturn::decode(output)
                    .map_err(|_| self.transport().malformed(CALL, "a claim is not encoded as the contract does it"))?;
                claims.push(Timestamp::from_contract(since));
            }
        }
        if self.is_canonical(block).await? {
            return Ok(claims);
        }
        Err(ChainError::Unsettled { endpoint: self.name().to_owned() })
    }

    async fn claims_between(&self, from: u64, to: u64) -> Result<Vec<ClaimEvent>, ChainError> {
        self.require(Contract::Directory).await?;
        let events = self.events::<PublisherDirectoryEvents>(Contract::Directory, (from, to)).await?;
        let times = self.times(&events).await?;
        let told = events.into_iter().filter_map(|event| {
            let (raw, hash, name, is_claim) = match event.body {
                PublisherDirectoryEvents::ClaimedFilter(it) => (it.publisher, it.namespace_hash, it.namespace, true),
                PublisherDirectoryEvents::UnclaimedFilter(it) => (it.publisher, it.namespace_hash, it.namespace, false),
            };
            // Anybody may claim what nobody would ask for: no namespace, or not its normalised name.
            let namespace = Namespace::try_from(name).ok().filter(|named| named.hash() == hash)?;
            Some(ClaimEvent {
                namespace,
                publisher: Address::from_bytes(raw.0),
                is_claim,
                block: event.block,
                block_hash: event.block_hash,
                log_index: event.log_index,
                at: *times.get(&event.block)?,
            })
        });
        Ok(told.collect())
    }
}
