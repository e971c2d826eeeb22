//! The journal: signed transactions, on the disk before they are broadcast.
//!
//! ```text
//! record (Signed) ─▶ broadcast ─▶ advance(Broadcast) ─▶ advance(Included) ◀─▶ Broadcast (reorganised)
//!                                                              └─▶ advance(Final | Failed): settled, and stays so
//! ```
//! A process that dies between any two arrows leaves an open entry, and the next start asks a node for its fate.

use rusqlite::{OptionalExtension as _, Params, Row, params};

use super::{Store, StoreError, statement};
use crate::domain::{
    Address, Timestamp,
    notice::Notice,
    publication::{JournalEntry, JournalStage, TransactionHash},
    text::clean,
};

const COLUMNS: &str = "hash, raw, chain_id, account, nonce, statement, stage, signed_at";
/// The words of [`JournalStage::is_open`].
const OPEN: &str = "('signed', 'broadcast', 'included')";

impl Store {
    /// Writes a signed transaction down. Once this returns, neither a crash nor a power cut loses it: broadcast it only then.
    /// Recording the same transaction again changes nothing.
    ///
    /// # Errors
    /// When the database cannot be written; the transaction must not be broadcast then.
    pub fn record(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        const OPERATION: &str = "record a transaction";
        self.check_lasting(OPERATION)?;
        let said = statement::to_json(&entry.statement).map_err(|error| self.failed(OPERATION, error.to_string()))?;
        self.write(OPERATION, |transaction| {
            transaction
                .execute(
                    &format!(
                        "INSERT INTO journal ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                         ON CONFLICT (hash) DO NOTHING"
                    ),
                    params![
                        entry.hash.0,
                        entry.raw,
                        entry.chain_id.cast_signed(),
                        entry.from.as_bytes(),
                        entry.nonce.cast_signed(),
                        said,
                        statement::stage_word(entry.stage),
                        entry.at.0.cast_signed(),
                    ],
                )
                .map(drop)
        })
    }

    /// Notes how far a transaction has come. A settled one stays settled: another process may have seen further.
    ///
    /// # Errors
    /// When the journal has no such transaction, or the database cannot be written.
    pub fn advance(&self, hash: TransactionHash, stage: JournalStage) -> Result<(), StoreError> {
        const OPERATION: &str = "note a transaction's stage";
        let known = self.write(OPERATION, |transaction| {
            transaction.execute(
                &format!("UPDATE journal SET stage = ?2 WHERE hash = ?1 AND stage IN {OPEN}"),
                params![hash.0, statement::stage_word(stage)],
            )?;
            transaction.query_row("SELECT count(*) FROM journal WHERE hash = ?1", [hash.0], |row| row.get::<_, i64>(0))
        })?;
        if known == 0 { Err(self.failed(OPERATION, format!("it holds no transaction `{hash}`"))) } else { Ok(()) }
    }

    /// Transactions of a chain that are not settled, in the order in which they were signed, and a notice for each row that
    /// cannot be read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_entries(&self, chain_id: u64) -> Result<(Vec<JournalEntry>, Vec<Notice>), StoreError> {
        self.entries(
            &format!(
                "SELECT {COLUMNS} FROM journal WHERE chain_id = ?1 AND stage NOT IN ('final', 'failed') ORDER BY rowid"
            ),
            [chain_id.cast_signed()],
        )
    }

    /// True when a transaction of any chain is not settled: without one the next start need not ask a node.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_open_entries(&self) -> Result<bool, StoreError> {
        self.read("read the journal", |connection| {
            connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM journal WHERE stage NOT IN ('final', 'failed'))",
                [],
                |row| row.get(0),
            )
        })
    }

    /// The newest transactions of every chain, the newest first, and a notice for each row that cannot be read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recent(&self, limit: u32) -> Result<(Vec<JournalEntry>, Vec<Notice>), StoreError> {
        self.entries(&format!("SELECT {COLUMNS} FROM journal ORDER BY rowid DESC LIMIT ?1"), [limit])
    }

    /// One transaction.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn entry(&self, hash: TransactionHash) -> Result<Option<JournalEntry>, StoreError> {
        const OPERATION: &str = "read a transaction";
        let found = self.read(OPERATION, |connection| {
            connection
                .query_row(&format!("SELECT {COLUMNS} FROM journal WHERE hash = ?1"), [hash.0], |row| Ok(entry_of(row)))
                .optional()
        })?;
        found.transpose().map_err(|cause| self.failed(OPERATION, format!("the row of `{hash}` is damaged: {cause}")))
    }

    /// Nonces that unsettled transactions of `account` hold, in ascending order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_nonces(&self, chain_id: u64, account: Address) -> Result<Vec<u64>, StoreError> {
        let mut nonces: Vec<u64> = self.read("read nonces", |connection| {
            connection
                .prepare(&format!(
                    "SELECT DISTINCT nonce FROM journal WHERE chain_id = ?1 AND account = ?2 AND stage IN {OPEN}"
                ))?
                .query_map(params![chain_id.cast_signed(), account.as_bytes()], |row| {
                    row.get::<_, i64>(0).map(i64::cast_unsigned)
                })?
                .collect()
        })?;
        nonces.sort_unstable();
        Ok(nonces)
    }

    fn entries(&self, query: &str, params: impl Params) -> Result<(Vec<JournalEntry>, Vec<Notice>), StoreError> {
        let rows: Vec<(String, Result<JournalEntry, String>)> = self.read("read the journal", |connection| {
            connection
                .prepare(query)?
                .query_map(params, |row| {
                    let hash = row.get::<_, Vec<u8>>(0).map(hex::encode).unwrap_or_default();
                    Ok((hash, entry_of(row)))
                })?
                .collect()
        })?;
        let (mut entries, mut notices) = (Vec::new(), Vec::new());
        for (hash, entry) in rows {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(cause) => notices.push(Notice::new(&format!(
                    "the journal's row of transaction `0x{hash}` cannot be read and is left as it is: {cause}"
                ))),
            }
        }
        Ok((entries, notices))
    }
}

/// A row as an entry, or what is wrong with it. Only the row is at fault here: the database was read.
fn entry_of(row: &Row<'_>) -> Result<JournalEntry, String> {
    let read = || -> rusqlite::Result<_> {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        let hash = TransactionHash(row.get(0)?);
        let texts = (row.get::<_, String>(5)?, row.get::<_, String>(6)?);
        Ok((hash, row.get(1)?, number(2)?, Address::from_bytes(row.get(3)?), number(4)?, texts, Timestamp(number(7)?)))
    };
    let (hash, raw, chain_id, from, nonce, (said, stage), at) = read().map_err(|error| clean(&error.to_string()))?;
    let statement = statement::from_json(&said).map_err(|error| clean(&format!("its statement: {error}")))?;
    let stage = statement::stage_of(&stage).ok_or_else(|| clean(&format!("its stage `{stage}` is unknown")))?;
    Ok(JournalEntry { hash, raw, chain_id, from, nonce, statement, stage, at })
}
