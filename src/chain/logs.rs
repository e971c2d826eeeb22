//! The contracts' events.

use ethers_contract::{EthEvent as _, EthLogDecode};
use ethers_core::{abi::RawLog, types::H256};
use serde_json::{Value, json};

use super::{
    ChainError, Endpoint,
    bindings::{
        DelegateSetFilter, PublishedFilter, RetiredFilter, RevokedFilter, SuccessionAcceptedFilter,
        SuccessionOfferedFilter,
        directory::{ClaimedFilter, UnclaimedFilter},
    },
    transport::Failure,
    wire::{Log, data, quantity},
};
use crate::domain::{Timestamp, publication::Contract};

const LOGS: &str = "eth_getLogs";
/// A kind of event, by what its first topic is.
type Kind = fn() -> H256;
/// The events of which a history consists.
const OF_REGISTRY: [Kind; 6] = [
    PublishedFilter::signature,
    RevokedFilter::signature,
    RetiredFilter::signature,
    DelegateSetFilter::signature,
    SuccessionOfferedFilter::signature,
    SuccessionAcceptedFilter::signature,
];
/// Claims of namespaces.
const OF_DIRECTORY: [Kind; 2] = [ClaimedFilter::signature, UnclaimedFilter::signature];

const fn kinds(what: Contract) -> &'static [Kind] {
    match what {
        Contract::Registry => &OF_REGISTRY,
        Contract::Directory => &OF_DIRECTORY,
    }
}

/// An event and its place in the chain.
#[derive(Debug, Clone)]
pub(super) struct Event<B> {
    pub(super) block: u64,
    pub(super) block_hash: [u8; 32],
    pub(super) log_index: u64,
    pub(super) transaction: [u8; 32],
    /// When the block was made, where the log tells it.
    pub(super) at: Option<Timestamp>,
    pub(super) body: B,
}

impl Endpoint {
    /// Events of a contract in the blocks from `from` to `to`, in the chain's order, each once.
    pub(super) async fn events<B: EthLogDecode>(
        &self,
        what: Contract,
        (from, to): (u64, u64),
    ) -> Result<Vec<Event<B>>, Failure> {
        let kinds: Vec<Value> = kinds(what).iter().map(|kind| data(&kind().0)).collect();
        let filter = json!([{
            "address": data(self.address_of(what).as_bytes()),
            "fromBlock": quantity(from),
            "toBlock": quantity(to),
            "topics": [kinds],
        }]);
        let logs: Vec<Log> = self.transport().call(LOGS, filter).await?;
        let mut events = Vec::with_capacity(logs.len());
        for log in logs {
            events.extend(self.event(what, log, (from, to)).map_err(Failure::Silent)?);
        }
        events.sort_by_key(|event| (event.block, event.log_index));
        events.dedup_by_key(|event| (event.block, event.log_index));
        Ok(events)
    }

    /// `None` for what was not asked for: another contract's, a pending one, one of a block that was removed.
    fn event<B: EthLogDecode>(
        &self,
        what: Contract,
        log: Log,
        (from, to): (u64, u64),
    ) -> Result<Option<Event<B>>, ChainError> {
        let topics: Vec<H256> = log.topics.iter().map(|topic| H256(topic.0)).collect();
        // A node may answer with more than it was asked for.
        let is_known = topics.first().is_some_and(|first| kinds(what).iter().any(|kind| kind() == *first));
        let (Some(block), Some(block_hash), Some(transaction), Some(log_index)) =
            (log.block_number, log.block_hash, log.transaction_hash, log.index)
        else {
            return Ok(None);
        };
        if log.removed || log.address.0 != self.address_of(what) || !(from..=to).contains(&block.0) || !is_known {
            return Ok(None);
        }
        let body = B::decode_log(&RawLog { topics, data: log.data.0 })
            .map_err(|_| self.transport().malformed(LOGS, "an event is not encoded as the contract does it"))?;
        Ok(Some(Event {
            block: block.0,
            block_hash: block_hash.0,
            log_index: log_index.0,
            transaction: transaction.0,
            at: log.block_timestamp.map(|at| at.0),
            body,
        }))
    }
}
