//! What can go wrong with the database.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::files::{self, FileError};
use crate::domain::text::clean;

const FULL: &str = "the disk is full; free some space and try again";

/// What could not be done in which database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or the folder or file cannot be written.
    #[error("cannot {operation} in the database `{}`: {cause}", clean(&path.to_string_lossy()))]
    Unwritable {
        /// What was tried.
        operation: &'static str,
        /// The database.
        path: PathBuf,
        /// Cause and next step.
        cause: String,
    },
    /// Another process held it for longer than a process waits.
    #[error(
        "the database `{}` is locked by another process; wait for it to end, and try again",
        clean(&path.to_string_lossy())
    )]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// A newer version of this program made it. It is left untouched.
    #[error(
        "the database `{}` was made by a newer daochain (schema {found}; this one knows {known}); update daochain, or name another home with --home",
        clean(&path.to_string_lossy())
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this program.
        known: i64,
    },
    /// Anything else.
    #[error("cannot {operation} in the database `{}`: {cause}", clean(&path.to_string_lossy()))]
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
            Self::Unwritable { .. } => "store-unwritable",
            Self::Newer { .. } => "store-newer",
            Self::Failed { .. } => "store-failed",
        }
    }

    /// What SQLite said, sorted by what the user can do about it.
    pub(super) fn of(operation: &'static str, path: PathBuf, error: &rusqlite::Error) -> Self {
        let unwritable = |path, cause: &str| Self::Unwritable { operation, path, cause: cause.to_owned() };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DiskFull) => unwritable(path, FULL),
            // What SQLite says when there is no room for its index of the log.
            Some(ErrorCode::SystemIoFailure) if files::is_on_full_disk(&path) => unwritable(path, FULL),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => unwritable(
                path,
                "the file or its folder cannot be written; change its permissions or name another folder with --home",
            ),
            Some(ErrorCode::SystemIoFailure) => unwritable(path, &clean(&error.to_string())),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                let cause = "it is damaged; start daochain again, which sets it aside and makes a new one".to_owned();
                Self::Failed { operation, path, cause }
            }
            _ => Self::Failed { operation, path, cause: clean(&error.to_string()) },
        }
    }
}

/// True when the file's content, and not its surroundings, is what is wrong.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
