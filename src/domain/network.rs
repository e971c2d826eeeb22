//! Networks, and how far the chain has come.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{address::Address, time::Timestamp};

/// The name of the embedded network, local to one machine.
pub const DEV: &str = "dev";
/// The embedded network's chain id.
pub const DEV_CHAIN_ID: u64 = 1337;

/// A public chain that is known by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownChain {
    /// The name that a network of it may have.
    pub name: &'static str,
    /// Its chain id (EIP-155), as `ethereum-lists/chains` registers it.
    pub chain_id: u64,
    /// Seconds from one block to the next, about.
    pub block_seconds: u64,
}

/// Public chains on which the contract's usual address is the same, because they have the deterministic deployment proxy and
/// Ethereum's own rule for addresses. Nothing is deployed there by this project.
pub const KNOWN_CHAINS: [KnownChain; 7] = [
    KnownChain { name: "mainnet", chain_id: 1, block_seconds: 12 },
    KnownChain { name: "sepolia", chain_id: 11_155_111, block_seconds: 12 },
    KnownChain { name: "optimism", chain_id: 10, block_seconds: 2 },
    KnownChain { name: "base", chain_id: 8453, block_seconds: 2 },
    KnownChain { name: "arbitrum", chain_id: 42_161, block_seconds: 1 },
    KnownChain { name: "polygon", chain_id: 137, block_seconds: 2 },
    KnownChain { name: "linea", chain_id: 59_144, block_seconds: 3 },
];

impl KnownChain {
    /// The chain of that number.
    #[must_use]
    pub fn by_id(chain_id: u64) -> Option<Self> {
        KNOWN_CHAINS.into_iter().find(|chain| chain.chain_id == chain_id)
    }

    /// The chain of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        KNOWN_CHAINS.into_iter().find(|chain| chain.name == name)
    }
}

/// What is told beside a cost on chains whose transactions pay for more than gas: those of the OP stack take a fee for the data that
/// they write to Ethereum, which no estimate of gas holds (specs.optimism.io, *L1-Cost fees*).
#[must_use]
pub const fn beside_gas(chain_id: u64) -> Option<&'static str> {
    match chain_id {
        10 | 8453 => Some("this chain takes a fee for L1 data on top, which is not in these amounts"),
        _ => None,
    }
}

/// A chain, told from every other. The id alone does not: those made by hand share a few, and begin anew under the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainIdentity {
    /// Its chain id (EIP-155).
    pub id: u64,
    /// Hash of its first block.
    pub genesis: [u8; 32],
    /// Hash of the block after it, once that is not the newest one. Every `geth --dev` begins with the same first block.
    pub second: Option<[u8; 32]>,
}

impl ChainIdentity {
    /// True where both may be one chain: of a young one only the first block may be known.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let seconds = self.second.zip(other.second);
        self.id == other.id && self.genesis == other.genesis && seconds.is_none_or(|(one, other)| one == other)
    }
}

/// Blocks that may be missing before a head is called old.
pub(super) const LATE_BLOCKS: u64 = 5;

/// Seconds that a block may be ahead of this machine's clock.
const AHEAD: u64 = 60;

/// What it means that a block is `seconds` ahead of this machine's clock.
#[must_use]
pub fn ahead_words(seconds: u64) -> String {
    format!("the newest block is {seconds} s ahead of this machine's clock: one of the two clocks is wrong")
}

/// True for this machine's own servers: they lie behind no proxy.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

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

impl Block {
    /// Seconds by which it was made ahead of `now`, where two clocks that are kept do not differ by as much.
    #[must_use]
    pub fn ahead(&self, now: Timestamp) -> Option<u64> {
        Some(self.at.since(now)).filter(|seconds| *seconds > AHEAD)
    }
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

impl NetworkView {
    /// A warning beside every verdict, where the newest block is much older than blocks of that chain are: the node may be
    /// behind, or cut off. Or where it is ahead of the clock. Of chains that make blocks as they like nothing more can be said.
    #[must_use]
    pub fn lateness(&self, now: Timestamp) -> Option<String> {
        if let Some(seconds) = self.head.latest.ahead(now) {
            return Some(ahead_words(seconds));
        }
        let chain = KnownChain::by_id(self.chain_id)?;
        let age = now.0.saturating_sub(self.head.latest.at.0);
        (age > LATE_BLOCKS * chain.block_seconds).then(|| {
            format!(
                "the node's newest block is {age} s old, and {} makes one every {} s",
                chain.name, chain.block_seconds
            )
        })
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

/// An endpoint that was not followed, because others of its network agreed without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dissent {
    /// Scheme, host and port.
    pub endpoint: String,
    /// What it said, or why it said nothing: the end of a sentence.
    pub cause: String,
}

impl Dissent {
    /// All of them, in the words of one sentence; `None` where there are none.
    #[must_use]
    pub fn told(all: &[Self]) -> Option<String> {
        let each: Vec<_> =
            all.iter().map(|one| format!("`{}` was not followed: {}", one.endpoint, one.cause)).collect();
        (!each.is_empty()).then(|| each.join("; "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_the_op_stack_take_more_than_gas() {
        let more: Vec<_> = KNOWN_CHAINS.into_iter().filter(|chain| beside_gas(chain.chain_id).is_some()).collect();
        assert_eq!(more.iter().map(|chain| chain.name).collect::<Vec<_>>(), ["optimism", "base"]);
    }
}
