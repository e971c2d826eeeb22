//! Networks, and how far the chain has come.

use serde::{Deserialize, Serialize};

use super::{address::Address, time::Timestamp};

/// The name of the embedded network, local to one machine.
pub const DEV: &str = "dev";
/// The embedded network's chain id.
pub const DEV_CHAIN_ID: u64 = 1337;

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// When it was made.
    pub at: Timestamp,
}

/// How far the chain has come, seen from one endpoint at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// The newest block.
    pub latest: Block,
    /// The newest block that a reorganisation is not expected to remove. `None` where the node does not say.
    pub safe: Option<u64>,
    /// The newest block that cannot be removed. `None` where the node does not say.
    pub finalized: Option<u64>,
}

impl ChainHead {
    /// How settled a block is.
    #[must_use]
    pub const fn finality(&self, block: u64) -> Finality {
        match (self.finalized, self.safe) {
            (Some(finalized), _) if block <= finalized => Finality::Final,
            (_, Some(safe)) if block <= safe => Finality::Safe,
            _ => Finality::Included,
        }
    }

    /// Blocks from `block` to the head, that block included; zero when the head is behind it.
    #[must_use]
    pub const fn confirmations(&self, block: u64) -> u64 {
        (self.latest.number + 1).saturating_sub(block)
    }
}

/// How settled a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finality {
    /// In the chain; a reorganisation may remove it.
    Included,
    /// Not expected to be removed.
    Safe,
    /// Cannot be removed.
    Final,
}

impl Finality {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Included => "included",
            Self::Safe => "safe",
            Self::Final => "final",
        }
    }
}

/// The network that answers were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkView {
    /// Its name in the configuration.
    pub name: String,
    /// Its chain id.
    pub chain_id: u64,
    /// Where the registry contract stands.
    pub contract: Address,
    /// How far it has come.
    pub head: ChainHead,
    /// True for the embedded node: shared with nobody.
    pub local: bool,
}
