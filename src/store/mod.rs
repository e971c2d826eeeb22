//! What DaoChain remembers between two starts: one SQLite file, `state.db`.
//!
//! | table | holds | lost with the file |
//! |---|---|---|
//! | `measurement` | what measuring found, by what identifies the bytes | time: measured again |
//! | `layers` | the ChainID behind each configuration that was measured | the hint that a mismatch is a conversion |
//! | `journal` | signed transactions, written before they are broadcast | the following of unfinished publications |
//! | `event…` | what the contract ever said, by chain and contract | time: read from the chain again |
//! | `verdict` | the last verdict of each image | the age of a verdict while the node is away |
//! | `meta` | single values | |
//!
//! Several processes may use one file at once (write-ahead log, five seconds of patience). Calls are short and block:
//! asynchronous callers make them on a blocking thread.

mod cache;
mod error;
mod events;
pub mod files;
mod journal;
mod open;
mod requests;
mod saved_event;
mod statement;
mod verdicts;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

pub use cache::CacheKey;
pub use error::StoreError;
pub use events::{EventIndex, Explained, KEPT_BLOCKS, Position, milestones};
pub use requests::OpenRequest;
pub use verdicts::VerdictKey;

use crate::domain::notice::Notice;

/// An open database. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Why nothing is kept beyond this process, where that is so.
    volatile: Option<String>,
}

impl Store {
    /// Opens the database, or makes it (mode 0600). A damaged file is set aside under a new name, which a notice tells, and a
    /// new one is made.
    ///
    /// # Errors
    /// `store-newer` where a newer version made it (nothing is changed), `store-locked` after five seconds,
    /// `store-unwritable`, `store-failed`.
    pub fn open(path: &Path) -> Result<(Self, Vec<Notice>), StoreError> {
        Self::open_within(path, files::PATIENCE)
    }

    /// That what is written outlasts this process: nothing is sent to a chain otherwise.
    ///
    /// # Errors
    /// `store-unwritable` for a [volatile](Self::volatile) database; `operation` is what is wanted of it.
    pub fn check_lasting(&self, operation: &'static str) -> Result<(), StoreError> {
        let unwritable = |cause| StoreError::Unwritable { operation, path: self.inner.path.clone(), cause };
        self.inner.volatile.clone().map(unwritable).map_or(Ok(()), Err)
    }

    /// The value under `key`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read("read a value", |connection| {
            connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()
        })
    }

    /// Keeps `value` under `key`, in place of an older one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.write("keep a value", |transaction| {
            transaction
                .execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", params![key, value])
                .map(drop)
        })
    }

    fn read<T>(
        &self,
        operation: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // A panic elsewhere leaves no half-done statement behind: SQLite rolls an open transaction back.
        let connection = self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
        query(&connection).map_err(|error| self.said(operation, &error))
    }

    /// Runs `change` in a transaction that takes the write lock at once: one begun for reading could not wait for it.
    fn write<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = change(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        };
        run().map_err(|error| self.said(operation, &error))
    }

    fn said(&self, operation: &'static str, error: &rusqlite::Error) -> StoreError {
        if error::is_damage(error) {
            open::suspect(&self.inner.path);
        }
        StoreError::of(operation, self.inner.path.clone(), error)
    }

    fn failed(&self, operation: &'static str, cause: String) -> StoreError {
        StoreError::Failed { operation, path: self.inner.path.clone(), cause }
    }
}

#[cfg(test)]
mod tests;
