//! The event index: what it answers, and that it is the same whatever happened on the way.

use proptest::prelude::*;

use super::{super::*, Home};
use crate::domain::{
    Address, Digest, Reference, Timestamp,
    digest::DigestKind,
    image::KindedDigest,
    market::{Page, Query},
    network::Block,
    record::{ChainEvent, HistoryEvent, HistoryKind, NamedRelease},
};

const INDEX: EventIndex = EventIndex { chain_id: 1337, contract: Address::from_bytes([9; 20]), source: [1; 32] };

fn reference(number: u8) -> Reference {
    format!("acme/app-{number}:1").parse().unwrap()
}

fn release(block: u64, log_index: u64, who: u8, what: u8, hash: [u8; 32]) -> ChainEvent {
    let name = reference(what);
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest: Digest::of(&[who, what]) }];
    ChainEvent {
        scope: name.hash(),
        name: Some(name),
        block_hash: hash,
        event: HistoryEvent {
            publisher: Address::from_bytes([who; 20]),
            kind: HistoryKind::Published { version: u32::try_from(block).unwrap(), digests },
            block,
            transaction: [7; 32],
            log_index,
            at: Timestamp(block),
            by: None,
        },
    }
}

/// A chain of blocks, each with its hash and the releases in it.
#[derive(Debug, Clone, Default)]
struct Model {
    blocks: Vec<([u8; 32], Vec<ChainEvent>)>,
    made: u64,
}

impl Model {
    fn extend(&mut self, said: &[(u8, u8)]) {
        self.made += 1;
        let number = self.blocks.len() as u64;
        let hash = *Digest::of(&self.made.to_be_bytes()).as_bytes();
        let event = |(at, (who, what)): (usize, &(u8, u8))| release(number, at as u64, *who, *what, hash);
        self.blocks.push((hash, said.iter().enumerate().map(event).collect()));
    }

    fn block(&self, number: u64) -> Option<Block> {
        let (hash, _) = self.blocks.get(usize::try_from(number).ok()?)?;
        Some(Block { number, hash: *hash, at: Timestamp(number) })
    }

    /// Brings the index up to the head, so many blocks at a time.
    fn read_into(&self, store: &Store, range: u64) {
        self.read_up_to(store, range, self.blocks.len() as u64);
    }

    /// Up to before block `head`, as a node tells it that has come no further.
    fn read_up_to(&self, store: &Store, range: u64, head: u64) {
        let mut from = match store.position(INDEX).unwrap() {
            None => 0,
            Some(known) => {
                let here = known.blocks.iter().map(|(number, _)| *number).filter(|number| *number < head);
                let here: Vec<Block> = here.filter_map(|number| self.block(number)).collect();
                let fork = known.fork(&here);
                store.rewind_events(INDEX, fork).unwrap();
                fork
            }
        };
        while from < head {
            let next = (from + range).min(head);
            let within = |at: &u64| (from..next).contains(at);
            let events: Vec<_> = self
                .blocks
                .iter()
                .flat_map(|(_, events)| events)
                .filter(|event| within(&event.event.block))
                .cloned()
                .collect();
            let kept = from.max(head.saturating_sub(KEPT_BLOCKS));
            let older = milestones(from, next - 1).filter(|older| *older < kept);
            let blocks: Vec<_> = older.chain(kept..next).filter_map(|at| self.block(at)).collect();
            assert!(store.append_events(INDEX, from, next, &events, &blocks).unwrap());
            from = next;
        }
    }
}

const HEAD: u64 = 1 << 40;

type Everything = (Vec<Vec<HistoryEvent>>, Vec<Vec<NamedRelease>>, Vec<NamedRelease>, Page);

fn everything(store: &Store) -> Everything {
    let histories = (0..4).map(|what| store.history(INDEX, HEAD, &reference(what).hash(), None).unwrap()).collect();
    let digests = (0..16_u8).map(|at| Digest::of(&[at / 4, at % 4]));
    let releases = digests.map(|digest| store.releases_of(INDEX, HEAD, digest).unwrap()).collect();
    let market = store.market(INDEX, &Query { limit: 500, ..Query::default() }).unwrap();
    (histories, releases, store.search(INDEX, HEAD, "acme/").unwrap(), market)
}

