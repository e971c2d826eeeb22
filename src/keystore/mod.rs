//! Keys in geth's key files: one file per account, sealed with a passphrase. geth, clef and other wallets read them, and
//! theirs are read here.
//!
//! A key exists unsealed only in the buffer that [`Keystore::unlock`] returns, which wipes itself. Sealing and opening block
//! (0.6 s and 256 MiB at geth's standard strength): asynchronous callers use a blocking thread.

mod document;
mod error;
mod seal;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, macros::format_description};
use zeroize::Zeroizing;

pub use error::KeystoreError;
pub use seal::SecretKey;

use crate::{
    domain::{Address, account::KeyFileProblem, text::clean},
    store::files,
};
use document::Sealed;
use error::Fault;
use seal::Unopened;

/// A key file has some 500 bytes.
const FILE_LIMIT: u64 = 64 << 10;

/// A folder of key files.
#[derive(Debug, Clone)]
pub struct Keystore {
    folder: PathBuf,
}

/// An account's key file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// The address that it names, and that [`Keystore::unlock`] demands of its key.
    pub address: Address,
    /// The file.
    pub file: PathBuf,
}

/// A file of the folder that may be a key file.
struct Candidate {
    file: PathBuf,
    /// `None` where not even that could be read.
    address: Option<Address>,
    content: Result<Sealed, KeystoreError>,
}

impl Keystore {
    /// The keystore in `folder`, which need not exist yet.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The key files in the order of their names, which begin with the time that they were made; and the files that are none,
    /// with the reason. Hidden files, backups (`~`) and folders are skipped, as geth does.
    ///
    /// # Errors
    /// `keystore-unreadable` when the folder exists and cannot be listed.
    pub fn list(&self) -> Result<(Vec<KeyFile>, Vec<KeyFileProblem>), KeystoreError> {
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        for Candidate { file, address, content } in self.candidates()? {
            match (address, content) {
                (Some(address), Ok(_)) => keys.push(KeyFile { address, file }),
                (_, Err(error)) => {
                    problems.push(KeyFileProblem { file, code: error.code(), message: error.to_string() });
                }
                (None, Ok(_)) => {}
            }
        }
        Ok((keys, problems))
    }

    /// Makes a random key and keeps it, sealed with `passphrase`, in a new file (mode 0600, at geth's standard strength).
    /// The file is read back and opened before this returns: an account that cannot be unlocked must not be funded.
    ///
    /// # Errors
    /// `keystore-unwritable`, `no-randomness`; `keyfile-invalid` when the disk does not return what was written.
    pub fn create(&self, passphrase: &Zeroizing<String>) -> Result<KeyFile, KeystoreError> {
        self.create_at(passphrase, seal::LOG_N)
    }

    fn create_at(&self, passphrase: &Zeroizing<String>, log_n: u8) -> Result<KeyFile, KeystoreError> {
        let (key, address) = seal::new_key()?;
        let file = self.folder.join(file_name(OffsetDateTime::now_utc(), address));
        let sealed =
            seal::seal(&key, passphrase, log_n, *seal::random()?, *seal::random()?).map_err(|fault| fault.of(&file))?;
        let content = document::write(address, &sealed, *seal::random()?)
            .map_err(|error| Fault::invalid(error.to_string()).of(&file))?;
        files::create(&file, &content).map_err(KeystoreError::Unwritable)?;
        let (named, sealed) = read(&file);
        if named != Some(address) || *opened(&file, address, &sealed?, passphrase)? != *key {
            return Err(Fault::invalid("the disk does not return what was written").of(&file));
        }
        Ok(KeyFile { address, file })
    }

    /// The key of `address`.
    ///
    /// # Errors
    /// `no-such-account`, `account-ambiguous`, `passphrase-wrong`; `keyfile-invalid` where the file is malformed or its key is
    /// another account's; `keyfile-refused` where it would take more memory or time than is allowed.
    pub fn unlock(&self, address: Address, passphrase: &Zeroizing<String>) -> Result<SecretKey, KeystoreError> {
        let mut own = self.candidates()?.into_iter().filter(|candidate| candidate.address == Some(address));
        let Some(first) = own.next() else {
            return Err(KeystoreError::NoSuchAccount { address, folder: self.folder.clone() });
        };
        if let Some(second) = own.next() {
            return Err(KeystoreError::Ambiguous { address, first: first.file, second: second.file });
        }
        opened(&first.file, address, &first.content?, passphrase)
    }

    fn candidates(&self) -> Result<Vec<Candidate>, KeystoreError> {
        let unreadable = |cause| KeystoreError::Unreadable(files::FileError::listing(&self.folder, cause));
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(unreadable)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            let skipped = name.starts_with(b".") || name.ends_with(b"~");
            // The kind is the entry's own: a link to a folder is no folder, and is reported.
            if !skipped && !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.push(entry.path());
            }
        }
        found.sort();
        let candidate = |file: PathBuf| {
            let (address, content) = read(&file);
            Candidate { file, address, content }
        };
        Ok(found.into_iter().map(candidate).collect())
    }
}

/// What a file claims and holds. Both are told, so that an account whose file is broken is not called unknown.
fn read(file: &Path) -> (Option<Address>, Result<Sealed, KeystoreError>) {
    let content = match files::read_unlinked(file, FILE_LIMIT) {
        Ok(content) => content,
        Err(error) => return (None, Err(Fault::Invalid(clean(&error.cause())).of(file))),
    };
    match document::claimed_address(&content) {
        Ok(address) => (Some(address), document::parse(&content).map_err(|fault| fault.of(file))),
        Err(fault) => (None, Err(fault.of(file))),
    }
}

fn opened(
    file: &Path,
    address: Address,
    sealed: &Sealed,
    passphrase: &Zeroizing<String>,
) -> Result<SecretKey, KeystoreError> {
    let key = seal::open(sealed, passphrase).map_err(|unopened| match unopened {
        Unopened::Passphrase => KeystoreError::Passphrase { address, file: file.to_owned() },
        Unopened::Fault(fault) => fault.of(file),
    })?;
    match seal::address_of(&key) {
        Some(own) if own == address => Ok(key),
        Some(own) => Err(Fault::Invalid(format!("it names `{address}` and holds the key of `{own}`")).of(file)),
        None => Err(Fault::invalid("what it holds is no key").of(file)),
    }
}

/// geth's name for a key file that is made at `moment`.
fn file_name(moment: OffsetDateTime, address: Address) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]-[minute]-[second].[subsecond digits:9]Z");
    let moment = moment.format(format).unwrap_or_default();
    format!("UTC--{moment}--{}", hex::encode(address.as_bytes()))
}

#[cfg(test)]
mod tests;
