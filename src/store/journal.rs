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
    network::ChainIdentity,
    notice::Notice,
    publication::{JournalEntry, JournalStage, TransactionHash},
    text::clean,
};

const COLUMNS: &str = "hash, raw, chain_id, account, nonce, statement, stage, signed_at, genesis, second, block";
/// Older versions did not note which of the chains of one id it was.
const OF_CHAIN: &str =
    "chain_id = ?1 AND (genesis IS NULL OR genesis = ?2) AND (second IS NULL OR ?3 IS NULL OR second = ?3)";
/// The words of [`JournalStage::is_open`].
const OPEN: &str = "('signed', 'broadcast', 'included', 'reverted')";

impl Store {
    /// Writes a signed transaction down. Once this returns, neither a crash nor a power cut loses it: broadcast it only then.
    /// Recording the same transaction again changes nothing, unless it was given up, or was another chain's: then it is open again.
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
                        "INSERT INTO journal ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
                         ON CONFLICT (hash) DO UPDATE SET stage = excluded.stage, genesis = excluded.genesis, second = excluded.second, \
                         signed_at = excluded.signed_at, block = excluded.block WHERE stage = 'failed' OR genesis <> excluded.genesis OR second <> excluded.second"
                    ),
                    params![
                        entry.hash.0,
                        entry.raw,
                        entry.chain_id.cast_signed(),
                        entry.from.as_bytes(),
                        entry.nonce.cast_signed(),
                        said,
                        entry.stage.word(),
                        entry.at.0.cast_signed(),
                        entry.genesis,
                        entry.second,
                        entry.block.map(u64::cast_signed),
                    ],
                )
                .map(drop)
        })
    }

    /// Notes how far a transaction has come, and which block has it. A settled one stays settled: another process may have
    /// seen further.
    ///
    /// # Errors
    /// When the journal has no such transaction, or the database cannot be written.
    pub fn advance(&self, hash: TransactionHash, stage: JournalStage, block: Option<u64>) -> Result<(), StoreError> {
        const OPERATION: &str = "note a transaction's stage";
        let known = self.write(OPERATION, |transaction| {
            transaction.execute(
                &format!(
                    "UPDATE journal SET stage = ?2, block = ?3, gone_at = NULL WHERE hash = ?1 AND stage IN {OPEN}"
                ),
                params![hash.0, stage.word(), block.map(u64::cast_signed)],
            )?;
            transaction.query_row("SELECT count(*) FROM journal WHERE hash = ?1", [hash.0], |row| row.get::<_, i64>(0))
        })?;
        if known == 0 { Err(self.failed(OPERATION, format!("it holds no transaction `{hash}`"))) } else { Ok(()) }
    }

    /// Notes that no block will have a transaction unless the chain changes, and tells since when that is so: `now` where it was not
    /// seen before. [`Store::advance`] forgets it.
    ///
    /// # Errors
    /// When the journal has no such transaction, or the database cannot be written.
    pub fn gone_since(&self, hash: TransactionHash, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.write("note that a transaction is gone", |transaction| {
            transaction.execute(
                "UPDATE journal SET gone_at = ?2 WHERE hash = ?1 AND gone_at IS NULL",
                params![hash.0, now.0.cast_signed()],
            )?;
            let since: i64 =
                transaction.query_row("SELECT gone_at FROM journal WHERE hash = ?1", [hash.0], |row| row.get(0))?;
            Ok(Timestamp(since.cast_unsigned()))
        })
    }

    /// True where [`Store::gone_since`] noted it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_gone(&self, hash: TransactionHash) -> Result<bool, StoreError> {
        self.read("read the journal", |connection| {
            let query = "SELECT EXISTS (SELECT 1 FROM journal WHERE hash = ?1 AND gone_at IS NOT NULL)";
            connection.query_row(query, [hash.0], |row| row.get(0))
        })
    }

    /// Transactions of a chain that are not settled, in the order in which they were signed, and a notice for each row that
    /// cannot be read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_entries(&self, chain: ChainIdentity) -> Result<(Vec<JournalEntry>, Vec<Notice>), StoreError> {
        self.entries(
            &format!(
                "SELECT {COLUMNS} FROM journal WHERE {OF_CHAIN} AND stage NOT IN ('final', 'failed') ORDER BY rowid"
            ),
            params![chain.id.cast_signed(), chain.genesis, chain.second],
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

    /// True where this home signed another transaction of the same nonce later, and did not give that one up: sending this one
    /// again could undo what the other was signed for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_superseded(&self, hash: TransactionHash) -> Result<bool, StoreError> {
        self.read("read the journal", |connection| {
            connection.query_row(
                "SELECT EXISTS (
                     SELECT 1 FROM journal AS one JOIN journal AS other USING (chain_id, account, nonce)
                     WHERE one.hash = ?1 AND coalesce(one.genesis = other.genesis, TRUE)
                         AND coalesce(one.second = other.second, TRUE) AND other.rowid > one.rowid AND other.stage <> 'failed')",
                [hash.0],
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
    pub fn open_nonces(&self, chain: ChainIdentity, account: Address) -> Result<Vec<u64>, StoreError> {
        let mut nonces: Vec<u64> = self.read("read nonces", |connection| {
            connection
                .prepare(&format!(
                    "SELECT DISTINCT nonce FROM journal WHERE {OF_CHAIN} AND account = ?4 AND stage IN {OPEN}"
                ))?
                .query_map(params![chain.id.cast_signed(), chain.genesis, chain.second, account.as_bytes()], |row| {
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
        Ok((
            hash,
            row.get(1)?,
            number(2)?,
            Address::from_bytes(row.get(3)?),
            number(4)?,
            texts,
            (Timestamp(number(7)?), row.get(8)?, row.get(9)?, row.get::<_, Option<i64>>(10)?.map(i64::cast_unsigned)),
        ))
    };
    let (hash, raw, chain_id, from, nonce, (said, stage), (at, genesis, second, block)) =
        read().map_err(|error| clean(&error.to_string()))?;
    let statement = statement::from_json(&said).map_err(|error| clean(&format!("its statement: {error}")))?;
    let stage = statement::stage_of(&stage).ok_or_else(|| clean(&format!("its stage `{stage}` is unknown")))?;
    Ok(JournalEntry { hash, raw, chain_id, genesis, second, from, nonce, statement, stage, block, at })
}
