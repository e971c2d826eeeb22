//! What reading the chain costs, measured within the process. See benches/README.md.
//!
//! `cargo bench --no-default-features --bench chain -- NODE [EVENTS]`: NODE is a geth of its own that may be written to.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints figures, and fails by panicking")]

#[path = "parts/market.rs"]
mod market;
#[path = "../tests/support/proxy.rs"]
#[expect(dead_code, clippy::expect_used, reason = "a part of the tests, of which little is used")]
mod proxy;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use daochain::{
    chain::{Action, Chain, ChainConfig, Heard, Question, SigningKey},
    config::{Config, Options},
    domain::{
        Address, Digest, Reference, Timestamp, Wei,
        digest::DigestKind,
        image::{Evidence, KindedDigest},
        network::{Block, ChainHead},
        progress::Unwatched,
        publication::{Authority, Contract, Cost, Fate, Statement},
        record::{Answer, ChainEvent, HistoryEvent, HistoryKind},
        trust::TrustPolicy,
        verdict::{Conclusion, judge},
    },
    ops::{
        Context,
        history::{read_history, search, who_released},
        verify::{Subject, judge_images},
    },
    store::{EventIndex, Store},
};
use ethers_core::{
    abi::{Token, encode},
    types::H160,
    utils::id,
};
use jsonrpsee::{
    core::{client::ClientT as _, params::BatchRequestBuilder},
    http_client::{HttpClient, HttpClientBuilder},
    rpc_params,
};
use proxy::{Deed, Proxy, calls};
use serde_json::{Value, json};
use url::Url;

/// Releases in one transaction: 12 million gas.
const PACK: usize = 130;
/// Images that are judged again after a block.
const IMAGES: usize = 10_000;

fn main() {
    // Cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(node) = arguments.next() else {
        println!("cargo bench --no-default-features --bench chain -- NODE [EVENTS]");
        return;
    };
    let events = arguments.next().map_or(100_000, |events| events.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    look_ups(&folder.path().join("look-ups.db"), events);
    market::measure(&folder.path().join("market.db"), events);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let node: Url = node.parse().unwrap();
        let publisher = publish(&node, events).await;
        a_thousand_verdicts(&node, publisher).await;
        index(&node, &folder.path().join("reader"), events).await;
        judge_again(&node, &folder.path().join("judge"), publisher, events).await;
    });
}

fn name(number: usize) -> Reference {
    format!("b/{number}:1").parse().unwrap()
}

fn digest(number: usize) -> Digest {
    Digest::of(&number.to_be_bytes())
}

fn release(number: usize) -> Statement {
    let digests = vec![KindedDigest { kind: DigestKind::Config, digest: digest(number) }];
    Statement::Release { reference: name(number), digests, amends: 0, annotations: String::new() }
}

