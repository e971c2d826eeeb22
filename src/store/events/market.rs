//! The market: one row for each publisher under each name, kept beside the events, so that each key of a search is answered from an
//! index of what is filtered by.
//!
//! It tells what was read, up to the index's position.

use rusqlite::{Connection, Row, Transaction, params};

use super::{EventIndex, find, number};
use crate::{
    domain::{
        Address, Reference, Timestamp,
        market::{LONGEST_PAGE, Offer, Order, Page, Query},
        record::{HistoryEvent, HistoryKind},
    },
    store::{Store, StoreError, saved_event},
};

/// Offers that are found by the text index and sorted; of more than that the names are looked through in their order.
const FEW: u32 = 1000;
/// Characters of a text that is looked for.
const TEXT: usize = 300;

/// What of a name was published last.
pub(super) fn note(
    transaction: &Transaction<'_>,
    id: i64,
    name: &Reference,
    (event, version): (&HistoryEvent, u32),
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO event_market (event_index, name, publisher, version, first_at, block, log_index, at)
             VALUES (?1, ?2, ?3, ?4, ?7, ?5, ?6, ?7)
             ON CONFLICT (event_index, name, publisher) DO UPDATE SET
                 version = excluded.version, block = excluded.block, log_index = excluded.log_index, at = excluded.at",
        )?
        .execute(params![
            id,
            name.as_str(),
            event.publisher.as_bytes(),
            version,
            event.block.cast_signed(),
            event.log_index.cast_signed(),
            event.at.0.cast_signed(),
        ])
        .map(drop)
}

/// Has every row tell what stands before block `from`: the events from there on are gone already.
pub(super) fn rewind(transaction: &Transaction<'_>, id: i64, from: u64) -> rusqlite::Result<()> {
    let gone: Vec<(String, [u8; 20])> = transaction
        .prepare("DELETE FROM event_market WHERE event_index = ?1 AND block >= ?2 RETURNING name, publisher")?
        .query_map(params![id, from.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut before = transaction.prepare(
        "INSERT INTO event_market (event_index, name, publisher, version, first_at, block, log_index, at)
             SELECT event_index, ?2, publisher, json_extract(said, '$.version'), first_at, block, log_index, at FROM (
                 SELECT *, min(at) OVER () AS first_at
                 FROM event INDEXED BY event_by_scope
                 WHERE event_index = ?1 AND scope = (SELECT id FROM event_name WHERE name = ?2) AND publisher = ?3
                     AND said LIKE '{\"kind\":\"published\"%')
             ORDER BY block DESC, log_index DESC LIMIT 1",
    )?;
    for (name, publisher) in gone {
        before.execute(params![id, name, publisher])?;
    }
    Ok(())
}

/// What is asked of the rows: conditions over the parameters `?1` to `?7`, and what these are.
struct Asked {
    conditions: String,
    /// The rows are few, and found by their names.
    few: bool,
    id: i64,
    text: Option<String>,
    publisher: Option<[u8; 20]>,
    names: Option<(String, String)>,
    since: Option<i64>,
}

impl Asked {
    fn of(connection: &Connection, id: i64, query: &Query) -> rusqlite::Result<Self> {
        let mut conditions = "event_index = ?1".to_owned();
        let text: String = query.text.chars().take(TEXT).collect();
        let phrase = format!("\"{}\"", text.replace('"', "\"\""));
        let few = is_few(connection, id, &text, &phrase)?;
        let text = if few {
            conditions.push_str(" AND name IN (");
            conditions.push_str(&named("?2"));
            conditions.push(')');
            Some(phrase)
        } else if text.is_empty() {
            None
        } else {
            conditions.push_str(" AND name LIKE ?2 ESCAPE '\\'");
            let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            Some(format!("%{escaped}%"))
        };
        if query.publisher.is_some() {
            conditions.push_str(" AND publisher = ?3");
        }
        // `0` comes right after `/`.
        let names = query.namespace.as_ref().map(|namespace| (format!("{namespace}/"), format!("{namespace}0")));
        if names.is_some() {
            conditions.push_str(" AND name >= ?4 AND name < ?5");
        }
        // Always there, so that there are always six parameters.
        conditions.push_str(" AND (?6 IS NULL OR at >= ?6)");
        Ok(Self {
            conditions,
            few,
            id,
            text,
            publisher: query.publisher.map(|publisher| *publisher.as_bytes()),
            names,
            since: query.since.map(|since| since.0.cast_signed()),
        })
    }

    /// The table, by the index whose order is asked for. Without one the planner finds the names, or walks through them.
    const fn table(&self, order: Order) -> &'static str {
        match order {
            Order::Newest if !self.few => "event_market INDEXED BY event_market_by_time",
            _ => "event_market",
        }
    }
}

/// The names that the text index finds for a parameter.
fn named(parameter: &str) -> String {
    format!("SELECT name FROM event_name WHERE id IN (SELECT rowid FROM event_text WHERE event_text MATCH {parameter})")
}

/// True where a text is found by the text index, which knows no less than three characters, among few offers.
fn is_few(connection: &Connection, id: i64, text: &str, phrase: &str) -> rusqlite::Result<bool> {
    if text.chars().count() < 3 {
        return Ok(false);
    }
    let names: u32 = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM event_text WHERE event_text MATCH ?1 LIMIT {FEW})"
        ))?
        .query_row([phrase], |row| row.get(0))?;
    if names >= FEW {
        return Ok(false);
    }
    let offers: u32 = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM event_market WHERE event_index = ?2 AND name IN ({}) LIMIT {FEW})",
            named("?1")
        ))?
        .query_row(params![phrase, id], |row| row.get(0))?;
    Ok(offers < FEW)
}

