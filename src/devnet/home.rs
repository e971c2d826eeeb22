//! The files of a dev chain's folder, other than its blocks.
//!
//! ```text
//! lock          held by the process that hosts the node; the kernel releases it when that process ends
//! endpoint      where the host listens (JSON, 0600), replaced as a whole
//! faucet.key    the key that owns the genesis ether (hexadecimal, 0600), made once per home
//! blocks        the chain (see `blocks.rs`)
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rand::rngs::OsRng;
use secp256k1::SecretKey;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::DevnetError;

/// More than an endpoint or key file ever holds; a larger one is not ours.
const SMALL_FILE: u64 = 4096;

/// The folder of one home's dev chain.
#[derive(Debug, Clone)]
pub(super) struct Home {
    dir: PathBuf,
}

/// What a host writes for the processes that come after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    /// `http://127.0.0.1:PORT/`.
    pub(super) url: String,
    /// Drawn anew by every host: a stranger's server on a reused port cannot know it.
    pub(super) identity: String,
    /// The host's process.
    pub(super) pid: u32,
}

impl Home {
    /// Opens the folder, and creates it (0700) where it is absent.
    pub(super) fn open(dir: &Path) -> Result<Self, DevnetError> {
        create_private_dir(dir).map_err(DevnetError::file("create", dir))?;
        Ok(Self { dir: dir.to_path_buf() })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The host's lock, or nothing when another process holds it.
    pub(super) fn try_lock(&self) -> Result<Option<File>, DevnetError> {
        let path = self.dir.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(DevnetError::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(DevnetError::file("lock", path)(cause)),
        }
    }

    /// Where the present or last host listens; nothing when the file is absent or not ours.
    pub(super) fn read_address(&self) -> Option<Address> {
        let text = read_small(&self.dir.join("endpoint")).ok()?;
        let address: Address = serde_json::from_str(&text).ok()?;
        // Only loopback is ever written: anything else would send transactions elsewhere.
        let port = address.url.strip_prefix("http://127.0.0.1:")?;
        port.trim_end_matches('/').parse::<u16>().ok()?;
        Some(address)
    }

    pub(super) fn write_address(&self, address: &Address) -> Result<(), DevnetError> {
        let path = self.dir.join("endpoint");
        let text = serde_json::to_string(address).map_err(DevnetError::node("name its endpoint"))?;
        write_private(&path, text.as_bytes()).map_err(DevnetError::file("write", path))
    }

    /// Takes the endpoint away, so that nobody asks a host that has gone.
    pub(super) fn remove_address(&self) {
        // A leftover is harmless: its identity no longer answers.
        let _ = fs::remove_file(self.dir.join("endpoint"));
    }

    /// The faucet's key, made where it is absent; a malformed file is set aside with a notice.
    /// Only the host may call this.
    pub(super) fn faucet(&self, notices: &mut Vec<String>) -> Result<SecretKey, DevnetError> {
        match faucet_key(&self.dir) {
            Ok(key) => secret(&key).ok_or(DevnetError::BadFaucet { path: self.faucet_path() }),
            Err(DevnetError::NoFaucet { .. }) => self.make_faucet(),
            Err(DevnetError::BadFaucet { path }) => {
                let name = set_aside(&path, "damaged")?;
                notices.push(format!("the faucet's key was unreadable and is kept as `{name}`; a new key was made"));
                self.make_faucet()
            }
            Err(error) => Err(error),
        }
    }

    fn make_faucet(&self) -> Result<SecretKey, DevnetError> {
        let key = SecretKey::new(&mut OsRng);
        let mut bytes = key.secret_bytes();
        let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex::encode(bytes))));
        bytes.zeroize();
        let path = self.faucet_path();
        write_private(&path, text.as_bytes()).map_err(DevnetError::file("write", path))?;
        Ok(key)
    }

    fn faucet_path(&self) -> PathBuf {
        self.dir.join("faucet.key")
    }
}

/// The private key of the account that owns the genesis ether of the dev chain in `dir`.
///
/// It is made by the first host, so join first. The ether has no value anywhere: the key exists so
/// that `account fund` is an ordinary signed transfer.
///
/// # Errors
/// [`DevnetError::NoFaucet`] before the first start, [`DevnetError::BadFaucet`] when the file holds
/// something else, [`DevnetError::File`] when it cannot be read.
pub fn faucet_key(dir: &Path) -> Result<Zeroizing<[u8; 32]>, DevnetError> {
    let path = dir.join("faucet.key");
    let text = match read_small(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(DevnetError::NoFaucet { path });
        }
        Err(cause) if cause.kind() == io::ErrorKind::InvalidData => {
            return Err(DevnetError::BadFaucet { path });
        }
        Err(cause) => return Err(DevnetError::file("read", path)(cause)),
    };
    let mut key = Zeroizing::new([0; 32]);
    if hex::decode_to_slice(text.trim(), key.as_mut_slice()).is_err() || secret(&key).is_none() {
        return Err(DevnetError::BadFaucet { path });
    }
    Ok(key)
}

fn secret(key: &[u8; 32]) -> Option<SecretKey> {
    SecretKey::from_slice(key).ok()
}

/// Renames `path` to a free name that tells why, in the same folder, and returns that name.
pub(super) fn set_aside(path: &Path, why: &str) -> Result<String, DevnetError> {
    let (free, name) = free_name(path, why);
    fs::rename(path, &free).map_err(DevnetError::file("set aside", path))?;
    Ok(name)
}

/// A name beside `path` that no file has: `blocks.damaged-1700000000`, then with `-2`, `-3`…
pub(super) fn free_name(path: &Path, why: &str) -> (PathBuf, String) {
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let now = super::unix_now();
    let mut name = format!("{stem}.{why}-{now}");
    let mut count = 1;
    while path.with_file_name(&name).exists() {
        count += 1;
        name = format!("{stem}.{why}-{now}-{count}");
    }
    (path.with_file_name(&name), name)
}

/// Writes a file that appears whole or not at all, readable by its owner alone.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_dir(dir)
}

/// Makes names in `dir` survive a power cut; only Unix can open a folder for it.
fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

fn read_small(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > SMALL_FILE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    fs::read_to_string(path)
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
