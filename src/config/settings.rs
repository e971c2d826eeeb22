//! What counts in one run, and where each of it was said.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use url::Url;

use super::{
    Config, ConfigError, Home, Options,
    file::{self, text_of},
    load_trust,
    network::CUSTOM,
    reference::{self, KEYS, Section},
};
use crate::domain::text::clean;

/// Who said it, from the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is built in.
    Default,
    /// `config.toml`.
    File,
    /// A variable of the environment.
    Environment(&'static str),
    /// A flag.
    Flag(&'static str),
}

/// One key as it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its path: `networks.sepolia.rpc`.
    pub key: String,
    /// `None` where nothing was said: then `without` tells what counts.
    pub value: Option<Value>,
    /// What counts where nobody says anything.
    pub without: &'static str,
    /// Who said it.
    pub origin: Origin,
    /// Line and column in the file, if the file says it.
    pub at: Option<(usize, usize)>,
}

impl Setting {
    /// Who said it, and in which line.
    #[must_use]
    pub fn from(&self) -> String {
        match (self.origin, self.at) {
            (Origin::Default, _) => "default".to_owned(),
            (Origin::File, Some((line, _))) => format!("file, line {line}"),
            (Origin::File, None) => "file".to_owned(),
            (Origin::Environment(name) | Origin::Flag(name), _) => name.to_owned(),
        }
    }
}

/// Every key that counts in this run. Endpoints are told by scheme, host and port: the rest may be a key.
///
/// # Errors
/// As [`Config::load`].
pub fn settings(options: &Options, env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Setting>, ConfigError> {
    let config = Config::load(options.clone(), env)?;
    let places = reference::places(&text_of(&config.home.config_file, "config-invalid")?);
    let source = Sources { options, env, places };
    let mut all = vec![source.home(&config.home)];
    all.extend(KEYS.iter().filter(|key| key.section == Section::Top).map(|key| {
        let value = source.top(key.name, &config);
        let origin = source.origin(key.name, key.variable, key.flag);
        source.setting(key.name.to_owned(), value, key.without, origin)
    }));
    let password = config.password_file.as_ref().map(|file| path(file));
    let origin = source.origin("", Some("DAOCHAIN_PASSWORD_FILE"), Some("--password-file"));
    all.push(source.setting("password_file".to_owned(), password, "the terminal is asked", origin));
    all.extend(source.networks(&config));
    for (name, account) in &config.default_accounts {
        all.push(source.of_file(format!("default_accounts.{name}"), json!(account)));
    }
    all.extend(config.labels.iter().map(|(of, label)| source.of_file(format!("labels.{of}"), json!(label))));
    for (of, kind) in &config.signers {
        all.push(source.of_file(format!("signers.{of}"), json!(file::signer_text(kind))));
    }
    for (host, registry) in &config.registries {
        let path_of = |key: &str| format!("registries.{host}.{key}");
        all.push(source.of_file(path_of("mirrors"), json!(registry.mirrors)));
        all.push(source.of_file(path_of("ca"), json!(registry.ca)));
        all.push(source.of_file(path_of("insecure"), json!(registry.insecure)));
    }
    Ok(all)
}

fn path(path: &Path) -> Value {
    json!(clean(&path.to_string_lossy()))
}

fn endpoint(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match (url.scheme(), url.port()) {
        ("ipc", _) => url.to_string(),
        (scheme, Some(port)) => format!("{scheme}://{host}:{port}"),
        (scheme, None) => format!("{scheme}://{host}"),
    }
}

struct Sources<'a> {
    options: &'a Options,
    env: &'a dyn Fn(&str) -> Option<String>,
    places: Vec<(String, (usize, usize))>,
}

