//! Writing key files: new ones, new passphrases, copies.
//!
//! Every derivation runs before the keystore is locked, and every file is written whole or not at all. Whoever cancels is
//! asked last right before the disk is touched.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, macros::format_description};
use zeroize::Zeroizing;

use super::{Candidate, Fault, KeyFile, Keystore, KeystoreError, SecretKey, document, opened, read, seal};
use crate::{
    domain::{Address, pinned::pin, progress::Watch},
    store::files::{self, Lock, Owner, PATIENCE},
};

impl Keystore {
    /// Makes a random key and keeps it as [`Keystore::add`] does.
    ///
    /// # Errors
    /// As [`Keystore::add`].
    pub fn create(&self, passphrase: &Zeroizing<String>, watch: &dyn Watch) -> Result<KeyFile, KeystoreError> {
        let (key, _) = seal::new_key()?;
        self.add(&key, passphrase, watch)
    }

    /// Keeps a key, sealed with `passphrase`, in a new file (mode 0600, at geth's standard strength). What was sealed is
    /// opened again and what was written is read back before this returns: an account that cannot be unlocked must not be
    /// funded.
    ///
    /// # Errors
    /// `account-exists`, `keystore-unwritable`, `no-randomness`, `cancelled`; `keyfile-invalid` when the disk does not
    /// return what was written.
    pub fn add(
        &self,
        key: &SecretKey,
        passphrase: &Zeroizing<String>,
        watch: &dyn Watch,
    ) -> Result<KeyFile, KeystoreError> {
        self.add_at(key, passphrase, seal::LOG_N, watch)
    }

    pub(super) fn add_at(
        &self,
        key: &SecretKey,
        passphrase: &Zeroizing<String>,
        log_n: u8,
        watch: &dyn Watch,
    ) -> Result<KeyFile, KeystoreError> {
        let address = seal::address_of(key)
            .ok_or_else(|| KeystoreError::NoKey { cause: "the number is no key of the curve".to_owned() })?;
        self.refuse_known(address)?;
        let file = self.folder.join(file_name(OffsetDateTime::now_utc(), address));
        let content = sealed_content(&file, key, address, passphrase, log_n, watch)?;
        let _alone = self.lock()?;
        // Another process may have been faster.
        self.refuse_known(address)?;
        wanted(watch)?;
        files::create_as(&file, &content, Owner::of(&self.folder)).map_err(KeystoreError::Unwritable)?;
        returned(&file, &content)?;
        Ok(KeyFile { address, file })
    }

    /// Seals the key of `address` anew, with the passphrase `new` and geth's standard strength, in the same file and in its copies.
    /// A file keeps its owner; a crash leaves the old content or the new.
    ///
    /// # Errors
    /// As [`Keystore::unlock`]; `keyfile-changed` when another program wrote the file meanwhile; `keystore-unwritable`,
    /// `cancelled`.
    pub fn change_passphrase(
        &self,
        address: Address,
        old: &Zeroizing<String>,
        new: &Zeroizing<String>,
        watch: &dyn Watch,
    ) -> Result<KeyFile, KeystoreError> {
        self.change_passphrase_at(address, old, new, seal::LOG_N, watch)
    }

    pub(super) fn change_passphrase_at(
        &self,
        address: Address,
        old: &Zeroizing<String>,
        new: &Zeroizing<String>,
        log_n: u8,
        watch: &dyn Watch,
    ) -> Result<KeyFile, KeystoreError> {
        let (Candidate { file, .. }, copies) = self.copies(address)?;
        let before = read(&file);
        let changed = |file: &Path| KeystoreError::Changed { file: file.to_owned() };
        if before.address != Some(address) {
            return Err(changed(&file));
        }
        let key = opened(&file, address, &before.sealed?, old)?;
        let content = sealed_content(&file, &key, address, new, log_n, watch)?;
        let _alone = self.lock()?;
        let all = || std::iter::once(&file).chain(&copies);
        if let Some(other) = all().find(|one| read(one).content != before.content) {
            return Err(changed(other));
        }
        wanted(watch)?;
        for one in all() {
            files::replace_as(one, &content, Owner::of(one)).map_err(KeystoreError::Unwritable)?;
            returned(one, &content)?;
        }
        Ok(KeyFile { address, file })
    }

