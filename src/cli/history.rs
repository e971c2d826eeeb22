//! `daochain history`

use serde::Serialize;

use super::{
    Session, args,
    console::Page,
    human::{Cell, Table},
    search::reading,
    verdicts::DigestPart,
};
use crate::{
    domain::{
        Address, Digest, Reference, Timestamp,
        publication::TransactionHash,
        record::{HistoryEvent, HistoryKind},
    },
    ops::{Failure, history::read_history},
};

/// A history without events: nobody has published the reference.
const EMPTY: u8 = 4;

/// `daochain.history/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    reference: Reference,
    publisher: Option<Address>,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    kind: &'static str,
    publisher: Address,
    version: Option<u32>,
    digests: Vec<DigestPart>,
    reason: Option<String>,
    block: u64,
    transaction: String,
    at: Timestamp,
    by: Option<Address>,
    /// Retired: all of the publisher's word, not only this reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    everything: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<Address>,
    /// Succession: no longer only offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegate: Option<Address>,
    /// Delegate: until when. Absent when it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<Timestamp>,
}

pub async fn run(session: &mut Session, args: args::History) -> Result<u8, Failure> {
    let events = read_history(&session.context, &args.reference, args.publisher, reading(session)).await?;
    let document = Document {
        schema: "daochain.history/1",
        reference: args.reference,
        publisher: args.publisher,
        events: events.into_iter().map(Event::from).collect(),
    };
    if document.events.is_empty() {
        let name = document.reference.familiar();
        session.console.note(&format!("daochain: nobody has said anything of {name}"));
    }
    session.console.present(&document, |page| describe(page, &document.events));
    Ok(if document.events.is_empty() { EMPTY } else { 0 })
}

impl From<HistoryEvent> for Event {
    fn from(event: HistoryEvent) -> Self {
        let mut made = Self {
            kind: "published",
            publisher: event.publisher,
            version: None,
            digests: Vec::new(),
            reason: None,
            block: event.block,
            transaction: TransactionHash(event.transaction).to_string(),
            at: event.at,
            by: event.by,
            everything: None,
            successor: None,
            accepted: None,
            delegate: None,
            expiry: None,
        };
        match event.kind {
            HistoryKind::Published { version, digests } => {
                made.version = Some(version);
                made.digests = digests.iter().map(|one| DigestPart::new(one.kind, one.digest)).collect();
            }
            HistoryKind::Revoked { digest, reason } => {
                made.kind = "revoked";
                made.digests = vec![DigestPart { kind: None, digest }];
                made.reason = Some(reason);
            }
            HistoryKind::Retired { reason, everything } => {
                made.kind = "retired";
                made.reason = Some(reason);
                made.everything = Some(everything);
            }
            HistoryKind::Succession { successor, accepted } => {
                made.kind = "succession";
                made.successor = Some(successor);
                made.accepted = Some(accepted);
            }
            HistoryKind::Delegate { delegate, expiry } => {
                made.kind = "delegate";
                made.delegate = Some(delegate);
                made.expiry = expiry;
            }
        }
        made
    }
}

impl Event {
    fn what(&self) -> String {
        let first = self.digests.first().map_or_else(String::new, |part| Digest::to_string(&part.digest));
        let more = self.digests.len().saturating_sub(1);
        let and = if more > 0 { format!(" and {more} more") } else { String::new() };
        let because = self.reason.as_deref().filter(|reason| !reason.is_empty());
        let because = because.map_or_else(String::new, |reason| format!(": {reason}"));
        match self.kind {
            "published" => format!("version {}  {first}{and}", self.version.unwrap_or_default()),
            "revoked" => format!("{first}{because}"),
            "retired" if self.everything == Some(true) => format!("all of its word{because}"),
            "retired" => format!("this reference{because}"),
            "succession" => {
                let successor = self.successor.map_or_else(String::new, |address| address.to_string());
                if self.accepted == Some(true) {
                    format!("taken over by {successor}")
                } else {
                    format!("offered to {successor}")
                }
            }
            _ => {
                let delegate = self.delegate.map_or_else(String::new, |address| address.to_string());
                match self.expiry {
                    Some(expiry) => format!("{delegate} until {expiry}"),
                    None => format!("{delegate} no longer"),
                }
            }
        }
    }
}

fn describe(page: &mut Page, events: &[Event]) {
    if events.is_empty() {
        return;
    }
    let mut table = Table::new(&["BLOCK", "AT", "PUBLISHER", "EVENT", ""]).right(&[0]);
    for event in events {
        let cells: Vec<Cell> = vec![
            event.block.to_string().into(),
            event.at.to_string().into(),
            event.publisher.short().into(),
            event.kind.into(),
            event.what().into(),
        ];
        table.row(cells);
    }
    page.table(&table);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_event_says_what_happened() {
        let address = Address::from_bytes([1; 20]);
        let event = |kind| {
            Event::from(HistoryEvent {
                publisher: address,
                kind,
                block: 7,
                transaction: [0; 32],
                log_index: 0,
                at: Timestamp(0),
                by: None,
            })
        };
        let digest = Digest::of(b"a");
        let revoked = event(HistoryKind::Revoked { digest, reason: "CVE".into() });
        assert_eq!((revoked.kind, revoked.what()), ("revoked", format!("{digest}: CVE")));
        let retired = event(HistoryKind::Retired { reason: String::new(), everything: true });
        assert_eq!((retired.kind, retired.what().as_str()), ("retired", "all of its word"));
        let delegate = event(HistoryKind::Delegate { delegate: address, expiry: None });
        assert!(delegate.what().ends_with("no longer"));
        let succession = event(HistoryKind::Succession { successor: address, accepted: false });
        assert!(succession.what().starts_with("offered to 0x"));
    }
}