impl Sources<'_> {
    fn set(&self, variable: &str) -> Option<String> {
        (self.env)(variable).filter(|value| !value.trim().is_empty())
    }

    fn at(&self, key: &str) -> Option<(usize, usize)> {
        // Addresses stand in the file as they were written.
        self.places.iter().find(|(path, _)| path.eq_ignore_ascii_case(key)).map(|(_, at)| *at)
    }

    fn given(&self, flag: &str) -> bool {
        let Options { home, network, rpc, docker_host, archives, keystore, password_file } = self.options;
        match flag {
            "--home" => home.is_some(),
            "--network" => network.is_some(),
            "--rpc" => !rpc.is_empty(),
            "--docker-host" => docker_host.is_some(),
            "--archives" => !archives.is_empty(),
            "--keystore" => keystore.is_some(),
            "--password-file" => password_file.is_some(),
            _ => false,
        }
    }

    /// Flags say of the network either all or nothing, and so does the environment.
    fn origin(&self, key: &str, variable: Option<&'static str>, flag: Option<&'static str>) -> Origin {
        let is_network = matches!(variable, Some("DAOCHAIN_NETWORK" | "DAOCHAIN_RPC"));
        let any = |names: [&str; 2], said: &dyn Fn(&str) -> bool| is_network && names.into_iter().any(said);
        let by_flag = any(["--network", "--rpc"], &|flag| self.given(flag));
        let by_variable = any(["DAOCHAIN_NETWORK", "DAOCHAIN_RPC"], &|name| self.set(name).is_some());
        match (flag, variable) {
            (Some(flag), _) if self.given(flag) => Origin::Flag(flag),
            _ if by_flag && key == "network" => Origin::Flag("--rpc"),
            (_, Some(variable)) if !by_flag && self.set(variable).is_some() => Origin::Environment(variable),
            _ if by_variable && !by_flag && key == "network" => Origin::Environment("DAOCHAIN_RPC"),
            _ if self.at(key).is_some() => Origin::File,
            _ => Origin::Default,
        }
    }

    fn setting(&self, key: String, value: Option<Value>, without: &'static str, origin: Origin) -> Setting {
        let at = self.at(&key).filter(|_| origin == Origin::File);
        Setting { key, value, without, origin, at }
    }

    fn of_file(&self, key: String, value: Value) -> Setting {
        let origin = if self.at(&key).is_some() { Origin::File } else { Origin::Default };
        let last = key.rsplit('.').next().unwrap_or_default();
        let without = KEYS.iter().find(|known| known.name == last).map_or("nothing", |known| known.without);
        let is_said = origin == Origin::File;
        self.setting(key, Some(value).filter(|value| is_said && !value.is_null()), without, origin)
    }

    fn home(&self, home: &Home) -> Setting {
        let folder = home.config_file.parent().map(path);
        let origin = self.origin("", Some("DAOCHAIN_HOME"), Some("--home"));
        self.setting("home".to_owned(), folder, "", origin)
    }

    fn top(&self, key: &str, config: &Config) -> Option<Value> {
        match key {
            "network" => Some(json!(config.network.name)),
            "docker_host" => {
                config.docker_host.clone().or_else(|| self.set("DOCKER_HOST")).map(|host| json!(clean(&host)))
            }
            "archives" => Some(config.archives.iter().map(|one| path(one)).collect()),
            "jobs" => Some(json!(config.jobs)),
            "keystore" => Some(path(&config.home.keystore_dir)),
            _ => config.default_account.map(|account| json!(account)),
        }
    }

    fn networks(&self, config: &Config) -> Vec<Setting> {
        let mut all = Vec::new();
        for network in config.networks.iter().filter(|network| !network.rpc.is_empty()) {
            let current = network.name == config.network.name;
            let network = if current { &config.network } else { network };
            for key in KEYS.iter().filter(|key| key.section == Section::Network) {
                let name = format!("networks.{}.{}", network.name, key.name);
                let value = match key.name {
                    "rpc" => Some(network.rpc.iter().map(|url| json!(endpoint(url))).collect()),
                    "agree" => network.agree.map(|agree| json!(agree)),
                    "final_after" => network.final_after.map(|blocks| json!(blocks)),
                    "chain_id" => network.chain_id.map(|id| json!(id)),
                    "contract" => network.contract.map(|address| json!(address)),
                    _ => network.directory.map(|address| json!(address)),
                };
                let (variable, flag) = if current { (key.variable, key.flag) } else { (None, None) };
                let origin = match self.origin(&name, variable, flag) {
                    // What other endpoints would have to agree on says nothing of these.
                    Origin::File if value.is_none() => Origin::Default,
                    origin => origin,
                };
                if network.name == CUSTOM && value.is_none() {
                    continue;
                }
                all.push(self.setting(name, value, key.without, origin));
            }
        }
        all
    }
}

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The word by which documents and scripts know it.
    pub code: &'static str,
    /// Line and column, where they are known.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub words: String,
}

/// A file of the home's that the user writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The file.
    pub file: PathBuf,
    /// There is one.
    pub exists: bool,
    /// What is wrong in it.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// A file, and what is wrong in it.
    #[must_use]
    pub fn of(file: &Path, faults: impl IntoIterator<Item = ConfigError>) -> Self {
        let mut problems: Vec<_> = faults.into_iter().map(Problem::from).collect();
        problems.sort_by_key(|problem| problem.at);
        Self { file: file.to_owned(), exists: file.exists(), problems }
    }

    fn and(mut self, more: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(more);
        self
    }
}

/// Reads `config.toml` and `trust.toml`, and is stricter than a run: a key that means nothing is wrong.
#[must_use]
pub fn check(home: &Home) -> Vec<Checked> {
    let strange = file::strange(&home.config_file).unwrap_or_default();
    let strange = strange.iter().map(|one| Problem { code: "config-invalid", at: Some(one.at), words: one.words() });
    let config = file::read(&home.config_file);
    let known: Vec<String> =
        config.iter().flat_map(|config| &config.networks).map(|network| network.name.clone()).collect();
    let trust = load_trust(home);
    let nowhere = |name: &&str| !known.is_empty() && !known.iter().any(|known| known == name);
    let strangers: Vec<_> = trust
        .iter()
        .flat_map(|policy| policy.networks().into_iter().map(String::from).collect::<Vec<_>>())
        .filter(|name| nowhere(&name.as_str()))
        .map(|name| Problem {
            code: "trust-invalid",
            at: None,
            words: format!("`config.toml` has no network `{}`: what is said for it holds nowhere", clean(&name)),
        })
        .collect();
    vec![
        Checked::of(&home.config_file, config.err()).and(strange),
        Checked::of(&home.trust_file, trust.err()).and(strangers),
    ]
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        let code = error.code();
        match error {
            ConfigError::Malformed { at, cause, .. } => Self { code, at, words: cause },
            other => Self { code, at: None, words: other.to_string() },
        }
    }
}
