//! Keys in geth's key files: one file per account, sealed with a passphrase. geth, clef and other wallets read them, and
//! theirs are read here.
//!
//! A key exists unsealed only in the buffer that [`Keystore::unlock`] returns, which wipes itself. Sealing and opening block
//! (0.6 s and 256 MiB at geth's standard strength): asynchronous callers use a blocking thread. Nothing is remembered of a
//! folder: each call reads it anew, so that what geth, clef or another process does there is seen.

mod document;
mod error;
mod life;
mod mixing;
mod removed;
mod seal;
mod secret;
mod strength;

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use zeroize::Zeroizing;

pub use document::Sealed;
pub use error::{Fault, KeystoreError};
pub use removed::KEPT;
pub use seal::SecretKey;
pub use secret::{from_hex, from_mnemonic};
pub use strength::Strength;

use crate::{
    domain::{Address, account::KeyFileProblem, text::clean},
    store::files,
};
use seal::Unopened;

/// A key file has some 500 bytes.
const FILE_LIMIT: u64 = 64 << 10;
/// A folder with more of them is no keystore: every file of it would be read.
const FILES_LIMIT: usize = 10_000;

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
    sealed: Result<Sealed, KeystoreError>,
}

/// What tells a folder's content from another, without reading a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Keystore {
    /// The keystore in `folder`, which need not exist yet.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key files in the order of their names, which begin with the time that they were made; and what is wrong in the
    /// folder: files that are no keys, two files of one account, a name that tells another address than the content, files
    /// that others can read. Hidden files, backups (`~`) and folders are skipped, as geth does.
    ///
    /// # Errors
    /// `keystore-unreadable` when the folder exists and cannot be listed.
    pub fn list(&self) -> Result<(Vec<KeyFile>, Vec<KeyFileProblem>), KeystoreError> {
        let (mut keys, mut problems) = (Vec::<KeyFile>::new(), Vec::new());
        let mut first_of = BTreeMap::<Address, PathBuf>::new();
        for Candidate { file, address, sealed } in self.candidates()? {
            match (address, sealed) {
                (Some(address), Ok(_)) => {
                    problems.extend(self.doubts(&file, address));
                    if let Some(first) = first_of.get(&address) {
                        let error = KeystoreError::Ambiguous { address, first: first.clone(), second: file.clone() };
                        problems.push(problem(&file, error.code(), error.to_string()));
                    } else {
                        first_of.insert(address, file.clone());
                    }
                    keys.push(KeyFile { address, file });
                }
                (_, Err(error)) => problems.push(problem(&file, error.code(), error.to_string())),
                (None, Ok(_)) => {
                    let error = Fault::invalid(UNNAMED).of(&file);
                    problems.push(problem(&file, error.code(), error.to_string()));
                }
            }
        }
        Ok((keys, problems))
    }

    /// What is odd about a key file that can be used all the same.
    fn doubts(&self, file: &Path, address: Address) -> impl Iterator<Item = KeyFileProblem> {
        let misnamed = address_in_name(file).filter(|named| *named != address).map(|named| {
            let cause = format!("its name tells the account `{named}`, and it holds `{address}`; the content counts");
            problem(file, "keyfile-misnamed", cause)
        });
        let mode = |path: &Path| fs::metadata(path).map_or(0, |found| found.permissions().mode());
        let is_open = mode(&self.folder) & 0o011 != 0 && mode(file) & 0o044 != 0;
        let exposed = is_open.then(|| {
            let cause = "other users can read it, and try passphrases for as long as they like; run `chmod 600` on it";
            problem(file, "keyfile-exposed", cause.to_owned())
        });
        misnamed.into_iter().chain(exposed)
    }

    /// The key of `address`.
    ///
    /// # Errors
    /// `no-such-account`, `account-ambiguous`, `passphrase-wrong`; `keyfile-invalid` where the file is malformed or its key is
    /// another account's; `keyfile-refused` where it would take more memory or time than is allowed.
    pub fn unlock(&self, address: Address, passphrase: &Zeroizing<String>) -> Result<SecretKey, KeystoreError> {
        let only = self.only(address)?;
        opened(&only.file, address, &only.sealed?, passphrase)
    }

    /// The key file of `address`, whether or not it can be opened.
    ///
    /// # Errors
    /// `no-such-account`, `account-ambiguous`.
    pub fn find(&self, address: Address) -> Result<KeyFile, KeystoreError> {
        Ok(KeyFile { address, file: self.only(address)?.file })
    }

    /// What changes when a file of the folder does. Asks for names, sizes and times alone.
    #[must_use]
    pub fn glance(&self) -> Glance {
        let of = |file: PathBuf| {
            let found = fs::symlink_metadata(&file).ok();
            let (length, changed) = found.map_or((0, None), |found| (found.len(), found.modified().ok()));
            (file, length, changed)
        };
        Glance(entries(&self.folder).unwrap_or_default().into_iter().map(of).collect())
    }

    fn unknown(&self, address: Address) -> KeystoreError {
        KeystoreError::NoSuchAccount { address, folder: self.folder.clone() }
    }

    /// The one file of `address`.
    fn only(&self, address: Address) -> Result<Candidate, KeystoreError> {
        Ok(self.copies(address)?.0)
    }

    /// The one file of `address`, and its copies: those that are the same byte for byte.
    fn copies(&self, address: Address) -> Result<(Candidate, Vec<PathBuf>), KeystoreError> {
        let mut own = self.candidates()?.into_iter().filter(|candidate| candidate.address == Some(address));
        let Some(first) = own.next() else { return Err(self.unknown(address)) };
        let others: Vec<PathBuf> = own.map(|other| other.file).collect();
        match others.iter().find(|other| read(other).content != read(&first.file).content) {
            Some(second) => Err(KeystoreError::Ambiguous { address, first: first.file, second: second.clone() }),
            None => Ok((first, others)),
        }
    }

    fn candidates(&self) -> Result<Vec<Candidate>, KeystoreError> {
        let candidate = |file: PathBuf| {
            let Found { address, sealed, .. } = read(&file);
            Candidate { file, address, sealed }
        };
        Ok(entries(&self.folder)?.into_iter().map(candidate).collect())
    }
}

