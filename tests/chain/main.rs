//! The chain room against real nodes.
//!
//! `DAOCHAIN_TEST_NODES` names them: `geth=http://127.0.0.1:8545,anvil=http://127.0.0.1:8546`. Each must have an
//! unlocked account with ether, or the key of a funded one as the URL's fragment: `dev=http://127.0.0.1:8547#KEY`, 64 hex
//! digits. `DAOCHAIN_WITHOUT=node` leaves the tests out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says which node it met"
)]

use std::time::{Duration, Instant};

use daochain::{
    chain::{Action, Chain, ChainConfig, ChainError, Question, SigningKey},
    domain::{
        Address, Digest, Reference, Timestamp, Wei,
        digest::DigestKind,
        image::KindedDigest,
        publication::{Authority, Cost, Fate, Statement},
        record::HistoryKind,
    },
};
use ethers_core::{abi::Token, types::H160};
use tokio::time::timeout;

mod node;
use node::{config, on_each_node};

/// A reference that no other run has used: nodes outlive tests.
fn fresh_reference() -> Reference {
    let account = SigningKey::generate().address().to_string().to_lowercase();
    format!("registry.test/{account}/app:1").parse().unwrap()
}

fn release(reference: &Reference, digests: &[Digest]) -> Action {
    let kinded = |digest: &Digest| KindedDigest { kind: DigestKind::Config, digest: *digest };
    Action::of(
        Statement::Release {
            reference: reference.clone(),
            digests: digests.iter().map(kinded).collect(),
            amends: 0,
            annotations: String::new(),
        },
        Authority::Own,
    )
}

fn revocation(reference: &Reference, digest: Digest, reason: &str) -> Action {
    Action::of(
        Statement::Revocation { reference: reference.clone(), digests: vec![digest], reason: reason.to_owned() },
        Authority::Own,
    )
}

#[test]
fn a_publication_is_read_back() {
    on_each_node(async |node| {
        let (key, reference) = (node.account().await, fresh_reference());
        let (first, second, never) = (Digest::of(b"1"), Digest::of(b"2"), Digest::of(b"3"));
        let publisher = key.address();
        let silent = node.ask(&reference, &[publisher], &[first]).await;
        assert!(!silent.records[0][0].speaks());

        let block_1 = node.succeed(&key, &release(&reference, &[first])).await;
        let block_2 = node.succeed(&key, &release(&reference, &[second])).await;
        let answers = node.ask(&reference, &[publisher], &[first, second, never]).await;
        assert!(answers.head.latest.number >= block_2);
        let record = &answers.records[0][0];
        assert_eq!((record.head.version, record.head_block), (2, Some(block_2)));
        let entries: Vec<_> = record.entries.iter().map(|entry| (entry.version, entry.block)).collect();
        assert_eq!(entries, [(1, Some(block_1)), (2, Some(block_2)), (0, None)]);
        assert_eq!(record.current, [KindedDigest { kind: DigestKind::Config, digest: second }]);
        assert!(record.entries[0].published_at.unwrap() <= record.head.published_at.unwrap());

        node.succeed(&key, &revocation(&reference, second, "key \u{1b}[31mleaked")).await;
        let answers = node.ask(&reference, &[publisher], &[second]).await;
        let entry = &answers.records[0][0].entries[0];
        assert!(entry.revoked_at.is_some());
        assert_eq!(entry.revocation_reason.as_deref(), Some("key \\u{1b}[31mleaked"));
    });
}

#[test]
fn strangers_are_found() {
    on_each_node(async |node| {
        let (key, reference) = (node.account().await, fresh_reference());
        let digest = Digest::of(b"1");
        node.succeed(&key, &release(&reference, &[digest])).await;
        let trusted = SigningKey::generate().address();
        let answers = node.ask(&reference, &[trusted], &[digest]).await;
        let publishers: Vec<_> = answers.records[0].iter().map(|record| record.publisher).collect();
        assert_eq!(publishers, [trusted, key.address()]);
        assert_eq!(answers.records[0][1].entries[0].version, 1);
    });
}

#[test]
fn a_thousand_questions_are_one_answer() {
    on_each_node(async |node| {
        let (key, reference) = (node.account().await, fresh_reference());
        let digest = Digest::of(b"1");
        node.succeed(&key, &release(&reference, &[digest])).await;
        let question = |number: u32| Question {
            reference: if number == 700 { reference.clone() } else { format!("a/b:{number}").parse().unwrap() },
            publishers: vec![key.address()],
            digests: vec![digest],
        };
        let questions: Vec<_> = (0..1500).map(question).collect();
        let started = Instant::now();
        let answers = node.chain.records(&questions).await.unwrap();
        eprintln!("1500 records in {:?}", started.elapsed());
        assert_eq!(answers.records.len(), 1500);
        let speaking: Vec<_> = (0..1500).filter(|index| answers.records[*index][0].speaks()).collect();
        assert_eq!(speaking, [700]);
    });
}

