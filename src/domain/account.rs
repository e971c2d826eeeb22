//! Accounts: keys that this home holds.

use std::path::PathBuf;

use super::{address::Address, wei::Wei};

/// An account. The key itself never leaves the keystore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// Its key file.
    pub file: PathBuf,
    /// Used when no account is named.
    pub is_default: bool,
    /// What it holds on the current network. `None` where the node could not be asked.
    pub balance: Option<Wei>,
}

/// A file in the keystore that is no usable key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFileProblem {
    /// The file.
    pub file: PathBuf,
    /// `keyfile-invalid`, `keyfile-refused`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}
