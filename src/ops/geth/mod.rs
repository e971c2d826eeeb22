//! A geth of this home's own, started, watched and stopped: a private development chain under mainnet's rules, or a public chain.
//!
//! ```text
//! <home>/geth/            the private chain; <home>/geth-sepolia/ and so on a public one
//!          data/          the chain; the private one is kept so that a `kill -9` costs its newest blocks alone
//!                         (hash scheme, archive mode)
//!          genesis.json   what the private chain began with
//!          geth.ipc       the only way in: no port is opened for requests
//!          geth.log       what geth says; geth.log.1 what it said before
//!          geth.pid       the process, for whoever finds it left behind
//!          supervisor     the process that watches it, and its lock
//! ```

mod aside;
mod chain;
mod ending;
mod runner;
mod supervision;

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;
use url::Url;

pub use self::{aside::start_geth, chain::GethChain, supervision::run_geth};
use self::{
    ending::{Ending, LOOK, NOW_AND_THEN, Place},
    runner::{Runner, end_leftover, log},
    supervision::reason,
};
use super::context::blocking;
use crate::{
    chain::{ipc_url, shown_urls},
    domain::{node::Managed, text::clean_to},
    ops::{Context, Failure},
    store::{
        StoreError,
        files::{self, Lock},
    },
};

/// The network that a home's own geth makes.
pub const NETWORK: &str = "geth";
/// The official image, of the version that the tests run.
pub const IMAGE: &str = "ethereum/client-go:v1.17.10";
/// What its supervisor may take beside its own end.
const BESIDE: Duration = Duration::from_secs(35);
/// How long who takes the lock may take to write its number down.
const WRITTEN: Duration = Duration::from_secs(5);
/// The longest path of a socket that Linux takes, and the zero behind it.
const SOCKET_PATH: usize = 107;

/// What is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GethOptions {
    /// Which chain it follows.
    pub chain: GethChain,
    /// The image of a container to run it in; `None` runs the program in PATH.
    pub container: Option<String>,
    /// Where a public chain's consensus client reaches it, on loopback.
    pub engine_port: u16,
    /// More of its own options.
    pub more: Vec<String>,
}

/// What the supervisor has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GethNews {
    /// Another geth ran in its folder, whose supervisor was killed: it was stopped.
    LeftoverStopped,
    /// It answers.
    Ready {
        /// Its endpoint.
        endpoint: String,
        /// What it says goes there.
        log: PathBuf,
        /// What the configuration says of the network.
        listing: Listing,
        /// A public chain's: the file with the secret that a consensus client needs.
        secret: Option<PathBuf>,
    },
    /// It ended by itself, and is started again after this time.
    Ended {
        /// Why, as far as its log tells.
        cause: String,
        /// The pause.
        again_in: Duration,
    },
    /// It runs and does not answer yet: it may have a large database to open.
    Opening {
        /// For how long.
        waited: Duration,
    },
    /// It was asked to end, and has not yet: it may have much to write.
    Ending {
        /// For how long.
        waited: Duration,
        /// After this time it is killed.
        patience: Duration,
    },
    /// It did not end in time, and was killed: it may have much to repair.
    Killed {
        /// The time that it had.
        patience: Duration,
    },
    /// The engine does not tell whether its container runs. It is asked again.
    Unseen {
        /// Why.
        cause: String,
    },
    /// The engine did not stop its container, which may run on.
    Left {
        /// Why.
        cause: String,
    },
}

/// What the configuration says of the network that a home's own geth makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// This geth, written there now.
    Added,
    /// This geth.
    Own,
    /// Other endpoints under that name: scheme, host and port of each. They stay.
    Other(String),
}

impl Listing {
    fn of(rpc: &[Url], own: &Url) -> Self {
        if matches!(rpc, [only] if only == own) {
            return Self::Own;
        }
        Self::Other(shown_urls(rpc).join(" "))
    }
}

/// The home's folder for a chain.
fn folder(context: &Context, chain: GethChain) -> PathBuf {
    context.config().home.database.with_file_name(chain.folder())
}

/// True when the current network is this home's own private chain.
pub(super) fn is_own(context: &Context) -> bool {
    managed(context, &context.config().network.rpc) == Some(GethChain::PRIVATE)
}

