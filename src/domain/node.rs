//! What nodes tell of themselves, beside the chain.

use std::{fmt, str::FromStr, time::Duration};

use url::{Host, Url};

use super::{
    Timestamp, Wei,
    network::{Block, ChainHead, KnownChain, LATE_BLOCKS},
    publication::TransactionHash,
    text::clean_to,
};

/// What a chain looks like to a node at the moment, as far as it tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    /// Seconds from one block to the next, over the last 64.
    pub block_seconds: Option<f64>,
    /// What a transaction pays for one gas.
    pub gas_price: Option<Wei>,
    /// What each gas of the newest block burned; `None` on chains without EIP-1559.
    pub base_fee: Option<Wei>,
    /// Transactions that wait for a block.
    pub pending: Option<u64>,
}

/// Blocks that are drawn as a line, and over which the time between two is measured.
pub const RECENT: u64 = 64;

/// What is drawn of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentBlock {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Gas that it took, and that it could have taken.
    pub gas: Option<(u64, u64)>,
    /// What each gas burned; `None` on chains without EIP-1559.
    pub base_fee: Option<Wei>,
}

/// A node that a node is connected to. All of it is a stranger's word, made safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// What it calls itself.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its enode URL.
    pub enode: String,
    /// It connected, rather than being connected to.
    pub inbound: bool,
    /// The newest block that it told of; it may tell late.
    pub head: Option<u64>,
}

/// How far a node is with the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It has all that it knows of.
    Done,
    /// It catches up.
    Behind {
        /// Its block, and the newest that it knows of, where it tells.
        blocks: Option<(u64, u64)>,
    },
}

impl Sync {
    /// True while it catches up.
    #[must_use]
    pub const fn is_behind(self) -> bool {
        matches!(self, Self::Behind { .. })
    }
}

/// A geth that this home keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// How it is started, as a command.
    pub start: String,
    /// The process that watches it and starts it again, where there is one.
    pub watcher: Option<u32>,
    /// Where what it says goes.
    pub log: String,
    /// Bytes of memory that it has, while it runs.
    pub memory: Option<u64>,
}

/// How an endpoint stands beside the others of its network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody contradicts it, or fewer than are with it.
    Agrees,
    /// Others contradict it, and it has not more with it: what it said, and what they did.
    Dissents(String),
}

/// How fast a chain makes blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The public chain of which that is known; otherwise it was measured.
    pub chain: Option<&'static str>,
    /// From one block to the next.
    pub seconds: f64,
}

impl Pace {
    /// What it means that the newest block is `age` old.
    #[must_use]
    pub fn late_words(self, age: &str) -> String {
        let every = self.seconds;
        match self.chain {
            Some(chain) => format!(
                "the newest block is {age} old, and {chain} makes one every {every:.0} s: the node may be behind, or cut off"
            ),
            None => format!(
                "the newest block is {age} old, and the last ones came every {every:.1} s: the node may be cut off, or its chain rests"
            ),
        }
    }
}

/// A network's endpoints, each with what `E` tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeStatus<E> {
    /// The network's name.
    pub network: String,
    /// True for the embedded node.
    pub local: bool,
    /// The geth of this home that it is, if it is one.
    pub managed: Option<Managed>,
    /// How many endpoints must say the same.
    pub must_agree: usize,
    /// Every endpoint.
    pub endpoints: Vec<E>,
}

/// What one endpoint says of itself. `P` is how the asking room tells what went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointStatus<P> {
    /// Scheme, host and port: never a path or credentials.
    pub url: String,
    /// What it calls itself, made safe to show.
    pub client: Option<String>,
    /// Its chain id.
    pub chain_id: Option<u64>,
    /// How far it has come.
    pub head: Option<ChainHead>,
    /// Connected peers, where it tells.
    pub peers: Option<u64>,
    /// Whether it catches up, where it tells.
    pub sync: Option<Sync>,
    /// What the chain looks like to it, as far as it tells.
    pub vitals: Vitals,
    /// Bytes that it takes on this machine's disk, where it is a geth of this home.
    pub disk: Option<u64>,
    /// Time of one call.
    pub latency: Option<Duration>,
    /// Beside the others; `None` where it did not tell its chain and its newest block.
    pub standing: Option<Standing>,
    /// Why it did not answer.
    pub problem: Option<P>,
}

