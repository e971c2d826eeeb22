//! Files that appear whole or not at all, and reading that no file can block or flood.
//!
//! A whole file is written beside its place, synced, renamed over it, and then its folder is synced: a reader sees the old
//! bytes or the new ones, also after a power cut. Configuration, trust policy and key files are all written here.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{CWD, OFlags, RenameFlags, renameat_with},
    io::Errno,
    process::{Gid, Uid},
};

use crate::domain::text::clean;

/// How long a process waits for another one that holds a lock: such work takes milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// What could not be done with which file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} `{}`: {}{}", clean(&path.to_string_lossy()), self.cause(), self.ending())]
pub struct FileError {
    operation: &'static str,
    path: PathBuf,
    cause: io::Error,
}

impl FileError {
    /// A folder whose entries could not be read.
    #[must_use]
    pub fn listing(folder: &Path, cause: io::Error) -> Self {
        Self { operation: "list folder", path: folder.to_owned(), cause }
    }

    /// Something has the name that a new file was to get.
    #[must_use]
    pub fn taken(path: &Path) -> Self {
        Self { operation: "write", path: path.to_owned(), cause: io::ErrorKind::AlreadyExists.into() }
    }

    /// A file that could not be deleted.
    #[must_use]
    pub fn deleting(path: &Path, cause: io::Error) -> Self {
        Self { operation: "delete", path: path.to_owned(), cause }
    }

    /// The cause alone, without the file's name and the next step.
    #[must_use]
    pub fn cause(&self) -> String {
        cause_of(&self.cause).map_or_else(|| clean(&self.cause.to_string()), str::to_owned)
    }

    /// What the user can do about it, for the causes that have a remedy. It ends the sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        step_of(&self.cause)
    }

    fn ending(&self) -> String {
        self.hint().map_or_else(String::new, |step| format!("; {step}"))
    }

    /// The operating system's kind of error.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.cause.kind()
    }

    /// True where waiting for another process took too long.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.cause.kind() == io::ErrorKind::TimedOut
    }
}

/// In clearer words than the operating system's, where there are any.
fn cause_of(cause: &io::Error) -> Option<&'static str> {
    Some(match cause.kind() {
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::QuotaExceeded => "the disk quota is used up",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::NotADirectory => "a part of the path is a file and no folder",
        io::ErrorKind::AlreadyExists => "something else has its name",
        io::ErrorKind::TimedOut => "another process holds it",
        io::ErrorKind::FileTooLarge => "it is larger than such a file can be",
        _ => return None,
    })
}

fn step_of(cause: &io::Error) -> Option<&'static str> {
    Some(match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space and try again",
        io::ErrorKind::ReadOnlyFilesystem => "name a folder that can be written with --home",
        io::ErrorKind::PermissionDenied => "change the owner or name another folder with --home",
        io::ErrorKind::NotADirectory => "move that file away, or name another folder with --home",
        io::ErrorKind::AlreadyExists | io::ErrorKind::FileTooLarge => "move that away",
        io::ErrorKind::TimedOut => "wait for it to end, and try again",
        io::ErrorKind::NotFound => "see that it is there",
        // What this module itself says of links, folders and devices.
        io::ErrorKind::InvalidInput if cause.raw_os_error().is_none() => "put a regular file in its place",
        _ => return None,
    })
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl Fn(io::Error) -> FileError + 'a {
    move |cause| FileError { operation, path: path.to_owned(), cause }
}

/// Makes a folder and those above it, each new one for this user alone (0700). An existing folder stays as it is.
///
/// # Errors
/// When it cannot be made, or when something else has its name.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create folder", path))
}

/// True when nothing more fits beside `path`, as far as the file system tells.
pub(super) fn is_on_full_disk(path: &Path) -> bool {
    rustix::fs::statvfs(folder_of(path)).is_ok_and(|found| found.f_bavail == 0)
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Number of the user.
    pub user: u32,
    /// Number of the group.
    pub group: u32,
}

impl Owner {
    /// Of a file or folder. `None` where there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|found| Self { user: found.uid(), group: found.gid() })
    }
}

/// Replaces the content of `path`, or creates it, with mode 0600. A symbolic link is followed: its target changes.
///
/// # Errors
/// When the folder cannot be written or the disk is full; `path` is then as it was.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    replace_as(&real, content, None)
}

/// Replaces `path` itself, a symbolic link too, for root writes in folders whose owner may put links there. Root leaves the
/// file to `owner`.
///
/// # Errors
/// As [`replace`].
pub fn replace_as(path: &Path, content: &[u8], owner: Option<Owner>) -> Result<(), FileError> {
    write(path, content, owner, |temporary, target| {
        temporary.persist(target).map(drop).map_err(|refused| refused.error)
    })
}

/// Creates `path` with mode 0600 and never replaces what is there. Makes no folder: a name that somebody gave may be misspelt.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something has its name; otherwise as [`replace`].
pub fn create(path: &Path, content: &[u8]) -> Result<(), FileError> {
    if folder_of(path).is_dir() {
        return create_as(path, content, None);
    }
    Err(failed("write", path)(io::Error::new(io::ErrorKind::NotFound, "its folder is not there")))
}