#[test]
fn history_is_told_from_the_beginning() {
    on_each_node(async |node| {
        let (key, other, reference) = (node.account().await, node.account().await, fresh_reference());
        let (first, second) = (Digest::of(b"1"), Digest::of(b"2"));
        node.succeed(&key, &release(&reference, &[first])).await;
        node.succeed(&other, &release(&reference, &[first])).await;
        node.succeed(&key, &release(&reference, &[second])).await;
        node.succeed(&key, &revocation(&reference, first, "old")).await;
        let history = node.history(&reference, Some(key.address())).await;
        let kinds: Vec<_> = history.iter().map(|event| event.kind.clone()).collect();
        let published = |version, digest| HistoryKind::Published {
            version,
            digests: vec![KindedDigest { kind: DigestKind::Config, digest }],
        };
        assert_eq!(
            kinds,
            [published(1, first), published(2, second), HistoryKind::Revoked { digest: first, reason: "old".into() }]
        );
        assert!(history.iter().all(|event| event.publisher == key.address() && event.by == Some(key.address())));
        assert!(history.is_sorted_by_key(|event| (event.block, event.at)));
        assert_eq!(node.history(&reference, None).await.len(), 4);
        assert_eq!(node.history(&fresh_reference(), None).await, []);
    });
}

#[test]
fn what_the_contract_refuses_is_known_before_it_costs() {
    on_each_node(async |node| {
        let (key, reference) = (node.account().await, fresh_reference());
        let digest = Digest::of(b"1");
        // Before anything was published: it blocks a later publication.
        node.succeed(&key, &revocation(&reference, digest, "never")).await;
        let error = node.chain.estimate(&release(&reference, &[digest]), key.address()).await.unwrap_err();
        assert_eq!(error.code(), "refused");
        assert!(error.to_string().contains(&format!("digest {digest} was revoked by this publisher")), "{error}");
        let error = node.chain.estimate(&release(&reference, &[]), key.address()).await.unwrap_err();
        assert!(error.to_string().contains("a release or revocation holds 1 to 64 digests"), "{error}");
    });
}

#[test]
fn a_reverted_transaction_has_a_reason_and_a_fee() {
    on_each_node(async |node| {
        let (key, reference) = (node.account().await, fresh_reference());
        let digest = Digest::of(b"1");
        let publication = release(&reference, &[digest]);
        let cost = node.chain.estimate(&publication, key.address()).await.unwrap();
        node.succeed(&key, &revocation(&reference, digest, "")).await;
        match node.send(&key, &publication, cost).await {
            Fate::Reverted { inclusion, reason, .. } => {
                assert!(inclusion.fee > Wei::ZERO);
                assert!(reason.contains("was revoked by this publisher"), "{reason}");
            }
            other => panic!("it came to {other:?}"),
        }
        let cheap = Cost { gas_limit: 40_000, ..cost };
        match node.send(&key, &release(&fresh_reference(), &[digest]), cheap).await {
            Fate::Reverted { reason, .. } => assert!(reason.contains("ran out of gas (limit 40000)"), "{reason}"),
            other => panic!("it came to {other:?}"),
        }
    });
}

#[test]
fn a_taken_nonce_is_told() {
    on_each_node(async |node| {
        let key = node.account().await;
        let transfer = |amount: u64| Action::Transfer { to: Address::from_bytes([9; 20]), amount: Wei(amount.into()) };
        let cost = node.chain.estimate(&transfer(1), key.address()).await.unwrap();
        let (loser, loser_raw) = node.sign(&key, &transfer(1), 0, cost).await;
        let (winner, winner_raw) = node.sign(&key, &transfer(2), 0, cost).await;
        node.broadcast_to_settled_pool(&winner_raw).await.unwrap();
        assert!(matches!(node.follow(winner, &key, 0).await, Fate::Succeeded { .. }));
        assert_eq!(node.broadcast_to_settled_pool(&loser_raw).await.unwrap_err(), ChainError::NonceTaken);
        assert_eq!(node.chain.fate(loser, key.address(), 0).await.unwrap(), Fate::NonceTaken);
        assert_eq!(node.chain.next_nonce(key.address()).await.unwrap(), 1);
    });
}

#[test]
fn who_cannot_pay_is_told() {
    on_each_node(async |node| {
        let (poor, rich) = (SigningKey::generate(), node.account().await);
        let transfer = Action::Transfer { to: rich.address(), amount: Wei::from_ether(1) };
        let cost = node.chain.estimate(&transfer, rich.address()).await.unwrap();
        let (_, raw) = node.sign(&poor, &transfer, 0, cost).await;
        let error = node.chain.broadcast(&raw).await.unwrap_err();
        assert_eq!(error.code(), "insufficient-funds", "{error}");
    });
}

