//! Files that appear whole or not at all, and reading that no file can block or flood.
//!
//! A whole file is written beside its place, synced, renamed over it, and then its folder is synced: a reader sees the old
//! bytes or the new ones, also after a power cut. Configuration, trust policy and key files are all written here.

use std::{
    ffi::OsString,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::{fs::OFlags, io::Errno};

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

/// Replaces the content of `path`, or creates it, with mode 0600. A symbolic link is followed: its target changes.
///
/// # Errors
/// When the folder cannot be written or the disk is full; `path` is then as it was.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    write(&real, content, |temporary, target| temporary.persist(target).map(drop).map_err(|refused| refused.error))
}

/// Creates `path` with mode 0600 and never replaces what is there.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something has its name; otherwise as [`replace`].
pub fn create(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, |temporary, target| {
        temporary.persist_noclobber(target).map(drop).map_err(|refused| refused.error)
    })
}

fn write(
    path: &Path,
    content: &[u8],
    persist: impl FnOnce(tempfile::NamedTempFile, &Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let fail = failed("write", path);
    let folder = folder_of(path);
    create_folder(folder)?;
    // tempfile creates with mode 0600. The leading dot keeps geth from taking a torn one for a key file.
    let mut temporary = tempfile::Builder::new().prefix(".daochain-").tempfile_in(folder).map_err(&fail)?;
    temporary.write_all(content).and_then(|()| temporary.as_file().sync_all()).map_err(&fail)?;
    persist(temporary, path).map_err(&fail)?;
    sync_folder_of(path)
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
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(|cause| {
        match Errno::from_io_error(&cause) {
            Some(Errno::LOOP) => fail(io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link")),
            _ => fail(cause),
        }
    })?;
    if !file.metadata().map_err(&fail)?.is_file() {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
    }
    let mut content = Vec::new();
    // One byte more tells a file of the limit from a longer one; the length in the metadata may change meanwhile.
    file.take(limit + 1).read_to_end(&mut content).map_err(&fail)?;
    if content.len() as u64 > limit {
        return Err(fail(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(content)
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
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside).map_err(&fail)?;
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{
        fs,
        os::unix::fs::{MetadataExt as _, symlink},
    };

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("below/config.toml");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[test]
    fn a_link_to_a_file_kept_elsewhere_stays_a_link() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("dotfiles.toml"), home.path().join("config.toml"));
        fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn creating_never_replaces() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("key");
        create(&path, b"first").unwrap();
        assert_eq!(create(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[test]
    fn a_home_that_cannot_be_made_is_named_with_its_cause() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        for (below, cause) in [("config.toml", "something else has its name"), ("a/config.toml", "no folder")] {
            let error = replace(&file.join(below), b"x").unwrap_err().to_string();
            assert!(error.contains("cannot create folder") && error.contains(cause), "{error}");
        }
    }

    #[test]
    fn the_usual_causes_have_a_next_step() {
        for (number, step) in [(28, "free some space"), (30, "--home"), (13, "--home"), (122, "free some space")] {
            let error = failed("write", Path::new("f"))(io::Error::from_raw_os_error(number));
            let hint = error.hint().unwrap();
            assert!(hint.contains(step), "{hint}");
            assert_eq!(error.to_string(), format!("cannot write `f`: {}; {hint}", error.cause()));
        }
        let error = failed("write", Path::new("f"))(io::Error::other("a; run evil"));
        assert_eq!((error.hint(), error.to_string().as_str()), (None, "cannot write `f`: a; run evil"));
    }

    #[test]
    fn only_bounded_regular_files_are_read() {
        let home = tempfile::tempdir().unwrap();
        let (file, link, pipe) = (home.path().join("file"), home.path().join("link"), home.path().join("pipe"));
        fs::write(&file, "12345").unwrap();
        symlink(&file, &link).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(&link, 5).unwrap(), b"12345");
        assert!(read_unlinked(&link, 5).unwrap_err().to_string().contains("symbolic link"));
        assert!(read(&pipe, 5).unwrap_err().to_string().contains("no regular file"));
        assert!(read(home.path(), 5).is_err());
    }

    #[test]
    fn a_lock_keeps_others_out_until_it_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        let held = Lock::take(&path, Duration::ZERO).unwrap();
        assert!(Lock::take(&path, Duration::ZERO).unwrap_err().is_locked());
        drop(held);
        Lock::take(&path, Duration::ZERO).unwrap();
    }
}