/// Which of this home's own geths a network consists of.
fn managed(context: &Context, rpc: &[Url]) -> Option<GethChain> {
    let [only] = rpc else { return None };
    GethChain::all().find(|chain| endpoint_of(&folder(context, *chain)).is_ok_and(|own| own == *only))
}

/// What the current network's chain takes on this machine's disk, in bytes; `None` where it is no geth of this home.
pub(super) async fn disk_use(context: &Context) -> Option<u64> {
    let folder = folder(context, managed(context, &context.config().network.rpc)?);
    blocking(move || Ok(size_of(&folder))).await.ok()
}

/// The endpoint of a geth of this home whose chain is called like a network of the configuration that has others.
#[must_use]
pub fn passed_over(context: &Context, network: &str) -> Option<String> {
    let chain = GethChain::all().find(|chain| chain.name() == network)?;
    let folder = folder(context, chain);
    let own = endpoint_of(&folder).ok().filter(|_| folder.exists())?;
    let network = context.config().networks.iter().find(|one| one.name == network)?;
    matches!(Listing::of(&network.rpc, &own), Listing::Other(_)).then(|| own.to_string())
}

/// The home's own geth that the current network consists of, if it does. Whether it answers, the network tells.
pub(super) async fn own_state(context: &Context) -> Option<Managed> {
    let chain = managed(context, &context.config().network.rpc)?;
    let folder = folder(context, chain);
    let name = if chain.is_private() { String::new() } else { format!(" --chain {}", chain.name()) };
    let log = clean_to(&log(&folder).display().to_string(), 300);
    // Taking its lock, though for a moment, could turn away one that is just starting.
    let (watcher, memory) =
        blocking(move || Ok((watcher(&folder), runner::memory(&folder)))).await.ok().unwrap_or_default();
    Some(Managed { start: format!("daochain node start --geth{name}"), watcher, log, memory })
}

/// The file with the number of the process that watches it; its lock is beside it.
fn supervisor(folder: &Path) -> PathBuf {
    folder.join("supervisor")
}

/// Keeps others from running geth in its folder. The number of who did is gone with it: another process may have it next.
struct Supervising {
    file: PathBuf,
    _lock: Lock,
}

impl Drop for Supervising {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// The process that watches it: the number in its lock, while there is such a process of this program.
fn watcher(folder: &Path) -> Option<u32> {
    let number = fs::read_to_string(supervisor(folder)).ok()?.trim().parse().ok()?;
    let command = fs::read(format!("/proc/{number}/cmdline")).ok()?;
    let says = |wanted: &[u8]| command.split(|byte| *byte == 0).any(|word| word == wanted);
    [&b"node"[..], b"start", b"--geth"].iter().all(|word| says(word)).then_some(number)
}

/// Bytes of the files below a folder. What vanishes meanwhile is not counted: geth tidies up as it runs.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => size_of(&entry.path()),
        Ok(data) => std::os::unix::fs::MetadataExt::blocks(&data) * 512,
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// Stops every geth that another process runs for this home, and what killed ones left behind. The networks' names.
///
/// # Errors
/// When such a process does not end in time.
pub async fn stop_geth(context: &Context, tell: impl FnMut(GethNews)) -> Result<Vec<&'static str>, Failure> {
    let tell = RefCell::new(tell);
    let tell = |news| (tell.borrow_mut())(news);
    let mut stopped = Vec::new();
    for chain in GethChain::all() {
        let folder = folder(context, chain);
        if folder.exists() && stop_one(context, Place { folder: &folder, chain, tell: &tell }).await? {
            stopped.push(chain.name());
        }
    }
    Ok(stopped)
}

async fn stop_one(context: &Context, place: Place<'_>) -> Result<bool, Failure> {
    let file = supervisor(place.folder);
    match Lock::take(&file, Duration::ZERO) {
        Ok(lock) => {
            let _alone = Supervising { file, _lock: lock };
            end_leftover(context, place).await
        }
        Err(_) => stop_supervisor(place).await,
    }
}

