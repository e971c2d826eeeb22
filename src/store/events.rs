//! The event index: everything that a contract ever said, as far as it was read. Each contract has an index of its own.
//!
//! ```text
//! position ─▶ (the last blocks are still the chain's? else rewind) ─▶ append a range ─▶ position …
//! ```
//! A range is appended in one commit with how far the index has come, so that a process that dies between two ranges has lost
//! nothing but time, and two that read at once append every range once.

mod answers;
mod claims;
mod market;
mod people;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{Store, StoreError, saved_event};
use crate::domain::{
    Address, Reference,
    network::Block,
    record::{ChainEvent, HistoryKind},
};

/// Blocks whose hashes are kept, to notice that they left the chain.
pub const KEPT_BLOCKS: u64 = 128;

/// Blocks from `from` to `to` whose hashes are kept for good: the first one and each power of two. However far a head falls behind,
/// there is one that both know, and that tells a late node from another chain.
pub fn milestones(from: u64, to: u64) -> impl Iterator<Item = u64> {
    std::iter::once(0).chain((0..u64::BITS).map(|bit| 1 << bit)).filter(move |number| (from..=to).contains(number))
}

/// Which index: the contract at an address of a chain, as some endpoints tell it. What others told is another index: a lie
/// of one endpoint must not be found later under the name of better ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventIndex {
    /// The chain.
    pub chain_id: u64,
    /// The contract.
    pub contract: Address,
    /// Whose word it is: what tells this network and its endpoints from others.
    pub source: [u8; 32],
}

/// What explains records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// What publishers said; of one and the same in the chain's order.
    pub said: Vec<ChainEvent>,
    /// References, by their hashes, and who said something under them.
    pub others: Vec<([u8; 32], Address)>,
}

/// How far an index has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The first block that was not read yet.
    pub next_block: u64,
    /// The last blocks that were read and [milestones] before them, the newest first, with their hashes.
    pub blocks: Vec<(u64, [u8; 32])>,
}

impl Position {
    /// Where to go on, where `now` are the chain's blocks of some of the numbers whose hashes are kept: behind the last block that
    /// was read, unless the chain has another one at a number that both know. Then behind the newest that is still the chain's;
    /// without one it is another chain of the same number, and it is read from the beginning. A head that fell behind contradicts
    /// nothing.
    #[must_use]
    pub fn fork(&self, now: &[Block]) -> u64 {
        let mut is_contradicted = false;
        for (number, hash) in &self.blocks {
            match now.iter().find(|block| block.number == *number) {
                Some(block) if block.hash != *hash => is_contradicted = true,
                Some(_) if is_contradicted => return self.next_block.min(number + 1),
                Some(_) => return self.next_block,
                None => {}
            }
        }
        if is_contradicted { 0 } else { self.next_block }
    }
}

