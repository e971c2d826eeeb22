//! The life of keys: made, imported, copied, sealed anew, removed, restored.
//!
//! Derivations run on threads of their own. Whoever waits for one may stop waiting; the thread then ends without writing.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use super::{
    accounts::{find_account, welcome},
    context::{blocking, now},
};
use crate::{
    domain::{Account, Address, account::Removed, progress::Watch},
    keystore::{self, KeystoreError, SecretKey},
    ops::{Context, Failure, Passphrase},
};

pub use crate::keystore::{SealedFile, Strength};

/// Where a key comes from.
pub enum KeySource {
    /// From the system's random numbers.
    New,
    /// From 64 hex digits.
    Hex(Zeroizing<String>),
    /// From the words of BIP-39.
    Mnemonic {
        /// The words.
        words: Zeroizing<String>,
        /// The path of BIP-32 below their seed.
        path: String,
        /// BIP-39's own passphrase, usually empty.
        passphrase: Passphrase,
    },
    /// From a key file.
    File {
        /// The file.
        file: SealedFile,
        /// What opens it.
        passphrase: Passphrase,
    },
}

/// What a key file is sealed with.
#[derive(Debug)]
pub struct Protection {
    passphrase: Passphrase,
    insecure_empty: bool,
}

impl Protection {
    /// A passphrase, which must not be empty.
    #[must_use]
    pub const fn of(passphrase: Passphrase) -> Self {
        Self { passphrase, insecure_empty: false }
    }

    /// A passphrase that may be empty on the network `dev`.
    #[must_use]
    pub const fn even_empty(passphrase: Passphrase) -> Self {
        Self { passphrase, insecure_empty: true }
    }

    /// Refuses what protects nothing, before anybody waits for a derivation.
    ///
    /// # Errors
    /// `passphrase-empty`.
    pub fn check(&self, context: &Context) -> Result<(), Failure> {
        if !self.passphrase.0.is_empty() {
            return Ok(());
        }
        if !self.insecure_empty {
            return Err(Failure::new(
                "passphrase-empty",
                "the passphrase is empty: anyone who reads the key file could use the key",
            )
            .hint("choose one, or let the passphrase's file have a first line that is not empty"));
        }
        if context.is_local() {
            return Ok(());
        }
        let name = &context.config().network.name;
        Err(Failure::new(
            "passphrase-empty",
            &format!("an empty passphrase is for the network dev alone, not for `{name}`"),
        )
        .hint("choose one, or give `--network dev`"))
    }
}

impl KeySource {
    /// Refuses text that is no key, before anybody is asked for a passphrase. A key file is not opened here.
    ///
    /// # Errors
    /// `key-unusable`, `mnemonic-invalid`, `usage` for the path.
    pub fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Hex(_) | Self::Mnemonic { .. } => Ok(self.key().map(drop)?),
            Self::New | Self::File { .. } => Ok(()),
        }
    }

    fn key(&self) -> Result<Option<SecretKey>, KeystoreError> {
        match self {
            Self::New => Ok(None),
            Self::Hex(digits) => keystore::from_hex(digits).map(Some),
            Self::Mnemonic { words, path, passphrase } => keystore::from_mnemonic(words, path, &passphrase.0).map(Some),
            Self::File { file, passphrase } => file.open(&passphrase.0).map(Some),
        }
    }
}

/// Keeps a key, protected by a passphrase, in a new file. The first account of the home becomes the default.
///
/// # Errors
/// `passphrase-empty`, `account-exists`, what is wrong with the key's source, `keystore-unwritable`, `cancelled`.
pub async fn add_account(
    context: &Context,
    source: KeySource,
    protection: Protection,
    watch: Arc<dyn Watch>,
) -> Result<Account, Failure> {
    protection.check(context)?;
    let keystore = context.keystore().clone();
    let made = blocking(move || {
        let passphrase = &protection.passphrase.0;
        Ok(match source.key()? {
            Some(key) => keystore.add(&key, passphrase, &*watch)?,
            None => keystore.create(passphrase, &*watch)?,
        })
    })
    .await?;
    welcome(context, made.address).await
}

/// Whether a passphrase opens an account.
///
/// # Errors
/// `no-such-account`, `passphrase-wrong`, what is wrong with the key file.
pub async fn check_passphrase(context: &Context, address: Address, passphrase: Passphrase) -> Result<(), Failure> {
    let keystore = context.keystore().clone();
    blocking(move || Ok(keystore.unlock(address, &passphrase.0).map(drop)?)).await
}

/// Seals an account's key with another passphrase.
///
/// # Errors
/// `no-such-account`, `passphrase-wrong`, `passphrase-empty`, `keyfile-changed`, `keystore-unwritable`, `cancelled`.
pub async fn change_passphrase(
    context: &Context,
    address: Address,
    old: Passphrase,
    new: Protection,
    watch: Arc<dyn Watch>,
) -> Result<Account, Failure> {
    new.check(context)?;
    let keystore = context.keystore().clone();
    blocking(move || Ok(keystore.change_passphrase(address, &old.0, &new.passphrase.0, &*watch)?)).await?;
    find_account(context, address).await
}

/// Writes a copy of an account's key file, sealed with another passphrase; the account, and the copy's path.
///
/// # Errors
/// As [`change_passphrase`]; `keystore-unwritable` also when something has the copy's name.
pub async fn export_account(
    context: &Context,
    address: Address,
    old: Passphrase,
    new: Protection,
    out: &Path,
    watch: Arc<dyn Watch>,
) -> Result<(Account, PathBuf), Failure> {
    new.check(context)?;
    let (keystore, out) = (context.keystore().clone(), out.to_owned());
    let copy = blocking(move || Ok(keystore.export(address, &old.0, &new.passphrase.0, &out, &*watch)?)).await?;
    Ok((find_account(context, address).await?, copy))
}

/// Takes an account away. `name` tells which of several key files. What was removed longer ago than it is kept is deleted
/// on this occasion, and named.
///
/// # Errors
/// `no-such-account`, `account-ambiguous`, `keystore-unwritable`.
pub async fn remove_account(
    context: &Context,
    address: Address,
    name: Option<OsString>,
) -> Result<(Removed, Vec<PathBuf>), Failure> {
    let keystore = context.keystore().clone();
    blocking(move || {
        let removed = keystore.remove(address, name.as_deref(), now())?;
        Ok((removed, keystore.forget_removed(now())?))
    })
    .await
}

/// Puts a removed account back.
///
/// # Errors
/// `no-such-account` when none of the address is kept, `account-exists`, `keystore-unwritable`.
pub async fn restore_account(context: &Context, address: Address) -> Result<Account, Failure> {
    let keystore = context.keystore().clone();
    blocking(move || Ok(keystore.restore(address)?)).await?;
    find_account(context, address).await
}

/// Where the key file of an account lies, whether or not it can be opened.
///
/// # Errors
/// `no-such-account`, `account-ambiguous`.
pub async fn key_file_of(context: &Context, address: Address) -> Result<PathBuf, Failure> {
    let keystore = context.keystore().clone();
    blocking(move || Ok(keystore.find(address)?.file)).await
}
