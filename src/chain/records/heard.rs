//! What the event log tells of each publisher and reference.

use std::collections::BTreeMap;

use super::super::{bindings::ImageRegistryEvents, logs::Event};
use crate::domain::{Address, Digest, digest::DigestKind, image::KindedDigest, text::clean_to};

/// The contract's own bound on reasons.
const MAX_REASON: usize = 1024;

/// One release, or one amendment of it.
struct Published {
    block: u64,
    version: u32,
    digests: Vec<KindedDigest>,
}

/// Events of one publisher under one reference, in the chain's order.
#[derive(Default)]
pub(super) struct Word {
    published: Vec<Published>,
    revocations: BTreeMap<Digest, String>,
    farewell: Option<String>,
}

/// Everything that was heard. Under hash zero: what is true of a publisher as a whole.
#[derive(Default)]
pub(super) struct Heard {
    words: BTreeMap<([u8; 32], Address), Word>,
}

impl Heard {
    /// Takes an event in, which must come in the chain's order.
    pub(super) fn take(&mut self, event: Event) {
        let block = event.block;
        match event.body {
            ImageRegistryEvents::PublishedFilter(event) => {
                let digests = event.digests.iter().map(|digest| KindedDigest {
                    kind: DigestKind::from_code(digest.kind),
                    digest: Digest::from_bytes(digest.value),
                });
                let published = Published { block, version: event.version, digests: digests.collect() };
                self.word_mut(event.publisher.0, event.ref_hash).published.push(published);
            }
            ImageRegistryEvents::RevokedFilter(event) => {
                let reason = clean_to(&event.reason, MAX_REASON);
                let word = self.word_mut(event.publisher.0, event.ref_hash);
                // The contract keeps the first revocation's time, so its reason is the one that belongs to it.
                word.revocations.entry(Digest::from_bytes(event.digest)).or_insert(reason);
            }
            ImageRegistryEvents::RetiredFilter(event) => {
                let reason = clean_to(&event.reason, MAX_REASON);
                self.word_mut(event.publisher.0, event.ref_hash).farewell.get_or_insert(reason);
            }
            _ => {}
        }
    }

    fn word_mut(&mut self, publisher: [u8; 20], reference: [u8; 32]) -> &mut Word {
        self.words.entry((reference, Address::from_bytes(publisher))).or_default()
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
        let holds =
            |one: &&Published| one.version == version && one.digests.iter().any(|kinded| kinded.digest == *digest);
        self.published.iter().rev().find(holds).map(|one| one.block)
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
