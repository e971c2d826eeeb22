//! Every key of `config.toml`: what `config show --default` prints, what is known when a key is not, and what a test holds
//! against the parser's own fields.

use std::{fmt::Write as _, path::Path};

use toml::de::{DeTable, DeValue};

use super::{
    ConfigError,
    file::{malformed, place},
};
use crate::domain::text::{clean_to, nearest};

/// Where keys stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Above all sections.
    Top,
    /// `[networks.NAME]`
    Network,
    /// `[default_accounts]`, with networks as keys.
    DefaultAccounts,
    /// `[labels]`, with addresses as keys.
    Labels,
    /// `[signers]`, with addresses as keys.
    Signers,
    /// `[registries."HOST:PORT"]`
    Registry,
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Where it stands.
    pub section: Section,
    /// Its name; an example of one where names are free.
    pub name: &'static str,
    /// A value, as TOML.
    pub example: &'static str,
    /// What counts without it.
    pub without: &'static str,
    /// What it decides.
    pub about: &'static str,
    /// The environment's variable that stands above it.
    pub variable: Option<&'static str>,
    /// The flag that stands above both.
    pub flag: Option<&'static str>,
}

const fn key(
    section: Section,
    name: &'static str,
    example: &'static str,
    without: &'static str,
    about: &'static str,
) -> Key {
    Key { section, name, example, without, about, variable: None, flag: None }
}

impl Key {
    const fn or(self, variable: Option<&'static str>, flag: Option<&'static str>) -> Self {
        Self { variable, flag, ..self }
    }
}

const ADDRESS: &str = "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"";

/// All keys, in the order in which they are told.
pub const KEYS: &[Key] = &[
    key(
        Section::Top,
        "network",
        "\"sepolia\"",
        "dev, the embedded node",
        "the network that is used when none is named",
    )
    .or(Some("DAOCHAIN_NETWORK"), Some("--network")),
    key(
        Section::Top,
        "docker_host",
        "\"unix:///run/user/1000/docker.sock\"",
        "docker's current context, then the usual sockets, then Podman's",
        "the engine that is asked; \"none\" asks none",
    )
    .or(Some("DOCKER_HOST"), Some("--docker-host")),
    key(
        Section::Top,
        "archives",
        "[\"/srv/images\"]",
        "none",
        "folders of image archives that are known beside the engine's; relative ones are below this file's folder",
    )
    .or(None, Some("--archives")),
    key(
        Section::Top,
        "jobs",
        "2",
        "as many as there are cores, and at most 4",
        "images that the screen measures at once, two of them at most through the engine",
    ),
    key(
        Section::Top,
        "keystore",
        "\"/srv/geth/keystore\"",
        "the folder keystore of the home",
        "key files of another program, used in place",
    )
    .or(Some("DAOCHAIN_KEYSTORE"), Some("--keystore")),
    key(
        Section::Top,
        "default_account",
        ADDRESS,
        "the only account, where there is one",
        "the account that signs when none is named, on networks that have none of their own",
    )
    .or(None, Some("--account")),
    key(
        Section::Network,
        "rpc",
        "[\"https://rpc.example/v1\", \"wss://other.example\", \"ipc:/run/geth.ipc\"]",
        "a section of a network needs it",
        "its endpoints, one or a list: http, https, ws, wss, ipc",
    )
    .or(Some("DAOCHAIN_RPC"), Some("--rpc")),
    key(Section::Network, "agree", "2", "the majority", "how many of the endpoints must say the same"),
    key(
        Section::Network,
        "final_after",
        "64",
        "never",
        "blocks after which one counts as final, where the nodes do not tell which are",
    ),
    key(Section::Network, "chain_id", "11155111", "any", "the chain that the endpoints must be of"),
    key(
        Section::Network,
        "contract",
        ADDRESS,
        "the address that follows from the contract's code",
        "where the registry contract stands",
    ),
    key(
        Section::Network,
        "directory",
        ADDRESS,
        "the address that follows from the contract's code",
        "where the publisher directory stands",
    ),
    key(
        Section::DefaultAccounts,
        "sepolia",
        ADDRESS,
        "default_account",
        "by network: the account that signs there when none is named",
    ),
    key(
        Section::Labels,
        "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"",
        "\"deploy\"",
        "the address alone",
        "by account: what you call it",
    ),
    key(
        Section::Signers,
        "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"",
        "\"ipc:/run/clef/clef.ipc\"",
        "its key file",
        "by account: where its key is, if not here: clef's ipc: or http: URL, \"cold\" (another machine) or \"contract\"",
    ),
    key(
        Section::Registry,
        "mirrors",
        "[\"mirror.example\"]",
        "none",
        "registries with copies, asked first, for reading alone",
    ),
    key(
        Section::Registry,
        "ca",
        "\"registry.crt\"",
        "the system's authorities, and docker's folder certs.d",
        "a file with more certificates that it may be signed by; relative to this file's folder",
    ),
    key(Section::Registry, "insecure", "false", "false", "true does not check its certificate, and lets it have none"),
];