/// [`create`] that makes the folder, and where root leaves the file to `owner`.
///
/// # Errors
/// As [`create`].
pub fn create_as(path: &Path, content: &[u8], owner: Option<Owner>) -> Result<(), FileError> {
    write(path, content, owner, |temporary, target| {
        temporary.persist_noclobber(target).map(drop).map_err(|refused| refused.error)
    })
}

fn write(
    path: &Path,
    content: &[u8],
    owner: Option<Owner>,
    persist: impl FnOnce(tempfile::NamedTempFile, &Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let fail = failed("write", path);
    let folder = folder_of(path);
    create_folder(folder)?;
    // tempfile creates with mode 0600. The leading dot keeps geth from taking a torn one for a key file.
    let mut temporary = tempfile::Builder::new().prefix(".daochain-").tempfile_in(folder).map_err(&fail)?;
    give(temporary.as_file(), owner).map_err(&fail)?;
    temporary.write_all(content).and_then(|()| temporary.as_file().sync_all()).map_err(&fail)?;
    persist(temporary, path).map_err(&fail)?;
    sync_folder_of(path)
}

/// Root alone can give files away, and what root makes in a user's folder is of no use to the user otherwise.
fn give(file: &File, owner: Option<Owner>) -> io::Result<()> {
    match owner {
        Some(owner) if rustix::process::geteuid().is_root() => {
            let (user, group) = (Uid::from_raw(owner.user), Gid::from_raw(owner.group));
            Ok(rustix::fs::fchown(file, Some(user), Some(group))?)
        }
        _ => Ok(()),
    }
}

/// Renames a file, and never over another one. The folder of `to` is made when it is missing, by root for `owner`.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something has the name; when a folder cannot be written.
pub fn move_new(from: &Path, to: &Path, owner: Option<Owner>) -> Result<(), FileError> {
    let fail = failed("move to", to);
    let folder = folder_of(to);
    if !folder.is_dir() {
        create_folder(folder)?;
        open_with(OpenOptions::new().read(true), folder, OFlags::NOFOLLOW | OFlags::DIRECTORY)
            .and_then(|made| give(&made, owner))
            .map_err(&fail)?;
    }
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems that cannot: a second name, then without the first.
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from)).map_err(&fail)?;
        }
        moved => moved.map_err(io::Error::from).map_err(&fail)?,
    }
    sync_folder_of(to)?;
    sync_folder_of(from)
}

/// Syncs the folder that holds `path`: until then a power cut undoes a rename in it.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync folder", folder))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads a regular file of at most `limit` bytes. A pipe or device does not block it.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] when there is none; [`io::ErrorKind::FileTooLarge`] beyond the limit.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_with(path, limit, OFlags::NONBLOCK)
}

/// [`read`] that refuses a symbolic link too.
///
/// # Errors
/// As [`read`].
pub fn read_unlinked(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_with(path, limit, OFlags::NONBLOCK | OFlags::NOFOLLOW)
}

fn read_with(path: &Path, limit: u64, flags: OFlags) -> Result<Vec<u8>, FileError> {
    let fail = failed("read", path);
    let file = open_regular(OpenOptions::new().read(true), path, flags).map_err(&fail)?;
    let mut content = Vec::new();
    // One byte more tells a file of the limit from a longer one; the length in the metadata may change meanwhile.
    file.take(limit + 1).read_to_end(&mut content).map_err(&fail)?;
    if content.len() as u64 > limit {
        return Err(fail(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(content)
}

/// A file that is neither a folder nor a device; no link either, where `flags` say so.
fn open_regular(options: &mut OpenOptions, path: &Path, flags: OFlags) -> io::Result<File> {
    let file = open_with(options, path, flags)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok(file)
}

fn open_with(options: &mut OpenOptions, path: &Path, flags: OFlags) -> io::Result<File> {
    options.custom_flags(flags.bits().cast_signed()).open(path).map_err(|cause| match Errno::from_io_error(&cause) {
        Some(Errno::LOOP) => io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link"),
        _ => cause,
    })
}

/// Keeps other DaoChain processes from changing one file; lets go when dropped, also by the end of the process.
#[derive(Debug)]
pub struct Lock {
    _held: File,
}

impl Lock {
    /// Locks `path` through a file beside it with `.lock` at the end, which stays: to remove it would let two in.
    ///
    /// # Errors
    /// [`FileError::is_locked`] after `patience`; otherwise when the lock file cannot be made.
    pub fn take(path: &Path, patience: Duration) -> Result<Self, FileError> {
        let mut name = OsString::from(path);
        name.push(".lock");
        let beside = PathBuf::from(name);
        let fail = failed("lock", path);
        create_folder(folder_of(path))?;
        let file = lock_file(&beside, Owner::of(folder_of(path))).map_err(&fail)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _held: file }),
                Err(TryLockError::Error(cause)) => return Err(fail(cause)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(fail(io::ErrorKind::TimedOut.into()));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(POLL),
            }
        }
    }
}

/// A lock's file. Root's would keep the folder's owner out for ever, so root gives a new one away; what has the name already may
/// be anybody's file, linked there by the folder's owner.
fn lock_file(path: &Path, owner: Option<Owner>) -> io::Result<File> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(made) => give(&made, owner).map(|()| made),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            open_regular(OpenOptions::new().write(true), path, OFlags::NOFOLLOW | OFlags::NONBLOCK)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
