//! Accounts that were removed, for as long as they can be had again.
//!
//! ```text
//! keystore/UTC--…--ab12…   ◀──rename──▶   keystore/removed/2026-11-29T05-17-41Z--UTC--…--ab12…   ──30 days──▶ deleted
//! ```
//!
//! The folder lies within the keystore: renaming is one step there, whichever disk it is on, and geth skips folders.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

use super::{KeyFile, Keystore, KeystoreError, entries, read};
use crate::{
    domain::{Address, Timestamp, account::Removed},
    store::files,
};

/// How long a removed account is kept, in seconds.
pub const KEPT: u64 = 30 * 24 * 60 * 60;
const FOLDER: &str = "removed";
const SEPARATOR: &[u8] = b"--";
/// `2026-11-29T05-17-41Z`
const STAMP_LENGTH: usize = 20;

impl Keystore {
    /// Takes the account away, to be restored within [`KEPT`]. `name` tells which of several files.
    ///
    /// # Errors
    /// `no-such-account`, `account-ambiguous`, `keystore-unwritable`.
    pub fn remove(&self, address: Address, name: Option<&OsStr>, now: Timestamp) -> Result<Removed, KeystoreError> {
        let _alone = self.lock()?;
        let mut own = self.candidates()?;
        own.retain(|one| one.address == Some(address) && name.is_none_or(|name| one.file.file_name() == Some(name)));
        let mut own = own.into_iter();
        let Some(first) = own.next() else { return Err(self.unknown(address)) };
        if let Some(second) = own.next() {
            return Err(KeystoreError::Ambiguous { address, first: first.file, second: second.file });
        }
        let file = self.kept()?.join(name_of_removed(&first.file, now));
        files::move_new(&first.file, &file, files::Owner::of(&self.folder)).map_err(KeystoreError::Unwritable)?;
        Ok(Removed { address, file, at: now, kept_until: kept_until(now) })
    }

    /// What can be restored, the newest last.
    ///
    /// # Errors
    /// `keystore-unreadable`.
    pub fn removed(&self) -> Result<Vec<Removed>, KeystoreError> {
        let found = entries(&self.kept()?)?.into_iter().filter_map(|file| {
            let (at, _) = taken_apart(&file)?;
            Some(Removed { address: read(&file).address?, file, at, kept_until: kept_until(at) })
        });
        Ok(found.collect())
    }

    /// Puts an account back that was removed; of several of one address the one that was removed last.
    ///
    /// # Errors
    /// `no-such-account`, `account-exists`, `keystore-unwritable` when another file has its name by now.
    pub fn restore(&self, address: Address) -> Result<KeyFile, KeystoreError> {
        let _alone = self.lock()?;
        if let Some(known) = self.candidates()?.into_iter().find(|one| one.address == Some(address)) {
            return Err(KeystoreError::Exists { address, file: known.file });
        }
        let newest = self.removed()?.into_iter().rev().find(|removed| removed.address == address);
        let place = newest.and_then(|removed| taken_apart(&removed.file).map(|(_, name)| (removed.file.clone(), name)));
        let Some((from, name)) = place else {
            return Err(KeystoreError::NotRemoved { address, folder: self.folder.clone() });
        };
        let file = self.folder.join(name);
        files::move_new(&from, &file, None).map_err(KeystoreError::Unwritable)?;
        Ok(KeyFile { address, file })
    }

    /// Deletes what was removed longer than [`KEPT`] ago, and gives its names. Only files that [`Keystore::remove`] named
    /// are touched.
    ///
    /// # Errors
    /// `keystore-unreadable`, `keystore-unwritable`.
    pub fn forget_removed(&self, now: Timestamp) -> Result<Vec<PathBuf>, KeystoreError> {
        let mut old = entries(&self.kept()?)?;
        old.retain(|file| taken_apart(file).is_some_and(|(at, _)| kept_until(at) <= now));
        if old.is_empty() {
            return Ok(old);
        }
        let _alone = self.lock()?;
        for file in &old {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(KeystoreError::Unwritable(files::FileError::deleting(file, error)));
                }
                _ => {}
            }
        }
        Ok(old)
    }

    /// The folder of what was removed, which need not exist. Through a link, root would move and delete files elsewhere for whoever
    /// owns the keystore.
    fn kept(&self) -> Result<PathBuf, KeystoreError> {
        let folder = self.folder.join(FOLDER);
        match fs::symlink_metadata(&folder) {
            Ok(found) if !found.is_dir() => {
                let cause = io::Error::other("it is a link or a file, and no folder; move it away");
                Err(KeystoreError::Unreadable(files::FileError::listing(&folder, cause)))
            }
            _ => Ok(folder),
        }
    }
}

fn kept_until(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_add(KEPT))
}

fn name_of_removed(file: &Path, at: Timestamp) -> OsString {
    let format = format_description!("[year]-[month]-[day]T[hour]-[minute]-[second]Z");
    let moment = i64::try_from(at.0).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let stamp = moment.and_then(|moment| moment.format(format).ok());
    let mut name = OsString::from(stamp.unwrap_or_default());
    name.push(OsStr::from_bytes(SEPARATOR));
    name.push(file.file_name().unwrap_or_default());
    name
}

/// When a file was removed, and its name before. `None` for a name that is not of [`name_of_removed`].
fn taken_apart(file: &Path) -> Option<(Timestamp, OsString)> {
    let (stamp, rest) = file.file_name()?.as_bytes().split_at_checked(STAMP_LENGTH)?;
    let name = rest.strip_prefix(SEPARATOR).filter(|name| !name.is_empty())?;
    let format = format_description!("[year]-[month]-[day]T[hour]-[minute]-[second]Z");
    let at = PrimitiveDateTime::parse(std::str::from_utf8(stamp).ok()?, format).ok()?;
    let at = u64::try_from(at.assume_utc().unix_timestamp()).ok()?;
    Some((Timestamp(at), OsStr::from_bytes(name).to_owned()))
}
