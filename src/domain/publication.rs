//! The life cycle of a publication, from the wish to the final block.
//!
//! ```text
//! Draft ─▶ Measuring ─▶ Unlocking ─▶ Estimating ─▶ Confirming{cost} ─▶ Signing ─▶ Broadcast{hash} ─▶ Included{n of m} ─▶ Final
//!                                                                                   │   ▲              │
//!                                                                                   │   └── reorganised┘
//!                                                                                   ├▶ Reverted{reason}
//!                                                                                   ├▶ Replaced          another transaction took the nonce
//!                                                                                   ├▶ Dropped           the node forgot it; it may be sent again
//!                                                                                   └▶ Unknown{hash}     journaled, and no node has told its fate
//! ```
//!
//! A revocation takes the same road, without *Measuring*. From *Signing* on the journal knows it: the signed
//! transaction is written before it is broadcast, so that a crash between the two loses nothing and sends nothing twice.

mod authority;
mod cost;
mod journal;
mod statement;

use serde::{Deserialize, Serialize};

pub use authority::{Authority, SignedRequest, SigningRequest};
pub use cost::Cost;
pub use journal::{JournalEntry, JournalStage};
pub use statement::{ANNOTATIONS_LIMIT, Contract, Statement, check_annotations};

use super::{network::Finality, wei::Wei};

/// A transaction's hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TransactionHash(pub [u8; 32]);

impl std::fmt::Display for TransactionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl std::str::FromStr for TransactionHash {
    type Err = TransactionHashError;

    fn from_str(text: &str) -> Result<Self, TransactionHashError> {
        let mut hash = [0; 32];
        let digits = text.strip_prefix("0x").ok_or(TransactionHashError)?;
        hex::decode_to_slice(digits, &mut hash).map_err(|_| TransactionHashError)?;
        Ok(Self(hash))
    }
}

/// The text is no hash of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not `0x` and 64 hex digits")]
pub struct TransactionHashError;

impl std::fmt::Debug for TransactionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// What a block did with a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inclusion {
    /// The block's number.
    pub block: u64,
    /// Gas that it used.
    pub gas_used: u64,
    /// What it cost.
    pub fee: Wei,
}

/// How far a publication has come. The module's drawing shows who follows whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Wished for.
    Draft,
    /// The image is being measured.
    Measuring,
    /// The key is being unlocked.
    Unlocking,
    /// The node is being asked for gas and fees.
    Estimating,
    /// The user is shown the cost.
    Confirming {
        /// What it costs.
        cost: Cost,
    },
    /// The transaction is being signed and journaled.
    Signing,
    /// The node has it, and no block yet.
    Broadcast {
        /// Its hash.
        hash: TransactionHash,
    },
    /// A block has it.
    Included {
        /// Its hash.
        hash: TransactionHash,
        /// Which block, at what cost.
        inclusion: Inclusion,
        /// Blocks on top, that one included.
        confirmations: u64,
        /// Confirmations that were asked for.
        of: u64,
        /// How settled the block is.
        finality: Finality,
    },
    /// Confirmed as often as was asked for, or finalized.
    Final {
        /// Its hash.
        hash: TransactionHash,
        /// Which block, at what cost.
        inclusion: Inclusion,
        /// How settled the block is.
        finality: Finality,
    },
    /// A block has it, and the contract refused. The fee is spent.
    Reverted {
        /// Its hash.
        hash: TransactionHash,
        /// Which block, at what cost.
        inclusion: Inclusion,
        /// How settled the block is.
        finality: Finality,
        /// The contract's reason as a sentence.
        reason: String,
    },
    /// Another transaction of the account took its nonce; this one can never be included.
    Replaced {
        /// Its hash.
        hash: TransactionHash,
    },
    /// The node does not know it, and its nonce is free: it may be sent again.
    Dropped {
        /// Its hash.
        hash: TransactionHash,
    },
    /// Journaled, and nobody could be asked about its fate.
    Unknown {
        /// Its hash.
        hash: TransactionHash,
    },
}

impl Stage {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Measuring => "measuring",
            Self::Unlocking => "unlocking",
            Self::Estimating => "estimating",
            Self::Confirming { .. } => "confirming",
            Self::Signing => "signing",
            Self::Broadcast { .. } => "broadcast",
            Self::Included { .. } => "included",
            Self::Final { finality: Finality::Final, .. } => "final",
            Self::Final { .. } => "confirmed",
            Self::Reverted { .. } => "reverted",
            Self::Replaced { .. } => "replaced",
            Self::Dropped { .. } => "dropped",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The transaction, once there is one.
    #[must_use]
    pub const fn hash(&self) -> Option<TransactionHash> {
        match self {
            Self::Broadcast { hash }
            | Self::Included { hash, .. }
            | Self::Final { hash, .. }
            | Self::Reverted { hash, .. }
            | Self::Replaced { hash }
            | Self::Dropped { hash }
            | Self::Unknown { hash } => Some(*hash),
            _ => None,
        }
    }