#[test]
fn another_chain_is_refused() {
    on_each_node(async |node| {
        let id = node.chain.check_chain_id().await.unwrap();
        let wrong = Chain::new(ChainConfig { chain_id: Some(id + 1), ..config(&node.url, None) }).unwrap();
        for error in [wrong.head().await.unwrap_err(), wrong.records(&[]).await.unwrap_err()] {
            assert!(matches!(error, ChainError::WrongChain { found, .. } if found == id), "{error}");
        }
        let head = node.chain.head().await.unwrap();
        assert!(head.safe.is_none_or(|safe| safe <= head.latest.number));
        let foreign = Chain::new(config(&node.url, Some(node.foreign_contract().await))).unwrap();
        assert_eq!(foreign.records(&[]).await.unwrap_err().code(), "foreign-contract");
    });
}

#[test]
fn a_plain_deployment_is_as_good() {
    on_each_node(async |mut node| {
        node.deploy(false).await;
        let (key, reference) = (node.account().await, fresh_reference());
        node.succeed(&key, &release(&reference, &[Digest::of(b"1")])).await;
        assert!(node.ask(&reference, &[key.address()], &[]).await.records[0][0].speaks());
    });
}

#[test]
fn what_ends_a_word_is_told() {
    on_each_node(async |node| {
        let (key, heir, reference) = (node.account().await, node.account().await, fresh_reference());
        let (digest, hash) = (Digest::of(b"1"), Token::FixedBytes(reference.hash().to_vec()));
        let everything = Token::FixedBytes(vec![0; 32]);
        let address = |key: &SigningKey| Token::Address(H160(*key.address().as_bytes()));
        node.succeed(&key, &release(&reference, &[digest])).await;
        let delegation = [address(&heir), everything.clone(), Token::Uint(4_000_000_000_u64.into())];
        node.call(&key, "setDelegate(address,bytes32,uint64)", &delegation).await;
        node.call(&key, "offerSuccession(bytes32,address)", &[hash.clone(), address(&heir)]).await;
        node.call(&heir, "acceptSuccession(address,bytes32)", &[address(&key), hash.clone()]).await;
        let error = node.chain.estimate(&release(&reference, &[digest]), key.address()).await.unwrap_err();
        assert!(error.to_string().contains("has taken over"), "{error}");
        node.call(&key, "retire(bytes32,string)", &[everything, Token::String("lost my key".to_owned())]).await;

        let answers = node.ask(&reference, &[key.address()], &[digest]).await;
        let record = &answers.records[0][0];
        assert_eq!(record.successor, Some(heir.address()));
        assert!(record.head.publisher_retired_at.is_some() && record.head.retired_at.is_none());
        assert_eq!(record.retirement_reason.as_deref(), Some("lost my key"));

        let history = node.history(&reference, None).await;
        let told: Vec<_> = history.into_iter().skip(1).map(|event| (event.kind, event.by)).collect();
        let by = |key: &SigningKey| Some(key.address());
        let expiry = Some(Timestamp(4_000_000_000));
        let succession = |accepted| HistoryKind::Succession { successor: heir.address(), accepted };
        assert_eq!(
            told,
            [
                (HistoryKind::Delegate { delegate: heir.address(), expiry }, by(&key)),
                (succession(false), by(&key)),
                (succession(true), by(&heir)),
                (HistoryKind::Retired { reason: "lost my key".to_owned(), everything: true }, by(&key)),
            ]
        );
    });
}

#[test]
fn a_block_is_told_of_over_a_lasting_connection() {
    on_each_node(async |node| {
        let mut url = node.url.clone();
        url.set_fragment(None);
        url.set_scheme("ws").unwrap();
        let chain = Chain::new(ChainConfig::new("told", vec![url])).unwrap();
        let mut heads = chain.new_heads().await.expect("both geth and anvil take subscriptions");
        // Whatever came before is taken off.
        while timeout(Duration::from_millis(600), heads.changed()).await.is_ok() {}
        let before = chain.head().await.unwrap().latest.number;
        let key = node.account().await;
        timeout(Duration::from_secs(10), heads.changed()).await.expect("in time").unwrap();
        assert!(chain.head().await.unwrap().latest.number > before, "{}", key.address());
    });
}

#[test]
fn the_newest_blocks_are_told_once_each() {
    on_each_node(async |node| {
        node.account().await;
        let endpoint = &node.chain.endpoints()[0];
        let all = endpoint.recent_blocks(None).await.unwrap();
        let numbers: Vec<u64> = all.iter().map(|block| block.number).collect();
        assert!(numbers.len() <= 64 && numbers.windows(2).all(|two| two[0] + 1 == two[1]), "{numbers:?}");
        assert!(all.iter().all(|block| block.gas.is_some_and(|(used, limit)| used <= limit)), "{all:?}");
        let (last, before) = (numbers[numbers.len() - 1], numbers[numbers.len() - 2]);
        let newer = endpoint.recent_blocks(Some(before)).await.unwrap();
        assert_eq!(newer.first().map(|block| block.number), Some(last), "what is known is not asked for again");
        assert!(endpoint.recent_blocks(Some(u64::MAX - 1)).await.unwrap().is_empty());
    });
}
