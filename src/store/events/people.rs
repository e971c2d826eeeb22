//! Who was appointed, by whom, and who took over from whom.

use rusqlite::params;

use super::{EventIndex, answers::event_of, find};
use crate::{
    domain::{
        Address,
        record::{HistoryEvent, HistoryKind, NamedEvent},
    },
    store::{Store, StoreError},
};

/// Events of one account that are read: the newest.
const MOST: u32 = 10_000;

/// Whom an event is about, beside what it is about: appointments and successions have two.
pub(super) fn people(event: &HistoryEvent) -> Vec<Address> {
    match &event.kind {
        HistoryKind::Delegate { delegate: other, .. } | HistoryKind::Succession { successor: other, .. } => {
            vec![event.publisher, *other]
        }
        _ => Vec::new(),
    }
}

impl Store {
    /// The appointments and successions that `person` had a part in, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or a row of it is damaged.
    pub fn appointments(&self, index: EventIndex, head: u64, person: Address) -> Result<Vec<NamedEvent>, StoreError> {
        const OPERATION: &str = "read appointments";
        let rows = self.read(OPERATION, |connection| {
            let Some((id, _)) = find(connection, index)? else { return Ok(Vec::new()) };
            connection
                .prepare(&format!(
                    "SELECT * FROM (
                         SELECT block, log_index, transaction_hash, at, publisher, sender, said, event_name.name, event_name.hash
                         FROM event_person JOIN event USING (event_index, block, log_index)
                             JOIN event_name ON event_name.id = event.scope
                         WHERE event_index = ?1 AND person = ?2 AND block <= ?3
                         ORDER BY block DESC, log_index DESC LIMIT {MOST})
                     ORDER BY block, log_index"
                ))?
                .query_map(params![id, person.as_bytes(), head.cast_signed()], |row| {
                    Ok((event_of(row), row.get::<_, Option<String>>(7)?, row.get::<_, [u8; 32]>(8)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let named = |(event, name, scope): (Result<HistoryEvent, String>, Option<String>, [u8; 32])| {
            let event = event.map_err(|cause| self.failed(OPERATION, cause))?;
            Ok(NamedEvent { scope, reference: name.and_then(|name| name.parse().ok()), event })
        };
        rows.into_iter().map(named).collect()
    }

    /// Remembers a name whose hash alone the contract's event will tell.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remember_name(&self, reference: &crate::domain::Reference) -> Result<(), StoreError> {
        self.write("remember a name", |transaction| {
            super::name(transaction, reference.hash(), Some(reference)).map(drop)
        })
    }
}
