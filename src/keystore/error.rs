//! What can go wrong with keys. No variant holds a passphrase or a key.

use std::path::{Path, PathBuf};

use crate::{
    domain::{
        Address,
        text::{clean, clean_to},
    },
    store::files::FileError,
};

/// What could not be done with which key file or account.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The file is malformed, or does not hold the key of the address that it names.
    #[error("key file `{}` is invalid: {cause}; {step}", shown(file), step = self.step())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// To open the file would cost more than the bounds allow.
    #[error("key file `{}` is refused: {cause}; {step}", shown(file), step = self.step())]
    Refused {
        /// The file.
        file: PathBuf,
        /// Which bound.
        cause: String,
    },
    /// The passphrase is not this file's.
    #[error("the passphrase does not open {}key file `{}`; {step}", of(*address), shown(file), step = self.step())]
    Passphrase {
        /// The account, where the file names it.
        address: Option<Address>,
        /// Its file.
        file: PathBuf,
    },
    /// The keystore has no key of the address.
    #[error(
        "there is no account `{address}` in the keystore `{}`; {step}",
        shown(folder),
        step = self.step()
    )]
    NoSuchAccount {
        /// The address.
        address: Address,
        /// The keystore.
        folder: PathBuf,
    },
    /// Two files name the address, and they may have different passphrases.
    #[error(
        "account `{address}` has two key files, `{}` and `{}`; {step}",
        shown(first),
        shown(second),
        step = self.step()
    )]
    Ambiguous {
        /// The address.
        address: Address,
        /// One file.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// The keystore has a key of the address already.
    #[error("account `{address}` is in the keystore already, key file `{}`; {step}", shown(file), step = self.step())]
    Exists {
        /// The address.
        address: Address,
        /// Its file.
        file: PathBuf,
    },
    /// No key of the address was removed, or it was too long ago.
    #[error("the keystore `{}` keeps no removed account `{address}`; {step}", shown(folder), step = self.step())]
    NotRemoved {
        /// The address.
        address: Address,
        /// The keystore.
        folder: PathBuf,
    },
    /// Somebody else wrote the file meanwhile.
    #[error("key file `{}` was changed by another program meanwhile; {step}", shown(file), step = self.step())]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// What was given as a key is none. The cause never repeats it.
    #[error("what was given is no private key: {cause}; {step}", step = self.step())]
    NoKey {
        /// What is wrong.
        cause: String,
    },
    /// What was given as a mnemonic is none. The cause never repeats a word of it.
    #[error("what was given is no BIP-39 mnemonic: {cause}; {step}", step = self.step())]
    NoMnemonic {
        /// What is wrong.
        cause: String,
    },
    /// A derivation path is malformed.
    #[error("`{}` is no derivation path; {step}", clean_to(path, 60), step = self.step())]
    Path {
        /// The path.
        path: String,
    },
    /// Nobody wants the result any more. Nothing was written.
    #[error("cancelled")]
    Cancelled,
    /// A file that was named cannot be read.
    #[error(transparent)]
    NoFile(FileError),
    /// The folder or a file in it cannot be read.
    #[error("the keystore cannot be read: {0}")]
    Unreadable(FileError),
    /// A key file cannot be written.
    #[error("the key cannot be kept: {0}")]
    Unwritable(FileError),
    /// The operating system gives no random numbers.
    #[error("no key can be made: the operating system gives no random numbers: {0}; {step}", step = self.step())]
    Randomness(String),
}

impl KeystoreError {
    /// The word by which documents and scripts know it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "keyfile-invalid",
            Self::Refused { .. } => "keyfile-refused",
            Self::Passphrase { .. } => "passphrase-wrong",
            Self::NoSuchAccount { .. } | Self::NotRemoved { .. } => "no-such-account",
            Self::Ambiguous { .. } => "account-ambiguous",
            Self::Exists { .. } => "account-exists",
            Self::Changed { .. } => "keyfile-changed",
            Self::NoKey { .. } => "key-unusable",
            Self::NoMnemonic { .. } => "mnemonic-invalid",
            Self::Path { .. } => "usage",
            Self::Cancelled => "cancelled",
            Self::NoFile(_) => "file-unreadable",
            Self::Unreadable(_) => "keystore-unreadable",
            Self::Unwritable(_) => "keystore-unwritable",
            Self::Randomness(_) => "no-randomness",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, never on a file's words, and ends the sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Invalid { .. } => Some("put a sound copy in its place, or move it away"),
            Self::Refused { .. } => Some("save the key anew, with the program that made it, at geth's usual cost"),
            Self::Passphrase { .. } => Some("type it again"),
            Self::NoSuchAccount { .. } | Self::NotRemoved { .. } => {
                Some("`daochain account list` shows those there are")
            }
            Self::Ambiguous { .. } => Some("`daochain account remove ADDRESS --file NAME` takes one of them away"),
            Self::Exists { .. } => Some("`daochain account passwd` changes its passphrase"),
            Self::Changed { .. } => Some("nothing was written, look at it and try again"),
            Self::NoKey { .. } => Some("a key has 64 hex digits, with or without `0x`"),
            Self::NoMnemonic { .. } => Some("it has 12, 15, 18, 21 or 24 English words, in their order"),
            Self::Path { .. } => Some("write it as `m/44'/60'/0'/0/0`"),
            Self::Cancelled => None,
            Self::NoFile(error) | Self::Unreadable(error) | Self::Unwritable(error) => error.hint(),
            Self::Randomness(_) => Some("make it on another machine, and copy the key file into the keystore"),
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }
}

fn of(address: Option<Address>) -> String {
    address.map_or_else(String::new, |address| format!("account `{address}`, "))
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

/// What is wrong with a key file's content, before it is known which file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is malformed. The cause is safe to show.
    Invalid(String),
    /// It costs more than the bounds allow. The cause is safe to show.
    Refused(String),
}

impl Fault {
    pub(super) fn invalid(cause: impl Into<String>) -> Self {
        Self::Invalid(cause.into())
    }

    pub(super) fn of(self, file: &Path) -> KeystoreError {
        let file = file.to_owned();
        match self {
            Self::Invalid(cause) => KeystoreError::Invalid { file, cause },
            Self::Refused(cause) => KeystoreError::Refused { file, cause },
        }
    }
}