    /// The block, once one has it.
    #[must_use]
    pub const fn inclusion(&self) -> Option<Inclusion> {
        match self {
            Self::Included { inclusion, .. } | Self::Final { inclusion, .. } | Self::Reverted { inclusion, .. } => {
                Some(*inclusion)
            }
            _ => None,
        }
    }

    /// True when nothing will change any more.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Final { .. } | Self::Reverted { .. } | Self::Replaced { .. })
    }

    /// False where the journal had it in a block already, and it is in one.
    #[must_use]
    pub fn is_news(&self, kept: JournalStage) -> bool {
        let told = if self.is_failure() { JournalStage::Reverted } else { JournalStage::Included };
        self.inclusion().is_none() || kept != told
    }

    /// True when it ended without what was wished for.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Reverted { .. } | Self::Replaced { .. } | Self::Dropped { .. })
    }
}

/// What a node says of a transaction that was broadcast: the input of [`Stage::observed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A block has it and it did what it should.
    Succeeded {
        /// Which block, at what cost.
        inclusion: Inclusion,
        /// Blocks on top, that one included.
        confirmations: u64,
        /// How settled the block is.
        finality: Finality,
    },
    /// A block has it, and the contract refused.
    Reverted {
        /// Which block, at what cost.
        inclusion: Inclusion,
        /// How settled the block is.
        finality: Finality,
        /// The contract's reason as a sentence.
        reason: String,
    },
    /// The node holds it for a later block.
    Pending,
    /// The node does not know it, and the account's nonce has passed it.
    NonceTaken,
    /// The node does not know it, and the nonce is free.
    Forgotten,
}

impl Stage {
    /// The stage after a node told `fate`. A block that vanished in a reorganisation leads back to *Broadcast*.
    #[must_use]
    pub fn observed(hash: TransactionHash, fate: Fate, of: u64) -> Self {
        match fate {
            Fate::Succeeded { inclusion, confirmations, finality }
                if confirmations >= of || finality == Finality::Final =>
            {
                Self::Final { hash, inclusion, finality }
            }
            Fate::Succeeded { inclusion, confirmations, finality } => {
                Self::Included { hash, inclusion, confirmations, of, finality }
            }
            Fate::Reverted { inclusion, finality, reason } => Self::Reverted { hash, inclusion, finality, reason },
            Fate::Pending => Self::Broadcast { hash },
            Fate::NonceTaken => Self::Replaced { hash },
            Fate::Forgotten => Self::Dropped { hash },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: TransactionHash = TransactionHash([7; 32]);
    const INCLUSION: Inclusion = Inclusion { block: 5, gas_used: 60_000, fee: Wei::ZERO };

    fn succeeded(confirmations: u64, finality: Finality) -> Stage {
        Stage::observed(HASH, Fate::Succeeded { inclusion: INCLUSION, confirmations, finality }, 3)
    }

    #[test]
    fn only_the_chain_calls_a_block_final() {
        assert_eq!(succeeded(1, Finality::Included).word(), "included");
        assert_eq!(succeeded(3, Finality::Included).word(), "confirmed");
        assert_eq!(succeeded(1, Finality::Final).word(), "final");
    }

    #[test]
    fn a_refusal_is_a_failure_and_a_vanished_block_is_not() {
        let refused = Fate::Reverted { inclusion: INCLUSION, finality: Finality::Included, reason: "no".into() };
        let reverted = Stage::observed(HASH, refused, 1);
        assert!(reverted.is_failure() && reverted.is_settled());
        let pending = Stage::observed(HASH, Fate::Pending, 1);
        assert!(!pending.is_failure() && !pending.is_settled());
        assert!(Stage::observed(HASH, Fate::NonceTaken, 1).is_settled());
        assert!(!Stage::observed(HASH, Fate::Forgotten, 1).is_settled());
    }

    #[test]
    fn the_cost_at_most_is_never_below_the_expected() {
        let cost = Cost {
            gas: 60_000,
            gas_limit: 72_000,
            gas_price: "1000000000".parse().unwrap_or_default(),
            max_gas_price: "2000000000".parse().unwrap_or_default(),
            tip: Wei::ZERO,
        };
        assert!(cost.at_most() > cost.expected());
        assert_eq!(cost.expected().to_string(), "60000000000000");
    }
}
