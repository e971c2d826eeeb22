//! Reading `config.toml`.
//!
//! ```toml
//! network = "sepolia"               # used when none is named; `dev`, the embedded node, without this line
//! default_account = "0x…"           # where the network has none of its own below
//! keystore = "/srv/geth/keystore"  # key files of another program, used in place
//! docker_host = "unix:///run/user/1000/docker.sock"
//! archives = ["/srv/images"]        # relative ones are below this file's folder
//! jobs = 2                          # images that the screen measures at once, two of them at most through the engine
//!
//! [networks.sepolia]
//! rpc = ["https://rpc.example/v1"]  # or one text; `ws:`, `wss:` and `ipc:/path` too
//! agree = 1                         # how many of them must say the same; the majority without this line
//! final_after = 64                  # blocks, where the nodes do not tell which are final; never without this line
//! chain_id = 11155111
//! contract = "0x…"
//! directory = "0x…"
//!
//! [default_accounts]
//! sepolia = "0x…"
//!
//! [labels]
//! "0x…" = "what the user calls it"
//!
//! [signers]
//! "0x…" = "ipc:/run/clef/clef.ipc"  # or `http:`: clef has the key; `cold`: another machine; `contract`
//!
//! [registries."registry.example:5000"]
//! mirrors = ["mirror.example"]      # asked first, for reading alone
//! ca = "registry.crt"               # beside the system's, and those in Docker's folder `certs.d`
//! insecure = true                   # its certificate is not checked, and it may have none
//! ```

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    num::NonZeroUsize,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use toml::Spanned;
use url::Url;

use super::{
    ConfigError,
    network::{self, Network},
    reference::{self, Strange},
    registries::{self, Registry},
};
use crate::{
    domain::{
        Address,
        account::{AccountKind, LABEL_LIMIT},
        network::DEV,
        notice::Notice,
        text::{clean_to, nearest},
    },
    store::files,
};

const INVALID: &str = "config-invalid";
const FILE_LIMIT: u64 = 1 << 20;

/// What the file says.
#[derive(Debug)]
pub(super) struct FileConfig {
    /// The current network's name; one of `networks`.
    pub(super) network: String,
    /// `dev` first, the others by name.
    pub(super) networks: Vec<Network>,
    pub(super) default_account: Option<Address>,
    /// By the networks' names.
    pub(super) default_accounts: BTreeMap<String, Address>,
    pub(super) labels: BTreeMap<Address, String>,
    pub(super) signers: BTreeMap<Address, AccountKind>,
    pub(super) keystore: Option<PathBuf>,
    pub(super) docker_host: Option<String>,
    pub(super) archives: Vec<PathBuf>,
    pub(super) jobs: Option<NonZeroUsize>,
    /// By host and port.
    pub(super) registries: BTreeMap<String, Registry>,
    /// About keys that mean nothing.
    pub(super) notices: Vec<Notice>,
}

#[derive(Deserialize)]
struct Document {
    network: Option<Spanned<String>>,
    default_account: Option<Address>,
    #[serde(default)]
    default_accounts: BTreeMap<String, Address>,
    #[serde(default)]
    labels: BTreeMap<Address, String>,
    #[serde(default)]
    signers: BTreeMap<Address, Spanned<String>>,
    keystore: Option<PathBuf>,
    docker_host: Option<String>,
    #[serde(default)]
    archives: Vec<PathBuf>,
    jobs: Option<Jobs>,
    #[serde(default)]
    networks: BTreeMap<String, Section>,
    registries: Option<Spanned<BTreeMap<String, registries::Section>>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`jobs` is not a whole number of 1 or more")]
enum Jobs {
    Number(NonZeroUsize),
}

#[derive(Deserialize)]
struct Section {
    rpc: Spanned<Endpoints>,
    agree: Option<Spanned<usize>>,
    final_after: Option<u64>,
    chain_id: Option<u64>,
    contract: Option<Address>,
    directory: Option<Address>,
}

/// The error names what is expected and not what is there, which may be an API key.
#[derive(Deserialize)]
#[serde(untagged, expecting = "`rpc` is not an endpoint's URL or a list of them")]
enum Endpoints {
    One(String),
    Several(Vec<String>),
}

/// The text of a file that may be missing.
pub(super) fn text_of(path: &Path, code: &'static str) -> Result<String, ConfigError> {
    let content = match files::read(path, FILE_LIMIT) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        content => content.map_err(ConfigError::Unreadable)?,
    };
    String::from_utf8(content).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        let cause = "it is not UTF-8 text".to_owned();
        ConfigError::Malformed { code, file: path.to_owned(), at: Some(place(&before)), cause }
    })
}

/// A malformed file's error, with the line where `span` begins.
pub(super) fn malformed(
    path: &Path,
    code: &'static str,
    text: &str,
    span: Option<Range<usize>>,
    cause: &str,
) -> ConfigError {
    let at = span.and_then(|span| text.get(..span.start)).map(place);
    ConfigError::Malformed { code, file: path.to_owned(), at, cause: clean_to(cause, 300) }
}

/// Line and column, in characters from 1, of what stands behind `before`.
pub(super) fn place(before: &str) -> (usize, usize) {
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    (1 + before.matches('\n').count(), 1 + column)
}

