//! What the event log tells of each publisher and reference: the circumstances of a record, and who else has one.

use std::collections::BTreeMap;

use crate::domain::{
    Address, Digest,
    image::KindedDigest,
    record::{ChainEvent, HistoryKind},
};

/// One release, or one amendment of it.
#[derive(Debug)]
struct Published {
    block: u64,
    version: u32,
    digests: Vec<KindedDigest>,
    by: Option<Address>,
}

/// Events of one publisher under one reference, in the chain's order.
#[derive(Debug, Default)]
pub(super) struct Word {
    published: Vec<Published>,
    revocations: BTreeMap<Digest, String>,
    farewell: Option<String>,
}

/// Everything that was heard. Under hash zero: what is true of a publisher as a whole.
#[derive(Debug, Default)]
pub struct Heard {
    words: BTreeMap<([u8; 32], Address), Word>,
}

impl Heard {
    /// Takes an event in, which must come in the chain's order.
    pub fn take(&mut self, event: ChainEvent) {
        let (block, reference, publisher) = (event.event.block, event.scope, event.event.publisher);
        let by = event.event.by;
        let word = self.words.entry((reference, publisher)).or_default();
        match event.event.kind {
            HistoryKind::Published { version, digests } => {
                word.published.push(Published { block, version, digests, by });
            }
            // The contract keeps the first revocation's time, so its reason is the one that belongs to it.
            HistoryKind::Revoked { digest, reason } => drop(word.revocations.entry(digest).or_insert(reason)),
            HistoryKind::Retired { reason, .. } => drop(word.farewell.get_or_insert(reason)),
            HistoryKind::Succession { .. } | HistoryKind::Delegate { .. } => {}
        }
    }

    /// Notes that a publisher said something under a reference, whatever it was.
    pub fn note(&mut self, reference: [u8; 32], publisher: Address) {
        self.words.entry((reference, publisher)).or_default();
    }

    /// What `publisher` said, and nobody else.
    #[must_use]
    pub fn only(mut self, publisher: Address) -> Self {
        self.words.retain(|(_, by), _| *by == publisher);
        self
    }

    /// Who said anything under `reference`.
    pub(super) fn publishers(&self, reference: &[u8; 32]) -> impl Iterator<Item = Address> {
        let all = (*reference, Address::from_bytes([0; 20]))..=(*reference, Address::from_bytes([0xff; 20]));
        self.words.range(all).map(|((_, publisher), _)| *publisher)
    }

    pub(super) fn word(&self, publisher: Address, reference: &[u8; 32]) -> Option<&Word> {
        self.words.get(&(*reference, publisher))
    }
}

impl Word {
    /// Where `version` put `digest` in: its release, or an amendment.
    pub(super) fn block_of(&self, digest: &Digest, version: u32) -> Option<u64> {
        self.release_of(digest, version).map(|one| one.block)
    }

    /// Who sent that.
    pub(super) fn sender(&self, digest: &Digest, version: u32) -> Option<Address> {
        self.release_of(digest, version)?.by
    }

    fn release_of(&self, digest: &Digest, version: u32) -> Option<&Published> {
        let holds =
            |one: &&Published| one.version == version && one.digests.iter().any(|kinded| kinded.digest == *digest);
        self.published.iter().rev().find(holds)
    }

    /// Where `version` was released.
    pub(super) fn block(&self, version: u32) -> Option<u64> {
        self.published.iter().find(|one| one.version == version).map(|one| one.block)
    }

    /// What belongs to `version`, amendments included.
    pub(super) fn digests(&self, version: u32) -> Vec<KindedDigest> {
        let mut digests: Vec<KindedDigest> = Vec::new();
        for kinded in self.published.iter().filter(|one| one.version == version).flat_map(|one| &one.digests) {
            if !digests.contains(kinded) {
                digests.push(*kinded);
            }
        }
        digests
    }

    /// Why `digest` was revoked, made safe to show. An empty reason is none.
    pub(super) fn revocation_reason(&self, digest: &Digest) -> Option<String> {
        self.revocations.get(digest).filter(|reason| !reason.is_empty()).cloned()
    }

    /// Why it was retired, made safe to show. An empty reason is none.
    pub(super) fn farewell(&self) -> Option<String> {
        self.farewell.clone().filter(|reason| !reason.is_empty())
    }
}
