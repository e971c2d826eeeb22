//! The embedded Ethereum node: ethrex in this process, for a chain that is local to this machine.
//!
//! One process per home hosts the node, all others are its guests over HTTP on loopback. Whoever
//! takes the file lock hosts; the kernel releases it however a host ends. A guest whose host went
//! away joins again and becomes the host, from the same blocks.
//!
//! ```text
//!        ┌─ lock free ──▶ replay blocks, listen, write endpoint ──▶ Host ──▶ drop or shutdown
//! join ──┤                                                            ▲
//!        └─ lock held ──▶ read endpoint, ask for its identity ──▶ Guest ┘ join again when it fails
//! ```
//!
//! Whoever keeps a [`Joined`] for long watches it: when a request fails and [`Joined::is_alive`] says
//! no, [`join`] again and use the new [`Joined::url`].
//!
//! Every accepted transaction becomes a block at once, which is safe and final at once. The chain
//! is shared with nobody and its ether has no value. Its clock is this machine's, but each block is at
//! least a second later than the one before it: many transactions at once run ahead of the clock.

mod blocks;
mod chain;
mod error;
mod fault;
mod genesis;
mod home;
mod host;
mod rpc;
mod server;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonrpsee::core::client::ClientT as _;
use jsonrpsee::http_client::HttpClientBuilder;
use jsonrpsee::rpc_params;
use tokio::sync::{oneshot, watch};

pub use error::DevnetError;
pub use genesis::{CHAIN_ID, DEPLOYMENT_PROXY};
pub use home::faucet_key;

use home::{Address, Home};
use host::Running;

/// The version of the Ethereum client within, as pinned in the manifest.
const ETHREX: &str = "24.0.0";
/// The method by which a host proves that it wrote the endpoint file.
const IDENTITY_METHOD: &str = "daochain_identity";
/// How long a guest waits for one answer of a host that is on the same machine.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);
/// How often a guest looks for an endpoint that is about to appear.
const PROBE_INTERVAL: Duration = Duration::from_millis(50);
/// How long dropping a host waits for its last request.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// How to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinOptions {
    /// How long a guest waits for a host that holds the lock and does not answer yet (it replays).
    pub patience: Duration,
}

impl Default for JoinOptions {
    fn default() -> Self {
        Self { patience: Duration::from_secs(5) }
    }
}

/// This process's part in a home's dev chain.
#[derive(Debug)]
pub enum Joined {
    /// The node runs in this process, until the value is dropped.
    Host(Devnet),
    /// The node runs in another process, which may end at any time: then join again.
    Guest(Endpoint),
}

impl Joined {
    /// Where the node answers JSON-RPC: `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::Host(devnet) => devnet.url(),
            Self::Guest(endpoint) => endpoint.url(),
        }
    }

    /// What the user should know about how the chain was found; empty for a guest.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        match self {
            Self::Host(devnet) => devnet.notices(),
            Self::Guest(_) => &[],
        }
    }

    /// Whether the node runs in this process.
    #[must_use]
    pub fn is_host(&self) -> bool {
        matches!(self, Self::Host(_))
    }

    /// Whether the node still answers. A guest whose node does not should [`join`] again.
    pub async fn is_alive(&self) -> bool {
        match self {
            Self::Host(devnet) => devnet.is_running(),
            Self::Guest(endpoint) => answers(&endpoint.address).await,
        }
    }

    /// Hears of every new block where the node runs here: whoever listens need not ask again and again.
    #[must_use]
    pub fn mined(&self) -> Option<watch::Receiver<()>> {
        match self {
            Self::Host(devnet) => {
                let mut mined = devnet.mined.clone();
                // Only what comes from now on is news.
                mined.mark_unchanged();
                Some(mined)
            }
            Self::Guest(_) => None,
        }
    }

    /// Ends the node if it runs here; a guest just forgets it.
    pub async fn leave(self) {
        if let Self::Host(devnet) = self {
            devnet.shutdown().await;
        }
    }
}

/// A node in another process.
#[derive(Debug, Clone)]
pub struct Endpoint {
    address: Address,
}

impl Endpoint {
    /// Where it answers: `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.address.url
    }

    /// The process that hosts it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.address.pid
    }
}

/// The node in this process. Dropping it ends it, and frees the home for another host.
#[derive(Debug)]
pub struct Devnet {
    url: String,
    notices: Vec<String>,
    mined: watch::Receiver<()>,
    /// Present until the end is asked for.
    stop: Option<oneshot::Sender<()>>,
    /// In a mutex only to be shareable; nothing but the end asks it.
    ended: Mutex<mpsc::Receiver<()>>,
}

impl Devnet {
    /// Where it answers: `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was dropped or set aside when the chain was opened: whole sentences, for the user.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Whether the node's thread lives; it ends early only by a panic inside the client.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| !stop.is_closed())
    }

    /// Ends the node: a block in the making is finished, open connections are closed, and the home
    /// is free when this returns.
    pub async fn shutdown(self) {
        // Waiting for a thread would block the caller's runtime.
        let waiting = tokio::task::spawn_blocking(move || drop(self));
        if waiting.await.is_err() {
            tracing::error!("the embedded node did not end in order");
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has ended already.
            let _ = stop.send(());
        }
        // Nothing is ever sent: the wait is over when the thread drops its end, or out of patience.
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(END_PATIENCE);
    }
}

/// Joins the dev chain in `dir`: hosts it, or finds the process that does.
///
/// Cheap enough to call whenever a request failed: while the host lives it is one small request.
/// The chain's folder is created where it is absent.
///
/// # Errors
/// [`DevnetError::File`] when the folder or a file in it cannot be used, [`DevnetError::HostSilent`]
/// when another process holds the chain and does not answer within `options.patience`,
/// [`DevnetError::Node`] and [`DevnetError::Listen`] when the node cannot start.
pub async fn join(dir: &Path, options: JoinOptions) -> Result<Joined, DevnetError> {
    let home = Home::open(dir)?;
    let deadline = Instant::now() + options.patience;
    loop {
        if let Some(lock) = home.try_lock()? {
            let Running { url, notices, mined, stop, ended } = host::start(home, lock).await?;
            return Ok(Joined::Host(Devnet { url, notices, mined, stop: Some(stop), ended: Mutex::new(ended) }));
        }
        if let Some(address) = home.read_address()
            && answers(&address).await
        {
            return Ok(Joined::Guest(Endpoint { address }));
        }
        if Instant::now() >= deadline {
            return Err(DevnetError::HostSilent { path: dir.to_path_buf(), seconds: options.patience.as_secs() });
        }
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
}

/// Whether the very host that wrote `address` answers there, with our chain id.
async fn answers(address: &Address) -> bool {
    let client = HttpClientBuilder::default().request_timeout(PROBE_PATIENCE).build(&address.url);
    let Ok(client) = client else {
        return false;
    };
    let identity: Result<String, _> = client.request(IDENTITY_METHOD, rpc_params![]).await;
    if identity.ok().as_ref() != Some(&address.identity) {
        return false;
    }
    let chain: Result<String, _> = client.request("eth_chainId", rpc_params![]).await;
    chain.is_ok_and(|chain| chain == format!("{CHAIN_ID:#x}"))
}

/// Seconds since 1970; a clock before that counts as 1970.
fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
