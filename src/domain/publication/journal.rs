//! What is written down before it is sent.

use serde::{Deserialize, Serialize};

use super::{Statement, TransactionHash};
use crate::domain::{Address, Timestamp, network::ChainIdentity};

/// A journaled transaction: all that is needed to send it again, byte for byte, and to follow it.
#[derive(Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The signed transaction's hash: what identifies the entry.
    pub hash: TransactionHash,
    /// The signed bytes (EIP-2718).
    pub raw: Vec<u8>,
    /// Chain id that it was signed for.
    pub chain_id: u64,
    /// Hash of the first block of the chain that it was signed for; `None` in entries of older versions.
    pub genesis: Option<[u8; 32]>,
    /// Hash of the block after that, where there was one that was not the newest.
    pub second: Option<[u8; 32]>,
    /// Whose nonce it uses.
    pub from: Address,
    /// The nonce.
    pub nonce: u64,
    /// What it says, for the user.
    pub statement: Statement,
    /// The last stage that was seen.
    pub stage: JournalStage,
    /// The block that had it then.
    pub block: Option<u64>,
    /// When it was signed.
    pub at: Timestamp,
}

impl JournalEntry {
    /// True for a transaction of that chain.
    #[must_use]
    pub fn is_of(&self, chain: ChainIdentity) -> bool {
        let genesis = self.genesis.unwrap_or(chain.genesis);
        ChainIdentity { id: self.chain_id, genesis, second: self.second }.is(&chain)
    }
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
    /// A block had it, and the contract refused.
    Reverted,
    /// Settled well.
    Final,
    /// Settled badly.
    Failed,
}

impl JournalStage {
    /// The word that the journal and documents use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Broadcast => "broadcast",
            Self::Included => "included",
            Self::Reverted => "reverted",
            Self::Final => "final",
            Self::Failed => "failed",
        }
    }

    /// True while the next start has something to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Signed | Self::Broadcast | Self::Included | Self::Reverted)
    }
}
