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

use serde::{Deserialize, Serialize};

use super::{address::Address, digest::Digest, image::KindedDigest, network::Finality, reference::Reference, wei::Wei};

/// A transaction's hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TransactionHash(pub [u8; 32]);

impl std::fmt::Display for TransactionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl std::fmt::Debug for TransactionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// What is to be written to the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A release.
    Release {
        /// Under which name.
        reference: Reference,
        /// What belongs to it, the configuration first.
        digests: Vec<KindedDigest>,
        /// The version that the digests are added to, which must be the head's; zero for a new one.
        amends: u32,
        /// JSON or empty; goes into the event only.
        annotations: String,
    },
    /// A revocation of digests under a name. Final.
    Revocation {
        /// Under which name.
        reference: Reference,
        /// Which digests.
        digests: Vec<Digest>,
        /// Why, as anybody will read it.
        reason: String,
    },
}

impl Statement {
    /// The name that it is about.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        match self {
            Self::Release { reference, .. } | Self::Revocation { reference, .. } => reference,
        }
    }
}

/// What a transaction costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Gas that the node expects it to use.
    pub gas: u64,
    /// Gas that it may use at most: the estimate with a margin.
    pub gas_limit: u64,
    /// Price of one gas now, tip included.
    pub gas_price: Wei,
    /// Highest price of one gas that it is signed for.
    pub max_gas_price: Wei,
    /// Tip for one gas.
    pub tip: Wei,
}

impl Cost {
    /// About what it will cost.
    #[must_use]
    pub fn expected(&self) -> Wei {
        Wei(self.gas_price.0.saturating_mul(self.gas.into()))
    }

    /// What it can cost at most.
    #[must_use]
    pub fn at_most(&self) -> Wei {
        Wei(self.max_gas_price.0.saturating_mul(self.gas_limit.into()))
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
            Self::Final { .. } => "final",
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
            Fate::Reverted { inclusion, reason } => Self::Reverted { hash, inclusion, reason },
            Fate::Pending => Self::Broadcast { hash },
            Fate::NonceTaken => Self::Replaced { hash },
            Fate::Forgotten => Self::Dropped { hash },
        }
    }
}

/// A journaled transaction: all that is needed to send it again, byte for byte, and to follow it.
#[derive(Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The signed transaction's hash: what identifies the entry.
    pub hash: TransactionHash,
    /// The signed bytes (EIP-2718).
    pub raw: Vec<u8>,
    /// Chain id that it was signed for.
    pub chain_id: u64,
    /// Whose nonce it uses.
    pub from: Address,
    /// The nonce.
    pub nonce: u64,
    /// What it says, for the user.
    pub statement: Statement,
    /// The last stage that was seen.
    pub stage: JournalStage,
    /// When it was signed.
    pub at: super::Timestamp,
}

impl std::fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The signed bytes are long, and sending them is what the entry is there to control.
        f.debug_struct("JournalEntry")
            .field("hash", &self.hash)
            .field("nonce", &self.nonce)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// What the journal keeps of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalStage {
    /// Signed; whether a node has it is not known.
    Signed,
    /// A node took it.
    Broadcast,
    /// A block had it.
    Included,
    /// Settled well.
    Final,
    /// Settled badly.
    Failed,
}

impl JournalStage {
    /// True while the next start has something to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Signed | Self::Broadcast | Self::Included)
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
    fn a_block_is_final_when_confirmed_or_finalized() {
        assert_eq!(succeeded(1, Finality::Included).word(), "included");
        assert_eq!(succeeded(3, Finality::Included).word(), "final");
        assert_eq!(succeeded(1, Finality::Final).word(), "final");
    }

    #[test]
    fn a_refusal_is_a_failure_and_a_vanished_block_is_not() {
        let reverted = Stage::observed(HASH, Fate::Reverted { inclusion: INCLUSION, reason: "no".into() }, 1);
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
