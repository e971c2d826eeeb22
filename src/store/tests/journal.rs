use proptest::prelude::*;
use rusqlite::Connection;

use super::*;

#[test]
fn a_recorded_transaction_survives_a_kill() {
    let home = Home::new();
    let store = home.store();
    store.record(&entry(1)).unwrap();
    // What a killed process leaves: the files as they are now, its connection never closed.
    let after = Home::new();
    for name in ["state.db", "state.db-wal"] {
        fs::copy(home.folder.path().join(name), after.folder.path().join(name)).unwrap();
    }
    assert_eq!(after.store().open_entries(chain(1337)).unwrap(), (vec![entry(1)], vec![]));
}

#[test]
fn what_does_not_outlast_the_process_takes_no_transaction() {
    let store = Store::volatile(Path::new("/read-only/state.db"), "it is read-only").unwrap();
    let refused = store.record(&entry(1)).unwrap_err();
    assert_eq!(
        (refused.code(), store.check_lasting("x").unwrap_err().code()),
        ("store-unwritable", "store-unwritable")
    );
    assert!(!store.has_open_entries().unwrap());
    assert!(Home::new().store().check_lasting("x").is_ok());
}

#[test]
fn what_is_gone_is_so_since_it_was_first_seen_to_be() {
    let home = Home::new();
    let store = home.store();
    store.record(&entry(1)).unwrap();
    let hash = entry(1).hash;
    let since = |now| store.gone_since(hash, Timestamp(now)).unwrap().0;
    assert!(!store.is_gone(hash).unwrap());
    assert_eq!((since(50), since(70)), (50, 50));
    assert!(store.is_gone(hash).unwrap());
    store.advance(hash, JournalStage::Broadcast, None).unwrap();
    assert_eq!((since(90), since(95)), (90, 90), "it was there again in between");
    assert!(store.gone_since(TransactionHash([7; 32]), Timestamp(1)).is_err());
}

#[test]
fn the_journal_follows_a_transaction_until_it_is_settled() {
    let home = Home::new();
    let store = home.store();
    for number in [3, 1, 2] {
        store.record(&entry(number)).unwrap();
    }
    store.record(&JournalEntry { chain_id: u64::MAX, nonce: u64::MAX, ..entry(4) }).unwrap();
    let revocation = Statement::Revocation {
        reference: "acme/api:1".parse().unwrap(),
        digests: vec![Digest::of(b"x")],
        reason: "key \"lost\"".into(),
    };
    store.record(&JournalEntry { statement: revocation.clone(), stage: JournalStage::Failed, ..entry(5) }).unwrap();
    let open = |id| -> Vec<u64> { store.open_entries(chain(id)).unwrap().0.iter().map(|entry| entry.nonce).collect() };
    assert_eq!((open(1337), open(u64::MAX)), (vec![3, 1, 2], vec![u64::MAX]));
    assert!(store.has_open_entries().unwrap());
    assert_eq!(store.open_nonces(chain(1337), Address::from_bytes([1; 20])).unwrap(), [1, 2, 3]);
    assert!(store.open_nonces(chain(1337), Address::from_bytes([2; 20])).unwrap().is_empty());
    let first = TransactionHash([3; 32]);
    let kept = || store.entry(first).unwrap().map(|entry| (entry.stage, entry.block));
    for (stage, block) in [
        (JournalStage::Broadcast, None),
        (JournalStage::Included, Some(8)),
        (JournalStage::Broadcast, None),
        (JournalStage::Final, Some(9)),
    ] {
        store.advance(first, stage, block).unwrap();
        assert_eq!(kept(), Some((stage, block)));
    }
    store.advance(first, JournalStage::Included, Some(10)).unwrap();
    assert_eq!(kept(), Some((JournalStage::Final, Some(9))), "a settled one stays settled");
    assert_eq!(open(1337), [1, 2]);
    assert_eq!(store.entry(TransactionHash([5; 32])).unwrap().unwrap().statement, revocation);
    assert_eq!(store.recent(2).unwrap().0.len(), 2);
    assert_eq!(store.recent(1).unwrap().0[0].hash, TransactionHash([5; 32]));
}