/// A parser's message about an unknown key, with the known one that is nearest to it.
pub(super) fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(given) = quoted.next().filter(|_| message.starts_with("unknown ")) else { return message.to_owned() };
    match nearest(given, quoted) {
        Some(known) => format!("{message}; did you mean `{known}`?"),
        None => message.to_owned(),
    }
}

/// A TOML text as `T`.
pub(super) fn from_toml<T: DeserializeOwned>(path: &Path, code: &'static str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| malformed(path, code, text, error.span(), &with_nearest(error.message())))
}

/// Reads the file. No file says nothing.
pub(super) fn read(path: &Path) -> Result<FileConfig, ConfigError> {
    parse(path, &text_of(path, INVALID)?)
}

/// Reads the file's text.
pub(super) fn parse(path: &Path, text: &str) -> Result<FileConfig, ConfigError> {
    let document: Document = from_toml(path, INVALID, text)?;
    let strange = reference::strange_keys(path, INVALID, text)?;
    let fault = |span, cause: &str| malformed(path, INVALID, text, Some(span), cause);
    let mut networks = vec![Network::dev()];
    for (name, section) in document.networks {
        let span = section.rpc.span();
        if let Some(cause) = network::name_fault(&name) {
            return Err(fault(span, &cause));
        }
        let texts = match section.rpc.into_inner() {
            Endpoints::One(one) => vec![one],
            Endpoints::Several(several) => several,
        };
        if texts.is_empty() {
            return Err(fault(span, &format!("network `{name}` has no endpoint")));
        }
        let endpoint = |text: &String| {
            network::endpoint(text).map_err(|cause| fault(span.clone(), &format!("an endpoint of `{name}`: {cause}")))
        };
        let rpc: Vec<Url> = texts.iter().map(endpoint).collect::<Result<_, _>>()?;
        let agree = section.agree.map(|agree| {
            let (number, span) = (*agree.get_ref(), agree.span());
            let is_possible = (1..=rpc.len()).contains(&number);
            is_possible.then_some(number).ok_or_else(|| {
                fault(span, &format!("`agree` of `{name}` is not a number of its endpoints: 1 to {}", rpc.len()))
            })
        });
        networks.push(Network {
            name,
            rpc,
            agree: agree.transpose()?,
            final_after: section.final_after,
            chain_id: section.chain_id,
            contract: section.contract,
            directory: section.directory,
        });
    }
    let network = match document.network {
        None => DEV.to_owned(),
        Some(named) => {
            network::find(named.as_ref(), &networks).map_err(|error| fault(named.span(), &error.to_string()))?;
            named.into_inner()
        }
    };
    let mut signers = BTreeMap::new();
    for (of, text) in document.signers {
        let kind =
            signer(text.as_ref()).map_err(|cause| fault(text.span(), &format!("the signer of {of}: {cause}")))?;
        signers.insert(of, kind);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let registries = match document.registries {
        Some(sections) => {
            let span = sections.span();
            registries::registries(sections.into_inner(), folder).map_err(|cause| fault(span, &cause))?
        }
        None => BTreeMap::new(),
    };
    Ok(FileConfig {
        network,
        networks,
        default_account: document.default_account,
        default_accounts: document.default_accounts,
        signers,
        labels: document.labels.into_iter().map(|(of, label)| (of, clean_to(&label, LABEL_LIMIT))).collect(),
        keystore: document.keystore.filter(|keystore| !keystore.as_os_str().is_empty()).map(|own| folder.join(own)),
        docker_host: document.docker_host.filter(|host| !host.is_empty()),
        archives: document.archives.into_iter().map(|archive| folder.join(archive)).collect(),
        jobs: document.jobs.map(|Jobs::Number(jobs)| jobs),
        registries,
        notices: strange.iter().map(|strange| notice(path, strange)).collect(),
    })
}

fn notice(path: &Path, strange: &Strange) -> Notice {
    let (line, column) = strange.at;
    Notice::new(&format!("`{}`, line {line}, column {column}: {}", path.display(), strange.words()))
}

/// Where an account's signatures come from, from its text.
///
/// # Errors
/// What is wrong with it.
pub fn signer(text: &str) -> Result<AccountKind, String> {
    match text {
        "cold" => Ok(AccountKind::Cold),
        "contract" => Ok(AccountKind::Contract),
        url => network::endpoint(url).map(AccountKind::Clef),
    }
}

/// The text of what [`signer`] reads. `None` for a key file, which needs none.
pub(super) fn signer_text(kind: &AccountKind) -> Option<String> {
    match kind {
        AccountKind::Cold | AccountKind::Contract => Some(kind.word().to_owned()),
        AccountKind::Clef(url) => Some(url.to_string()),
        AccountKind::KeyFile(_) => None,
    }
}

/// The keys of the file that mean nothing.
///
/// # Errors
/// As for [`read`].
pub(super) fn strange(path: &Path) -> Result<Vec<Strange>, ConfigError> {
    reference::strange_keys(path, INVALID, &text_of(path, INVALID)?)
}

#[cfg(test)]
mod tests;
