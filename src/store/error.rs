//! What can go wrong with the database.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::files::{self, FileError};
use crate::domain::text::clean;

/// What could not be done in which database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room for it.
    #[error(
        "cannot {operation} in the database `{}`: the disk is full; {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    Full {
        /// What was tried.
        operation: &'static str,
        /// The database.
        path: PathBuf,
    },
    /// Permissions, or the file system, forbid to write it.
    #[error(
        "cannot {operation} in the database `{}`: the file or its folder cannot be written; {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    ReadOnly {
        /// What was tried.
        operation: &'static str,
        /// The database.
        path: PathBuf,
    },
    /// The folder or file cannot be written for another reason.
    #[error(
        "cannot {operation} in the database `{}`: {cause}; {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    Unwritable {
        /// What was tried.
        operation: &'static str,
        /// The database.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// Another process held it for longer than a process waits.
    #[error(
        "the database `{}` is locked by another process; {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// A newer version of this program made it. It is left untouched.
    #[error(
        "the database `{}` was made by a newer daochain (schema {found}; this one knows {known}); {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this program.
        known: i64,
    },
    /// Another program's database has its name. It is left untouched.
    #[error("the database `{}` is another program's; {step}", clean(&path.to_string_lossy()), step = self.step())]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// What it holds makes no sense to SQLite. Opening it sets it aside.
    #[error(
        "cannot {operation} in the database `{}`: it is damaged; {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    Damaged {
        /// What was tried.
        operation: &'static str,
        /// The database.
        path: PathBuf,
    },
    /// Anything else.
    #[error(
        "cannot {operation} in the database `{}`: {cause}; {step}",
        clean(&path.to_string_lossy()),
        step = self.step()
    )]
    Failed {
        /// What was tried.
        operation: &'static str,
        /// The database.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// A file beside the database.
    #[error(transparent)]
    File(#[from] FileError),
}

impl StoreError {
    /// The word by which documents and scripts know it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) if !error.is_locked() => "store-unwritable",
            Self::Locked { .. } | Self::File(_) => "store-locked",
            Self::Full { .. } | Self::ReadOnly { .. } | Self::Unwritable { .. } => "store-unwritable",
            Self::Newer { .. } => "store-newer",
            Self::Foreign { .. } | Self::Damaged { .. } | Self::Failed { .. } => "store-failed",
        }
    }

    /// What the user can do about it. It depends on the kind of error alone, never on foreign words, and ends the sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Full { .. } => Some("free some space and try again"),
            Self::ReadOnly { .. } => Some("change its permissions or name another folder with --home"),
            Self::Unwritable { .. } => Some("see that its folder can be written, or name another with --home"),
            Self::Locked { .. } => Some("wait for it to end, and try again"),
            Self::Newer { .. } => Some("update daochain, or name another home with --home"),
            Self::Foreign { .. } => Some("move it away, or name another home with --home"),
            Self::Damaged { .. } => Some("start daochain again, which sets it aside and makes a new one"),
            Self::Failed { .. } => Some("try again, or name another home with --home"),
            Self::File(error) => error.hint(),
        }
    }

    /// The next step, for the sentence.
    fn step(&self) -> &'static str {
        self.hint().unwrap_or_default()
    }

    /// What SQLite said, sorted by what the user can do about it.
    pub(super) fn of(operation: &'static str, path: PathBuf, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DiskFull) => Self::Full { operation, path },
            // What SQLite says when there is no room for its index of the log.
            Some(ErrorCode::SystemIoFailure) if files::is_on_full_disk(&path) => Self::Full { operation, path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly { operation, path }
            }
            Some(ErrorCode::SystemIoFailure) => Self::Unwritable { operation, path, cause: clean(&error.to_string()) },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { operation, path },
            _ => Self::Failed { operation, path, cause: clean(&error.to_string()) },
        }
    }
}

/// True when the file's content, and not its surroundings, is what is wrong.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
