//! Everything that is published on a network, as a market of it shows it.

use super::{Address, Namespace, Reference, Timestamp, image::KindedDigest};

/// Offers of one page at most.
pub const LONGEST_PAGE: u32 = 500;

/// What is looked for. Of what is empty or `None` nothing is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// A part of the name, in any case of letters.
    pub text: String,
    /// Who published it.
    pub publisher: Option<Address>,
    /// Below which namespace.
    pub namespace: Option<Namespace>,
    /// Whose newest release is of then or later.
    pub since: Option<Timestamp>,
    /// What comes first.
    pub order: Order,
    /// Offers that are passed over.
    pub offset: u64,
    /// Offers that are wanted, [`LONGEST_PAGE`] at most.
    pub limit: u32,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// By name, then by publisher.
    #[default]
    Name,
    /// The newest release.
    Newest,
}

/// What one publisher offers under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The name.
    pub reference: Reference,
    /// Who.
    pub publisher: Address,
    /// The newest version: how many releases there were.
    pub version: u32,
    /// When the first was made.
    pub first_at: Timestamp,
    /// When the newest was made, or amended last.
    pub at: Timestamp,
    /// The block of that.
    pub block: u64,
    /// What was said then: the newest release's digests, or those that were added to it last.
    pub digests: Vec<KindedDigest>,
}

/// A part of what is published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order that was asked for.
    pub offers: Vec<Offer>,
    /// The last block that was read of the chain; `None` where none was yet.
    pub read_to: Option<u64>,
}