    /// Writes the key of `address` to `out`, sealed with the passphrase `new`. A folder gets a file of the same name; one that is
    /// not there is not made.
    ///
    /// # Errors
    /// As [`Keystore::unlock`]; `keystore-unwritable`, also when something has the name already; `cancelled`.
    pub fn export(
        &self,
        address: Address,
        old: &Zeroizing<String>,
        new: &Zeroizing<String>,
        out: &Path,
        watch: &dyn Watch,
    ) -> Result<PathBuf, KeystoreError> {
        self.export_at(address, old, new, out, seal::LOG_N, watch)
    }

    pub(super) fn export_at(
        &self,
        address: Address,
        old: &Zeroizing<String>,
        new: &Zeroizing<String>,
        out: &Path,
        log_n: u8,
        watch: &dyn Watch,
    ) -> Result<PathBuf, KeystoreError> {
        let file = self.only(address)?.file;
        let out = if out.is_dir() { out.join(file.file_name().unwrap_or(OsStr::new("key"))) } else { out.to_owned() };
        if fs::symlink_metadata(&out).is_ok() {
            return Err(KeystoreError::Unwritable(files::FileError::taken(&out)));
        }
        let key = self.unlock(address, old)?;
        let content = sealed_content(&out, &key, address, new, log_n, watch)?;
        wanted(watch)?;
        files::create(&out, &content).map_err(KeystoreError::Unwritable)?;
        returned(&out, &content)?;
        Ok(out)
    }

    fn refuse_known(&self, address: Address) -> Result<(), KeystoreError> {
        match self.candidates()?.into_iter().find(|candidate| candidate.address == Some(address)) {
            Some(known) => Err(KeystoreError::Exists { address, file: known.file }),
            None => Ok(()),
        }
    }

    /// Keeps other DaoChain processes from changing the folder. The name's dot keeps geth from looking at the lock's file.
    pub(super) fn lock(&self) -> Result<Lock, KeystoreError> {
        Lock::take(&self.folder.join(".daochain"), PATIENCE).map_err(KeystoreError::Unwritable)
    }
}

/// The content of a file that opens with `passphrase`, which was tried.
fn sealed_content(
    file: &Path,
    key: &SecretKey,
    address: Address,
    passphrase: &Zeroizing<String>,
    log_n: u8,
    watch: &dyn Watch,
) -> Result<Vec<u8>, KeystoreError> {
    // The derivations take seconds, and the key lies where the caller has it meanwhile.
    pin(key);
    wanted(watch)?;
    let sealed =
        seal::seal(key, passphrase, log_n, *seal::random()?, *seal::random()?).map_err(|fault| fault.of(file))?;
    let content = document::write(address, &sealed, *seal::random()?)
        .map_err(|error| Fault::Invalid(error.to_string()).of(file))?;
    wanted(watch)?;
    let again = document::Sealed::parse(&content).map_err(|fault| fault.of(file))?;
    if *opened(file, address, &again, passphrase)? != **key {
        return Err(Fault::invalid("the memory does not return what was sealed").of(file));
    }
    Ok(content)
}

fn wanted(watch: &dyn Watch) -> Result<(), KeystoreError> {
    if watch.is_cancelled() { Err(KeystoreError::Cancelled) } else { Ok(()) }
}

fn returned(file: &Path, content: &[u8]) -> Result<(), KeystoreError> {
    if read(file).content == content {
        return Ok(());
    }
    Err(Fault::invalid("the disk does not return what was written").of(file))
}

/// geth's name for a key file that is made at `moment`.
pub(super) fn file_name(moment: OffsetDateTime, address: Address) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]-[minute]-[second].[subsecond digits:9]Z");
    let moment = moment.format(format).unwrap_or_default();
    format!("UTC--{moment}--{}", hex::encode(address.as_bytes()))
}
