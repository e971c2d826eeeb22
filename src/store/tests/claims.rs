//! Claims of namespaces in the event index.

use super::{super::*, Home};
use crate::domain::{Address, Namespace, Timestamp, namespace::ClaimEvent, network::Block};

const INDEX: EventIndex = EventIndex { chain_id: 1337, contract: Address::from_bytes([8; 20]), source: [1; 32] };
const HEAD: u64 = 1 << 40;

fn who(byte: u8) -> Address {
    Address::from_bytes([byte; 20])
}

fn name(text: &str) -> Namespace {
    text.parse().unwrap()
}

fn said(block: u64, publisher: u8, namespace: &str, is_claim: bool) -> ClaimEvent {
    ClaimEvent {
        namespace: name(namespace),
        publisher: who(publisher),
        is_claim,
        block,
        block_hash: [1; 32],
        log_index: u64::from(publisher),
        at: Timestamp(block),
    }
}

fn block(number: u64) -> Block {
    Block { number, hash: [1; 32], at: Timestamp(number) }
}

fn filled(home: &Home) -> Store {
    let store = home.store();
    let claims = [
        said(1, 1, "acme", true),
        said(2, 2, "acme", true),
        said(3, 1, "ghcr.io/acme", true),
        said(4, 2, "acme", false),
        said(6, 2, "acme", true),
        said(7, 1, "acme", false),
    ];
    assert!(store.append_claims(INDEX, 0, 5, &claims[..4], &[block(4)]).unwrap());
    assert!(store.append_claims(INDEX, 5, 8, &claims[4..], &[block(4), block(7)]).unwrap());
    store
}

#[test]
fn the_last_word_of_each_counts() {
    let home = Home::new();
    let store = filled(&home);
    let claimants = |head| store.claimants(INDEX, head, &name("acme")).unwrap();
    assert_eq!(claimants(HEAD), (vec![(who(2), Timestamp(6))], 1), "the first took it back");
    assert_eq!(claimants(6), (vec![(who(1), Timestamp(1)), (who(2), Timestamp(6))], 2));
    assert_eq!(claimants(4), (vec![(who(1), Timestamp(1))], 1), "as a chain of four blocks tells it");
    let claimed = |publisher| store.claimed_by(INDEX, HEAD, who(publisher)).unwrap();
    assert_eq!(claimed(1), [(name("ghcr.io/acme"), Timestamp(3))]);
    assert_eq!(claimed(2), [(name("acme"), Timestamp(6))]);
    assert_eq!(claimed(3), []);
    assert_eq!(store.claimants(INDEX, HEAD, &name("evil")).unwrap(), (vec![], 0));
}

#[test]
fn a_reorganisation_undoes_claims() {
    let home = Home::new();
    let store = filled(&home);
    store.rewind_events(INDEX, 5).unwrap();
    assert_eq!(store.claimants(INDEX, HEAD, &name("acme")).unwrap(), (vec![(who(1), Timestamp(1))], 1));
    assert_eq!(store.position(INDEX).unwrap().unwrap().next_block, 5);
    assert!(!store.append_claims(INDEX, 0, 8, &[], &[]).unwrap(), "another process was faster");
    let other = EventIndex { contract: who(7), ..INDEX };
    assert_eq!(store.claimants(other, HEAD, &name("acme")).unwrap(), (vec![], 0), "another directory's");
}

#[test]
fn strangers_are_counted_and_not_all_told() {
    let home = Home::new();
    let store = home.store();
    let many: Vec<ClaimEvent> = (0..200).map(|at| said(9, at, "acme", true)).collect();
    assert!(store.append_claims(INDEX, 0, 10, &many, &[]).unwrap());
    let (told, count) = store.claimants(INDEX, HEAD, &name("acme")).unwrap();
    assert_eq!((told.len(), count), (64, 200));
}