impl<P> EndpointStatus<P> {
    /// One that has said nothing.
    #[must_use]
    pub fn silent(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            client: None,
            chain_id: None,
            head: None,
            peers: None,
            sync: None,
            vitals: Vitals::default(),
            disk: None,
            latency: None,
            standing: None,
            problem: None,
        }
    }

    /// The same, with what went wrong in another room's words.
    pub fn tell<Q>(self, words: impl FnOnce(P) -> Q) -> EndpointStatus<Q> {
        let Self { url, client, chain_id, head, peers, sync, vitals, disk, latency, standing, problem } = self;
        let problem = problem.map(words);
        EndpointStatus { url, client, chain_id, head, peers, sync, vitals, disk, latency, standing, problem }
    }

    /// What its blocks are late against, where the newest is more than five block times old: the node may be behind, or cut off.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds of a few blocks need no exactness")]
    pub fn lateness(&self, now: Timestamp) -> Option<Pace> {
        let age = now.since(self.head?.latest.at) as f64;
        let pace = match self.chain_id.and_then(KnownChain::by_id) {
            Some(chain) => Pace { chain: Some(chain.name), seconds: chain.block_seconds as f64 },
            None => Pace { chain: None, seconds: self.vitals.block_seconds.filter(|seconds| *seconds > 0.0)? },
        };
        (age > LATE_BLOCKS as f64 * pace.seconds).then_some(pace)
    }

    /// True on chains that make a block when there is something to put into it: those are never late, and run ahead of the clock
    /// when there is much.
    #[must_use]
    pub fn rests(&self, local: bool, managed: bool) -> bool {
        local || (managed && self.chain_id.and_then(KnownChain::by_id).is_none())
    }

    /// Seconds by which its newest block is ahead of this machine's clock, where that is too many.
    #[must_use]
    pub fn ahead(&self, now: Timestamp) -> Option<u64> {
        self.head.and_then(|head| head.latest.ahead(now))
    }

    fn said(&self) -> Option<(u64, Block)> {
        Some((self.chain_id?, self.head?.latest))
    }

    fn contradicts(&self, other: &Self) -> bool {
        let (Some((chain, block)), Some((their_chain, theirs))) = (self.said(), other.said()) else { return false };
        chain != their_chain || (block.number == theirs.number && block.hash != theirs.hash)
    }
}

/// How each of a network's endpoints stands, where `must_agree` of them have to say the same. Those at the same height have
/// the same block, and all are of one chain; those who say so are more than those who do not.
#[must_use]
pub fn standings<P>(all: &[EndpointStatus<P>], must_agree: usize) -> Vec<Option<Standing>> {
    let support =
        |one: &EndpointStatus<P>| all.iter().filter(|other| other.said().is_some() && !one.contradicts(other)).count();
    let standing = |one: &EndpointStatus<P>| {
        let (chain, block) = one.said()?;
        let own = support(one);
        let stronger = |other: &&EndpointStatus<P>| own < must_agree || support(other) >= own;
        let Some(other) = all.iter().filter(|other| one.contradicts(other)).find(stronger) else {
            return Some(Standing::Agrees);
        };
        let (their_chain, theirs) = other.said()?;
        let hash = |block: Block| TransactionHash(block.hash).to_string();
        Some(Standing::Dissents(if chain == their_chain {
            format!("it says that block {} is {}; {} says {}", block.number, hash(block), other.url, hash(theirs))
        } else {
            format!("it is of chain {chain}; {} is of chain {their_chain}", other.url)
        }))
    };
    all.iter().map(standing).collect()
}

/// Characters of a node's public key.
const KEY: usize = 128;

/// Where a node can be reached by other nodes: `enode://KEY@ADDRESS:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enode(String);

