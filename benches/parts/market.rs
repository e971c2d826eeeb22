//! What the market's search takes, measured within the process. See benches/README.md.

use std::path::Path;

use daochain::{
    domain::{
        Address, Digest, Namespace, Reference, Timestamp,
        digest::DigestKind,
        image::KindedDigest,
        market::{Order, Query},
        record::{ChainEvent, HistoryEvent, HistoryKind},
    },
    store::{EventIndex, Store},
};

use super::{line, millis, rounds};

/// A store of so many offers, each of a name of its own and of one of 1000 publishers.
fn filled(path: &Path, index: EventIndex, offers: usize) -> Store {
    let (store, _) = Store::open(path).unwrap();
    let event = |number: usize| {
        // Names come in another order than their events.
        let number_of_name = number * 7919 % offers;
        let name: Reference = format!("team-{}/app-{number_of_name}:1", number_of_name % 500).parse().unwrap();
        let publisher = *Digest::of(&(number % 1000).to_be_bytes()).as_bytes();
        let digests = vec![KindedDigest { kind: DigestKind::Config, digest: Digest::of(&number.to_be_bytes()) }];
        let event = HistoryEvent {
            publisher: Address::from_bytes(std::array::from_fn(|at| publisher[at])),
            kind: HistoryKind::Published { version: 1, digests },
            block: number as u64 / 10,
            transaction: [1; 32],
            log_index: number as u64 % 10,
            at: Timestamp(1_700_000_000 + number as u64),
            by: None,
        };
        ChainEvent { scope: name.hash(), name: Some(name), block_hash: [1; 32], event }
    };
    for first in (0..offers).step_by(10_000) {
        let part: Vec<ChainEvent> = (first..offers.min(first + 10_000)).map(event).collect();
        let (from, next) = (first as u64 / 10, (first + part.len()).div_ceil(10) as u64);
        assert!(store.append_events(index, from, next, &part, &[]).unwrap());
    }
    store
}

/// What each key in the market's search takes, with the count beside it: the page of 100 that is shown.
pub fn measure(path: &Path, offers: usize) {
    let index = EventIndex { chain_id: 1, contract: Address::from_bytes([9; 20]), source: [1; 32] };
    let store = filled(path, index, offers);
    let all = Query { limit: 100, ..Query::default() };
    let text = |text: &str| Query { text: text.to_owned(), ..all.clone() };
    let publisher = store.market(index, &all).unwrap().offers[0].publisher;
    let namespace: Namespace = "team-7".parse().unwrap();
    let size = store.market_size(index, &all).unwrap();
    assert_eq!(size, offers as u64);
    let queries = [
        ("everything", all.clone()),
        ("the last page", Query { offset: size - 100, ..all.clone() }),
        ("few names", text("app-1234")),
        ("many names", text("team-7")),
        ("all names", text("team")),
        ("two characters", text("p-")),
        ("two characters that nothing has", text("zq")),
        ("nothing", text("nothing")),
        ("a publisher", Query { publisher: Some(publisher), ..all.clone() }),
        ("a publisher and two characters", Query { publisher: Some(publisher), ..text("-9") }),
        ("a namespace", Query { namespace: Some(namespace), ..all.clone() }),
        ("the last hour", Query { since: Some(Timestamp(1_700_000_000 + size - 3600)), ..all.clone() }),
    ];
    for (what, query) in queries {
        for order in [Order::Name, Order::Newest] {
            let query = Query { order, ..query.clone() };
            let (median, longest) = rounds(20, |_| drop(store.market(index, &query).unwrap()));
            let (counted, _) = rounds(20, |_| assert!(store.market_size(index, &query).unwrap() <= size));
            let more =
                format!("median of 20, the longest {:.2} ms; counting {:.2} ms", millis(longest), millis(counted));
            let order = if order == Order::Name { "by name" } else { "newest" };
            line(&format!("market: {what}, {order}"), median, 30.0, &more);
        }
    }
}