/// Median and longest of so many rounds.
fn rounds(count: usize, mut work: impl FnMut(usize)) -> (Duration, Duration) {
    let mut took: Vec<Duration> = (0..count)
        .map(|round| {
            let began = Instant::now();
            work(round);
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    (took[count / 2], took[count - 1])
}

fn millis(time: Duration) -> f64 {
    1000.0 * time.as_secs_f64()
}

fn line(what: &str, time: Duration, bound: f64, more: &str) {
    let state = if millis(time) <= bound { "ok" } else { "over" };
    println!("{what:<52} {:>9.2} ms  bound {bound:>6} ms  {state}  {more}", millis(time));
}

/// Look-ups in an index of a fifth as many names as events, of which 1000 publishers speak; each twentieth event is a revocation.
fn look_ups(path: &Path, events: usize) {
    let (store, _) = Store::open(path).unwrap();
    let index = EventIndex { chain_id: 1, contract: Address::from_bytes([9; 20]), source: [1; 32] };
    let names: Vec<Reference> =
        (0..events / 5).map(|number| format!("team-{}/app-{number}:1", number % 500).parse().unwrap()).collect();
    let publisher = |number: usize| {
        let bytes = *Digest::of(&(number % 1000).to_be_bytes()).as_bytes();
        Address::from_bytes(std::array::from_fn(|at| bytes[at]))
    };
    let event = |number: usize| {
        let name = &names[number * 7919 % names.len()];
        let kind = if number % 20 == 19 {
            HistoryKind::Revoked { digest: digest(number - 1), reason: "a key was lost".to_owned() }
        } else {
            let digests = vec![KindedDigest { kind: DigestKind::Config, digest: digest(number) }];
            HistoryKind::Published { version: u32::try_from(number / names.len() + 1).unwrap(), digests }
        };
        let told = HistoryEvent {
            publisher: publisher(number),
            kind,
            block: number as u64 / 10,
            transaction: *digest(number).as_bytes(),
            log_index: number as u64 % 10,
            at: Timestamp(1_700_000_000 + number as u64),
            by: Some(publisher(number)),
        };
        ChainEvent { scope: name.hash(), name: Some(name.clone()), block_hash: [1; 32], event: told }
    };
    for first in (0..events).step_by(10_000) {
        let part: Vec<ChainEvent> = (first..events.min(first + 10_000)).map(event).collect();
        let (from, next) = (first as u64 / 10, (first + part.len()).div_ceil(10) as u64);
        assert!(store.append_events(index, from, next, &part, &[]).unwrap());
    }
    let head = events as u64;
    let asked = |round: usize| &names[round * 271 % names.len()];
    let (median, longest) =
        rounds(200, |round| assert!(!store.history(index, head, &asked(round).hash(), None).unwrap().is_empty()));
    line("history of a name", median, 5.0, &format!("median of 200, the longest {:.3} ms", millis(longest)));
    let (median, longest) =
        rounds(200, |round| assert_eq!(store.releases_of(index, head, digest(round * 20 % events)).unwrap().len(), 1));
    line("who released a digest", median, 5.0, &format!("median of 200, the longest {:.3} ms", millis(longest)));
    for (text, what) in [
        ("app-1234", "search for few names"),
        ("team-7", "search for many names"),
        ("team", "search for all names"),
        ("p-", "search for two characters"),
        ("nothing", "search for nothing"),
    ] {
        let (median, longest) = rounds(20, |_| drop(store.search(index, head, text).unwrap()));
        line(what, median, 5.0, &format!("median of 20, the longest {:.3} ms", millis(longest)));
    }
    let questions: Vec<(Reference, Vec<Address>)> =
        (0..1000).map(|at| (asked(at).clone(), vec![publisher(at)])).collect();
    let (median, longest) = rounds(20, |_| drop(store.explain(index, head, &questions).unwrap()));
    println!(
        "{:<52} {:>9.2} ms  the longest of 20, median {:.2} ms",
        "what explains 1000 records",
        millis(longest),
        millis(median)
    );
}

/// Publishes so many releases, each of its own name and digest.
async fn publish(node: &Url, events: usize) -> Address {
    let chain = Chain::new(ChainConfig::new("bench", vec![node.clone()])).unwrap();
    let key = SigningKey::generate();
    chain.endpoints()[0].give(key.address(), Wei::from_ether(1000)).await.unwrap();
    while chain.balances(&[key.address()]).await.unwrap() == [Wei::ZERO] {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if !chain.contract_state().await.unwrap().code_matches {
        let deterministic = chain.has_deployment_proxy().await.unwrap();
        assert!(deterministic, "the node has no deployment proxy");
        send(&chain, &key, 0, &[Action::Deploy { what: Contract::Registry, deterministic }], None).await;
    }
    let began = Instant::now();
    let numbers: Vec<usize> = (0..events).collect();
    let pack = |numbers: &[usize]| {
        let releases = numbers.iter().map(|number| release(*number)).collect();
        Action::of(Statement::Releases { reference: name(numbers[0]), releases }, Authority::Own)
    };
    let packs: Vec<Action> = numbers.chunks(PACK).map(pack).collect();
    let first = chain.next_nonce(key.address()).await.unwrap();
    for (at, two) in packs.chunks(2).enumerate() {
        send(&chain, &key, first + 2 * at as u64, two, Some(15_000_000)).await;
    }
    println!("{events} releases published in {:.0} s", began.elapsed().as_secs_f64());
    key.address()
}

/// Sends all of them, and waits for the last. Two fill less than half a block, so that the base fee does not rise.
async fn send(chain: &Chain, key: &SigningKey, nonce: u64, actions: &[Action], gas_limit: Option<u64>) {
    let from = key.address();
    let cost = chain.estimate(&Action::Transfer { to: from, amount: Wei::ZERO }, from).await.unwrap();
    let mut last = None;
    for (nonce, action) in (nonce..).zip(actions) {
        let cost = match gas_limit {
            Some(gas_limit) => Cost { gas_limit, ..cost },
            None => chain.estimate(action, from).await.unwrap(),
        };
        let signed = chain.prepare(action, from, nonce, cost).await.unwrap().sign(key).unwrap();
        chain.broadcast(&signed.raw).await.unwrap();
        last = Some((signed.hash, nonce));
    }
    let (hash, nonce) = last.unwrap();
    loop {
        match chain.fate(hash, from, nonce).await.unwrap() {
            Fate::Succeeded { .. } => return,
            Fate::Pending => tokio::time::sleep(Duration::from_millis(10)).await,
            other => panic!("a publication came to {other:?}"),
        }
    }
}

/// A thousand records and verdicts in one view call, beside one by one and a batch.
async fn a_thousand_verdicts(node: &Url, publisher: Address) {
    let chain = Chain::new(ChainConfig::new("bench", vec![node.clone()])).unwrap();
    let client = HttpClientBuilder::default().build(node.as_str()).unwrap();
    let head = chain.head().await.unwrap();
    let policy = TrustPolicy::only(&[publisher]);
    let question =
        |number| Question { reference: name(number), publishers: vec![publisher], digests: vec![digest(number)] };
    let questions: Vec<Question> = (0..1000).map(question).collect();
    let call = |number| {
        let arguments = [
            Token::Address(H160(*publisher.as_bytes())),
            Token::FixedBytes(name(number).hash().to_vec()),
            Token::FixedBytes(digest(number).as_bytes().to_vec()),
        ];
        let input = [&id("status(address,bytes32,bytes32)")[..], &encode(&arguments)].concat();
        json!({"to": chain.contract().to_string(), "data": format!("0x{}", hex::encode(input))})
    };
    let singles: Vec<Value> = (0..1000).map(call).collect();
    let (mut ours, mut batches, mut one_by_one) = (Vec::new(), Vec::new(), Vec::new());
    // The first of each warms the connections, and the contract's code is compared.
    for _ in 0..6 {
        ours.push(verdicts(&chain, &head, &questions, &policy).await);
        batches.push(batch(&client, &singles).await);
        let began = Instant::now();
        for single in &singles {
            let _: String = client.request("eth_call", rpc_params![single, "latest"]).await.unwrap();
        }
        one_by_one.push(began.elapsed());
    }
    let [ours, batch, single] = [ours, batches, one_by_one].map(|mut took| {
        took.remove(0);
        took.sort_unstable();
        took[2]
    });
    let ratio = |other: Duration| other.as_secs_f64() / ours.as_secs_f64();
    let more = format!(
        "one by one {:.1} ms = {:.1} times, a JSON-RPC batch {:.1} ms = {:.1} times; medians of 5",
        millis(single),
        ratio(single),
        millis(batch),
        ratio(batch)
    );
    line("1000 records in one call, judged", ours, 10.0, &more);
}

async fn verdicts(chain: &Chain, head: &ChainHead, questions: &[Question], policy: &TrustPolicy) -> Duration {
    let began = Instant::now();
    let answers = chain.records_at(head, Vec::new(), questions, &Heard::default()).await.unwrap();
    for (question, records) in questions.iter().zip(answers.records) {
        let evidence = Evidence::measured(question.digests[0]);
        let verdict =
            judge(&question.reference, &evidence, &Answer::Records(records), policy, Some(head), head.latest.at);
        assert_eq!(verdict.conclusion, Conclusion::Verified);
    }
    began.elapsed()
}

async fn batch(client: &HttpClient, singles: &[Value]) -> Duration {
    let began = Instant::now();
    let mut request = BatchRequestBuilder::new();
    for single in singles {
        request.insert("eth_call", rpc_params![single, "latest"]).unwrap();
    }
    let answers = client.batch_request::<String>(request).await.unwrap();
    assert_eq!(answers.num_successful_calls(), singles.len());
    began.elapsed()
}

fn context(node: &str, home: &Path) -> Context {
    let options = Options { home: Some(home.to_path_buf()), rpc: vec![node.to_owned()], ..Options::default() };
    Context::open(Config::load(options, &|_| None).unwrap()).unwrap()
}

/// The event index from nothing, and what is asked of it, the node's head included.
async fn index(node: &Url, home: &Path, events: usize) {
    let context = context(node.as_str(), home);
    let began = Instant::now();
    let told = read_history(&context, &name(0), None, Arc::new(Unwatched)).await.unwrap();
    assert!(!told.is_empty());
    let bytes: u64 = std::fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("state.db"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    let size = format!("{events} events, {} MB on disk (bound 100)", bytes / 1_000_000);
    line("an index from nothing", began.elapsed(), 60_000.0, &size);
    let mut took = [Duration::MAX; 3];
    for round in 0..20 {
        let number = round * 4999 % events;
        let began = Instant::now();
        read_history(&context, &name(number), None, Arc::new(Unwatched)).await.unwrap();
        took[0] = took[0].min(began.elapsed());
        let began = Instant::now();
        who_released(&context, digest(number), Arc::new(Unwatched)).await.unwrap();
        took[1] = took[1].min(began.elapsed());
        let began = Instant::now();
        search(&context, &format!("b/{number}"), Arc::new(Unwatched)).await.unwrap();
        took[2] = took[2].min(began.elapsed());
    }
    let [history, who, found] = took.map(millis);
    println!(
        "the same look-ups with what the node is asked before: history {history:.1} ms, who {who:.1} ms, search {found:.1} ms; the shortest of 20"
    );
}

/// Ten thousand known images after a new block: requests, and time.
async fn judge_again(node: &Url, home: &Path, publisher: Address, events: usize) {
    let proxy = Proxy::before(node.as_str());
    let context = context(&proxy.url, home);
    read_history(&context, &name(0), None, Arc::new(Unwatched)).await.unwrap();
    let images = IMAGES.min(events);
    let subject =
        |number| Subject { image: None, reference: name(number), evidence: Evidence::measured(digest(number)) };
    let subjects: Vec<Subject> = (0..images).map(subject).collect();
    let policy = TrustPolicy::only(&[publisher]);
    let before = judge_images(&context, &subjects, &policy).await;
    let chain = Chain::new(ChainConfig::new("bench", vec![node.clone()])).unwrap();
    chain.endpoints()[0].give(publisher, Wei::from_ether(1)).await.unwrap();
    let block = |judgement: &daochain::ops::verify::Judgement| judgement.network.as_ref().unwrap().head.latest;
    let newer = async |than: Block| {
        while chain.head().await.unwrap().latest.number <= than.number {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    newer(block(&before)).await;
    let (requests, views) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (all, some) = (Arc::clone(&requests), Arc::clone(&views));
    proxy.set(move |request| {
        all.fetch_add(1, Ordering::SeqCst);
        if calls(request, "eth_call") {
            some.fetch_add(1, Ordering::SeqCst);
        }
        Deed::Pass
    });
    let began = Instant::now();
    let after = judge_images(&context, &subjects, &policy).await;
    let took = began.elapsed();
    assert!(block(&after).number > block(&before).number && after.log_problem.is_none());
    assert!(after.verdicts.iter().all(|verdict| verdict.conclusion == Conclusion::Verified));
    let (requests, views) = (requests.load(Ordering::SeqCst), views.load(Ordering::SeqCst));
    let state = if views <= images.div_ceil(1000) { "ok" } else { "over" };
    println!(
        "{images} images judged again after a block: {views} view calls (bound {}) {state}, {requests} requests in all, {:.0} ms",
        images.div_ceil(1000),
        millis(took)
    );
}
