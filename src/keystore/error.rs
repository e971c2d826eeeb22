//! What can go wrong with keys. No variant holds a passphrase or a key.

use std::path::{Path, PathBuf};

use crate::{
    domain::{Address, text::clean},
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
    #[error(
        "the passphrase does not open account `{address}` (key file `{}`); {step}",
        shown(file),
        step = self.step()
    )]
    Passphrase {
        /// The account.
        address: Address,
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
            Self::NoSuchAccount { .. } => "no-such-account",
            Self::Ambiguous { .. } => "account-ambiguous",
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
            Self::NoSuchAccount { .. } => Some("`daochain account list` shows those there are"),
            Self::Ambiguous { .. } => Some("move one of them away"),
            Self::Unreadable(error) | Self::Unwritable(error) => error.hint(),
            Self::Randomness(_) => Some("make it on another machine, and copy the key file into the keystore"),
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

/// What is wrong with a key file's content, before it is known which file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Invalid(String),
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
