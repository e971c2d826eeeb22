//! Everything that the contract said, by ranges of blocks: what the event index is made of.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    ChainError, Endpoint,
    bindings::ImageRegistryEvents,
    head::{chain_id_call, header_call},
    logs::Event,
    wire::{Bytes, data, quantity},
};
use crate::domain::{
    Address, Digest, Reference, Timestamp,
    digest::DigestKind,
    image::KindedDigest,
    network::Block,
    publication::Contract,
    record::{ChainEvent, HistoryEvent, HistoryKind},
    text::clean_to,
};

/// Headers per request: with the chain's number a hundred calls.
const MAX_HEADERS: usize = 99;
/// The contract's own bound on reasons.
const MAX_REASON: usize = 1024;
const EVERYTHING: [u8; 32] = [0; 32];

impl Endpoint {
    /// Everything that the contract said in the blocks from `from` to `to`, in the chain's order.
    ///
    /// # Errors
    /// [`ChainError::Unsettled`] if a block left the chain while it was read; whatever keeps the node from being asked, for
    /// more than it gives at once ([`ChainError::is_too_much`]) too.
    pub async fn events_between(&self, from: u64, to: u64) -> Result<Vec<ChainEvent>, ChainError> {
        self.require_contract().await?;
        let events = self.events(Contract::Registry, (from, to)).await?;
        let times = self.times(&events).await?;
        events.into_iter().filter_map(|event| told(event, &times)).map(Ok).collect()
    }

    /// When the events' blocks were made. Where logs tell it themselves, nothing more is asked.
    pub(super) async fn times<B>(&self, events: &[Event<B>]) -> Result<BTreeMap<u64, Timestamp>, ChainError> {
        let mut times: BTreeMap<u64, Timestamp> =
            events.iter().filter_map(|event| Some((event.block, event.at?))).collect();
        let untold = events.iter().filter(|event| !times.contains_key(&event.block));
        let blocks: BTreeMap<u64, [u8; 32]> = untold.map(|event| (event.block, event.block_hash)).collect();
        let blocks: Vec<_> = blocks.into_iter().collect();
        for chunk in blocks.chunks(MAX_HEADERS) {
            let numbers: Vec<u64> = chunk.iter().map(|(number, _)| *number).collect();
            for (block, (number, hash)) in self.blocks(&numbers).await?.into_iter().zip(chunk) {
                if block.hash != *hash {
                    return Err(ChainError::Unsettled { endpoint: self.name().to_owned() });
                }
                times.insert(*number, block.at);
            }
        }
        Ok(times)
    }

    /// The chain's blocks of these numbers. They tell whether what was read before is still the chain's, so the node must be that
    /// chain's each time.
    pub(super) async fn blocks(&self, numbers: &[u64]) -> Result<Vec<Block>, ChainError> {
        let mut blocks = Vec::with_capacity(numbers.len());
        for chunk in numbers.chunks(MAX_HEADERS) {
            let headers = chunk.iter().map(|number| header_call(&quantity(*number)));
            let calls = std::iter::once(chain_id_call()).chain(headers).collect();
            let mut replies = self.transport().batch(calls).await?.into_iter();
            self.expect_chain_id_in(replies.next())?;
            for (reply, number) in replies.zip(chunk) {
                let block = self.header(Some(reply))?.block();
                if block.number != *number {
                    let cause = "it is another block than the one that was asked for";
                    return Err(self.transport().malformed("eth_getBlockByNumber", cause));
                }
                blocks.push(block);
            }
        }
        Ok(blocks)
    }

    /// The first block in which a contract may have spoken: where its code appears. Zero where the node has forgotten the
    /// states that would tell.
    pub(super) async fn first_block(&self, what: Contract, head: u64) -> u64 {
        let (mut absent, mut present) = (0, head);
        while absent < present {
            let middle = absent + (present - absent) / 2;
            match self.has_code_at(what, middle).await {
                Some(true) => present = middle,
                Some(false) => absent = middle + 1,
                None => return 0,
            }
        }
        present
    }

    async fn has_code_at(&self, what: Contract, block: u64) -> Option<bool> {
        let params = json!([data(self.address_of(what).as_bytes()), quantity(block)]);
        let Bytes(code) = self.transport().call("eth_getCode", params).await.ok()?;
        Some(!code.is_empty())
    }
}

