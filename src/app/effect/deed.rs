//! What is done to accounts, the configuration and the trust policy.

use std::{ffi::OsString, path::PathBuf};

use crate::{
    app::trust::Entry,
    domain::{
        Address, Reference,
        account::AccountKind,
        image::Evidence,
        trust::{Demand, Denial, Rule},
    },
};

/// What can be done to accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A key is made, or one that there is kept.
    Keep {
        /// Where it comes from.
        source: KeySource,
        /// What the account is called.
        label: Option<String>,
    },
    /// An account is known whose key is elsewhere.
    Know {
        /// Which; of clef's the only one without it.
        address: Option<Address>,
        /// Where its key is.
        kind: AccountKind,
        /// What the account is called.
        label: Option<String>,
    },
    /// It is called something, or nothing.
    Label {
        /// Which account.
        address: Address,
        /// What.
        label: Option<String>,
    },
    /// A copy is written, under the new passphrase.
    Export {
        /// Which account.
        address: Address,
        /// Where.
        out: PathBuf,
    },
    /// Its key is sealed with the new passphrase.
    ChangePassphrase(Address),
    /// It is taken away, and kept for a while.
    Remove {
        /// Which.
        address: Address,
        /// Which of several key files, by its name.
        file: Option<OsString>,
    },
    /// It is put back.
    Restore(Address),
    /// This home's own geth is started (true), or every one of them stopped.
    Geth(bool),
    /// Its key stays open for so many seconds.
    Unlock {
        /// Which account.
        address: Address,
        /// How long.
        seconds: u64,
    },
    /// The configuration is changed.
    Configure(Setting),
    /// The trust policy is written to a new file, as it is.
    ExportTrust(PathBuf),
    /// A registry's login is checked and kept, with the passphrase as its password.
    LogIn {
        /// Which registry.
        registry: String,
        /// Who.
        user: String,
    },
    /// A registry's login is forgotten.
    LogOut(String),
    /// An image is pushed, and what the registry serves then is read back.
    Push {
        /// Under which name.
        reference: Reference,
        /// What was measured of it.
        evidence: Evidence,
    },
}

/// What of the configuration the screen changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// The network that is used.
    Network(String),
    /// Another network.
    AddNetwork {
        /// What it is called.
        name: String,
        /// Its endpoints' URLs.
        rpc: Vec<String>,
        /// How many of them must say the same, where not the majority.
        agree: Option<usize>,
        /// Where the registry contract stands, where not at the usual address.
        contract: Option<Address>,
        /// Where the publisher directory stands, likewise.
        directory: Option<Address>,
    },
    /// One less.
    RemoveNetwork(String),
    /// The engine's address; `None` leaves it to the environment.
    Engine(Option<String>),
}

/// Where a key comes from. Digits and words stay with the event loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// From the system's random numbers.
    New,
    /// From a key file, which keeps its passphrase.
    File(PathBuf),
    /// From 64 hex digits.
    Digits,
    /// From the words of BIP-39, by this path of BIP-32.
    Words(String),
}

/// What was carried here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenSource {
    /// A file.
    File(PathBuf),
    /// The text itself.
    Text(String),
}

/// What can be done to the trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustChange {
    /// A rule is made, or made anew.
    Add(Rule),
    /// A pattern is denied.
    Deny(Denial),
    /// More is demanded of a pattern.
    Demand(Demand),
    /// An entry takes the place of another of its kind.
    Replace(Box<(Entry, Entry)>),
    /// A policy's text is taken over: in place of the whole, or each of its entries beside those that are there.
    Import {
        /// What errors call it.
        from: PathBuf,
        /// The text.
        text: String,
        /// In place of the whole.
        replace: bool,
    },
    /// An entry is taken away, on its own network.
    Remove(Box<Entry>),
}