impl Section {
    /// In their order.
    const ALL: [Self; 6] =
        [Self::Top, Self::Network, Self::DefaultAccounts, Self::Labels, Self::Signers, Self::Registry];

    /// The key under which it stands; `None` above all sections.
    const fn table(self) -> Option<&'static str> {
        match self {
            Self::Top => None,
            Self::Network => Some("networks"),
            Self::DefaultAccounts => Some("default_accounts"),
            Self::Labels => Some("labels"),
            Self::Signers => Some("signers"),
            Self::Registry => Some("registries"),
        }
    }

    /// What stands below it has names of the user's, and the keys below these.
    const fn is_named(self) -> bool {
        matches!(self, Self::Network | Self::Registry)
    }

    const fn head(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Network => "[networks.sepolia]",
            Self::DefaultAccounts => "[default_accounts]",
            Self::Labels => "[labels]",
            Self::Signers => "[signers]",
            Self::Registry => "[registries.\"registry.example:5000\"]",
        }
    }

    /// The names that mean something in it.
    pub(super) fn names(self) -> Vec<&'static str> {
        let own = KEYS.iter().filter(|key| key.section == self).map(|key| key.name);
        let tables = Self::ALL.into_iter().filter_map(Self::table).filter(|_| self == Self::Top);
        own.chain(tables).collect()
    }
}

/// A `config.toml` with every key, commented out.
#[must_use]
pub fn commented() -> String {
    let mut text = "# Every key of DaoChain's config.toml. What is commented out shows a value, not what counts without it.\n\
                    # Flags stand above the environment, the environment above this file, this file above what is built in.\n"
        .to_owned();
    for section in Section::ALL {
        if section != Section::Top {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n# {}\n", section.head());
        }
        for Key { name, example, without, about, variable, flag, .. } in
            KEYS.iter().filter(|key| key.section == section)
        {
            let above: Vec<_> = [*variable, *flag].into_iter().flatten().collect();
            let above = if above.is_empty() { String::new() } else { format!("; above it: {}", above.join(", ")) };
            let _ = write!(text, "\n## {about}\n## without it: {without}{above}\n# {name} = {example}\n");
        }
    }
    text
}

/// A key that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    /// Where it stands: line and column.
    pub at: (usize, usize),
    /// The key, with the sections that it is in.
    pub key: String,
    /// The one that was probably meant.
    pub nearest: Option<&'static str>,
}

impl Strange {
    /// That it means nothing, and what was probably meant.
    #[must_use]
    pub fn words(&self) -> String {
        let meant = self.nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        format!("the key `{}` means nothing{meant}", self.key)
    }
}

/// The keys of a text that mean nothing, in their order. A misspelt key would otherwise do nothing in silence. They are no
/// error for who only reads: another version may know them.
pub(super) fn strange_keys(path: &Path, code: &'static str, text: &str) -> Result<Vec<Strange>, ConfigError> {
    let parsed = DeTable::parse(text).map_err(|error| malformed(path, code, text, error.span(), error.message()))?;
    let mut strange = Vec::new();
    let mut look = |table: &DeTable, section: Section, path: &str| {
        let names = section.names();
        for key in table.keys().filter(|key| !names.contains(&key.get_ref().as_ref())) {
            let own = clean_to(key.get_ref(), 60);
            let at = place(text.get(..key.span().start).unwrap_or_default());
            let nearest = nearest(&own, names.iter().copied());
            strange.push(Strange { at, key: format!("{path}{own}"), nearest });
        }
    };
    look(parsed.get_ref(), Section::Top, "");
    for section in Section::ALL.into_iter().filter(|section| section.is_named()) {
        let Some(name) = section.table() else { continue };
        let Some(DeValue::Table(sections)) = parsed.get_ref().get(name).map(toml::Spanned::get_ref) else { continue };
        for (of, table) in sections {
            if let DeValue::Table(table) = table.get_ref() {
                look(table, section, &format!("{name}.{}.", clean_to(of.get_ref(), 60)));
            }
        }
    }
    strange.sort_by_key(|one| one.at);
    Ok(strange)
}

/// Where the keys of a text stand, by their paths: `networks.sepolia.rpc`.
pub(super) fn places(text: &str) -> Vec<(String, (usize, usize))> {
    fn walk(table: &DeTable, path: &str, text: &str, found: &mut Vec<(String, (usize, usize))>) {
        for (key, value) in table {
            let own = format!("{path}{}", clean_to(key.get_ref(), 100));
            found.push((own.clone(), place(text.get(..key.span().start).unwrap_or_default())));
            if let DeValue::Table(inner) = value.get_ref() {
                walk(inner, &format!("{own}."), text, found);
            }
        }
    }
    let mut found = Vec::new();
    if let Ok(parsed) = DeTable::parse(text) {
        walk(parsed.get_ref(), "", text, &mut found);
    }
    found
}