fn speaker(body: &ImageRegistryEvents) -> Option<Address> {
    let publisher = match body {
        ImageRegistryEvents::PublishedFilter(event) => event.publisher,
        ImageRegistryEvents::RevokedFilter(event) => event.publisher,
        ImageRegistryEvents::RetiredFilter(event) => event.publisher,
        ImageRegistryEvents::DelegateSetFilter(event) => event.publisher,
        ImageRegistryEvents::SuccessionOfferedFilter(event) => event.publisher,
        ImageRegistryEvents::SuccessionAcceptedFilter(event) => event.publisher,
        ImageRegistryEvents::Eip712DomainChangedFilter(_) => return None,
    };
    Some(Address::from_bytes(publisher.0))
}

/// The event in the domain's words; `None` for events that are no history.
fn told(event: Event<ImageRegistryEvents>, times: &BTreeMap<u64, Timestamp>) -> Option<ChainEvent> {
    let publisher = speaker(&event.body)?;
    let (scope, name) = scope(&event.body)?;
    let (kind, by) = kind_of(event.body)?;
    let told = HistoryEvent {
        publisher,
        kind,
        block: event.block,
        transaction: event.transaction,
        log_index: event.log_index,
        at: *times.get(&event.block)?,
        by,
    };
    Some(ChainEvent { scope, name, block_hash: event.block_hash, event: told })
}

/// What an event is about. Anybody may publish under a name that nobody would ask for: it stays unnamed.
fn scope(body: &ImageRegistryEvents) -> Option<([u8; 32], Option<Reference>)> {
    Some(match body {
        ImageRegistryEvents::PublishedFilter(event) => {
            let name = event.image_ref.parse().ok().filter(|name: &Reference| name.hash() == event.ref_hash);
            (event.ref_hash, name)
        }
        ImageRegistryEvents::RevokedFilter(event) => (event.ref_hash, None),
        ImageRegistryEvents::RetiredFilter(event) => (event.ref_hash, None),
        ImageRegistryEvents::DelegateSetFilter(event) => (event.ref_hash, None),
        ImageRegistryEvents::SuccessionOfferedFilter(event) => (event.ref_hash, None),
        ImageRegistryEvents::SuccessionAcceptedFilter(event) => (event.ref_hash, None),
        ImageRegistryEvents::Eip712DomainChangedFilter(_) => return None,
    })
}

fn kind_of(body: ImageRegistryEvents) -> Option<(HistoryKind, Option<Address>)> {
    let address = |raw: ethers_core::types::H160| Address::from_bytes(raw.0);
    let succession = |publisher, successor, accepted| {
        let by = address(if accepted { successor } else { publisher });
        (HistoryKind::Succession { successor: address(successor), accepted }, Some(by))
    };
    Some(match body {
        ImageRegistryEvents::PublishedFilter(event) => {
            let digests = event.digests.iter().map(|one| KindedDigest {
                kind: DigestKind::from_code(one.kind),
                digest: Digest::from_bytes(one.value),
            });
            (HistoryKind::Published { version: event.version, digests: digests.collect() }, Some(address(event.by)))
        }
        ImageRegistryEvents::RevokedFilter(event) => {
            let reason = clean_to(&event.reason, MAX_REASON);
            (HistoryKind::Revoked { digest: Digest::from_bytes(event.digest), reason }, Some(address(event.by)))
        }
        ImageRegistryEvents::RetiredFilter(event) => {
            let reason = clean_to(&event.reason, MAX_REASON);
            (HistoryKind::Retired { reason, everything: event.ref_hash == EVERYTHING }, Some(address(event.by)))
        }
        ImageRegistryEvents::DelegateSetFilter(event) => {
            let expiry = Timestamp::from_contract(event.expiry);
            (HistoryKind::Delegate { delegate: address(event.delegate), expiry }, Some(address(event.publisher)))
        }
        ImageRegistryEvents::SuccessionOfferedFilter(event) => succession(event.publisher, event.successor, false),
        ImageRegistryEvents::SuccessionAcceptedFilter(event) => succession(event.publisher, event.successor, true),
        ImageRegistryEvents::Eip712DomainChangedFilter(_) => return None,
    })
}
