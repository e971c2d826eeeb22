//! What happened under a reference, oldest first.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Chain, ChainError,
    bindings::ImageRegistryEvents,
    head::header_call,
    logs::{Event, Kind, MAX_ALTERNATIVES, Wanted, topic},
    wire::quantity,
};
use crate::domain::{
    Address, Digest, Reference, Timestamp,
    digest::DigestKind,
    image::KindedDigest,
    network::Block,
    record::{HistoryEvent, HistoryKind},
    text::clean_to,
};

/// Headers per request.
const MAX_HEADERS: usize = 100;
/// The contract's own bound on reasons.
const MAX_REASON: usize = 1024;
const EVERYTHING: [u8; 32] = [0; 32];

impl Chain {
    /// What `publisher`, or everybody, said under `reference`, oldest first: releases, revocations, retirements,
    /// successions, delegates, among them those that a publisher made for all references at once.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::NoContract`], [`ChainError::ForeignContract`];
    /// [`ChainError::Unsettled`] if reorganisations went on while it was read; whatever keeps the node from being asked.
    pub async fn history(
        &self,
        reference: &Reference,
        publisher: Option<Address>,
    ) -> Result<Vec<HistoryEvent>, ChainError> {
        self.require_contract().await?;
        for _ in 0..2 {
            let head = self.head().await?.latest;
            let events = self.history_events(&reference.hash(), publisher, head.number).await?;
            if let Some(times) = self.times(&events).await?
                && self.is_canonical(&head).await?
            {
                return Ok(events.into_iter().filter_map(|event| told(event, &times)).collect());
            }
        }
        Err(ChainError::Unsettled { endpoint: self.endpoint().to_owned() })
    }

    async fn history_events(
        &self,
        reference: &[u8; 32],
        publisher: Option<Address>,
        to: u64,
    ) -> Result<Vec<Event>, ChainError> {
        let own: Vec<_> = publisher.iter().map(topic).collect();
        let kinds = [Kind::Published, Kind::Revoked, Kind::Retired, Kind::SuccessionOffered, Kind::SuccessionAccepted];
        let wanted = Wanted { kinds: &kinds, arguments: [&own, &[*reference], &[]] };
        let mut events = self.events(&wanted, to).await?;
        let speakers: BTreeSet<_> = own
            .into_iter()
            .chain(events.iter().filter_map(|event| speaker(&event.body)).map(|one| topic(&one)))
            .collect();
        let speakers: Vec<_> = speakers.into_iter().collect();
        for speakers in speakers.chunks(MAX_ALTERNATIVES) {
            let wanted = Wanted { kinds: &kinds[2..], arguments: [speakers, &[EVERYTHING], &[]] };
            events.extend(self.events(&wanted, to).await?);
            // The reference is this event's third argument.
            let scope = [*reference, EVERYTHING];
            let wanted = Wanted { kinds: &[Kind::DelegateSet], arguments: [speakers, &[], &scope] };
            events.extend(self.events(&wanted, to).await?);
        }
        events.sort_by_key(|event| (event.block, event.log_index));
        Ok(events)
    }

    /// When the events' blocks were made; `None` if one of them is no longer the chain's.
    async fn times(&self, events: &[Event]) -> Result<Option<BTreeMap<u64, Timestamp>>, ChainError> {
        let blocks: BTreeMap<u64, [u8; 32]> = events.iter().map(|event| (event.block, event.block_hash)).collect();
        let blocks: Vec<_> = blocks.into_iter().collect();
        let mut times = BTreeMap::new();
        for chunk in blocks.chunks(MAX_HEADERS) {
            let calls = chunk.iter().map(|(number, _)| header_call(&quantity(*number))).collect();
            for (reply, (number, hash)) in self.transport().batch(calls).await?.into_iter().zip(chunk) {
                let Block { hash: found, at, .. } = self.header(Some(reply))?.block();
                if found != *hash {
                    return Ok(None);
                }
                times.insert(*number, at);
            }
        }
        Ok(Some(times))
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

/// The event in the domain's words; `None` for events that are no history of a reference.
fn told(event: Event, times: &BTreeMap<u64, Timestamp>) -> Option<HistoryEvent> {
    let publisher = speaker(&event.body)?;
    let (kind, by) = kind_of(event.body)?;
    Some(HistoryEvent {
        publisher,
        kind,
        block: event.block,
        transaction: event.transaction,
        log_index: event.log_index,
        at: *times.get(&event.block)?,
        by,
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
