//! Changing `config.toml`: comments, order and unknown keys stay.

use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

use super::{
    ConfigError, Home,
    file::{self, FileConfig},
    network::{self, Network},
};
use crate::{
    domain::{
        Address,
        account::{AccountKind, check_label},
        network::DEV,
    },
    store::files::{self, Lock, PATIENCE},
};

const CODE: &str = "config-invalid";
/// The section of the networks' own default accounts.
const DEFAULTS: &str = "default_accounts";

/// The networks that the file describes, `dev` first, and the name of the current one.
///
/// # Errors
/// When the file is malformed or cannot be read.
pub fn networks(home: &Home) -> Result<(Vec<Network>, String), ConfigError> {
    let file = file::read(&home.config_file)?;
    Ok((file.networks, file.network))
}

/// That a network beside `networks` may have this name: told before anybody asks its endpoint.
///
/// # Errors
/// `network-exists`; `usage` when the name is not allowed.
pub fn check_new_name(networks: &[Network], name: &str) -> Result<(), ConfigError> {
    if let Some(cause) = network::name_fault(name) {
        return Err(ConfigError::Usage(cause));
    }
    match networks.iter().find(|other| other.name == name) {
        Some(other) => Err(ConfigError::NetworkExists { name: other.name.clone() }),
        None => Ok(()),
    }
}

/// Writes a network down.
///
/// # Errors
/// `network-exists`; `usage` when its name is not allowed or it has no endpoint; when the file is malformed or cannot be
/// written.
pub fn add_network(home: &Home, network: &Network) -> Result<(), ConfigError> {
    if network.rpc.is_empty() {
        return Err(ConfigError::Usage(format!("network `{}` needs an endpoint; give one with --rpc", network.name)));
    }
    let chain_id = network.chain_id.map(i64::try_from).transpose().map_err(|_| {
        ConfigError::Usage(format!("the chain id of network `{}` is larger than the file can hold", network.name))
    })?;
    let agree = match network.agree {
        Some(agree) if !(1..=network.rpc.len()).contains(&agree) => {
            let cause =
                format!("of the {} endpoints of network `{}` {agree} cannot agree", network.rpc.len(), network.name);
            return Err(ConfigError::Usage(cause));
        }
        agree => agree.and_then(|agree| i64::try_from(agree).ok()),
    };
    change(home, |document, now| {
        check_new_name(&now.networks, &network.name)?;
        let mut section = Table::new();
        section.insert("rpc", value(network.rpc.iter().map(|url| Value::from(url.as_str())).collect::<Array>()));
        if let Some(agree) = agree {
            section.insert("agree", value(agree));
        }
        if let Some(chain_id) = chain_id {
            section.insert("chain_id", value(chain_id));
        }
        if let Some(contract) = network.contract {
            section.insert("contract", value(contract.to_string()));
        }
        if let Some(directory) = network.directory {
            section.insert("directory", value(directory.to_string()));
        }
        let mut fresh = Table::new();
        // Without a `[networks]` line of its own.
        fresh.set_implicit(true);
        let all = document.entry("networks").or_insert(Item::Table(fresh));
        if let Some(all) = all.as_table_like_mut() {
            all.insert(&network.name, Item::Table(section));
        }
        Ok(())
    })
}

/// Makes a network the current one.
///
/// # Errors
/// `no-such-network`; when the file is malformed or cannot be written.
pub fn use_network(home: &Home, name: &str) -> Result<(), ConfigError> {
    change(home, |document, now| {
        network::find(name, &now.networks)?;
        set(document, "network", name);
        Ok(())
    })
}

/// Makes an address the engine's, or leaves it to the environment.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn set_engine(home: &Home, url: Option<&str>) -> Result<(), ConfigError> {
    change(home, |document, _| {
        match url {
            Some(url) => set(document, "docker_host", url),
            None => {
                document.remove("docker_host");
            }
        }
        Ok(())
    })
}

/// Removes a network. Where it was the current one, `dev` is afterwards.
///
/// # Errors
/// `no-such-network`; `usage` for `dev`, which always stays; when the file is malformed or cannot be written.
pub fn remove_network(home: &Home, name: &str) -> Result<(), ConfigError> {
    if name == DEV {
        return Err(ConfigError::Usage(format!("network `{DEV}` is the embedded node and always there")));
    }
    change(home, |document, now| {
        network::find(name, &now.networks)?;
        for section in ["networks", DEFAULTS] {
            if let Some(all) = document.get_mut(section).and_then(Item::as_table_like_mut) {
                all.remove(name);
            }
        }
        if now.network == name {
            // Not removed: a comment above it would go with it.
            set(document, "network", DEV);
        }
        Ok(())
    })
}

