//! The contract's events.

use ethers_contract::{EthEvent as _, EthLogDecode as _};
use ethers_core::{abi::RawLog, types::H256};
use serde_json::{Value, json};

use super::{
    Chain, ChainError,
    bindings::{
        DelegateSetFilter, ImageRegistryEvents, PublishedFilter, RetiredFilter, RevokedFilter,
        SuccessionAcceptedFilter, SuccessionOfferedFilter,
    },
    transport::Failure,
    wire::{Log, data, quantity},
};

const LOGS: &str = "eth_getLogs";
/// geth refuses more than 1000 alternatives for a topic.
pub(super) const MAX_ALTERNATIVES: usize = 500;

/// Which events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Published,
    Revoked,
    Retired,
    DelegateSet,
    SuccessionOffered,
    SuccessionAccepted,
}

impl Kind {
    fn topic(self) -> H256 {
        match self {
            Self::Published => PublishedFilter::signature(),
            Self::Revoked => RevokedFilter::signature(),
            Self::Retired => RetiredFilter::signature(),
            Self::DelegateSet => DelegateSetFilter::signature(),
            Self::SuccessionOffered => SuccessionOfferedFilter::signature(),
            Self::SuccessionAccepted => SuccessionAcceptedFilter::signature(),
        }
    }
}

/// An address as a topic.
pub(super) fn topic(address: &crate::domain::Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address.as_bytes());
    word
}

/// Which events are wanted: their kinds, and alternatives for each indexed argument. An empty list is any.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) kinds: &'a [Kind],
    pub(super) arguments: [&'a [[u8; 32]]; 3],
}

impl Wanted<'_> {
    fn topics(&self) -> Value {
        let any_or = |words: &[[u8; 32]]| match words {
            [] => Value::Null,
            words => words.iter().map(|word| data(word)).collect(),
        };
        let kinds: Vec<[u8; 32]> = self.kinds.iter().map(|kind| kind.topic().0).collect();
        let mut topics = vec![any_or(&kinds)];
        topics.extend(self.arguments.iter().map(|words| any_or(words)));
        // geth takes trailing nulls for a demand that the topic exists.
        while topics.last().is_some_and(Value::is_null) {
            topics.pop();
        }
        topics.into()
    }

    /// A node may answer with more than it was asked for.
    fn admits(&self, topics: &[H256]) -> bool {
        let kind = topics.first().is_some_and(|first| self.kinds.iter().any(|kind| kind.topic() == *first));
        let arguments = self.arguments.iter().enumerate().all(|(index, words)| {
            words.is_empty() || topics.get(index + 1).is_some_and(|topic| words.contains(&topic.0))
        });
        kind && arguments
    }
}

/// An event and its place in the chain.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) block: u64,
    pub(super) block_hash: [u8; 32],
    pub(super) log_index: u64,
    pub(super) transaction: [u8; 32],
    pub(super) body: ImageRegistryEvents,
}

impl Chain {
    /// Events up to block `to`, in the chain's order, each once.
    pub(super) async fn events(&self, wanted: &Wanted<'_>, to: u64) -> Result<Vec<Event>, Failure> {
        let filter = json!([{
            "address": data(self.contract().as_bytes()),
            "fromBlock": "0x0",
            "toBlock": quantity(to),
            "topics": wanted.topics(),
        }]);
        let logs: Vec<Log> = self.transport().call(LOGS, filter).await?;
        let mut events = Vec::with_capacity(logs.len());
        for log in logs {
            events.extend(self.event(wanted, log, to).map_err(Failure::Silent)?);
        }
        events.sort_by_key(|event| (event.block, event.log_index));
        events.dedup_by_key(|event| (event.block, event.log_index));
        Ok(events)
    }

    /// `None` for what was not asked for: another contract's, a pending one, one of a block that was removed.
    fn event(&self, wanted: &Wanted<'_>, log: Log, to: u64) -> Result<Option<Event>, ChainError> {
        let topics: Vec<H256> = log.topics.iter().map(|topic| H256(topic.0)).collect();
        let (Some(block), Some(block_hash), Some(transaction), Some(log_index)) =
            (log.block_number, log.block_hash, log.transaction_hash, log.index)
        else {
            return Ok(None);
        };
        if log.removed || log.address.0 != self.contract() || block.0 > to || !wanted.admits(&topics) {
            return Ok(None);
        }
        let body = ImageRegistryEvents::decode_log(&RawLog { topics, data: log.data.0 })
            .map_err(|_| self.transport().malformed(LOGS, "an event is not encoded as the contract does it"))?;
        Ok(Some(Event {
            block: block.0,
            block_hash: block_hash.0,
            log_index: log_index.0,
            transaction: transaction.0,
            body,
        }))
    }
}
