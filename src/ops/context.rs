//! An opened home: configuration, state, and the ways to engine and node.
//!
//! Engine and node are connected when a workflow first needs them, and again after they were lost. Nothing here waits
//! for either while the screen opens.

mod engine;

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, Notify, Semaphore};
use url::Url;

use super::{
    accounts::Preferences,
    aside::{Aside, Teller},
    identity::Identities,
    local_node::LocalNode,
    unlock::OpenKeys,
};
use crate::{
    chain::{Chain, ChainConfig},
    config::Config,
    docker::Engine,
    domain::{
        Address, Digest,
        image::EXPORTS_AT_ONCE,
        measurement::Measurement,
        network::{self, ChainHead, NetworkView},
        notice::Notice,
        publication::Contract,
    },
    keystore::Keystore,
    ops::Failure,
    store::{CacheKey, Store},
};

/// `--docker-host none`: no engine is asked, only archives.
pub const NO_ENGINE: &str = "none";

/// Everything a workflow needs. Clones share one state.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    store: Store,
    keystore: Keystore,
    notices: Mutex<Vec<Notice>>,
    preferences: Mutex<Preferences>,
    open_keys: Arc<OpenKeys>,
    local_node: LocalNode,
    chain: AsyncMutex<Option<Chain>>,
    /// The same before anybody was asked: each try to connect goes on with it.
    unchecked: Mutex<Option<Chain>>,
    engine: AsyncMutex<Option<Engine>>,
    /// Told when a list failed.
    engine_doubted: Notify,
    /// Exports that an engine is asked for at once, whoever asks.
    exports: Arc<Semaphore>,
    /// Archives that were tried and of which no image could be told, with what identifies their bytes.
    unreadable: Mutex<BTreeMap<PathBuf, (Vec<CacheKey>, String)>>,
    identities: Identities,
    /// What the cache holds and is no longer true.
    distrusted: Mutex<HashSet<CacheKey>>,
    /// Layout folders that were measured in this process, with what identifies their files.
    folders: Mutex<BTreeMap<PathBuf, (Vec<CacheKey>, Measurement)>>,
    aside: Aside,
}

impl Context {
    /// Opens the home: folders, database, keystore. Asks neither engine nor node, so that the screen can open at once. A
    /// home that cannot be written is still looked from: nothing is remembered, and nothing can be signed.
    ///
    /// # Errors
    /// When the home is open to others, or its database is locked or a newer version's.
    pub fn open(config: Config) -> Result<Self, Failure> {
        let mut notices = config.notices.clone();
        let opened = match config.home.prepare() {
            Ok(found) => {
                notices.extend(found);
                Store::open(&config.home.database).map_err(Failure::from)
            }
            Err(error) => Err(error.into()),
        };
        let store = match opened {
            Ok((store, aside)) => {
                notices.extend(aside);
                store
            }
            Err(failure) if matches!(failure.code, "store-unwritable" | "home-unwritable") => {
                notices.push(Notice::new(&format!("{failure}; until then nothing is remembered or signed")));
                Store::volatile(&config.home.database, &failure.to_string())?
            }
            Err(failure) => return Err(failure),
        };
        Ok(Self::with(config, store, notices))
    }