/// Makes `address` the account that is used when none is named: on `network`, or on every network, whatever they had.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn set_default_account(home: &Home, network: Option<&str>, address: Address) -> Result<(), ConfigError> {
    change(home, |document, _| {
        if let Some(network) = network {
            set_in(document, DEFAULTS, network, Some(&address.to_string()));
        } else {
            document.remove(DEFAULTS);
            set(document, "default_account", &address.to_string());
        }
        Ok(())
    })
}

/// Makes `address` the account that is used when none is named, where the home has no default of any network. False where it
/// has one.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn set_first_default(home: &Home, address: Address) -> Result<bool, ConfigError> {
    let mut is_first = false;
    change(home, |document, now| {
        is_first = now.default_account.is_none() && now.default_accounts.is_empty();
        if is_first {
            set(document, "default_account", &address.to_string());
        }
        Ok(())
    })?;
    Ok(is_first)
}

/// Calls an account `label`, or nothing.
///
/// # Errors
/// `usage` for a label that lists cannot show; when the file is malformed or cannot be written.
pub fn set_label(home: &Home, address: Address, label: Option<&str>) -> Result<(), ConfigError> {
    if let Some(label) = label {
        check_label(label).map_err(ConfigError::Usage)?;
    }
    change(home, |document, now| {
        if label.is_some() || now.labels.contains_key(&address) {
            set_of(document, "labels", address, label);
        }
        Ok(())
    })
}

/// Notes where an account's signatures come from, or forgets it.
///
/// # Errors
/// When the file is malformed or cannot be written.
pub fn set_signer(home: &Home, address: Address, kind: Option<&AccountKind>) -> Result<(), ConfigError> {
    let text = kind.and_then(file::signer_text);
    change(home, |document, now| {
        if text.is_some() || now.signers.contains_key(&address) {
            set_of(document, "signers", address, text.as_deref());
        }
        Ok(())
    })
}

/// Sets what a section says of an address, or removes it.
fn set_of(document: &mut DocumentMut, section: &str, address: Address, text: Option<&str>) {
    // Written in another case, it would stand there twice.
    let known = document
        .get(section)
        .and_then(Item::as_table_like)
        .and_then(|all| all.iter().map(|(key, _)| key.to_owned()).find(|key| key.parse() == Ok(address)));
    set_in(document, section, &known.unwrap_or_else(|| address.to_string()), text);
}

/// Sets a text in a section, or removes it.
fn set_in(document: &mut DocumentMut, section: &str, key: &str, text: Option<&str>) {
    let section = document.entry(section).or_insert(Item::Table(Table::new()));
    let Some(section) = section.as_table_like_mut() else { return };
    match text {
        Some(text) => section.insert(key, value(text)),
        None => section.remove(key),
    };
}

/// Sets a text and keeps the comment behind it.
fn set(document: &mut DocumentMut, key: &str, text: &str) {
    match document.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = text.into();
            *old.decor_mut() = decor;
        }
        None => {
            document.insert(key, value(text));
        }
    }
}

/// Reads the file, changes it and replaces it whole, while other processes wait. A malformed file is never replaced.
fn change(
    home: &Home,
    edit: impl FnOnce(&mut DocumentMut, &FileConfig) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    let path = &home.config_file;
    let _alone = Lock::take(path, PATIENCE).map_err(ConfigError::Unwritable)?;
    let text = file::text_of(path, CODE)?;
    let now = file::parse(path, &text)?;
    let mut document = editable(path, CODE, &text)?;
    edit(&mut document, &now)?;
    let text = document.to_string();
    // What could not be read again must not replace what can.
    file::parse(path, &text)?;
    files::replace(path, text.as_bytes()).map_err(ConfigError::Unwritable)
}

/// The text as a document that keeps its comments.
pub(super) fn editable(path: &std::path::Path, code: &'static str, text: &str) -> Result<DocumentMut, ConfigError> {
    text.parse().map_err(|error: toml_edit::TomlError| file::malformed(path, code, text, error.span(), error.message()))
}
