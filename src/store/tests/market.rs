//! The market: what is found, in which order, and what a newer version makes of an older index.

use rusqlite::Connection;

use super::{super::*, Home};
use crate::domain::{
    Address, Digest, Reference, Timestamp,
    digest::DigestKind,
    image::KindedDigest,
    market::{Offer, Order, Query},
    record::{ChainEvent, HistoryEvent, HistoryKind},
};

const INDEX: EventIndex = EventIndex { chain_id: 1337, contract: Address::from_bytes([9; 20]), source: [1; 32] };

fn who(byte: u8) -> Address {
    Address::from_bytes([byte; 20])
}

fn said(block: u64, publisher: u8, name: &str, kind: HistoryKind) -> ChainEvent {
    let name: Reference = name.parse().unwrap();
    let event = HistoryEvent {
        publisher: who(publisher),
        kind,
        block,
        transaction: [7; 32],
        log_index: u64::from(publisher),
        at: Timestamp(1000 + block),
        by: None,
    };
    ChainEvent { scope: name.hash(), name: Some(name), block_hash: [1; 32], event }
}

fn release(block: u64, publisher: u8, name: &str, version: u32) -> ChainEvent {
    let digest = Digest::of(format!("{name} {version}").as_bytes());
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest }];
    said(block, publisher, name, HistoryKind::Published { version, digests })
}

fn filled(home: &Home) -> Store {
    let store = home.store();
    let reason = "leaked".to_owned();
    let events = [
        release(1, 1, "acme/api:1", 1),
        release(2, 2, "acme/api:1", 1),
        release(3, 1, "acme/web:1", 1),
        release(4, 1, "acme/api:1", 2),
        release(5, 3, "ghcr.io/acme/api:1", 1),
        release(6, 1, "acme-evil/api:1", 1),
        said(7, 2, "acme/api:1", HistoryKind::Revoked { digest: Digest::of(b""), reason }),
    ];
    assert!(store.append_events(INDEX, 0, 10, &events, &[]).unwrap());
    store
}

fn all() -> Query {
    Query { limit: 100, ..Query::default() }
}

fn names(store: &Store, query: &Query) -> Vec<String> {
    let offers = store.market(INDEX, query).unwrap().offers;
    let count = store.market_size(INDEX, query).unwrap();
    assert_eq!(count, offers.len() as u64, "{query:?}");
    offers.iter().map(|one| format!("{} {}", one.reference.familiar(), one.publisher.as_bytes()[0])).collect()
}

#[test]
fn an_offer_is_a_publishers_newest_release_of_a_name() {
    let home = Home::new();
    let store = filled(&home);
    let page = store.market(INDEX, &Query { text: "acme/api".to_owned(), publisher: Some(who(1)), ..all() }).unwrap();
    let digest = Digest::of(b"acme/api:1 2");
    let expected = Offer {
        reference: "acme/api:1".parse().unwrap(),
        publisher: who(1),
        version: 2,
        first_at: Timestamp(1001),
        at: Timestamp(1004),
        block: 4,
        digests: vec![KindedDigest { kind: DigestKind::Config, digest }],
    };
    assert_eq!((page.offers, page.read_to), (vec![expected], Some(9)));
    let nothing = Home::new();
    let page = nothing.store().market(INDEX, &all()).unwrap();
    assert_eq!((page.offers, page.read_to), (vec![], None));
}

#[test]
fn each_filter_narrows_and_each_order_sorts() {
    let home = Home::new();
    let store = filled(&home);
    let by_name = ["acme-evil/api:1 1", "acme/api:1 1", "acme/api:1 2", "acme/web:1 1", "ghcr.io/acme/api:1 3"];
    assert_eq!(names(&store, &all()), by_name);
    let newest = Query { order: Order::Newest, ..all() };
    let by_time = ["acme-evil/api:1 1", "ghcr.io/acme/api:1 3", "acme/api:1 1", "acme/web:1 1", "acme/api:1 2"];
    assert_eq!(names(&store, &newest), by_time);
    let text = |text: &str| names(&store, &Query { text: text.to_owned(), ..all() });
    assert_eq!(text("WEB"), ["acme/web:1 1"]);
    assert_eq!(text("we"), ["acme/web:1 1"], "shorter than the text index knows");
    assert_eq!(text("acme/api"), by_name.iter().filter(|name| name.contains("acme/api")).copied().collect::<Vec<_>>());
    let namespace = |name: &str| names(&store, &Query { namespace: Some(name.parse().unwrap()), ..all() });
    assert_eq!(namespace("acme"), ["acme/api:1 1", "acme/api:1 2", "acme/web:1 1"], "and not what begins alike");
    assert_eq!(namespace("ghcr.io/acme"), ["ghcr.io/acme/api:1 3"]);
    assert_eq!(names(&store, &Query { publisher: Some(who(2)), ..all() }), ["acme/api:1 2"]);
    assert_eq!(names(&store, &Query { since: Some(Timestamp(1005)), ..all() }).len(), 2);
    let both = Query { text: "api".to_owned(), namespace: Some("acme".parse().unwrap()), ..newest };
    assert_eq!(names(&store, &both), ["acme/api:1 1", "acme/api:1 2"]);
    for strange in ["\"", "%", "_", "\\", "a\" OR \"b", "'", "%%%", "___", &"x".repeat(10_000)] {
        assert_eq!(text(strange), Vec::<String>::new(), "{strange}");
    }
}

#[test]
fn pages_follow_each_other() {
    let home = Home::new();
    let store = filled(&home);
    for order in [Order::Name, Order::Newest] {
        let whole = store.market(INDEX, &Query { order, ..all() }).unwrap().offers;
        let mut pages = Vec::new();
        for offset in [0, 2, 4, 6] {
            pages.extend(store.market(INDEX, &Query { order, offset, limit: 2, ..Query::default() }).unwrap().offers);
        }
        assert_eq!(pages, whole);
    }
    let beyond = Query { offset: u64::MAX, ..all() };
    assert_eq!(store.market(INDEX, &beyond).unwrap().offers, []);
    assert_eq!(store.market_size(INDEX, &beyond).unwrap(), 5);
}

#[test]
fn an_older_index_is_taken_over() {
    let home = Home::new();
    let before = filled(&home).market(INDEX, &all()).unwrap();
    let connection = Connection::open(home.path()).unwrap();
    connection.execute_batch("DROP TABLE event_market; DROP TABLE makeup; ALTER TABLE journal DROP COLUMN block; PRAGMA user_version = 9;").unwrap();
    drop(connection);
    assert_eq!(home.store().market(INDEX, &all()).unwrap(), before);
}