    /// One that makes no folder and writes no file, for a home that there is not yet or that cannot be opened.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(super) fn bare(config: Config) -> Result<Self, Failure> {
        let store = Store::volatile(&config.home.database, "this home is only looked at")?;
        let notices = config.notices.clone();
        Ok(Self::with(config, store, notices))
    }

    fn with(config: Config, store: Store, notices: Vec<Notice>) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                keystore: Keystore::open(&config.home.keystore_dir),
                notices: Mutex::new(notices),
                preferences: Mutex::new(Preferences::of(&config)),
                open_keys: Arc::default(),
                local_node: LocalNode::new(&config.home.devnet_dir),
                chain: AsyncMutex::new(None),
                unchecked: Mutex::default(),
                engine: AsyncMutex::new(None),
                engine_doubted: Notify::new(),
                exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
                unreadable: Mutex::default(),
                identities: Identities::default(),
                distrusted: Mutex::default(),
                folders: Mutex::default(),
                aside: Aside::default(),
                config,
            }),
        }
    }

    /// The configuration that this context was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// What opening and connecting had to set aside or work around, for the user to read once.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends what the context started (the embedded node, when this process hosts it), in order, and locks every account.
    pub async fn close(&self) {
        self.inner.aside.settle().await;
        self.inner.open_keys.lock_all();
        self.inner.chain.lock().await.take();
        self.inner.local_node.leave().await;
    }

    /// True when the current network is the embedded node.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.config().network.name == network::DEV
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(super) fn keystore(&self) -> &Keystore {
        &self.inner.keystore
    }

    pub(super) fn open_keys(&self) -> &Arc<OpenKeys> {
        &self.inner.open_keys
    }

    pub(super) fn identities(&self) -> &Identities {
        &self.inner.identities
    }

    pub(super) fn local_node(&self) -> &LocalNode {
        &self.inner.local_node
    }

    /// What the user wishes of accounts. Never held while something is awaited.
    pub(super) fn preferences(&self) -> MutexGuard<'_, Preferences> {
        self.inner.preferences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells `teller` what workflows wait for.
    pub fn set_teller(&self, teller: Teller) {
        self.inner.aside.set_teller(teller);
    }

    pub(super) fn aside(&self) -> &Aside {
        &self.inner.aside
    }

    pub(super) fn note(&self, notices: impl IntoIterator<Item = Notice>) {
        self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner).extend(notices);
    }

    pub(super) fn note_unreadable(&self, path: &Path, key: Vec<CacheKey>, cause: &str) {
        let mut unreadable = self.inner.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        unreadable.insert(path.to_owned(), (key, cause.to_owned()));
    }

    /// Why no image could be told of an archive, if these very bytes were tried before.
    pub(super) fn why_unreadable(&self, path: &Path, key: Option<&[CacheKey]>) -> Option<String> {
        let unreadable = self.inner.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        unreadable.get(path).filter(|(tried, _)| Some(tried.as_slice()) == key).map(|(_, cause)| cause.clone())
    }

    /// Takes nothing from the cache under this key until it is measured again: forgetting it may have failed.
    pub(super) fn distrust(&self, key: CacheKey) {
        self.inner.distrusted.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    pub(super) fn trust_again(&self, key: &CacheKey) {
        self.inner.distrusted.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub(super) fn distrusts(&self, key: &CacheKey) -> bool {
        self.inner.distrusted.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    pub(super) fn note_folder(&self, path: &Path, key: Vec<CacheKey>, measurement: Measurement) {
        let mut folders = self.inner.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.insert(path.to_owned(), (key, measurement));
    }

    /// What a layout folder was found to hold, if these very files were measured before.
    pub(super) fn recall_folder(&self, path: &Path, key: &[CacheKey]) -> Option<Measurement> {
        let folders = self.inner.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.get(path).filter(|(measured, _)| measured == key).map(|(_, measurement)| measurement.clone())
    }

    /// The current network's chain: checked for its id, and on `dev` with the contract in place.
    pub(super) async fn chain(&self) -> Result<Chain, Failure> {
        let mut slot = self.inner.chain.lock().await;
        if let Some(chain) = slot.as_ref()
            && (!self.is_local() || self.inner.local_node.is_alive().await)
        {
            return Ok(chain.clone());
        }
        let chain = if self.is_local() { self.join_local().await? } else { self.connect().await? };
        *slot = Some(chain.clone());
        Ok(chain)
    }

    async fn join_local(&self) -> Result<Chain, Failure> {
        let (url, notices) = self.inner.local_node.join().await?;
        self.note(notices);
        let chain = Chain::new(ChainConfig {
            chain_id: Some(network::DEV_CHAIN_ID),
            local: true,
            ..ChainConfig::new(network::DEV, vec![url])
        })?;
        super::contract::deploy_locally(self, &chain, Contract::Registry).await?;
        Ok(chain)
    }

    /// The same with the publisher directory in place on `dev`. The embedded node gets it when it is first needed.
    pub(super) async fn chain_with_directory(&self) -> Result<Chain, Failure> {
        let chain = self.chain().await?;
        if self.is_local() {
            super::contract::deploy_locally(self, &chain, Contract::Directory).await?;
        }
        Ok(chain)
    }

    async fn connect(&self) -> Result<Chain, Failure> {
        let chain = self.unchecked_chain()?;
        chain.chain_id().await?;
        Ok(chain)
    }

    /// The current network's chain, of which nobody has been asked anything; not for `dev`.
    pub(super) fn unchecked_chain(&self) -> Result<Chain, Failure> {
        let network = &self.config().network;
        if network.rpc.is_empty() {
            return Err(Failure::new("no-endpoint", &format!("network `{}` has no endpoint", network.name))
                .hint("add one: `daochain network add NAME --rpc URL`"));
        }
        let mut slot = self.inner.unchecked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chain) = slot.as_ref() {
            return Ok(chain.clone());
        }
        let chain = Chain::new(ChainConfig {
            agree: network.agree,
            final_after: network.final_after,
            chain_id: network.chain_id,
            contract: network.contract,
            directory: network.directory,
            ..ChainConfig::new(&network.name, network.rpc.clone())
        })?;
        *slot = Some(chain.clone());
        Ok(chain)
    }

    /// The current network's chain as it is connected, if it is: to ask each endpoint by itself. The embedded node is joined.
    pub(super) async fn any_chain(&self) -> Result<Chain, Failure> {
        if self.is_local() {
            return self.chain().await;
        }
        // Whoever holds it is connecting, and may wait for a node that does not answer.
        let connected = self.inner.chain.try_lock().ok().and_then(|slot| slot.clone());
        connected.map_or_else(|| self.unchecked_chain(), Ok)
    }

    /// The current network's chain, with contracts at these addresses.
    pub(super) async fn chain_with(&self, contracts: &[(Contract, Address)]) -> Result<Chain, Failure> {
        let mut config = self.chain().await?.config().clone();
        for (what, address) in contracts {
            match what {
                Contract::Registry => config.contract = Some(*address),
                Contract::Directory => config.directory = Some(*address),
            }
        }
        Ok(Chain::new(config)?)
    }

    /// The network as it stands at `head`.
    pub(super) async fn view(&self, chain: &Chain, head: ChainHead) -> Result<NetworkView, Failure> {
        Ok(NetworkView {
            name: chain.network().to_owned(),
            chain_id: match chain.known_chain_id() {
                Some(id) => id,
                None => chain.chain_id().await?,
            },
            contract: chain.contract(),
            head,
            local: chain.is_local(),
        })
    }

    /// What tells this network from another in the database, whether or not its node answers. All of its URLs count, the
    /// paths too: what one node told is never another's word. They hold keys of paid services, so their hash is kept.
    pub(super) fn network_key(&self) -> String {
        let network = &self.config().network;
        let chain_id = network.chain_id.map(|id| id.to_string());
        let contract = network.contract.map(|address| address.to_string());
        let known = [chain_id.unwrap_or_default(), contract.unwrap_or_default()];
        // No URL has a line break in it.
        let all: Vec<&str> = known.iter().map(String::as_str).chain(network.rpc.iter().map(Url::as_str)).collect();
        format!("{} {}", network.name, Digest::of(all.join("\n").as_bytes()))
    }
}

/// Runs blocking work on its own thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Failure::new("internal", &format!("a worker ended unexpectedly: {error}"))),
    }
}

/// Now, from the machine's clock.
#[must_use]
pub fn now() -> crate::domain::Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    crate::domain::Timestamp(since.map(|since| since.as_secs()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
