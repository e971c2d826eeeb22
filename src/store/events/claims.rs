//! Who claims which namespace, as the directory's events tell it.
//!
//! Events tell whom to ask about; what stands is asked of the contract.

use rusqlite::{Connection, params};

use super::{EventIndex, find, number};
use crate::{
    domain::{Address, Namespace, Timestamp, namespace::ClaimEvent, network::Block},
    store::{Store, StoreError},
};

/// Claimants of one namespace that are told, the earliest: anyone can claim any, and without a bound anyone could make every answer
/// slow.
const CLAIMANTS: u32 = 64;
/// Namespaces of one publisher that are told.
const NAMESPACES: u32 = 1000;

impl Store {
    /// Appends what the directory said in the blocks from `from` to before `next`, as [`Store::append_events`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn append_claims(
        &self,
        index: EventIndex,
        from: u64,
        next: u64,
        claims: &[ClaimEvent],
        blocks: &[Block],
    ) -> Result<bool, StoreError> {
        self.append(index, (from, next), blocks, |transaction, id| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO event_claim (event_index, block, log_index, at, namespace, publisher, is_claim)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for claim in claims {
                insert.execute(params![
                    id,
                    claim.block.cast_signed(),
                    claim.log_index.cast_signed(),
                    claim.at.0.cast_signed(),
                    claim.namespace.as_str(),
                    claim.publisher.as_bytes(),
                    claim.is_claim,
                ])?;
            }
            Ok(())
        })
    }

    /// Who claims `namespace` by the block `head`, the earliest first and 64 at most; and how many do.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn claimants(
        &self,
        index: EventIndex,
        head: u64,
        namespace: &Namespace,
    ) -> Result<(Vec<(Address, Timestamp)>, u64), StoreError> {
        self.read("read who claims a namespace", |connection| {
            let Some((id, _)) = find(connection, index)? else { return Ok((Vec::new(), 0)) };
            let asked = params![id, namespace.as_str(), head.cast_signed()];
            let standing = standing("publisher", "namespace");
            let told = connection
                .prepare(&format!("{standing} ORDER BY block, log_index LIMIT {CLAIMANTS}"))?
                .query_map(asked, |row| Ok((Address::from_bytes(row.get(0)?), Timestamp(number(row, 1)?))))?
                .collect::<rusqlite::Result<_>>()?;
            let count =
                connection.query_row(&format!("SELECT count(*) FROM ({standing})"), asked, |row| number(row, 0))?;
            Ok((told, count))
        })
    }

    /// Which namespaces `publisher` claims by the block `head`, by name and 1000 at most.
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn claimed_by(
        &self,
        index: EventIndex,
        head: u64,
        publisher: Address,
    ) -> Result<Vec<(Namespace, Timestamp)>, StoreError> {
        const OPERATION: &str = "read what a publisher claims";
        let rows: Vec<(String, Timestamp)> = self.read(OPERATION, |connection| {
            let Some((id, _)) = find(connection, index)? else { return Ok(Vec::new()) };
            named(connection, id, head, publisher)
        })?;
        let read = |(name, at): (String, Timestamp)| {
            let namespace = name.parse().map_err(|_| self.failed(OPERATION, format!("it holds `{name}`")))?;
            Ok((namespace, at))
        };
        rows.into_iter().map(read).collect()
    }
}

fn named(connection: &Connection, id: i64, head: u64, who: Address) -> rusqlite::Result<Vec<(String, Timestamp)>> {
    connection
        .prepare(&format!("{} ORDER BY namespace LIMIT {NAMESPACES}", standing("namespace", "publisher")))?
        .query_map(params![id, who.as_bytes(), head.cast_signed()], |row| {
            Ok((row.get(0)?, Timestamp(number(row, 1)?)))
        })?
        .collect()
}

/// The last event of each `told` of one `by`, where it is a claim, and its time.
fn standing(told: &str, by: &str) -> String {
    format!(
        "SELECT {told}, at FROM (
             SELECT {told}, at, is_claim, block, log_index,
                 row_number() OVER (PARTITION BY {told} ORDER BY block DESC, log_index DESC) AS place
             FROM event_claim WHERE event_index = ?1 AND {by} = ?2 AND block <= ?3)
         WHERE place = 1 AND is_claim"
    )
}