impl Enode {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Enode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no enode URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnodeError {
    /// Another kind of text.
    #[error("`{0}` does not begin with `enode://`")]
    Scheme(String),
    /// The key is missing or torn.
    #[error("between `enode://` and `@` belong the 128 hex digits of the node's key, and there are {0}")]
    Key(usize),
    /// The key has other characters in it.
    #[error("the node's key has characters in it that are no hex digits")]
    Digits,
    /// Nobody could connect.
    #[error("behind the `@` belongs an address with a port, such as 192.0.2.7:30303")]
    Address,
}

impl FromStr for Enode {
    type Err = EnodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(rest) = text.strip_prefix("enode://") else { return Err(EnodeError::Scheme(clean_to(text, 60))) };
        let key = rest.split_once('@').map_or(rest, |(key, _)| key);
        if key.chars().count() != KEY {
            return Err(EnodeError::Key(key.chars().count()));
        }
        if !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(EnodeError::Digits);
        }
        let url = Url::parse(text).ok().filter(|url| url.port().is_some_and(|port| port > 0));
        let is_reachable = |url: &Url| match url.host() {
            // The parser takes numbers for addresses in the web's own schemes alone.
            Some(Host::Domain(name)) => !matches!(name, "" | "0.0.0.0"),
            Some(Host::Ipv4(ip)) => !ip.is_unspecified(),
            Some(Host::Ipv6(ip)) => !ip.is_unspecified(),
            None => false,
        };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain && url.as_ref().is_some_and(is_reachable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(EnodeError::Address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(chain_id: u64, number: u64, hash: u8) -> EndpointStatus<()> {
        let latest = Block { number, hash: [hash; 32], at: Timestamp(1000) };
        let url = format!("http://{hash}.example:8545");
        EndpointStatus {
            chain_id: Some(chain_id),
            head: Some(ChainHead { latest, safe: None, finalized: None }),
            ..EndpointStatus::silent(&url)
        }
    }

    fn agree(all: &[EndpointStatus<()>]) -> Vec<Option<bool>> {
        let agrees = |standing: Option<Standing>| standing.map(|standing| standing == Standing::Agrees);
        standings(all, all.len() / 2 + 1).into_iter().map(agrees).collect()
    }

    #[test]
    fn endpoints_agree_unless_chain_or_block_differ() {
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(agree(&[endpoint(1, 7, 1), endpoint(1, 8, 2)]), [yes, yes], "one is a block ahead");
        assert_eq!(agree(&[endpoint(1, 7, 1), endpoint(1, 7, 2)]), [no, no], "neither is more than the other");
        assert_eq!(agree(&[endpoint(1, 7, 1), endpoint(5, 9, 1)]), [no, no]);
        assert_eq!(agree(&[EndpointStatus::silent("http://a"), endpoint(1, 7, 1)]), [None, yes]);
        assert_eq!(agree(&[endpoint(1, 7, 1), endpoint(1, 7, 2), endpoint(1, 7, 1)]), [yes, no, yes], "one dissents");
        assert_eq!(agree(&[endpoint(1, 7, 1), endpoint(1, 7, 2), EndpointStatus::silent("x")]), [no, no, None]);
    }

    #[test]
    fn who_dissents_is_told_with_what_it_said() {
        let all = [endpoint(1, 7, 1), endpoint(5, 7, 1), endpoint(1, 7, 1), endpoint(1, 7, 2)];
        let told: Vec<_> = standings(&all, 2).into_iter().flatten().collect();
        assert_eq!(
            told[1],
            Standing::Dissents("it is of chain 5; http://1.example:8545 is of chain 1".to_owned()),
            "{told:?}"
        );
        let block = |byte: &str| format!("0x{}", byte.repeat(32));
        let words = format!("it says that block 7 is {}; http://1.example:8545 says {}", block("02"), block("01"));
        assert_eq!(told[3], Standing::Dissents(words));
    }

    #[test]
    fn a_head_is_late_after_five_block_times() {
        let mut one = endpoint(1, 7, 1);
        assert_eq!(one.lateness(Timestamp(1060)), None);
        assert_eq!(one.lateness(Timestamp(1061)), Some(Pace { chain: Some("mainnet"), seconds: 12.0 }));
        one.chain_id = Some(4242);
        assert_eq!(one.lateness(Timestamp(9000)), None, "nothing is known of its blocks");
        one.vitals.block_seconds = Some(2.0);
        assert_eq!(one.lateness(Timestamp(1010)), None);
        assert_eq!(one.lateness(Timestamp(1011)), Some(Pace { chain: None, seconds: 2.0 }));
    }

    #[test]
    fn a_head_is_ahead_after_a_minute() {
        let one = endpoint(1, 7, 1);
        assert_eq!((one.ahead(Timestamp(940)), one.ahead(Timestamp(939))), (None, Some(61)));
    }

    #[test]
    fn enode_urls_are_told_from_other_text() {
        let key = "a1".repeat(64);
        for good in [
            format!("enode://{key}@192.0.2.7:30303"),
            format!("enode://{key}@[2001:db8::7]:30303?discport=30301"),
            format!("enode://{key}@node.example:30303"),
        ] {
            assert_eq!(good.parse::<Enode>().map(|enode| enode.to_string()), Ok(good));
        }
        let parse = |text: &str| text.parse::<Enode>();
        assert!(matches!(parse("http://192.0.2.7:30303"), Err(EnodeError::Scheme(_))));
        assert_eq!(parse("enode://a1@192.0.2.7:30303"), Err(EnodeError::Key(2)));
        assert_eq!(parse(&format!("enode://{}@192.0.2.7:30303", "g1".repeat(64))), Err(EnodeError::Digits));
        for address in ["", "@", "@192.0.2.7", "@192.0.2.7:0", "@0.0.0.0:30303", "@192.0.2.7:99999", "@:30303"] {
            assert_eq!(parse(&format!("enode://{key}{address}")), Err(EnodeError::Address), "{address}");
        }
    }
}