impl Store {
    /// How far the index has come; `None` where nothing was ever read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn position(&self, index: EventIndex) -> Result<Option<Position>, StoreError> {
        self.read("read the event index", |connection| {
            let Some((id, next_block)) = find(connection, index)? else { return Ok(None) };
            let mut blocks = connection
                .prepare("SELECT number, hash FROM event_block WHERE event_index = ?1 ORDER BY number DESC")?;
            let blocks = blocks.query_map([id], |row| Ok((number(row, 0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
            Ok(Some(Position { next_block, blocks }))
        })
    }

    /// Appends what the contract said in the blocks from `from` to before `next`, and the hashes of the last of them and of
    /// [milestones]. False where another process was faster, or where a block before `from` is not the one that was read: then
    /// nothing is changed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn append_events(
        &self,
        index: EventIndex,
        from: u64,
        next: u64,
        events: &[ChainEvent],
        blocks: &[Block],
    ) -> Result<bool, StoreError> {
        self.append(index, (from, next), blocks, |transaction, id| {
            events.iter().try_for_each(|event| insert(transaction, id, event))
        })
    }

    /// The same with what `insert` writes of those blocks.
    fn append(
        &self,
        index: EventIndex,
        (from, next): (u64, u64),
        blocks: &[Block],
        insert: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<()>,
    ) -> Result<bool, StoreError> {
        self.write("extend the event index", |transaction| {
            let id = match find(transaction, index)? {
                Some((id, next_block)) if next_block == from => id,
                Some(_) => return Ok(false),
                None => {
                    transaction.execute(
                        "INSERT INTO event_index (chain_id, contract, source, next_block) VALUES (?1, ?2, ?3, ?4)",
                        params![
                            index.chain_id.cast_signed(),
                            index.contract.as_bytes(),
                            index.source,
                            from.cast_signed()
                        ],
                    )?;
                    transaction.last_insert_rowid()
                }
            };
            // The block before was read on another branch: it has to be found out where the two part.
            let before = blocks.iter().filter(|block| block.number < from);
            for block in before {
                let known: Option<[u8; 32]> = transaction
                    .prepare_cached("SELECT hash FROM event_block WHERE event_index = ?1 AND number = ?2")?
                    .query_row(params![id, block.number.cast_signed()], |row| row.get(0))
                    .optional()?;
                if known.is_some_and(|known| known != block.hash) {
                    return Ok(false);
                }
            }
            insert(transaction, id)?;
            let mut keep = transaction
                .prepare("INSERT OR REPLACE INTO event_block (event_index, number, hash) VALUES (?1, ?2, ?3)")?;
            for block in blocks {
                keep.execute(params![id, block.number.cast_signed(), block.hash])?;
            }
            transaction
                .execute("UPDATE event_index SET next_block = ?2 WHERE id = ?1", params![id, next.cast_signed()])?;
            transaction.execute(
                "DELETE FROM event_block WHERE event_index = ?1 AND number < ?2 AND number & (number - 1) <> 0",
                params![id, next.saturating_sub(KEPT_BLOCKS).cast_signed()],
            )?;
            Ok(true)
        })
    }

    /// Forgets everything from block `from` on: it is no longer the chain's.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn rewind_events(&self, index: EventIndex, from: u64) -> Result<(), StoreError> {
        self.write("rewind the event index", |transaction| {
            let Some((id, _)) = find(transaction, index)? else { return Ok(()) };
            let at = params![id, from.cast_signed()];
            transaction.execute("DELETE FROM event WHERE event_index = ?1 AND block >= ?2", at)?;
            transaction.execute("DELETE FROM event_claim WHERE event_index = ?1 AND block >= ?2", at)?;
            market::rewind(transaction, id, from)?;
            transaction.execute("DELETE FROM event_block WHERE event_index = ?1 AND number >= ?2", at)?;
            transaction.execute("UPDATE event_index SET next_block = min(next_block, ?2) WHERE id = ?1", at)?;
            Ok(())
        })
    }
}

fn find(connection: &Connection, index: EventIndex) -> rusqlite::Result<Option<(i64, u64)>> {
    connection
        .query_row(
            "SELECT id, next_block FROM event_index WHERE chain_id = ?1 AND contract = ?2 AND source = ?3",
            params![index.chain_id.cast_signed(), index.contract.as_bytes(), index.source],
            |row| Ok((row.get(0)?, number(row, 1)?)),
        )
        .optional()
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn insert(transaction: &Transaction<'_>, id: i64, one: &ChainEvent) -> rusqlite::Result<()> {
    let scope = name(transaction, one.scope, one.name.as_ref())?;
    let event = &one.event;
    let said =
        saved_event::to_json(&event.kind).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let place = (id, event.block.cast_signed(), event.log_index.cast_signed());
    transaction
        .prepare_cached(
            "INSERT INTO event (event_index, block, log_index, block_hash, transaction_hash, at, scope, publisher, sender, said)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            place.0,
            place.1,
            place.2,
            one.block_hash,
            event.transaction,
            event.at.0.cast_signed(),
            scope,
            event.publisher.as_bytes(),
            event.by.map(|by| *by.as_bytes()),
            said,
        ])?;
    if let HistoryKind::Published { digests, version } = &event.kind {
        if let Some(name) = &one.name {
            market::note(transaction, id, name, (event, *version))?;
        }
        let mut of_digest = transaction.prepare_cached(
            "INSERT OR IGNORE INTO event_digest (digest, event_index, block, log_index) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for kinded in digests {
            of_digest.execute(params![kinded.digest.as_bytes(), place.0, place.1, place.2])?;
        }
    }
    for person in people::people(event) {
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO event_person (person, event_index, block, log_index) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![person.as_bytes(), place.0, place.1, place.2])?;
    }
    Ok(())
}

/// The row of what an event is about. A name that is told for the first time can be searched for from then on.
fn name(transaction: &Transaction<'_>, hash: [u8; 32], told: Option<&Reference>) -> rusqlite::Result<i64> {
    let told = told.map(Reference::as_str);
    let known: Option<(i64, bool)> = transaction
        .prepare_cached("SELECT id, name IS NOT NULL FROM event_name WHERE hash = ?1")?
        .query_row([hash], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, is_news) = if let Some((id, is_named)) = known {
        (id, told.is_some() && !is_named)
    } else {
        transaction.prepare_cached("INSERT INTO event_name (hash) VALUES (?1)")?.execute([hash])?;
        (transaction.last_insert_rowid(), told.is_some())
    };
    if is_news {
        transaction.execute("UPDATE event_name SET name = ?2 WHERE id = ?1", params![id, told])?;
        transaction.execute("INSERT INTO event_text (rowid, name) VALUES (?1, ?2)", params![id, told])?;
    }
    Ok(id)
}
