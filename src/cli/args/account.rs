//! Arguments about accounts.

use std::path::PathBuf;

use clap::Subcommand;

use url::Url;

use super::Layout;
use crate::{
    config::signer,
    domain::{
        Address,
        account::{AccountKind, FIRST_PATH, check_label},
    },
};

fn label(text: &str) -> Result<String, String> {
    check_label(text).map(|()| text.to_owned())
}

#[derive(Debug, Subcommand)]
pub enum Account {
    /// Make an account
    #[command(
        after_help = "The passphrase is asked twice, or read from --password-file.\n\nExamples:\n  daochain account new\n  daochain account new --label deploy --password-file pass.txt\n  daochain account new --keystore ~/.ethereum/keystore"
    )]
    New {
        /// What to call it
        #[arg(long, value_name = "TEXT", value_parser = label)]
        label: Option<String>,
        /// Allow an empty passphrase, on the network `dev` alone
        #[arg(long)]
        insecure_empty: bool,
    },
    /// List the accounts with their balances, and what was removed
    #[command(
        after_help = "Examples:\n  daochain account list\n  daochain account list --format '{{.address}} {{.label}}'"
    )]
    List(Layout),
    /// Know an account whose key is elsewhere: in clef, on another machine, or a contract's
    #[command(
        after_help = "Examples:\n  daochain account add --clef ipc:/run/user/1000/clef.ipc\n  daochain account add 0x… --cold --label vault\n  daochain account add 0x… --contract"
    )]
    Add(Add),
    /// Keep a key that there is: a key file, hex digits, or the words of BIP-39
    #[command(
        after_help = "A key file is opened with --password-file and keeps that passphrase, unless --new-password-file names another. A key \
                      that is no file's gets the passphrase that is asked twice, or --password-file's. It is sealed at geth's strength.\n\n\
                      Of several secrets on standard input (`-`) each takes a line: the key or the words, BIP-39's own passphrase, \
                      --password-file, --new-password-file.\n\n\
                      Examples:\n  daochain account import UTC--2026-…\n  daochain account import --raw-key\n  daochain account import --mnemonic --path \"m/44'/60'/0'/0/1\""
    )]
    Import(Import),
    /// Write a copy of an account's key file, under another passphrase
    #[command(
        after_help = "--password-file opens the key, --new-password-file seals the copy; what is not given is asked.\n\nExample:\n  daochain account export 0x… --out copy.json"
    )]
    Export {
        /// Which account
        address: Address,
        /// Where to write it: a file that does not exist yet, or a folder
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Give an account another passphrase
    #[command(
        after_help = "--password-file has the old passphrase, --new-password-file the new one; what is not given is asked.\n\nExamples:\n  daochain account passwd 0x…\n  printf '%s\\n' \"$OLD\" \"$NEW\" | daochain account passwd 0x… --password-file - --new-password-file -"
    )]
    Passwd {
        /// Which account
        address: Address,
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Take an account out of the keystore; it is kept for 30 days
    #[command(
        after_help = "Its file goes to the folder `removed` of the keystore, and is deleted by a later `account remove`.\n\nExamples:\n  daochain account remove 0x…\n  daochain account remove 0x… --file UTC--2026-… --yes"
    )]
    Remove {
        /// Which account
        address: Address,
        /// Name of the key file, where two files hold the account
        #[arg(long, value_name = "NAME")]
        file: Option<PathBuf>,
    },
    /// Put an account back that was removed
    #[command(after_help = "Example:\n  daochain account restore 0x…")]
    Restore {
        /// Which account
        address: Address,
    },
    /// Call an account something; an empty text calls it nothing
    #[command(after_help = "Examples:\n  daochain account label 0x… deploy\n  daochain account label 0x… ''")]
    Label {
        /// Which account
        address: Address,
        /// At most 40 characters
        text: String,
    },
    /// Use this account when none is named, on the current network
    #[command(after_help = "Examples:\n  daochain account default 0x…\n  daochain account default 0x… --everywhere")]
    Default {
        /// Which account
        address: Address,
        /// On every network, whatever they had
        #[arg(long)]
        everywhere: bool,
    },
    /// Take ether from the faucet of the network `dev`
    #[command(after_help = "Example:\n  daochain account fund 0x…")]
    Fund {
        /// Which account
        address: Address,
    },
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").required(true))]
pub struct Add {
    /// Which account; of clef's the only one without it
    pub address: Option<Address>,
    /// geth's clef has the key, and asks its user: `ipc:/path/clef.ipc`, or `http://127.0.0.1:8550`
    #[arg(long, value_name = "URL", group = "where", value_parser = clef)]
    pub clef: Option<Url>,
    /// Another machine has the key, and signs what `--cold` asks for
    #[arg(long, group = "where", requires = "address")]
    pub cold: bool,
    /// It is a contract (a Safe), whose owners execute what `--calldata` prints
    #[arg(long, group = "where", requires = "address")]
    pub contract: bool,
    /// What to call it
    #[arg(long, value_name = "TEXT", value_parser = label)]
    pub label: Option<String>,
}

/// A signer that can be asked.
fn clef(text: &str) -> Result<Url, String> {
    match signer(text)? {
        AccountKind::Clef(url) => Ok(url),
        _ => Err("it is no URL".to_owned()),
    }
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("key").required(true))]
pub struct Import {
    /// Key file of geth, clef, eth-account or another wallet (Web3 Secret Storage, version 3)
    #[arg(group = "key")]
    pub file: Option<PathBuf>,
    /// Read the key, 64 hex digits, from the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE", group = "key")]
    pub raw_key_file: Option<PathBuf>,
    /// Ask for the key without showing it
    #[arg(long, group = "key")]
    pub raw_key: bool,
    /// Read BIP-39's English words from this file; `-` is the first line of standard input
    #[arg(long, value_name = "FILE", group = "key")]
    pub mnemonic_file: Option<PathBuf>,
    /// Ask for BIP-39's English words without showing them
    #[arg(long, group = "key")]
    pub mnemonic: bool,
    /// Which key below the words (BIP-32)
    #[arg(long, value_name = "PATH", default_value = FIRST_PATH, conflicts_with_all = ["file", "raw_key_file", "raw_key"])]
    pub path: String,
    /// Read the passphrase that BIP-39 mixes into the words, which most wallets leave empty, from this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "raw_key_file", "raw_key"])]
    pub mnemonic_password_file: Option<PathBuf>,
    /// What to call the account
    #[arg(long, value_name = "TEXT", value_parser = label)]
    pub label: Option<String>,
    #[command(flatten)]
    pub new: NewPassphrase,
}

/// What a key is sealed with.
#[derive(Debug, clap::Args)]
pub struct NewPassphrase {
    /// Read the new passphrase from the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub new_password_file: Option<PathBuf>,
    /// Allow an empty passphrase, on the network `dev` alone
    #[arg(long)]
    pub insecure_empty: bool,
}
