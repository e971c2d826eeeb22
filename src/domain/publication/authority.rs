//! In whose name a statement is made, and on what ground.

use super::Statement;
use crate::domain::{Address, Timestamp};

/// In whose name a statement is made, by whoever sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The sender's own.
    Own,
    /// A publisher's, who appointed the sender.
    Delegate {
        /// The publisher.
        publisher: Address,
    },
    /// A publisher's, who signed it: anyone may send it.
    Signature(Box<SignedRequest>),
}

/// What a publisher signed for others to send.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// What was signed.
    pub request: SigningRequest,
    /// The signature: 65 bytes of a key's, or what a contract account takes for one (ERC-1271).
    pub signature: Vec<u8>,
}

/// What a publisher is asked to sign (EIP-712, types `Publish` and `Revoke` of the registry).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningRequest {
    /// The chain on which it will count.
    pub chain_id: u64,
    /// The registry there.
    pub contract: Address,
    /// Who signs.
    pub publisher: Address,
    /// Releases, or a revocation.
    pub statement: Statement,
    /// How many signatures of the publisher the registry has taken: each is good once, in this order.
    pub nonce: u64,
    /// The last block time at which it is good.
    pub deadline: Timestamp,
}

impl Authority {
    /// Whose word it is, when `sender` sends it.
    #[must_use]
    pub fn publisher(&self, sender: Address) -> Address {
        match self {
            Self::Own => sender,
            Self::Delegate { publisher } => *publisher,
            Self::Signature(signed) => signed.request.publisher,
        }
    }

    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Delegate { .. } => "delegate",
            Self::Signature(_) => "signature",
        }
    }
}

impl std::fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A signature is good for whoever has it.
        f.debug_struct("SignedRequest").field("request", &self.request).finish_non_exhaustive()
    }
}
