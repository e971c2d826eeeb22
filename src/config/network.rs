//! Networks, and which of them is used.

use std::fmt;

use url::Url;

use super::ConfigError;
use crate::domain::{Address, network::DEV, text::clean_to};

/// The name of a network that only flags or environment describe.
pub const CUSTOM: &str = "custom";
const NAME_LIMIT: usize = 40;

/// A network.
#[derive(Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its endpoints. Empty for `dev`, which is the embedded node.
    pub rpc: Vec<Url>,
    /// How many of them must say the same. `None`: the majority.
    pub agree: Option<usize>,
    /// Blocks after which one counts as final where the nodes do not tell. `None`: never.
    pub final_after: Option<u64>,
    /// The chain id that an endpoint must have. `None` where nobody wrote it down.
    pub chain_id: Option<u64>,
    /// Where the registry contract stands, if not at its usual address.
    pub contract: Option<Address>,
    /// Where the publisher directory stands, if not at its usual address.
    pub directory: Option<Address>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // User, path and query of an endpoint are often an API key.
        let hosts: Vec<_> = self.rpc.iter().map(|url| url.host_str().unwrap_or_default()).collect();
        f.debug_struct("Network")
            .field("name", &self.name)
            .field("rpc", &hosts)
            .field("agree", &self.agree)
            .field("final_after", &self.final_after)
            .field("chain_id", &self.chain_id)
            .field("contract", &self.contract)
            .field("directory", &self.directory)
            .finish()
    }
}

impl Network {
    /// How many endpoints must say the same.
    #[must_use]
    pub fn must_agree(&self) -> usize {
        self.agree.unwrap_or(self.rpc.len() / 2 + 1)
    }

    /// A network of which nothing but its endpoints is known.
    #[must_use]
    pub fn new(name: &str, rpc: Vec<Url>) -> Self {
        let name = name.to_owned();
        Self { name, rpc, agree: None, final_after: None, chain_id: None, contract: None, directory: None }
    }

    /// The embedded node.
    #[must_use]
    pub fn dev() -> Self {
        Self::new(DEV, Vec::new())
    }
}

/// What flags, or the environment, say about the network.
#[derive(Default)]
pub(super) struct Wish {
    pub(super) network: Option<String>,
    pub(super) rpc: Vec<String>,
    /// How the endpoints were given: `--rpc`.
    pub(super) source: &'static str,
}

impl Wish {
    pub(super) fn is_some(&self) -> bool {
        self.network.is_some() || !self.rpc.is_empty()
    }

    /// The network that is wished for. Endpoints without a name make a network of their own.
    pub(super) fn network(self, networks: &[Network]) -> Result<Network, ConfigError> {
        let given = |(number, text): (usize, &String)| {
            endpoint(text)
                .map_err(|cause| ConfigError::Usage(format!("endpoint {} of {}: {cause}", number + 1, self.source)))
        };
        let rpc = self.rpc.iter().enumerate().map(given).collect::<Result<Vec<_>, _>>()?;
        match self.network {
            None => Ok(Network::new(CUSTOM, rpc)),
            Some(name) if name == DEV && !rpc.is_empty() => Err(ConfigError::Usage(format!(
                "network `{DEV}` is the embedded node and has no endpoint; give {} without it",
                self.source
            ))),
            Some(name) => {
                let found = find(&name, networks)?.clone();
                Ok(if rpc.is_empty() { found } else { Network { rpc, agree: None, ..found } })
            }
        }
    }
}

/// The network of that name.
pub(super) fn find<'a>(name: &str, networks: &'a [Network]) -> Result<&'a Network, ConfigError> {
    networks.iter().find(|network| network.name == name).ok_or_else(|| ConfigError::NoSuchNetwork {
        name: clean_to(name, NAME_LIMIT),
        known: networks.iter().map(|network| format!("`{}`", network.name)).collect::<Vec<_>>().join(", "),
    })
}

/// What is wrong with a name for a network of the user's.
pub(super) fn name_fault(name: &str) -> Option<String> {
    let valid = (1..=NAME_LIMIT).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !name.starts_with(['-', '.']);
    let shown = clean_to(name, NAME_LIMIT);
    if !valid {
        return Some(format!(
            "network name `{shown}` is not 1 to {NAME_LIMIT} letters, digits, `-`, `_` and `.`, the first a letter or digit"
        ));
    }
    match name {
        DEV => Some(format!("network `{DEV}` is the embedded node; choose another name")),
        CUSTOM => Some(format!("`{CUSTOM}` is what --rpc alone is called; choose another name")),
        _ => None,
    }
}

/// An endpoint. The cause of a refusal does not repeat it: it may hold an API key.
///
/// # Errors
/// What is wrong with it.
pub fn endpoint(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text.trim()).map_err(|error| format!("it is no URL: {error}; write it as `https://host/path`"))?;
    match url.scheme() {
        "http" | "https" | "ws" | "wss" if url.has_host() => Ok(url),
        "http" | "https" | "ws" | "wss" => Err("it names no host".to_owned()),
        "ipc" if url.query().is_some() || url.fragment().is_some() => {
            Err("a `?` or `#` of a socket's path is written as `%3F` or `%23`".to_owned())
        }
        "ipc" if url.path().starts_with('/') && !url.has_host() => Ok(url),
        "ipc" => Err("it names no socket; write it as `ipc:/path/to/geth.ipc`".to_owned()),
        other => {
            Err(format!("its scheme is `{}`; `http`, `https`, `ws`, `wss` and `ipc` are spoken", clean_to(other, 20)))
        }
    }
}
