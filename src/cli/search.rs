//! `daochain search` and `daochain who`

use std::sync::Arc;

use serde::Serialize;

use super::{
    Session, args,
    human::{Cell, Table},
    progress::Bar,
    verdicts::DigestPart,
};
use crate::{
    domain::{
        Address, Reference, Timestamp,
        progress::Watch,
        publication::TransactionHash,
        record::{HistoryEvent, HistoryKind, NamedRelease},
    },
    ops::{
        Failure,
        history::{search, who_released},
    },
};

/// Nothing was found.
const EMPTY: u8 = 4;

/// `daochain.releases/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    /// What was asked for.
    query: String,
    releases: Vec<Release>,
}

#[derive(Serialize)]
struct Release {
    /// `None` where it was released under what is no name of an image.
    reference: Option<Reference>,
    publisher: Address,
    version: u32,
    digests: Vec<DigestPart>,
    block: u64,
    transaction: String,
    at: Timestamp,
    by: Option<Address>,
}

pub async fn run_search(session: &mut Session, args: args::Search) -> Result<u8, Failure> {
    let found = search(&session.context, &args.text, reading(session)).await?;
    present(session, args.text, found, &args.layout)
}

pub async fn run_who(session: &mut Session, args: args::Who) -> Result<u8, Failure> {
    let found = who_released(&session.context, args.digest, reading(session)).await?;
    present(session, args.digest.to_string(), found, &args.layout)
}

/// The progress of bringing the index up to the head.
pub fn reading(session: &Session) -> Arc<dyn Watch> {
    Bar::of_blocks(&session.console, &session.token, "reading the chain")
}

fn present(
    session: &mut Session,
    query: String,
    found: Vec<NamedRelease>,
    layout: &args::Layout,
) -> Result<u8, Failure> {
    let releases = found.into_iter().filter_map(Release::of).collect();
    let document = Document { schema: "daochain.releases/1", query, releases };
    if document.releases.is_empty() {
        session.console.note("daochain: nobody has released that on this network");
    }
    let (releases, format) = (&document.releases, layout.format.as_ref());
    session.console.list(&document, releases, format, |page| {
        if releases.is_empty() {
            return;
        }
        let mut table = Table::new(&["REFERENCE", "VERSION", "PUBLISHER", "BLOCK", "AT"]).right(&[1, 3]).gives_way(0);
        for release in releases {
            let name = release.reference.as_ref().map_or("(no name of an image)", Reference::familiar);
            let cells: Vec<Cell> = vec![
                name.into(),
                release.version.to_string().into(),
                release.publisher.to_string().into(),
                release.block.to_string().into(),
                release.at.to_string().into(),
            ];
            table.row(cells);
        }
        page.table(&table);
    })?;
    Ok(if document.releases.is_empty() { EMPTY } else { 0 })
}

impl Release {
    fn of(found: NamedRelease) -> Option<Self> {
        let HistoryEvent { publisher, kind, block, transaction, at, by, .. } = found.event;
        let HistoryKind::Published { version, digests } = kind else { return None };
        Some(Self {
            reference: found.reference,
            publisher,
            version,
            digests: digests.iter().map(|one| DigestPart::new(one.kind, one.digest)).collect(),
            block,
            transaction: TransactionHash(transaction).to_string(),
            at,
            by,
        })
    }
}
