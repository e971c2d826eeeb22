//! Accounts: keys that this home holds.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use url::Url;

use super::{address::Address, text::clean_to, time::Timestamp, wei::Wei};

/// An account. The key itself never leaves the keystore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// Where its signatures come from.
    pub kind: AccountKind,
    /// What the user calls it.
    pub label: Option<String>,
    /// Used when no account is named.
    pub is_default: bool,
    /// What it holds on the current network. `None` where the node could not be asked.
    pub balance: Option<Wei>,
}

/// Where an account's signatures come from.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountKind {
    /// A key file.
    KeyFile(PathBuf),
    /// A signer outside this program that keeps the key and asks its user: geth's clef.
    Clef(Url),
    /// A key on another machine, which signs requests.
    Cold,
    /// A contract, whose owners execute calls.
    Contract,
}

impl AccountKind {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "key-file",
            Self::Clef(_) => "clef",
            Self::Cold => "cold",
            Self::Contract => "contract",
        }
    }

    /// True where its transactions are signed here, so that it can pay.
    #[must_use]
    pub const fn can_pay(&self) -> bool {
        matches!(self, Self::KeyFile(_) | Self::Clef(_))
    }

    /// The key file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::KeyFile(file) => Some(file),
            Self::Clef(_) | Self::Cold | Self::Contract => None,
        }
    }
}

impl fmt::Debug for AccountKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A signer's URL may hold credentials.
        f.write_str(self.word())
    }
}

/// The path of the first account in wallets for Ethereum (BIP-44).
pub const FIRST_PATH: &str = "m/44'/60'/0'/0/0";

/// Longest label, in characters.
pub const LABEL_LIMIT: usize = 40;

/// That lists can show a label.
///
/// # Errors
/// What is wrong with it.
pub fn check_label(label: &str) -> Result<(), String> {
    if !label.trim().is_empty() && clean_to(label, LABEL_LIMIT) == label {
        return Ok(());
    }
    Err(format!("a label has 1 to {LABEL_LIMIT} characters, which can all be shown"))
}

/// An account that was removed and can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The address that its file names.
    pub address: Address,
    /// Where the file lies now.
    pub file: PathBuf,
    /// When it was removed.
    pub at: Timestamp,
    /// From when on the file may be deleted.
    pub kept_until: Timestamp,
}

/// What is wrong with a file in the keystore: it is no usable key, or one to be careful with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFileProblem {
    /// The file.
    pub file: PathBuf,
    /// `keyfile-invalid`, `keyfile-refused`; of files that can be used, `keyfile-exposed`, `keyfile-misnamed`,
    /// `account-ambiguous`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}
