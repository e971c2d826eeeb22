//! Which chain a managed geth follows, and how it is told.

use std::{path::Path, str::FromStr, time::Duration};

use serde_json::{Value, json};

use super::NETWORK;
use crate::{
    ops::Failure,
    store::{StoreError, files},
};

/// The private chain's id: none of a public chain, and another than the embedded node's.
const PRIVATE_ID: u64 = 1338;
const GENESIS: &str = include_str!("../../../assets/geth-genesis.json");

/// The public chains that geth knows itself, with their chain ids (EIP-155).
const PUBLIC: [(&str, u64); 3] = [("mainnet", 1), ("sepolia", 11_155_111), ("hoodi", 560_048)];

/// Which chain a managed geth follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GethChain {
    name: &'static str,
    id: u64,
}

impl GethChain {
    /// A development chain of this home's own.
    pub const PRIVATE: Self = Self { name: NETWORK, id: PRIVATE_ID };

    /// The network's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Its chain id.
    #[must_use]
    pub const fn id(self) -> u64 {
        self.id
    }

    /// True for the home's own.
    #[must_use]
    pub fn is_private(self) -> bool {
        self == Self::PRIVATE
    }

    /// How long its geth may take to end. A public chain's writes what it holds of the state in memory, gigabytes on a slow disk;
    /// killed, it has that to make again.
    pub(super) fn ending(self) -> Duration {
        if self.is_private() { Duration::from_secs(20) } else { Duration::from_mins(5) }
    }

    /// How long its geth may take to answer. After an unclean end a public chain's has a large database to look through.
    pub(super) fn starting(self) -> Duration {
        Duration::from_mins(if self.is_private() { 1 } else { 10 })
    }

    /// Every chain that a home may have a geth of.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let public = PUBLIC.into_iter().map(|(name, id)| Self { name, id });
        std::iter::once(Self::PRIVATE).chain(public)
    }

    /// The folder's name below the home.
    pub(super) fn folder(self) -> String {
        if self.is_private() { NETWORK.to_owned() } else { format!("{NETWORK}-{}", self.name) }
    }

    /// What geth is told of the chain and of who may reach it. A public chain's geth needs a consensus client, which comes by
    /// `engine_port`.
    pub(super) fn arguments(self, engine_port: u16) -> Vec<String> {
        let text = if self.is_private() {
            // --nat none: without it geth opens two UDP sockets beyond loopback.
            "--dev --state.scheme hash --gcmode archive --nat none --cache 64 --authrpc.port 0".to_owned()
        } else {
            format!("--{} --authrpc.addr 127.0.0.1 --authrpc.port {engine_port}", self.name)
        };
        text.split(' ').map(str::to_owned).collect()
    }
}

impl FromStr for GethChain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = PUBLIC.into_iter().find(|(name, _)| *name == text).map(|(name, id)| Self { name, id });
        found.ok_or_else(|| format!("geth follows {}", PUBLIC.map(|(name, _)| name).join(", ")))
    }
}

/// Writes what the private chain begins with. No two chains begin alike: what was signed on one that was thrown away is not
/// looked for on the next.
pub(super) fn write_genesis(file: &Path) -> Result<(), Failure> {
    let mut genesis: Value = serde_json::from_str(GENESIS)
        .map_err(|error| Failure::new("internal", &format!("the genesis is no JSON: {error}")))?;
    genesis["config"]["chainId"] = json!(PRIVATE_ID);
    genesis["extraData"] = json!(format!("0x{}", hex::encode(rand::random::<[u8; 32]>())));
    files::replace(file, genesis.to_string().as_bytes()).map_err(StoreError::from)?;
    Ok(())
}