async fn stop_supervisor(place: Place<'_>) -> Result<bool, Failure> {
    let is_free = || Lock::take(&supervisor(place.folder), Duration::ZERO).is_ok();
    // Whoever has just taken the lock has not written its number yet: the one there may be anybody's by now.
    let deadline = Instant::now() + WRITTEN;
    let number = loop {
        match watcher(place.folder) {
            Some(number) => break number,
            None if is_free() => return Ok(false),
            None if Instant::now() >= deadline => {
                let message = "the process that runs geth for this home did not write its number";
                return Err(Failure::new("geth-busy", message).hint("end that process"));
            }
            None => sleep(LOOK).await,
        }
    };
    if let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let mut ending = Ending::within(place, place.chain.ending() + BESIDE, NOW_AND_THEN);
    while !is_free() {
        if ending.is_over() {
            let message = format!("process {number} does not stop geth");
            return Err(Failure::new("geth-busy", &message).hint("end that process"));
        }
        sleep(LOOK).await;
    }
    Ok(true)
}

async fn find_runner(context: &Context, options: &GethOptions) -> Result<Runner, Failure> {
    let Some(image) = &options.container else { return find_program().map(Runner::Program) };
    let engine = context.engine().await?;
    let endpoint = &engine.info().endpoint;
    if !endpoint.starts_with("unix:") {
        let message = format!("the engine at `{endpoint}` may be another machine's, whose files this one does not see");
        return Err(Failure::new("geth-failed", &message).hint("name this machine's engine with --docker-host"));
    }
    match engine.resolve(image).await {
        Ok(found) => Ok(Runner::Container {
            image: found.id.id,
            host_network: !options.chain.is_private(),
            engine: Box::new(engine),
        }),
        Err(error) if error.code() == "no-such-image" => {
            let message = format!("the engine holds no image `{}`", clean_to(image, 200));
            Err(Failure::new("geth-absent", &message).hint("`docker pull` it, look at it with `daochain verify`"))
        }
        Err(error) => Err(error.into()),
    }
}

fn find_program() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os("DAOCHAIN_GETH").filter(|name| !name.is_empty()).map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        let named = clean_to(&named.display().to_string(), 200);
        return Err(Failure::new("geth-absent", &format!("DAOCHAIN_GETH names `{named}`, and there is no such file"))
            .hint("name geth's program in DAOCHAIN_GETH, or unset it to have `geth` looked for in PATH"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("geth")).find(|file| file.is_file());
    found.ok_or_else(|| {
        Failure::new("geth-absent", "there is no `geth` in PATH").hint(
            "install go-ethereum (https://geth.ethereum.org), name its program in DAOCHAIN_GETH, or take --container",
        )
    })
}

/// Makes the folder, and keeps others from running geth there.
fn take_over(folder: &Path) -> Result<Supervising, Failure> {
    let file = supervisor(folder);
    let lock = Lock::take(&file, Duration::ZERO).map_err(|error| {
        if error.is_locked() {
            Failure::new("geth-busy", "another process runs geth for this home").hint("`daochain node stop` ends it")
        } else {
            StoreError::from(error).into()
        }
    })?;
    let alone = Supervising { file, _lock: lock };
    files::replace(&alone.file, std::process::id().to_string().as_bytes()).map_err(StoreError::from)?;
    let socket = folder.join("geth.ipc");
    if socket.as_os_str().len() > SOCKET_PATH {
        return Err(Failure::new("geth-failed", &format!("the path `{}` is too long for a socket", socket.display()))
            .hint("name a home with a shorter path (--home)"));
    }
    Ok(alone)
}

/// Makes the private chain, the first time.
async fn prepare(place: Place<'_>, runner: &Runner) -> Result<(), Failure> {
    let Place { folder, chain, .. } = place;
    if !chain.is_private() || folder.join("data/geth").exists() {
        return Ok(());
    }
    let file = folder.join("genesis.json");
    chain::write_genesis(&file)?;
    let init = ["--state.scheme", "hash", "init"].map(str::to_owned).into_iter().chain([file.display().to_string()]);
    if runner.run(place, init.collect()).await? {
        return Ok(());
    }
    let cause = reason(&log(folder)).unwrap_or_else(|| "it made no chain".to_owned());
    Err(Failure::new("geth-failed", &format!("geth makes no chain in `{}`: {cause}", folder.display()))
        .hint("its log beside it may say more"))
}

fn endpoint_of(folder: &Path) -> Result<Url, Failure> {
    let socket = folder.join("geth.ipc");
    ipc_url(&socket).map_err(|error| {
        Failure::new("geth-failed", &format!("`{}` is no address of a node: {error}", socket.display()))
    })
}