impl Store {
    /// The offers that `query` asks for, as far as the chain was read.
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn market(&self, index: EventIndex, query: &Query) -> Result<Page, StoreError> {
        const OPERATION: &str = "read what is published";
        let read = self.read(OPERATION, |connection| {
            let Some((id, next)) = find(connection, index)? else { return Ok(None) };
            let asked = Asked::of(connection, id, query)?;
            // A sign before a column keeps the planner from walking through a whole index for its order: few are sorted sooner.
            let order = match (query.order, asked.few) {
                (Order::Name, false) => "event_market.name, event_market.publisher",
                (Order::Name, true) => "+event_market.name, +event_market.publisher",
                (Order::Newest, false) => "event_market.block DESC, event_market.log_index DESC",
                (Order::Newest, true) => "+event_market.block DESC, +event_market.log_index DESC",
            };
            // What is filtered stands in the index; only what is shown is read whole.
            let wanted = format!(
                "SELECT name, event_market.publisher, version, first_at, event_market.at, event_market.block, said FROM (
                     SELECT event_index, name, publisher FROM {} WHERE {} ORDER BY {order} LIMIT ?7 OFFSET ?8) AS shown
                 CROSS JOIN event_market USING (event_index, name, publisher)
                 CROSS JOIN event ON event.event_index = event_market.event_index
                     AND event.block = event_market.block AND event.log_index = event_market.log_index
                 ORDER BY {order}",
                asked.table(query.order),
                asked.conditions
            );
            let (low, high) = asked.names.unzip();
            let limit = query.limit.min(LONGEST_PAGE);
            let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
            let rows = connection
                .prepare_cached(&wanted)?
                .query_map(
                    params![asked.id, asked.text, asked.publisher, low, high, asked.since, limit, offset],
                    |row| Ok(offer(row)),
                )?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(Some((rows, next)))
        })?;
        let Some((rows, next)) = read else { return Ok(Page::default()) };
        let offers: Result<_, String> = rows.into_iter().collect();
        let offers = offers.map_err(|cause| self.failed(OPERATION, cause))?;
        Ok(Page { offers, read_to: next.checked_sub(1) })
    }

    /// How many offers `query` finds in all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn market_size(&self, index: EventIndex, query: &Query) -> Result<u64, StoreError> {
        self.read("count what is published", |connection| {
            let Some((id, _)) = find(connection, index)? else { return Ok(0) };
            let asked = Asked::of(connection, id, query)?;
            let count = format!("SELECT count(*) FROM {} WHERE {}", asked.table(Order::Name), asked.conditions);
            let (low, high) = asked.names.unzip();
            connection
                .prepare_cached(&count)?
                .query_row(params![asked.id, asked.text, asked.publisher, low, high, asked.since], |row| number(row, 0))
        })
    }
}

/// A row as an offer, or what is wrong with it.
fn offer(row: &Row<'_>) -> Result<Offer, String> {
    let read = || -> rusqlite::Result<_> {
        let moment = |column| number(row, column).map(Timestamp);
        let (name, said): (String, String) = (row.get(0)?, row.get(6)?);
        Ok((name, Address::from_bytes(row.get(1)?), row.get(2)?, moment(3)?, moment(4)?, number(row, 5)?, said))
    };
    let (name, publisher, version, first_at, at, block, said) = read().map_err(|error| error.to_string())?;
    let reference = name.parse().map_err(|_| format!("it holds `{name}`, which is no name"))?;
    let HistoryKind::Published { digests, .. } = saved_event::from_json(&said).map_err(|error| error.to_string())?
    else {
        return Err("an offer is no release".to_owned());
    };
    Ok(Offer { reference, publisher, version, first_at, at, block, digests })
}
