//! What the contract answers for (publisher, reference, digest).

use super::{address::Address, digest::Digest, image::KindedDigest, reference::Reference, time::Timestamp};

/// The publisher's newest release of a reference (`head`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Its version; zero when nothing was released.
    pub version: u32,
    /// When it was released.
    pub published_at: Option<Timestamp>,
    /// When the publisher withdrew the reference.
    pub retired_at: Option<Timestamp>,
    /// When the publisher withdrew all of its word.
    pub publisher_retired_at: Option<Timestamp>,
}

/// What a publisher said of one digest under a reference (`entry`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The digest that was asked for.
    pub digest: Digest,
    /// The newest version that holds it; zero when none does.
    pub version: u32,
    /// When that version was released.
    pub published_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Block of that version's release, where the event log could be read.
    pub block: Option<u64>,
    /// Why it was revoked, made safe to show, where the event log could be read.
    pub revocation_reason: Option<String>,
    /// The delegate who released it in the publisher's name, where one did and the event log could be read.
    pub by: Option<Address>,
}

impl Entry {
    /// The answer for a digest that the publisher never mentioned.
    #[must_use]
    pub const fn absent(digest: Digest) -> Self {
        Self {
            digest,
            version: 0,
            published_at: None,
            revoked_at: None,
            block: None,
            revocation_reason: None,
            by: None,
        }
    }
}

/// One publisher's word on one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who.
    pub publisher: Address,
    /// The newest release, and what was withdrawn.
    pub head: Head,
    /// One for each digest that was asked for.
    pub entries: Vec<Entry>,
    /// Digests of the newest release, where the event log could be read: what a mismatch is compared with.
    pub current: Vec<KindedDigest>,
    /// Block of the newest release, where the event log could be read.
    pub head_block: Option<u64>,
    /// Who took over this reference, finally.
    pub successor: Option<Address>,
    /// Why the reference or the publisher was retired, made safe to show, where the event log could be read.
    pub retirement_reason: Option<String>,
}

impl Record {
    /// True when the publisher ever said anything of this reference.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.head.version > 0
            || self.head.retired_at.is_some()
            || self.entries.iter().any(|entry| entry.revoked_at.is_some())
    }
}

/// What reading the contract gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The records of every publisher asked for, and of every other whose releases are known.
    Records(Vec<Record>),
    /// The node could not be read.
    Failed {
        /// One sentence.
        cause: String,
    },
}

/// One event of a reference's history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEvent {
    /// Whose word.
    pub publisher: Address,
    /// What happened.
    pub kind: HistoryKind,
    /// Block number.
    pub block: u64,
    /// Transaction hash.
    pub transaction: [u8; 32],
    /// Position in the block: with the block, the order.
    pub log_index: u64,
    /// The block's time.
    pub at: Timestamp,
    /// Who sent it: the publisher, a delegate, or whoever relayed a signature.
    pub by: Option<Address>,
}

/// An event of the contract, whatever it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEvent {
    /// keccak-256 of the reference that it is about; zero where it is about all of a publisher's word.
    pub scope: [u8; 32],
    /// That reference, where the event names it (a release does) and the name is a normalised one.
    pub name: Option<Reference>,
    /// Hash of its block.
    pub block_hash: [u8; 32],
    /// The event.
    pub event: HistoryEvent,
}

/// A release, as a search finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRelease {
    /// Under which name; `None` where that is no name of an image.
    pub reference: Option<Reference>,
    /// The event.
    pub event: HistoryEvent,
}

/// An appointment or a succession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEvent {
    /// keccak-256 of the reference that it is about; zero where it is about all of a publisher's word.
    pub scope: [u8; 32],
    /// That reference, where it is known.
    pub reference: Option<Reference>,
    /// The event.
    pub event: HistoryEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryKind {
    /// A release, or an amendment of the head.
    Published {
        /// Its version.
        version: u32,
        /// What belongs to it.
        digests: Vec<KindedDigest>,
    },
    /// One digest was revoked.
    Revoked {
        /// Which.
        digest: Digest,
        /// Why, made safe to show.
        reason: String,
    },
    /// The reference, or all of the publisher's word, was withdrawn.
    Retired {
        /// Why, made safe to show.
        reason: String,
        /// True when it was all of the publisher's word.
        everything: bool,
    },
    /// Somebody took over.
    Succession {
        /// Who.
        successor: Address,
        /// False while it is only offered.
        accepted: bool,
    },
    /// Somebody may publish in the publisher's name, or may no longer.
    Delegate {
        /// Who.
        delegate: Address,
        /// Until when; `None` when it was taken back.
        expiry: Option<Timestamp>,
    },
}