#[test]
fn chains_of_one_id_are_told_apart() {
    let home = Home::new();
    let store = home.store();
    let another = ChainIdentity { id: 1337, genesis: [8; 32], second: None };
    store.record(&entry(1)).unwrap();
    store.record(&JournalEntry { genesis: Some(another.genesis), ..entry(2) }).unwrap();
    store.record(&JournalEntry { genesis: None, ..entry(3) }).unwrap();
    let open = |chain| -> Vec<u64> { store.open_entries(chain).unwrap().0.iter().map(|entry| entry.nonce).collect() };
    let account = Address::from_bytes([1; 20]);
    assert_eq!((open(chain(1337)), open(another)), (vec![1, 3], vec![2, 3]), "older entries may be of either");
    assert_eq!(store.open_nonces(another, account).unwrap(), [2, 3]);
    // Of the same nonce on another chain: it takes no place there.
    store.record(&JournalEntry { nonce: 1, genesis: Some(another.genesis), ..entry(4) }).unwrap();
    assert!(!store.is_superseded(entry(1).hash).unwrap());
    store.record(&JournalEntry { nonce: 1, ..entry(5) }).unwrap();
    assert!(store.is_superseded(entry(1).hash).unwrap());
    // Two chains that begin with one block, and part behind it.
    let part = |second| ChainIdentity { second: Some([second; 32]), ..chain(1337) };
    store.record(&JournalEntry { second: Some([1; 32]), ..entry(6) }).unwrap();
    assert!(open(part(1)).contains(&6) && !open(part(2)).contains(&6) && open(chain(1337)).contains(&6));
    let late = JournalEntry { second: Some([1; 32]), ..entry(6) };
    assert!(late.is_of(part(1)) && late.is_of(chain(1337)) && !late.is_of(part(2)) && entry(1).is_of(part(2)));
    store.advance(entry(6).hash, JournalStage::Final, None).unwrap();
    // The same bytes once more, on a chain that began anew.
    store.advance(entry(1).hash, JournalStage::Final, None).unwrap();
    store.record(&JournalEntry { genesis: Some(another.genesis), ..entry(1) }).unwrap();
    assert_eq!((open(chain(1337)), open(another)), (vec![3, 1], vec![1, 2, 3, 1]));
}

#[test]
fn recording_twice_keeps_the_first_and_an_unknown_one_cannot_advance() {
    let home = Home::new();
    let store = home.store();
    store.record(&entry(1)).unwrap();
    store.advance(entry(1).hash, JournalStage::Broadcast, None).unwrap();
    store.record(&entry(1)).unwrap();
    assert_eq!(store.entry(entry(1).hash).unwrap().unwrap().stage, JournalStage::Broadcast);
    let error = store.advance(entry(2).hash, JournalStage::Final, None).unwrap_err();
    assert!(error.to_string().contains("0x0202"), "{error}");
    assert_eq!(store.entry(entry(2).hash).unwrap(), None);
    store.advance(entry(1).hash, JournalStage::Failed, None).unwrap();
    assert!(!store.has_open_entries().unwrap());
}

#[test]
fn an_unreadable_row_is_told_and_hides_no_other() {
    let home = Home::new();
    let store = home.store();
    for number in 1..=4 {
        store.record(&entry(number)).unwrap();
    }
    let other = Connection::open(home.path()).unwrap();
    other.execute("UPDATE journal SET statement = '{' WHERE nonce = 1", []).unwrap();
    other.execute("UPDATE journal SET stage = 'asleep\u{1b}[2J' WHERE nonce = 2", []).unwrap();
    other.execute("UPDATE journal SET statement = '{\"kind\":\"poem\"}' WHERE nonce = 3", []).unwrap();
    let (entries, notices) = store.open_entries(chain(1337)).unwrap();
    assert_eq!(entries, [entry(4)]);
    assert_eq!(notices.len(), 3);
    assert!(notices.iter().all(|notice| !notice.sentence().contains('\u{1b}')));
    assert_eq!(store.entry(entry(1).hash).unwrap_err().code(), "store-failed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_recorded_is_read_back(
        raw in proptest::collection::vec(any::<u8>(), 0..200), chain_id: u64, nonce: u64, at: u64,
        text in any::<String>(), hash: [u8; 32], from: [u8; 20], kinds in proptest::collection::vec(any::<u8>(), 0..5),
    ) {
        let home = Home::new();
        let store = home.store();
        let kinded = |code| KindedDigest { kind: DigestKind::from_code(code), digest: Digest::of(&[code]) };
        let statement = Statement::Release {
            reference: "ghcr.io/a/b:1".parse().unwrap(), digests: kinds.into_iter().map(kinded).collect(), amends: 0,
            annotations: text,
        };
        let entry = JournalEntry {
            hash: TransactionHash(hash), raw, chain_id, genesis: Some(hash), second: None, from: Address::from_bytes(from), nonce, statement,
            stage: JournalStage::Included, block: Some(at), at: Timestamp(at),
        };
        store.record(&entry).unwrap();
        prop_assert_eq!(store.entry(entry.hash).unwrap(), Some(entry));
    }
}