#[derive(Debug, Clone)]
enum Step {
    Extend(Vec<(u8, u8)>),
    Reorganise(usize),
    Read(u64),
    /// A node answers that is so many blocks behind.
    Late(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec((0..4_u8, 0..4_u8), 0..3).prop_map(Step::Extend),
        1 => (1..200_usize).prop_map(Step::Reorganise),
        2 => (1..300_u64).prop_map(Step::Read),
        1 => (1..300_u64).prop_map(Step::Late),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_index_that_grew_is_the_one_that_is_built_anew(
        long in any::<bool>(),
        steps in proptest::collection::vec(any_step(), 1..60),
    ) {
        let home = Home::new();
        let store = home.store();
        let mut model = Model::default();
        for at in 0..if long { 300 } else { 3_u8.into() } {
            model.extend(&[(u8::try_from(at % 4).unwrap(), 1)]);
        }
        for step in steps {
            match step {
                Step::Extend(said) => model.extend(&said),
                Step::Reorganise(depth) => {
                    // Nodes leave a branch for a longer one.
                    let before = model.blocks.len();
                    model.blocks.truncate(before.saturating_sub(depth).max(1));
                    while model.blocks.len() <= before {
                        model.extend(&[]);
                    }
                }
                Step::Read(range) => model.read_into(&store, range),
                Step::Late(behind) => {
                    let head = (model.blocks.len() as u64).saturating_sub(behind).max(1);
                    model.read_up_to(&store, 50, head);
                }
            }
        }
        model.read_into(&store, 7);
        let anew = Home::new();
        let fresh = anew.store();
        model.read_into(&fresh, 1000);
        prop_assert_eq!(everything(&store), everything(&fresh));
        let said: usize = model.blocks.iter().map(|(_, events)| events.len()).sum();
        prop_assert_eq!(everything(&store).0.iter().map(Vec::len).sum::<usize>(), said);
    }
}

#[test]
fn a_search_gives_each_publishers_newest_release() {
    let home = Home::new();
    let store = home.store();
    let mut model = Model::default();
    for said in [&[(1, 1), (2, 1)][..], &[(1, 1)], &[(1, 2)]] {
        model.extend(said);
    }
    model.read_into(&store, 10);
    let found = |text: &str| -> Vec<(String, u64)> {
        let all = store.search(INDEX, HEAD, text).unwrap();
        all.iter().map(|one| (one.reference.as_ref().unwrap().familiar().to_owned(), one.event.block)).collect()
    };
    let (one, two) = ("acme/app-1:1".to_owned(), "acme/app-2:1".to_owned());
    assert_eq!(found("app-1"), [(one.clone(), 0), (one.clone(), 1)], "of the second and of the first publisher");
    assert_eq!(found("ACME/"), [(one.clone(), 0), (one.clone(), 1), (two.clone(), 2)]);
    assert_eq!(found("-2"), [(two, 2)], "two characters");
    for strange in ["\"", "nothing-like-it", "%%%", "a\" OR \"b", "", "'"] {
        let _ = store.search(INDEX, HEAD, strange).unwrap();
    }
    for other in [EventIndex { chain_id: 1, ..INDEX }, EventIndex { source: [2; 32], ..INDEX }] {
        assert_eq!((store.search(other, HEAD, "acme").unwrap(), store.position(other).unwrap()), (Vec::new(), None));
    }
}

#[test]
fn a_head_that_falls_behind_undoes_nothing_and_hides_what_it_has_not_reached() {
    let home = Home::new();
    let store = home.store();
    let mut model = Model::default();
    for _ in 0..1000 {
        model.extend(&[(1, 1)]);
    }
    model.read_into(&store, 300);
    let position = || store.position(INDEX).unwrap().unwrap();
    let numbers: Vec<u64> = position().blocks.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers[128..], [512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 0]);
    for behind in [1, 100, 500, 900] {
        model.read_up_to(&store, 300, 1000 - behind);
        assert_eq!(position().next_block, 1000, "{behind} blocks behind");
        let head = 999 - behind;
        let told = store.history(INDEX, head, &reference(1).hash(), None).unwrap();
        assert_eq!(told.len() as u64, head + 1);
        assert_eq!(told.last().map(|event| event.block), Some(head));
        assert_eq!(store.search(INDEX, head, "acme").unwrap()[0].event.block, head);
        let digest = Digest::of(&[1, 1]);
        assert_eq!(store.releases_of(INDEX, head, digest).unwrap().len() as u64, head + 1);
        let asked = (reference(1), vec![Address::from_bytes([1; 20])]);
        assert_eq!(store.explain(INDEX, head, &[asked]).unwrap().said.len() as u64, head + 1);
    }
    // Another chain of the same number, however short it is, is none that falls behind.
    let mut other = Model { made: 5000, ..Model::default() };
    for _ in 0..3 {
        other.extend(&[]);
    }
    other.read_into(&store, 300);
    assert_eq!(position().next_block, 3);
    assert!(store.history(INDEX, HEAD, &reference(1).hash(), None).unwrap().is_empty());
}

#[test]
fn a_range_is_appended_once() {
    let home = Home::new();
    let store = home.store();
    let (hash, event) = ([1; 32], release(3, 0, 1, 1, [1; 32]));
    let block = Block { number: 5, hash, at: Timestamp(0) };
    assert!(store.append_events(INDEX, 0, 6, std::slice::from_ref(&event), &[block]).unwrap());
    assert!(
        !store.append_events(INDEX, 0, 6, std::slice::from_ref(&event), &[block]).unwrap(),
        "another process was faster"
    );
    assert!(!store.append_events(INDEX, 7, 9, &[], &[]).unwrap(), "a gap");
    let position = store.position(INDEX).unwrap().unwrap();
    assert_eq!(position, Position { next_block: 6, blocks: vec![(5, hash)] });
    assert_eq!(store.history(INDEX, HEAD, &reference(1).hash(), None).unwrap().len(), 1);
}
