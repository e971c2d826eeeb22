//! What the event index answers.
//!
//! Each answer is of the chain up to the block `head`. Blocks beyond it were read when the chain was told to be longer, and are
//! told again when it is.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::{EventIndex, Explained, find, number};
use crate::{
    domain::{
        Address, Digest, Reference, Timestamp,
        record::{ChainEvent, HistoryEvent, NamedRelease},
    },
    store::{Store, StoreError, saved_event},
};

/// Publishers of one reference that nobody asked for: enough to say that there are some. Anyone can publish, so without a
/// bound anyone could make every verdict slow.
const SPEAKERS: u32 = 64;
/// Names that a search gives.
const FOUND: usize = 200;
/// Names that are looked up one by one. Of more than that those come first that do so by name.
const FEW: u32 = 1000;
/// Events of one name. It is named because the planner would rather look through a whole index, whose rows lie in the chain's order.
const BY_SCOPE: &str = "event INDEXED BY event_by_scope";
const COLUMNS: &str = "block, log_index, transaction_hash, at, publisher, sender, said";

impl Store {
    /// What `publisher`, or everybody, said under the reference of that hash, oldest first; among it what those who spoke of it
    /// said of all of their word at once.
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn history(
        &self,
        index: EventIndex,
        head: u64,
        reference: &[u8; 32],
        publisher: Option<Address>,
    ) -> Result<Vec<HistoryEvent>, StoreError> {
        const OPERATION: &str = "read a history";
        let rows = self.read(OPERATION, |connection| {
            let Some((id, _)) = find(connection, index)? else { return Ok(Vec::new()) };
            connection
                .prepare(&format!(
                    "WITH own AS (SELECT id FROM event_name WHERE hash = ?2),
                          all_of AS (SELECT id FROM event_name WHERE hash = zeroblob(32)),
                          speakers AS (SELECT publisher FROM {BY_SCOPE}
                              WHERE event_index = ?1 AND scope IN own AND block <= ?4 UNION SELECT ?3)
                     SELECT {COLUMNS} FROM {BY_SCOPE}
                         WHERE event_index = ?1 AND scope IN own AND (?3 IS NULL OR publisher = ?3) AND block <= ?4
                     UNION ALL
                     SELECT {COLUMNS} FROM {BY_SCOPE}
                         WHERE event_index = ?1 AND scope IN all_of AND publisher IN speakers
                             AND (?3 IS NULL OR publisher = ?3) AND block <= ?4
                     ORDER BY block, log_index"
                ))?
                .query_map(params![id, reference, publisher.map(|one| *one.as_bytes()), head.cast_signed()], |row| {
                    Ok(event_of(row))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter().collect::<Result<_, _>>().map_err(|cause| self.failed(OPERATION, cause))
    }

    /// What explains the records of each of `questions`: everything that its publishers said under its reference, and of all of
    /// their word at once, in the chain's order; and some others who said something under it.
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn explain(
        &self,
        index: EventIndex,
        head: u64,
        questions: &[(Reference, Vec<Address>)],
    ) -> Result<Explained, StoreError> {
        const OPERATION: &str = "read what explains records";
        let read = self.read(OPERATION, |connection| {
            let (mut said, mut others) = (BTreeMap::new(), Vec::new());
            let Some((id, _)) = find(connection, index)? else { return Ok((said, others)) };
            let mut of_publisher = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM {BY_SCOPE} WHERE event_index = ?1 AND publisher = ?3 AND block <= ?4
                     AND scope = (SELECT id FROM event_name WHERE hash = ?2) ORDER BY block, log_index"
            ))?;
            let mut speakers = connection.prepare(&format!(
                "SELECT DISTINCT publisher FROM {BY_SCOPE} WHERE event_index = ?1 AND block <= ?3
                     AND scope = (SELECT id FROM event_name WHERE hash = ?2) LIMIT {SPEAKERS}"
            ))?;
            for (reference, publishers) in questions {
                let hash = reference.hash();
                for (publisher, scope) in publishers.iter().flat_map(|one| [(one, hash), (one, [0; 32])]) {
                    if said.contains_key(&(scope, *publisher)) {
                        continue;
                    }
                    let asked = params![id, scope, publisher.as_bytes(), head.cast_signed()];
                    let rows = of_publisher.query_map(asked, |row| Ok(event_of(row)))?;
                    said.insert((scope, *publisher), rows.collect::<rusqlite::Result<Vec<_>>>()?);
                }
                let asked = params![id, hash, head.cast_signed()];
                for speaker in speakers.query_map(asked, |row| row.get(0).map(Address::from_bytes))? {
                    others.push((hash, speaker?));
                }
            }
            Ok((said, others))
        })?;
        let (said, others) = read;
        let mut explained = Explained { said: Vec::new(), others };
        for ((scope, _), events) in said {
            for event in events {
                let event = event.map_err(|cause| self.failed(OPERATION, cause))?;
                explained.said.push(ChainEvent { scope, name: None, block_hash: [0; 32], event });
            }
        }
        Ok(explained)
    }

    /// Every release that holds `digest`, oldest first: who else says this?
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn releases_of(&self, index: EventIndex, head: u64, digest: Digest) -> Result<Vec<NamedRelease>, StoreError> {
        const OPERATION: &str = "read who released a digest";
        let rows = self.read(OPERATION, |connection| {
            let Some((id, _)) = find(connection, index)? else { return Ok(Vec::new()) };
            connection
                .prepare(&format!(
                    "SELECT {COLUMNS}, event_name.name
                     FROM event_digest CROSS JOIN event USING (event_index, block, log_index)
                         JOIN event_name ON event_name.id = event.scope
                     WHERE event_index = ?1 AND digest = ?2 AND block <= ?3 ORDER BY block, log_index"
                ))?
                .query_map(params![id, digest.as_bytes(), head.cast_signed()], |row| Ok((event_of(row), row.get(7)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        self.named(OPERATION, rows)
    }

    /// The newest release of each publisher under each reference whose name holds `text`, by name.
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn search(&self, index: EventIndex, head: u64, text: &str) -> Result<Vec<NamedRelease>, StoreError> {
        const OPERATION: &str = "search the event index";
        let rows = self.read(OPERATION, |connection| {
            let mut found = Vec::new();
            let Some((id, _)) = find(connection, index)? else { return Ok(found) };
            let (filter, wanted) = name_filter(connection, text)?;
            let mut names =
                connection.prepare(&format!("SELECT id, name FROM event_name WHERE {filter} ORDER BY name"))?;
            let mut newest = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM {BY_SCOPE} WHERE event_index = ?1 AND scope = ?2 AND block <= ?3
                     AND said LIKE '{{\"kind\":\"published\"%'
                 GROUP BY publisher HAVING max(block * 100000 + log_index) IS NOT NULL ORDER BY block LIMIT {FOUND}"
            ))?;
            let mut names = names.query([wanted])?;
            while let Some(row) = names.next()?
                && found.len() < FOUND
            {
                let (scope, name): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
                let releases = newest
                    .query_map(params![id, scope, head.cast_signed()], |row| Ok((event_of(row), name.clone())))?;
                for release in releases.take(FOUND - found.len()) {
                    found.push(release?);
                }
            }
            Ok(found)
        })?;
        self.named(OPERATION, rows)
    }

    fn named(&self, operation: &'static str, rows: Vec<NamedRow>) -> Result<Vec<NamedRelease>, StoreError> {
        let named = |(event, name): NamedRow| {
            let event = event.map_err(|cause| self.failed(operation, cause))?;
            Ok(NamedRelease { reference: name.and_then(|name| name.parse().ok()), event })
        };
        rows.into_iter().map(named).collect()
    }
}

/// An event, and the name that it is about.
type NamedRow = (Result<HistoryEvent, String>, Option<String>);

/// Which names hold `text`: a condition and its parameter. Three characters are the least that the text index knows; shorter
/// texts, and those that many names hold, are looked for in the names' order.
fn name_filter(connection: &Connection, text: &str) -> rusqlite::Result<(&'static str, String)> {
    let phrase = format!("\"{}\"", text.replace('"', "\"\""));
    if text.chars().count() >= 3 {
        let count = format!("SELECT count(*) FROM (SELECT 1 FROM event_text WHERE event_text MATCH ?1 LIMIT {FEW})");
        let matching: u32 = connection.query_row(&count, [&phrase], |row| row.get(0))?;
        if matching < FEW {
            return Ok(("id IN (SELECT rowid FROM event_text WHERE event_text MATCH ?1)", phrase));
        }
    }
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Ok(("name LIKE ?1 ESCAPE '\\'", format!("%{escaped}%")))
}

/// A row as an event, or what is wrong with it.
pub(super) fn event_of(row: &Row<'_>) -> Result<HistoryEvent, String> {
    let read = || -> rusqlite::Result<_> {
        let address = |bytes| Address::from_bytes(bytes);
        let (publisher, by) = (address(row.get(4)?), row.get::<_, Option<[u8; 20]>>(5)?.map(address));
        let place = (number(row, 0)?, number(row, 1)?, row.get(2)?, Timestamp(number(row, 3)?));
        Ok((place, publisher, by, row.get::<_, String>(6)?))
    };
    let ((block, log_index, transaction, at), publisher, by, said) = read().map_err(|error| error.to_string())?;
    let kind = saved_event::from_json(&said).map_err(|error| error.to_string())?;
    Ok(HistoryEvent { publisher, kind, block, transaction, log_index, at, by })
}