const UNNAMED: &str = "neither it nor its name tells an address, and geth skips such files too; \
                       `daochain account import FILE` finds out which account it is";

fn problem(file: &Path, code: &'static str, message: String) -> KeyFileProblem {
    KeyFileProblem { file: file.to_owned(), code, message }
}

/// The files of a folder that may be key files, by name. No folder has none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, KeystoreError> {
    let unreadable = |cause| KeystoreError::Unreadable(files::FileError::listing(folder, cause));
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(unreadable)?,
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let skipped = name.starts_with(b".") || name.ends_with(b"~");
        // The kind is the entry's own: a link to a folder is no folder, and is reported.
        if !skipped && !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
        }
        if found.len() > FILES_LIMIT {
            let cause = format!("it holds more than {FILES_LIMIT} files, as no keystore does");
            return Err(unreadable(io::Error::other(cause)));
        }
    }
    found.sort();
    Ok(found)
}

/// What a file holds and claims. Both are told, so that an account whose file is broken is not called unknown.
struct Found {
    content: Vec<u8>,
    /// Of the content, else of the file's name.
    address: Option<Address>,
    sealed: Result<Sealed, KeystoreError>,
}

fn read(file: &Path) -> Found {
    let content = match files::read_unlinked(file, FILE_LIMIT) {
        Ok(content) => content,
        Err(error) => {
            return Found { content: Vec::new(), address: address_in_name(file), sealed: Err(unread(file, error)) };
        }
    };
    let (address, sealed) = match document::claimed_address(&content) {
        Ok(address) => {
            let address = address.or_else(|| address_in_name(file));
            (address, Sealed::parse(&content).map_err(|fault| fault.of(file)))
        }
        Err(fault) => (None, Err(fault.of(file))),
    };
    Found { content, address, sealed }
}

/// A file that is not there or not ours says nothing of what it holds.
fn unread(file: &Path, error: files::FileError) -> KeystoreError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => KeystoreError::NoFile(error),
        _ => Fault::Invalid(clean(&error.cause())).of(file),
    }
}

/// The address at the end of a name, as geth gives names: `UTC--…--` and 40 digits, or these alone.
fn address_in_name(file: &Path) -> Option<Address> {
    let name = file.file_name()?.to_str()?;
    let last = name.rsplit("--").next()?;
    document::address_of_digits(last.strip_prefix("0x").unwrap_or(last))
}

/// A key file that lies anywhere, read and checked, to be opened.
#[derive(Debug, Clone)]
pub struct SealedFile {
    file: PathBuf,
    named: Option<Address>,
    sealed: Sealed,
}

impl SealedFile {
    /// Reads it.
    ///
    /// # Errors
    /// `file-unreadable`, `keyfile-invalid`, `keyfile-refused`.
    pub fn read(file: &Path) -> Result<Self, KeystoreError> {
        let content = files::read(file, FILE_LIMIT).map_err(|error| unread(file, error))?;
        Self::of(file, &content).map_err(|fault| fault.of(file))
    }

    /// One whose content was read already.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn of(file: &Path, content: &[u8]) -> Result<Self, Fault> {
        let named = document::claimed_address(content)?;
        Ok(Self { file: file.to_owned(), named, sealed: Sealed::parse(content)? })
    }

    /// Its key.
    ///
    /// # Errors
    /// `passphrase-wrong`; `keyfile-invalid` when it is the key of another account than the file names.
    pub fn open(&self, passphrase: &Zeroizing<String>) -> Result<SecretKey, KeystoreError> {
        let key = unsealed(&self.file, self.named, &self.sealed, passphrase)?;
        belongs(&self.file, self.named, &key)?;
        Ok(key)
    }
}

fn unsealed(
    file: &Path,
    address: Option<Address>,
    sealed: &Sealed,
    passphrase: &Zeroizing<String>,
) -> Result<SecretKey, KeystoreError> {
    seal::open(sealed, passphrase).map_err(|unopened| match unopened {
        Unopened::Passphrase => KeystoreError::Passphrase { address, file: file.to_owned() },
        Unopened::Fault(fault) => fault.of(file),
    })
}

fn opened(
    file: &Path,
    address: Address,
    sealed: &Sealed,
    passphrase: &Zeroizing<String>,
) -> Result<SecretKey, KeystoreError> {
    let key = unsealed(file, Some(address), sealed, passphrase)?;
    belongs(file, Some(address), &key)?;
    Ok(key)
}

/// That a key is one, and the account's that its file names.
fn belongs(file: &Path, named: Option<Address>, key: &SecretKey) -> Result<(), KeystoreError> {
    let fault = match (seal::address_of(key), named) {
        (None, _) => Fault::invalid("what it holds is no key"),
        (Some(own), Some(named)) if own != named => {
            Fault::Invalid(format!("it names `{named}` and holds the key of `{own}`"))
        }
        _ => return Ok(()),
    };
    Err(fault.of(file))
}

#[cfg(test)]
mod tests;
