//! Configuration: file < environment < flags; and the trust policy's file.
//!
//! What a higher level says about the network replaces what lower levels say about it as a whole: `--network sepolia` does
//! not take its endpoint from `DAOCHAIN_RPC`.

mod edit;
mod error;
mod file;
mod home;
mod keys;
mod network;
mod reference;
mod registries;
mod settings;
mod theme;
mod trust;

use std::{collections::BTreeMap, fmt, num::NonZeroUsize, path::PathBuf, thread};

pub use edit::{
    add_network, check_new_name, networks, remove_network, set_default_account, set_engine, set_first_default,
    set_label, set_signer, use_network,
};
pub use error::ConfigError;
pub use file::signer;
pub use home::Home;
pub use keys::{KeyEntry, KeysFile, Spot};
pub use network::{CUSTOM, Network, endpoint};
pub use reference::{Key, Section, Strange, commented};
pub use registries::Registry;
pub use settings::{Checked, Origin, Problem, Setting, check, settings};
pub use theme::{Colour, Depth, Look, ThemeFile, known_word, read_theme};
pub use trust::{
    LONGEST_AGE, On, add_denial, add_rule, import_policy, load_trust, read_policy, remove_demand, remove_denial,
    remove_rule, replace_demand, replace_denial, replace_rule, set_demand, trust_text,
};

use crate::domain::{Address, account::AccountKind, notice::Notice};
use network::Wish;

/// What flags gave.
#[derive(Clone, Default)]
pub struct Options {
    /// `--home`
    pub home: Option<PathBuf>,
    /// `--network`
    pub network: Option<String>,
    /// `--rpc`
    pub rpc: Vec<String>,
    /// `--docker-host`
    pub docker_host: Option<String>,
    /// `--archives`
    pub archives: Vec<PathBuf>,
    /// `--keystore`
    pub keystore: Option<PathBuf>,
    /// `--password-file`; `-` is standard input.
    pub password_file: Option<PathBuf>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An endpoint may hold an API key.
        f.debug_struct("Options")
            .field("home", &self.home)
            .field("network", &self.network)
            .field("rpc", &format_args!("{} endpoints", self.rpc.len()))
            .field("docker_host", &self.docker_host)
            .field("archives", &self.archives)
            .field("keystore", &self.keystore)
            .field("password_file", &self.password_file)
            .finish()
    }
}

/// The configuration of one run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where state lives.
    pub home: Home,
    /// The network that is used.
    pub network: Network,
    /// All networks: `dev` first, then those of the file by name, then the one of `--rpc` alone.
    pub networks: Vec<Network>,
    /// The engine's address. `None` where `DOCKER_HOST`, contexts and the usual sockets decide.
    pub docker_host: Option<String>,
    /// Folders of image archives.
    pub archives: Vec<PathBuf>,
    /// Images that are measured at once.
    pub jobs: usize,
    /// The account that is used when none is named, where the network has none of its own.
    pub default_account: Option<Address>,
    /// Those that networks have, by the networks' names.
    pub default_accounts: BTreeMap<String, Address>,
    /// What the user calls accounts.
    pub labels: BTreeMap<Address, String>,
    /// Accounts whose keys are elsewhere.
    pub signers: BTreeMap<Address, AccountKind>,
    /// Registries that are reached in a way of their own, by host and port.
    pub registries: BTreeMap<String, Registry>,
    /// The file with the passphrase; `-` is standard input.
    pub password_file: Option<PathBuf>,
    /// About keys of the file that mean nothing.
    pub notices: Vec<Notice>,
    /// What flags gave.
    pub options: Options,
}

impl Config {
    /// True where both lead to the same home, engine, archives and network: a program that holds one need not begin anew for
    /// the other. Accounts and what they are called are read anew anyway.
    #[must_use]
    pub fn leads_to_the_same(&self, other: &Self) -> bool {
        let parts = |config: &Self| {
            let Self { home, network, networks, docker_host, archives, jobs, registries, .. } = config;
            (
                home.clone(),
                network.clone(),
                networks.clone(),
                docker_host.clone(),
                archives.clone(),
                *jobs,
                registries.clone(),
            )
        };
        parts(self) == parts(other)
    }
}

/// As many as there are cores, and at most four: more hashing than that waits for the disk.
fn usual_jobs() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(4)
}

impl Config {
    /// Brings file, environment (`env` gives a variable's value) and flags together. Writes nothing.
    ///
    /// # Errors
    /// `config-invalid` with file, line and cause; `config-unreadable`; `no-such-network`; `usage` for an endpoint that is none;
    /// `no-home`.
    pub fn load(options: Options, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name| env(name).filter(|value| !value.trim().is_empty());
        let given = options.clone();
        let home = Home::find(options.home.as_deref(), env)?;
        let file = file::read(&home.config_file)?;
        let keystore = options.keystore.or_else(|| set("DAOCHAIN_KEYSTORE").map(PathBuf::from)).or(file.keystore);
        let home = keystore.iter().fold(home, |home, keystore| home.with_keystore(keystore));
        let flags = Wish { network: options.network, rpc: options.rpc, source: "--rpc" };
        let environment = Wish {
            network: set("DAOCHAIN_NETWORK"),
            rpc: set("DAOCHAIN_RPC").iter().flat_map(|list| list.split_whitespace()).map(str::to_owned).collect(),
            source: "DAOCHAIN_RPC",
        };
        let saved = Wish { network: Some(file.network), ..Wish::default() };
        let wish = [flags, environment].into_iter().find(Wish::is_some).unwrap_or(saved);
        let mut networks = file.networks;
        let network = wish.network(&networks)?;
        if network.name == CUSTOM {
            networks.push(network.clone());
        }
        // The variable is read where the engine is looked for, and stands above the file.
        let from_file = if set("DOCKER_HOST").is_some() { None } else { file.docker_host };
        Ok(Self {
            home,
            network,
            networks,
            docker_host: options.docker_host.or(from_file),
            archives: if options.archives.is_empty() { file.archives } else { options.archives },
            jobs: file.jobs.map_or_else(usual_jobs, NonZeroUsize::get),
            default_account: file.default_account,
            default_accounts: file.default_accounts,
            labels: file.labels,
            signers: file.signers,
            registries: file.registries,
            password_file: options.password_file.or_else(|| set("DAOCHAIN_PASSWORD_FILE").map(PathBuf::from)),
            notices: file.notices,
            options: given,
        })
    }
}

#[cfg(test)]
mod tests;
